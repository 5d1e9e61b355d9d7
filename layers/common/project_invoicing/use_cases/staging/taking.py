"""An unbilled sale is billed once, and a billed or journalised actual is taken back once (99-25, D-086 to D-089).

The row that comes to a document marks what it continues as taken, in the transaction that puts it there and only if no
other has it; a row that leaves the document frees it in the transaction that releases the row. So this holds whatever
runs at the same time. A row that comes second waits, and says what came first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeVar

from project_invoicing.domain.codes import ProposalStatus
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.proposal import Proposal, ProposalPage
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES, Write, transact_what_holds
from project_invoicing.store.unit_of_work import UnitOfWork

Line = TypeVar("Line", ProposalLine, JournalLine)
T = TypeVar("T")

ROOM: Final = MAX_WRITES - 3
"""Writes left for the rows of a proposal page, beside its page, its header and an event."""


# --- what comes second ------------------------------------------------------------------------------------------------


# --- the writes -------------------------------------------------------------------------------------------------------


def fitting(found: Iterable[T], most: int, room: int, takes: Callable[[T], str | None]) -> Iterator[list[T]]:
    """Splits ``found`` into lists of at most ``most``, one for each transaction with ``room`` for writes.

    An item that takes something costs two writes.
    """
    some: list[T] = []
    left = room
    for one in found:
        needed = 2 if takes(one) else 1
        if some and (len(some) == most or needed > left):
            yield some
            some, left = [], room
        some.append(one)
        left -= needed
    if some:
        yield some


def taken(
    staging: Staging,
    pairs: Collection[tuple[StagedRow, Line]],
    write: Callable[[StagedRow, Line, str | None], Write],
    continued: Mapping[str, StagedRow] = MappingProxyType({}),
) -> list[Write]:
    """The writes that make rows lines and mark what they take.

    ``write`` creates the write of a row and is also told which of these rows takes it, if any, because a transaction
    cannot write an item twice. ``continued``: the rows that lines continue, as the lines were made from them.
    """
    by = {line.took: line.actual_id for _, line in pairs if line.took}
    writes = [write(row, line, by.pop(row.id, None)) for row, line in pairs]
    return writes + [staging.take(id, taker, continued.get(id)) for id, taker in by.items()]


def released(staging: Staging, lines: Collection[Line], write: Callable[[Line, str | None], Write]) -> list[Write]:
    """The writes that release the rows of lines and free what these took; ``write`` as in ``taken``."""
    by = {line.took: line.actual_id for line in lines if line.took}
    writes = [write(line, by.pop(line.actual_id, None)) for line in lines]
    return writes + [staging.free(id, taker) for id, taker in by.items()]


# --- lines of the version before --------------------------------------------------------------------------------------


def mark(proposals: Proposals, staging: Staging, header: Proposal) -> bool:
    """Marks what the lines of a proposal from a previous version take. ``False``: another has taken some of it.

    In that case the lines of an unposted proposal stay unmarked and are to be deleted. For a posted one, what is still
    free is marked; the reconciliation names the rest.
    """
    posted = header.status is ProposalStatus.POSTED
    for page in list(proposals.pages(header.id)):
        takes, all_free = _unmarked(staging, page)
        if posted:
            writes = [staging.take(id, by) for by, id in takes.items()]
            transact_what_holds(staging.client, writes)
        elif not all_free:
            return False
        elif takes:
            UnitOfWork(proposals.client, [*_marked(proposals, staging, header, page, takes)]).commit()
    change = proposals.changing(header)
    change.marked()
    UnitOfWork(proposals.client, [change.write()]).commit()
    return True


def _unmarked(staging: Staging, page: ProposalPage) -> tuple[dict[str, str], bool]:
    """What is to be taken, by its taker, and whether everything the lines would take is free for them."""
    rows = staging.rows(line.actual_id for line in page.lines if not line.took)
    wanted = {row.id: row.takes for row in rows.values() if row.takes}
    _, takers = staging.rows_and_takers(wanted.values()) if wanted else ({}, {})
    free: dict[str, str] = {}
    for by, id in sorted(wanted.items()):
        if takers.get(id, by) == by and id not in free.values():
            free[by] = id
    return free, len(free) == len(wanted)


def _marked(
    proposals: Proposals, staging: Staging, header: Proposal, page: ProposalPage, takes: Mapping[str, str]
) -> Iterator[Write]:
    yield from (staging.take(id, by) for by, id in takes.items())
    lines = [replace(line, took=takes.get(line.actual_id, line.took)) for line in page.lines]
    yield proposals.edited_page(header.id, page, lines)
    yield proposals.changing(header).write()  # it is still as it was read
