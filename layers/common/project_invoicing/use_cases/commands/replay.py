"""Delivers the rejected events of a row again, once the cause has been fixed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar, Final

from pydantic import Field

from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.maps import MASTER_TABLES, PROFORMA
from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.history import Done
from project_invoicing.domain.refusals import Refusal
from project_invoicing.domain.text import guid
from project_invoicing.store.dismissals import kept_of
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.actuals.sync import REJECTED, sync_row
from project_invoicing.use_cases.commands.command import Command, Text, TextIfAny
from project_invoicing.use_cases.commands.workplace import Workplace, bad
from project_invoicing.use_cases.proposals.sync import sync_header

OVERTAKEN: Final = "overtaken"
"""The outcome of an event that would be rejected again, while a newer version of its row is here."""


class Replay(Command):
    """Delivers what was rejected of a row again."""

    ACTION: ClassVar[str] = "replay"

    company: TextIfAny = Field(None, description="the row's company, for the answer alone")
    entity: Text = Field(description="the logical name of the row's table")
    id: Text = Field(description="the id of the row, or what it had in its place")


def handle(command: Replay, place: Workplace) -> dict[str, Any]:
    entity, staging = command.entity, place.staging
    id = guid(command.id) or command.id  # an event without an id was kept under whatever it had instead
    outcomes = []
    if not place.sees(None) and not all(place.sees(kept.company) for kept in kept_of(staging, entity, id)):
        raise bad("id", f"no rejected event of {entity} {id} is kept")
    for sort_key, event in staging.rejected(entity, id):
        # A message that could not be read as rows was kept as the RemoteExecutionContext it came in.
        details = [event] if "entity" in event else [one.detail for one in row_events(event, place.at)]
        delivered = [_deliver(detail, place) for detail in details]
        if REJECTED in delivered and _overtaken(entity, id, event, place):
            delivered = [OVERTAKEN]
        if REJECTED not in delivered:
            staging.mended(entity, id, sort_key, place.done(Done.REPLAYED, {"rejected": sort_key}, {"event": sort_key}))
        outcomes += delivered
    row = staging.readable([id]).get(id)
    if row and row.state is StagingState.INVALID:  # accepted at first, then found invalid by the import
        done = place.done(Done.REPLAYED, {"state": row.state}, {"state": StagingState.PENDING})
        transact(staging.client, [staging.revive(row, place.at), staging.noted(entity, id, done)])
        outcomes.append("pending")
    if not outcomes:
        raise bad("id", f"no rejected event of {entity} {id} is kept")
    again = staging.rejections(entity, id) if REJECTED in outcomes else ()
    refused = [asdict(Refusal(None, id, one.reason, one.detail)) for one in again]
    return {"outcome": ", ".join(outcomes)} | ({"refused": refused} if refused else {})


def _overtaken(entity: str, id: str, event: dict[str, Any], place: Workplace) -> bool:
    """Whether a newer version of the row was accepted meanwhile: the corrected row comes by itself, as a new event."""
    version = event.get("row_version")
    if not isinstance(version, int):
        return False
    if entity == PROFORMA:
        header = place.proposals.get(id)
        known = header.proforma.version.number if header else None
    else:
        row = place.staging.readable([id]).get(id)
        known = row.actual.version.number if row else None
    return known is not None and known > version


def _deliver(detail: dict[str, Any], place: Workplace) -> str:
    if detail["entity"] in MASTER_TABLES:
        # Imported late: no other command needs them.
        from project_invoicing.use_cases.master_data.receive import receive_row  # noqa: PLC0415
        from project_invoicing.use_cases.master_data.settle import Settling  # noqa: PLC0415

        settling = Settling(place.master, lambda: place.setup.document.units, lambda: True, place.at)
        return receive_row(settling, place.staging, detail, place.at)
    if detail["entity"] == PROFORMA:
        return sync_header(place.proposals, place.staging, place.setups, detail, place.at)
    return sync_row(place.staging, detail, place.at)
