"""What was rejected and is kept, the newest first: events, and actuals that turned out to be invalid later."""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.dataverse.found_rows import inbound_maps
from project_invoicing.domain.advice import what_to_do
from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.domain.text import guid
from project_invoicing.store.queue_lists import After
from project_invoicing.store.whole_tables import staged_item
from project_invoicing.use_cases.lists.asked import Asked, Page
from project_invoicing.use_cases.lists.place import ListPlace


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """``entity`` and ``id`` name what to replay. ``company`` is known of an actual that was accepted at first."""

    entity: str
    id: str
    company: str | None
    at: str
    reason: str
    detail: str
    next: str


def page(place: ListPlace, asked: Asked) -> Page[RejectedRow]:
    """At most three requests. By company are listed those of it and those of which nobody knows whose they are."""
    if asked.number:
        return Page(_numbered(place, asked.number))
    at = asked.place
    after = After(at["place"], at["partition"], at["sort"]) if "sort" in at else None
    found, after = place.queue.rejected(after, asked.limit, reason=asked.reason, since=asked.since)
    rows = [
        RejectedRow(
            entity=one.item.entity,
            id=one.item.id,
            company=one.company,
            at=one.at,
            reason=one.item.reason,
            detail=one.item.detail,
            next=what_to_do(one.item.reason),
        )
        for one in found
        if asked.company is None or one.company in (None, asked.company)
    ]
    return Page(rows, asked.cursor_at(after._asdict()) if after else None)


def _numbered(place: ListPlace, number: str) -> list[RejectedRow]:
    """What is kept of one row, whatever its table."""
    id, staging = guid(number) or number, place.stores.staging
    rows = [
        RejectedRow(entity, id, None, one.at, one.reason, one.detail, what_to_do(one.reason))
        for entity in inbound_maps()
        for one in staging.rejections(entity, id)
    ]
    found = staged_item(staging, id)
    if found and found.row and found.row.state is StagingState.INVALID and found.reason:
        row, reason = found.row, found.reason
        rows.append(RejectedRow(ACTUAL, id, row.company, row.since or "", reason, row.detail or "", what_to_do(reason)))
    return rows
