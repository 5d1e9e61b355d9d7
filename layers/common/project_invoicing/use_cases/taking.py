"""An unbilled sale is billed once, and what was billed or journalised is taken back once (99-25).

The row that comes to a document marks what it continues as taken, in the transaction that puts it there and only where
nobody else has; what leaves the document frees it in the transaction that releases the row. So it holds whoever runs at
the same time. What comes second waits, and says what came first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from project_invoicing.domain.codes import ConnectionRole, ProposalStatus, WaitReason
from project_invoicing.domain.journal import JournalLine
from project_invoicing.domain.proposal import ProposalLine
from project_invoicing.domain.refusals import Wait
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.proposals import Proposal, ProposalPage, Proposals
from project_invoicing.store.staging import StagedRow, Staging
from project_invoicing.store.transactions import MAX_WRITES, Write, transact, transact_what_holds
from project_invoicing.use_cases.result_rows import Figures

Line = TypeVar("Line", ProposalLine, JournalLine)
T = TypeVar("T")

ROOM: Final = MAX_WRITES - 3
"""For the rows of a page of a proposal: its page, its header and an event are written with them."""
WHAT: Final = {
    WaitReason.ALREADY_BILLED: "is billed by",
    WaitReason.ALREADY_CREDITED: "is taken back by",
}


# --- what comes second ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Takers:
    """Who has taken what, as it was read. ``by`` has the takers' ids by what they took, ``rows`` their rows."""

    by: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, StagedRow] = field(default_factory=dict)

    def second(self, row: StagedRow, asked: dict[str, StagedRow], setup: FinanceSetup) -> Wait | None:
        """Why ``row`` may not continue what it names; ``None`` where it may.

        ``asked`` has the rows of the same import that may, by what they take; ``row`` is added to them.
        """
        target = row.takes
        if target is None:
            return None
        taker = self.by.get(target)
        first = self.rows.get(taker) if taker else asked.setdefault(target, row)
        if taker == row.id or first is row:
            return None
        reason = how(first or row)
        by = described(first, setup) if first else f"actual {taker}"
        would = "bills" if ConnectionRole.UNBILLED in row.links else "takes back"
        detail = f"actual {row.id} {would} {target}, which {WHAT[reason]} {by}"
        return Wait(reason, detail, first.id if first else taker)


def how(first: StagedRow) -> WaitReason:
    """What comes after ``first`` waits for: it bills what it has taken, or takes it back."""
    return WaitReason.ALREADY_BILLED if ConnectionRole.UNBILLED in first.links else WaitReason.ALREADY_CREDITED


def described(first: StagedRow, setup: FinanceSetup) -> str:
    """``actual … over 1600.00 USD, line 3 of proposal INV-0001, posted with voucher PV-00000007``."""
    reference = first.actual.currency
    currency = setup.resolve(reference.entity, reference.id) if reference else None
    text = f"actual {first.id} over {Figures(setup).amount(first.actual.amount, currency)} {currency or ''}".rstrip()
    if first.journal_id:
        text += f", line {first.line_number} of journal {first.journal_id}"
    elif first.proposal_id:
        line = "on" if first.line_number is None else f"line {first.line_number} of"
        text += f", {line} proposal {first.proposal_id}"
    else:
        text += ", which waits beside it"
    return f"{text}, posted with voucher {first.voucher}" if first.voucher else text


# --- the writes -------------------------------------------------------------------------------------------------------


def fitting(found: Iterable[T], most: int, room: int, takes: Callable[[T], str | None]) -> Iterator[list[T]]:
    """``found`` in lists of ``most`` at most, each for one transaction with ``room`` for writes.

    One that takes something is two writes.
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
    staging: Staging, pairs: Collection[tuple[StagedRow, Line]], write: Callable[[StagedRow, Line, str | None], Write]
) -> list[Write]:
    """The writes that make rows lines and mark what these take.

    ``write`` makes the one of a row, which is also told who takes that row, if another row of these does: a transaction
    writes no item twice.
    """
    by = {line.took: line.actual_id for _, line in pairs if line.took}
    writes = [write(row, line, by.pop(row.id, None)) for row, line in pairs]
    return writes + [staging.take(id, taker) for id, taker in by.items()]


def released(staging: Staging, lines: Collection[Line], write: Callable[[Line, str | None], Write]) -> list[Write]:
    """The writes that release the rows of lines and free what these took; ``write`` as of ``taken``."""
    by = {line.took: line.actual_id for line in lines if line.took}
    writes = [write(line, by.pop(line.actual_id, None)) for line in lines]
    return writes + [staging.free(id, taker) for id, taker in by.items()]


# --- lines of the version before --------------------------------------------------------------------------------------


def mark(proposals: Proposals, staging: Staging, header: Proposal) -> bool:
    """Marks what the lines of a proposal take that a version before has made. ``False``: another has taken some of it.

    Then the lines of an unposted proposal stay unmarked, and are to be deleted. What a posted one has billed is marked
    as far as it is free; the reconciliation names the rest.
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
            transact(proposals.client, [*_marked(proposals, staging, header, page, takes)])
    transact(proposals.client, [proposals.change(header, {"tk": True})])
    return True


def _unmarked(staging: Staging, page: ProposalPage) -> tuple[dict[str, str], bool]:
    """What is to be taken, by who takes it, and whether all that the lines would take is free for them."""
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
    yield proposals.change(header, {"st": header.status})
