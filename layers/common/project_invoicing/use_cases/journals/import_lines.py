"""Cost and unbilled-sales actuals become lines of integration journals (STG-01, JRN-01 to JRN-17).

Rows are taken from the import queue in chunks, resolved with the set-up, sorted by company, period and date, and
written in page transactions: up to 90 rows, the page of their lines, the journal's header, the counters. A journal
takes lines of one period up to the company's limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby

from project_invoicing.chunks import chunks
from project_invoicing.domain.actual import Actual
from project_invoicing.domain.calendar import period_key
from project_invoicing.domain.codes import (
    SECOND_REASONS,
    ConnectionRole,
    JournalStatus,
    TransactionClass,
)
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.errors import Conflict
from project_invoicing.rules.journal_lines import Candidate, discounted_as, journal_line, original_rate
from project_invoicing.rules.lineage import CONTINUED, continued_by
from project_invoicing.rules.owner import Blocked, Invalid, lent_within_company
from project_invoicing.rules.prevalidation import ROLLED_BACK
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.rules.taking import Takers
from project_invoicing.set_aside import Defect, caught, each, guarded, report
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES, Write, lost, pause, transact
from project_invoicing.use_cases.staging.posted_lines import PostedLines
from project_invoicing.use_cases.staging.prevalidate import ActualsRegister, prevalidate
from project_invoicing.use_cases.staging.taking import taken
from project_invoicing.use_cases.staging.verdicts import Verdicts

CHUNK = 5_000
"""Rows planned at a time: what bounds the memory of an import."""
PAGE_LINES = 90
_ATTEMPTS = 12


@dataclass(slots=True)
class JournalImport:
    """One run of the import for journals. ``imported`` counts the lines it made."""

    staging: Staging
    journals: Journals
    ledger: Ledger
    setup: FinanceSetup
    at: str
    register: ActualsRegister
    posted: PostedLines
    company: str | None = None
    imported: int = 0
    waiting: int = 0
    _second: list[StagedRow] = field(default_factory=list)

    def run(self) -> None:
        """Imports everything in the queue that can be imported, and says of everything else why it waits.

        What came second before is left for ``run_second``.
        """
        for some in chunks(self.staging.waiting_for_journal(), CHUNK):
            self._second += [row for row in some if row.reason in SECOND_REASONS]
            self.import_rows(row for row in some if row.reason not in SECOND_REASONS)

    def run_second(self) -> None:
        """Looks at what came second once all others had their turn, proposals too.

        What the first had may only have been deleted to be built anew (99-25).
        """
        for some in chunks(self._second, CHUNK):
            self.import_rows(some)

    def import_rows(self, rows: Iterable[StagedRow]) -> None:
        chosen, verdicts = self._candidates(list(rows))
        verdicts.write(self.staging, self.at)
        self.waiting += verdicts.waiting
        by_company = defaultdict(list)
        for candidate in chosen:
            by_company[candidate.resolved.company].append(candidate)
        each("lines of company", sorted(by_company.items()), self._add)

    def _add(self, candidates: list[Candidate]) -> None:
        _Book(self, candidates[0].resolved.company).add(sorted(candidates, key=lambda candidate: candidate.order))

    def _candidates(self, rows: list[StagedRow]) -> tuple[list[Candidate], Verdicts]:
        chosen: list[Candidate] = []
        verdicts = Verdicts()
        ids = {row.links[role] for row in rows for role in CONTINUED if role in row.links}
        linked, takers = self.posted.continued_by(rows, ids) if ids else ({}, Takers())
        asked: dict[str, StagedRow] = {}
        for row in rows:
            candidate = guarded("actual", row.id, self._candidate, row, linked, verdicts)
            if isinstance(candidate, Defect):
                verdicts.set_aside(row, candidate)
            elif candidate and (second := takers.second(row, asked, self.setup)):
                verdicts.wait(row, second, candidate.resolved.company)
            elif candidate:
                chosen.append(candidate)
        return self._validated(chosen, verdicts), verdicts

    def _candidate(self, row: StagedRow, linked: dict[str, StagedRow], verdicts: Verdicts) -> Candidate | None:
        actual = row.actual
        if reason := self._needs_no_import(actual):
            verdicts.skip(row, reason)
            return None
        original = linked.get(row.links.get(ConnectionRole.ORIGINAL, ""))
        rate = original_rate(original, self.setup) if original else None
        outcome = resolve(actual, self.setup, rate, continued_by(row, linked).lineage)
        company = None if isinstance(outcome, Invalid) else outcome.company
        if self.company and company and company != self.company:
            return None
        if isinstance(outcome, Blocked):
            verdicts.wait(row, outcome.wait, outcome.company)
            return None
        if isinstance(outcome, Invalid):
            verdicts.invalidate(row, outcome.reason, outcome.detail)
            return None
        outcome = discounted_as(outcome, actual, reversed_line(outcome, original, self.journals))
        unit = self.setup.parameters(outcome.company).journal_period
        return Candidate(row, outcome, period_key(unit, outcome.transaction_date))

    def _needs_no_import(self, actual: Actual) -> str | None:
        if actual.skip_sync:
            return "its skip sync was set after it had been imported"
        if actual.transaction_class is TransactionClass.TAX:
            return "sales tax is computed by finance; tax actuals are not imported"
        if lent_within_company(actual, self.setup):
            return "its resource was lent within one legal entity"
        return None

    def _validated(self, chosen: list[Candidate], verdicts: Verdicts) -> list[Candidate]:
        """Without those that are too young or that Dataverse does not have (STG-12, STG-13)."""
        rows = [(candidate.row, candidate.resolved.company) for candidate in chosen]
        young, gone = prevalidate(rows, self.setup, self.register, self.at)
        for candidate in chosen:
            row = candidate.row
            if row.id in young:
                verdicts.wait(row, young[row.id], candidate.resolved.company)
            elif row.id in gone:
                verdicts.invalidate(row, None, ROLLED_BACK)
        return [candidate for candidate in chosen if candidate.row.id not in young.keys() | gone]


def reversed_line(resolved: Resolved, original: StagedRow | None, journals: Journals) -> JournalLine | None:
    """The line that a discounted reversal takes back; nothing is read for a reversal without a discount."""
    if not resolved.discount or original is None or not original.journal_id:
        return None
    found = journals.line(resolved.company, original.journal_id, original.line_number or 0, original.id)
    return found[0] if found else None


class _Book:
    """The open journals of one company while lines are added to them."""

    def __init__(self, run: JournalImport, company: str) -> None:
        self.run = run
        self.company = company
        self.limit = run.setup.parameters(company).journal_line_limit
        sequences = run.setup.number_sequences(company)
        self.journal_format, self.voucher_format = sequences.journal, sequences.voucher
        self.vouchers = run.ledger.vouchers_counter(company)
        self.numbers = run.journals.counter(company)
        self.open: dict[str, Journal] = {}
        self.guards: dict[str, str] = {}

    def add(self, candidates: list[Candidate]) -> None:
        """Writes all candidates (sorted) into journals; those that another run took first are left out.

        Where a page cannot be planned or written, ever smaller ones find the line that is why, and it is set aside.
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
                candidates = candidates[outcome.lines :]

    def _page(self, some: list[Candidate]) -> _Batch | _Lost | Defect:
        """What was written of some candidates; or which rows others took first, or what is wrong with one of them."""
        batch = caught("actual", some[0].row.id, self._next, some)
        if isinstance(batch, Defect):
            return batch
        try:
            return caught("actual", some[0].row.id, transact, self.run.staging.client, batch.writes) or batch
        except TransactionCancelled as cancelled:
            return _Lost({batch.rows[position] for position in lost(cancelled) if position < len(batch.rows)})

    def _left(self, candidates: list[Candidate], taken: set[str], tried: int) -> list[Candidate]:
        """Those that nobody else took, once the journals and the counters have been read again."""
        left = [candidate for candidate in candidates if candidate.row.id not in taken]
        if not taken:
            pause(tried)
        self.vouchers.forget()
        self.numbers.forget()
        self._read({candidate.period for candidate in left})
        return left

    def _set_aside(self, candidate: Candidate, defect: Defect) -> None:
        report(defect)
        verdicts = Verdicts()
        verdicts.set_aside(candidate.row, defect)
        verdicts.write(self.run.staging, self.run.at)
        self.run.waiting += 1

    def _read(self, periods: set[str]) -> None:
        """Which journal each period's lines go to. The index proposes, the guard of the period decides."""
        journals = self.run.journals
        self.open = {}
        for journal in journals.open(self.company):
            if journal.period in periods and self._takes_lines(journal):
                self.open.setdefault(journal.period, journal)
        unknown = sorted(periods - self.open.keys())
        self.guards = journals.guards(self.company, unknown) if unknown else {}
        if self.guards:
            for journal in journals.many(self.company, self.guards.values()).values():
                if self._takes_lines(journal):
                    self.open[journal.period] = journal

    def _takes_lines(self, journal: Journal) -> bool:
        return (
            journal.status is JournalStatus.DRAFT
            and journal.original_journal is None
            and journal.line_count < self.limit
        )

    def _next(self, candidates: list[Candidate]) -> _Batch:
        """The next page transaction: as many rows as fit, over as many journals as they need."""
        batch = _Batch()
        room = MAX_WRITES - 1  # the voucher counter
        for period, group in _by_period(candidates):
            new = period not in self.open
            overhead = 2 + new + (new and not batch.new_journals)  # header and page; guard; journal counter
            journal = self.open.get(period) or self._new_journal(period, batch)
            most = min(self.limit - journal.line_count, PAGE_LINES - batch.lines)
            count = _fitting(group, most, room - overhead)
            if count <= 0:
                break
            batch.new_journals += new
            lines = [
                self._line(candidate, journal.next_line + n, self.vouchers.last + batch.lines + n + 1)
                for n, candidate in enumerate(group[:count])
            ]
            batch.segments.append((journal, new, lines))
            batch.candidates += group[:count]
            room -= overhead + sum(candidate.writes for candidate in group[:count])
            if count < len(group):
                break
        self._rows(batch)
        self._documents(batch)
        return batch

    def _rows(self, batch: _Batch) -> None:
        """The writes on the rows, and on what reversals among them take back."""
        journals = {line.actual_id: journal.journal_id for journal, _, lines in batch.segments for line in lines}
        lines = [line for _, _, lines in batch.segments for line in lines]

        def journalise(row: StagedRow, line: JournalLine, by: str | None) -> Write:
            return self.run.staging.journalised(row, self.company, journals[row.id], line.line_number, line.rate, by=by)

        pairs = list(zip((candidate.row for candidate in batch.candidates), lines, strict=True))
        batch.writes = taken(self.run.staging, pairs, journalise)
        batch.rows = [*journals, *(line.actual_id for line in lines if line.took and line.took not in journals)]

    def _documents(self, batch: _Batch) -> None:
        journals = self.run.journals
        for journal, new, lines in batch.segments:
            if new:
                grown = replace(journal, line_count=len(lines), next_line=1 + len(lines), changed_at=self.run.at)
                batch.writes.append(journals.create(grown))
                batch.writes.append(journals.guard(journal, self.guards.get(journal.period)))
            else:
                values = {"n": journal.line_count + len(lines), "no": journal.next_line + len(lines)}
                batch.writes.append(journals.change(journal, values | journals.touched(self.run.at)))
            batch.writes.append(journals.page(self.company, journal.journal_id, lines))
        batch.writes.append(self.vouchers.draw(batch.lines))
        if batch.new_journals:
            batch.writes.append(self.numbers.draw(batch.new_journals))

    def _new_journal(self, period: str, batch: _Batch) -> Journal:
        number = self.numbers.last + batch.new_journals + 1
        journal_id = format_number(self.journal_format, number, self.company)
        return Journal(self.company, journal_id, JournalStatus.DRAFT, period)

    def _line(self, candidate: Candidate, number: int, voucher: int) -> JournalLine:
        return journal_line(candidate, number, format_number(self.voucher_format, voucher, self.company))

    def _written(self, batch: _Batch) -> None:
        self.vouchers.drawn(batch.lines)
        if batch.new_journals:
            self.numbers.drawn(batch.new_journals)
        for journal, new, lines in batch.segments:
            grown = replace(
                journal, line_count=journal.line_count + len(lines), next_line=journal.next_line + len(lines)
            )
            self.open[journal.period] = grown
            if new:
                self.guards[journal.period] = journal.journal_id
            if grown.line_count >= self.limit:
                self.guards[journal.period] = journal.journal_id
                del self.open[journal.period]
        self.run.imported += batch.lines


@dataclass(slots=True)
class _Batch:
    """One transaction: first the writes for ``rows`` in their order, then those of the documents.

    A row of ``candidates`` that takes something back is twice among the ``rows`` that the writes are for.
    """

    writes: list[Write] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    segments: list[tuple[Journal, bool, list[JournalLine]]] = field(default_factory=list)
    new_journals: int = 0

    @property
    def lines(self) -> int:
        return len(self.candidates)


def _fitting(candidates: list[Candidate], most: int, room: int) -> int:
    """How many of the first ``most`` have room for their writes."""
    count = 0
    for candidate in candidates[: max(most, 0)]:
        room -= candidate.writes
        if room < 0:
            break
        count += 1
    return count


@dataclass(frozen=True, slots=True)
class _Lost:
    """A transaction was cancelled: other runs were faster with these rows, or with none and were only in the way."""

    rows: set[str]


def _by_period(candidates: list[Candidate]) -> Iterator[tuple[str, list[Candidate]]]:
    for period, group in groupby(candidates[:PAGE_LINES], key=lambda candidate: candidate.period):
        yield period, list(group)
