"""Adds lines to the open journals of one company, in page transactions.

Each has up to 90 rows, the page of their lines, the header of their journal and the counters. A journal takes lines of
one period up to the company's limit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.errors import Conflict
from project_invoicing.rules.journal_lines import Candidate
from project_invoicing.rules.journal_pages import Numbers, PagePlan, Segment, planned
from project_invoicing.set_aside import Defect, caught, report
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.sequences import Counter
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES, Write, lost, pause
from project_invoicing.store.unit_of_work import UnitOfWork
from project_invoicing.use_cases.staging.taking import taken
from project_invoicing.use_cases.staging.verdicts import Verdicts

PAGE_LINES = 90
_ATTEMPTS = 12


@dataclass(slots=True)
class JournalBook:
    """The open journals of one company while lines are added to them.

    ``imported`` counts the lines, ``set_aside`` the rows that ran into a defect.
    """

    staging: Staging
    journals: Journals
    ledger: Ledger
    setup: FinanceSetup
    at: str
    company: str
    imported: int = 0
    set_aside: int = 0
    _vouchers: Counter = field(init=False)
    _numbers: Counter = field(init=False)
    _open: dict[str, Journal] = field(default_factory=dict)
    _guards: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._vouchers = self.ledger.vouchers_counter(self.company)
        self._numbers = self.journals.counter(self.company)

    def add(self, candidates: list[Candidate]) -> None:
        """Writes all candidates (sorted) into journals; those that another run took first are left out.

        If a page cannot be planned or written, ever smaller pages isolate the line at fault, which is set aside.
        """
        self._read({candidate.period for candidate in candidates})
        tried, size = 0, PAGE_LINES
        while candidates:
            some = candidates[:size]
            outcome = self._page(some)
            if isinstance(outcome, Defect):
                size = max(len(some) // 2, 1)
                if len(some) == 1:
                    self._set_aside(some[0], outcome)
                    candidates, size = candidates[1:], PAGE_LINES
            elif isinstance(outcome, _Lost):
                tried += 1
                if tried > _ATTEMPTS:
                    raise Conflict(f"import into journals of {self.company}: others were faster {tried} times")
                candidates = self._left(candidates, outcome.rows, tried)
            else:
                tried = 0
                self._written(outcome)
                candidates = candidates[len(outcome.candidates) :]

    def _page(self, some: list[Candidate]) -> PagePlan | _Lost | Defect:
        """What was written of some candidates; or which rows others took first, or what is wrong with one of them."""
        first = some[0].row.id
        made = caught("actual", first, self._planned, some)
        if isinstance(made, Defect):
            return made
        plan, unit = made
        try:
            return caught("actual", first, unit.commit) or plan
        except TransactionCancelled as cancelled:
            rows = _rows_written(plan)
            return _Lost({rows[position] for position in lost(cancelled) if position < len(rows)})

    def _planned(self, candidates: list[Candidate]) -> tuple[PagePlan, UnitOfWork]:
        makes = any(candidate.period not in self._open for candidate in candidates)
        last_journal = self._numbers.last if makes else 0
        numbers = Numbers(self.company, self.setup, last_journal, self._vouchers.last)
        plan = planned(candidates, self._open, numbers, MAX_WRITES)
        return plan, self._unit(plan)

    def _unit(self, plan: PagePlan) -> UnitOfWork:
        """The transaction: first the writes on the rows, and on what reversals among them take back."""
        on = {line.actual_id: segment.journal.journal_id for segment in plan.segments for line in segment.lines}

        def journalise(row: StagedRow, line: JournalLine, by: str | None) -> Write:
            return self.staging.journalised(row, self.company, on[row.id], line.line_number, line.rate, by=by)

        pairs = list(zip((candidate.row for candidate in plan.candidates), plan.lines, strict=True))
        originals = (candidate.taken_back for candidate in plan.candidates)
        continued = {original.id: original for original in originals if original}
        unit = UnitOfWork(self.staging.client, taken(self.staging, pairs, journalise, continued))
        drawn = self._vouchers.last
        for segment in plan.segments:
            drawn += len(segment.lines)
            unit.add(*self._documents(segment, drawn))
        unit.add(self._vouchers.draw(len(plan.candidates)))
        if plan.new_journals:
            unit.add(self._numbers.draw(plan.new_journals))
        return unit

    def _documents(self, segment: Segment, drawn: int) -> list[Write]:
        """The header of a journal, the guard of its period if the journal is new, and the page.

        ``drawn`` is the number of the page's last voucher in the sequence.
        """
        journals, journal = self.journals, segment.journal
        page = journals.page(self.company, journal.journal_id, segment.lines, drawn)
        change = journals.changing(journal)
        change.lines_added(len(segment.lines), self.at)
        change.sums(added=segment.lines)
        if self.setup.active_tags(self.company):
            change.with_tags_as_read()
        if segment.new:
            guard = journals.guard(journal, self._guards.get(journal.period))
            return [journals.create(change.after), guard, page]
        return [change.write(), page]

    def _left(self, candidates: list[Candidate], taken: set[str], tried: int) -> list[Candidate]:
        """The candidates that no other run took, after reading the journals and the counters again."""
        left = [candidate for candidate in candidates if candidate.row.id not in taken]
        if not taken:
            pause(tried)
        self._vouchers.forget()
        self._numbers.forget()
        self._read({candidate.period for candidate in left})
        return left

    def _set_aside(self, candidate: Candidate, defect: Defect) -> None:
        report(defect)
        verdicts = Verdicts()
        verdicts.set_aside(candidate.row, defect)
        verdicts.write(self.staging, self.at)
        self.set_aside += 1

    def _read(self, periods: set[str]) -> None:
        """The journal for each period's lines. The index suggests, the period's guard decides."""
        journals, limit = self.journals, self.setup.parameters(self.company).journal_line_limit
        self._open = {}
        for journal in journals.open(self.company):
            if journal.period in periods and journal.takes_lines(limit):
                self._open.setdefault(journal.period, journal)
        unknown = sorted(periods - self._open.keys())
        self._guards = journals.guards(self.company, unknown) if unknown else {}
        if self._guards:
            for journal in journals.many(self.company, self._guards.values()).values():
                if journal.takes_lines(limit):
                    self._open[journal.period] = journal

    def _written(self, plan: PagePlan) -> None:
        self._vouchers.drawn(len(plan.candidates))
        if plan.new_journals:
            self._numbers.drawn(plan.new_journals)
        limit = self.setup.parameters(self.company).journal_line_limit
        for segment in plan.segments:
            grown = segment.grown(self.at)
            self._open[grown.period] = grown
            if segment.new:
                self._guards[grown.period] = grown.journal_id
            if not grown.takes_lines(limit):
                self._guards[grown.period] = grown.journal_id
                del self._open[grown.period]
        self.imported += len(plan.candidates)


@dataclass(frozen=True, slots=True)
class _Lost:
    """A transaction was cancelled: other runs took some of these rows first, or took none and were only in the way."""

    rows: set[str]


def _rows_written(plan: PagePlan) -> list[str]:
    """The rows on whose behalf the first writes of the transaction are made, in their order.

    First come its lines. Then comes what they take: if that is lost, the row that would have taken it is lost.
    """
    ids = [line.actual_id for line in plan.lines]
    return [*ids, *(line.actual_id for line in plan.lines if line.took and line.took not in ids)]
