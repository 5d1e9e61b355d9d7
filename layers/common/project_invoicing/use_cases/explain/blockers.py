"""Reads from the stores what blocks, and what was not accepted."""

from __future__ import annotations

from collections.abc import Iterable

from project_invoicing.dataverse.found_rows import inbound_maps
from project_invoicing.domain.refusals import Wait
from project_invoicing.rules.explaining.blockers import Block, Blocker
from project_invoicing.rules.explaining.not_taken import KeptEvent, NotTaken
from project_invoicing.rules.explaining.words import Words
from project_invoicing.use_cases.explain.stores import Stores


def blockers(stores: Stores, waits: Iterable[Wait | Block]) -> list[Blocker]:
    """Each of ``waits`` with the row of the blocking actual, its journal, and its line there."""
    words, listed = Words(stores.setup), list(waits)
    rows = stores.staging.readable(wait.actual_id for wait in listed if wait.actual_id)
    on_journals = [(words.company(row), row.journal_id) for row in rows.values() if row.journal_id]
    headers = {
        owner: stores.journals.many(owner, [id for company, id in on_journals if company == owner])
        for owner in {company for company, _ in on_journals if company}
    }
    found = []
    for wait in listed:
        row = rows.get(wait.actual_id or "")
        journal = headers.get(words.company(row) or "", {}).get(row.journal_id or "") if row else None
        line = None
        if row and journal:
            line = stores.journals.line(journal.company, journal.journal_id, row.line_number or 0, row.id)
        found.append(Blocker(wait, row, journal, line[0] if line else None))
    return found


def not_taken(stores: Stores, entity: str, id: str) -> NotTaken:
    """The events of a Dataverse row that were not accepted: rejected, or kept for a table map that is paused."""
    name = inbound_maps()[entity].name
    rejections = tuple(stores.staging.rejections(entity, id))
    kept = tuple(KeptEvent(event.detail["row_version"], event.time) for _, event in stores.maps.kept(name, id))
    return NotTaken(name, rejections, kept, stores.maps.of(name) if kept else None)
