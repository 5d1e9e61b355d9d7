"""Billed once, taken back once (99-25): checks what continues an actual, and the mark that records it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from project_invoicing.domain.codes import ConnectionRole, StagingState
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.reconciliation import Difference, Repair
from project_invoicing.domain.staged_item import StagedItem
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.rules.reconciliation.findings import ON_DOCUMENTS, Finding, id_bytes, id_text, of_row
from project_invoicing.rules.taking import WHAT, how
from project_invoicing.setup.lookups import FinanceSetup

Line = JournalLine | ProposalLine


@dataclass(frozen=True, slots=True)
class Pair:
    """``by`` continues ``target``, and only one of the two says so: ``mark`` where it is the target."""

    target: str
    by: str
    mark: bool


@dataclass(slots=True)
class Takings:
    """Keeps, for each continued actual, the one that continues it, and any others besides."""

    setup: FinanceSetup
    billed: Counter[bytes] = field(default_factory=Counter)
    """How often posted lines bill an actual."""
    takers: dict[bytes, bytes] = field(default_factory=dict)
    _more: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """The others besides ``takers`` that continue an actual on a document."""
    _unpaired: dict[bytes, bool] = field(default_factory=dict)
    """A continued actual and what continues it, where only one of the two says so; ``True`` if it is the mark."""

    def add_mark(self, item: StagedItem) -> None:
        if item.taker is not None:
            self._pair(id_bytes(item.id) + item.taker, mark=True)

    def add(self, row: StagedRow) -> None:
        """Adds a row that is on a document and continues another."""
        if row.takes is None or row.state not in ON_DOCUMENTS:
            return
        taken, by = id_bytes(row.takes), id_bytes(row.id)
        self._pair(taken + by, mark=False)
        if row.line_number is None:
            return
        before = self.takers.setdefault(taken, by)
        if row.state is StagingState.POSTED and ConnectionRole.UNBILLED in row.links:
            self.billed[taken] += 1
            self.takers[taken] = by
        elif before != by:
            before = by
        if before != self.takers[taken]:
            self._more[taken].append(before)

    def _pair(self, pair: bytes, *, mark: bool) -> None:
        if self._unpaired.get(pair) is (not mark):
            del self._unpaired[pair]
        else:
            self._unpaired[pair] = mark

    # Taken twice

    def taken_twice(self) -> Iterator[tuple[str, list[str]]]:
        """Actuals that seem to be continued on more than one document, with the actuals that continue them."""
        for taken, more in self._more.items():
            yield id_text(taken), [id_text(by) for by in (self.takers[taken], *more)]

    def second(self, target: str, found: Iterable[tuple[StagedRow, Line | None, str]]) -> Iterator[Finding]:
        """Everything after the first that continues ``target``. ``found``: each row, its line, and where that is."""
        there = [(row, where) for row, line, where in found if continues(row, line, target)]
        there.sort(key=lambda one: (one[0].state is StagingState.IMPORTED, one[0].voucher or "", one[0].id))
        for row, where in there[1:]:
            first, at_first = there[0]
            by, also = (f"{WHAT[how(one)]} {at}" for one, at in ((first, at_first), (row, where)))
            yield of_row("taken_twice", row, self.setup, f"{target} {by}, and {also}", row.accounting_amount)

    # Marks

    def unpaired(self) -> Iterator[Pair]:
        for pair, mark in self._unpaired.items():
            yield Pair(id_text(pair[:16]), id_text(pair[16:]), mark)

    def marked_for_nothing(self, pair: Pair, row: StagedRow | None, takers: Mapping[str, str]) -> Iterator[Finding]:
        """A mark by an actual that is on no document, as both are now: nothing else could continue the target."""
        on_document = row is not None and row.state in ON_DOCUMENTS
        if pair.mark and takers.get(pair.target) == pair.by and not on_document:
            detail = f"is marked as taken by {pair.by}, which is on no document: nothing else can continue it"
            yield Finding("not_marked", Difference(ACTUAL, pair.target, detail))

    def may_lack_mark(self, pair: Pair, row: StagedRow | None, takers: Mapping[str, str]) -> bool:
        """Whether a reversal on a journal may lack a mark; its line decides. For proposals the header tells."""
        posted = row is not None and row.state is StagingState.POSTED and bool(row.journal_id)
        return posted and not pair.mark and pair.target not in takers

    def lacks_mark(self, pair: Pair, row: StagedRow, line: Line | None) -> Iterator[Finding]:
        """Reports only a line that does not say what it took: a previous version posted it without a mark."""
        if line and line.took is None:
            detail = f"takes back {pair.target} on journal {row.journal_id}, and that is not marked"
            yield of_row("not_marked", row, self.setup, detail, repair=Repair.IMPORT)


def continues(row: StagedRow, line: Line | None, target: str) -> bool:
    """Whether a row continues ``target`` now. If its connection has changed since, its line decides."""
    if row.state not in ON_DOCUMENTS or row.line_number is None:
        return False
    return ((line and line.took) or row.takes) == target
