"""What was rejected and is kept, the newest first: events, and actuals that turned out to be invalid later.

What a person has dismissed is a list of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from project_invoicing.dataverse.found_rows import inbound_maps
from project_invoicing.domain.advice import what_to_do
from project_invoicing.domain.text import guid
from project_invoicing.store.dismissals import Kept, kept_as, kept_of
from project_invoicing.store.queue_lists import After
from project_invoicing.use_cases.lists.asked import DISMISSED, REJECTED, Asked, Page
from project_invoicing.use_cases.lists.place import ListPlace


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """``entity`` and ``id`` name what to replay. ``company`` is known of an actual that was accepted at first.

    ``message`` names this one thing, which may have no id. ``dismissed`` is why a person has set it aside.
    """

    entity: str
    id: str
    company: str | None
    at: str
    reason: str
    detail: str
    next: str
    message: str
    dismissed: str | None


def page(place: ListPlace, asked: Asked) -> Page[RejectedRow]:
    """At most three requests. By company are listed those of it and those of which nobody knows whose they are.

    By number is listed whatever has it, dismissed or not, unless the status says which.
    """
    if asked.number:
        found = _numbered(place, asked.number)
        wanted = [one for one in found if asked.status in (None, _status(one))]
        return Page(_rows(wanted, asked))
    at = asked.place
    after = After(at["place"], at["partition"], at["sort"]) if "sort" in at else None
    dismissed = asked.status == DISMISSED
    listed, after = place.queue.rejected(
        after, asked.limit, reason=asked.reason, since=asked.since, dismissed=dismissed
    )
    return Page(_rows(listed, asked), asked.cursor_at(after._asdict()) if after else None)


def _rows(found: Iterable[Kept], asked: Asked) -> list[RejectedRow]:
    return [_row(one) for one in found if asked.company is None or one.company in (None, asked.company)]


def _row(kept: Kept) -> RejectedRow:
    said = kept.rejection
    return RejectedRow(
        entity=said.entity,
        id=said.id,
        company=kept.company,
        at=said.at,
        reason=said.reason,
        detail=said.detail,
        next=what_to_do(said.reason) if said.dismissed is None else "",
        message=kept.message,
        dismissed=said.dismissed,
    )


def _status(kept: Kept) -> str:
    return REJECTED if kept.rejection.dismissed is None else DISMISSED


def _numbered(place: ListPlace, number: str) -> list[Kept]:
    """What is kept of one row, whatever its table, or the one thing that has this name."""
    id, staging = guid(number) or number, place.stores.staging
    found = [kept for entity in inbound_maps() for kept in kept_of(staging, entity, id)]
    named = None if found else kept_as(staging, number)
    return [named] if named else found
