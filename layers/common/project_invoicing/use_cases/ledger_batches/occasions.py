"""Why batches are made, read from the event that a function is called with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from project_invoicing.domain.actor import BY_EVENT, BY_SCHEDULE, Actor, person
from project_invoicing.errors import Rejected
from project_invoicing.events import SCHEDULE_SOURCE
from project_invoicing.events.ledger_batches import LedgerBatchesRequested, who_asks
from project_invoicing.events.own import SetupChanged
from project_invoicing.use_cases.requests.build_batches import BuildBatches


class Occasion(StrEnum):
    """Somebody asks, it is time, or another set-up may have closed a period."""

    ASKED = "asked"
    SCHEDULE = "schedule"
    SETUP = "set-up"


EVERYTHING: Final = BuildBatches()


@dataclass(frozen=True, slots=True)
class Asked:
    """``wrong``: why a request could not be read; nothing is made then."""

    occasion: Occasion
    who: Actor
    request: BuildBatches = EVERYTHING
    wrong: Rejected | None = None


def asked_by(event: Mapping[str, Any]) -> Asked:
    """What the event of a schedule, the bus, or a call by hand asks for."""
    if event.get("source") == SCHEDULE_SOURCE:
        return BY_CLOCK
    if event.get("detail-type") == SetupChanged.TYPE:
        return Asked(Occasion.SETUP, BY_EVENT)
    try:
        request = BuildBatches.of(event.get("detail") or {})
        if event.get("detail-type") == LedgerBatchesRequested.TYPE:
            return Asked(Occasion.ASKED, who_asks(LedgerBatchesRequested.of(event)), request)
    except Rejected as rejected:
        return Asked(Occasion.ASKED, person(None), wrong=rejected)
    return Asked(Occasion.ASKED, person(request.actor), request)


BY_CLOCK: Final = Asked(Occasion.SCHEDULE, BY_SCHEDULE)
