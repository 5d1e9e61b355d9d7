"""The transactions that post one journal: each posts some pages and records its progress on the header.

The first claims the journal and pins the version of the set-up and the master data, so that a run that continues after
a crash computes the same; the last finishes it, and puts it on the list of what is ready to leave for a general ledger.
Lines that fail move to an error journal, which is created with the first of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.history import HistoryEntry
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.domain.staged_row import OnJournal, SaleToBill, StagedRow
from project_invoicing.events.own import JournalFailed, JournalPosted, OwnEvent
from project_invoicing.rules.journal_posting import JudgedPage, PostedLine, bills_between_companies
from project_invoicing.rules.lineage import handed_on_by
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import outbox
from project_invoicing.store.journal_change import JournalChange
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger, entries
from project_invoicing.store.ready import Ready, ReadyDocument
from project_invoicing.store.sequences import Counter
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES, Write
from project_invoicing.store.unit_of_work import UnitOfWork

_OVERHEAD = 8
"""Writes of a transaction besides rows and pages: vouchers, header, who posts it, counter, error journal and page, two
events. The place on the list of what is ready to leave is not among them, as earlier versions divided pages without it.
It has room except beside a page of the most lines there can be, see ``finish``."""


@dataclass(slots=True)
class PostingSaga:
    """One journal while it is posted. ``failing``: how many of its lines not yet posted will fail.

    ``done`` says who posts it, and when; it is written as the posting begins. ``rows`` are the rows that its lines are
    posted with, by id; ``days`` are the accounting dates of its vouchers that are posted; ``view`` is the master data,
    for the first transaction.
    """

    journals: Journals
    staging: Staging
    ledger: Ledger
    ready: Ready
    done: HistoryEntry
    journal: Journal
    setup: FinanceSetup
    failing: int
    rows: Mapping[str, StagedRow]
    days: frozenset[date]
    view: bytes | None = None
    _error_journal: str = ""
    _counter: Counter | None = field(default=None)

    def __post_init__(self) -> None:
        self._error_journal = self.journal.error_journal or ""
        if self.failing and not self._error_journal:
            company = self.journal.company
            self._counter = self.journals.counter(company)
            number_format = self.setup.number_sequences(company).journal
            self._error_journal = format_number(number_format, self._counter.last + 1, company)
        self.failing += self.journal.error_lines

    @property
    def overhead(self) -> int:
        """The same in every run of a posting, so that its pages are divided as they were."""
        return _OVERHEAD + (self.journal.pinned or self.view is not None)

    def step(self, pages: Sequence[JudgedPage]) -> None:
        """Posts some pages in one transaction."""
        self._commit(*self._writes(pages))

    def finish(self, pages: Sequence[JudgedPage]) -> None:
        """Posts the last pages and finishes the journal; in another transaction where one has no room for both."""
        unit, change = self._writes(pages, last=True)
        if len(unit) > MAX_WRITES:
            self.step(pages)
            unit, change = self._writes((), last=True)
        self._commit(unit, change)

    def _commit(self, unit: UnitOfWork, change: JournalChange) -> None:
        unit.commit()
        self.journal = change.after

    def _writes(self, pages: Sequence[JudgedPage], *, last: bool = False) -> tuple[UnitOfWork, JournalChange]:
        journal = self.journal
        moved = self._numbered(line for judged in pages for line in judged.failing)
        unit = UnitOfWork(self.journals.client)
        change = self.journals.changing(journal)
        for judged in pages:
            kept = [one.line for one in judged.posted]
            unit.add(*(self._posted(one) for one in judged.posted))
            unit.add(self.journals.posted_page(journal, judged.page, kept))
        if journal.status is JournalStatus.DRAFT:
            change.begun(self.setup.version, pinned=self.view is not None)
            unit.add(*([self.journals.pin(journal, self.view)] if self.view else []))
            unit.add(self.journals.noted(journal, self.done))
        if self._counter and journal.error_journal is None:
            change.errors_go_to(self._error_journal)
            unit.add(self._counter.draw(1))
        unit.add(*self._moved(moved))
        vouchers = [entry for judged in pages for one in judged.posted if one.voucher for entry in entries(one.voucher)]
        if vouchers:
            number = journal.posted_pages + 1
            unit.add(self.ledger.page(JOURNAL, journal.company, journal.journal_id, number, vouchers))
            self.days |= {entry.accounting_date for entry in vouchers}
        change.page_posted(len(pages), failed=len(moved))
        if moved:
            change.sums(removed=moved)
        if last:
            change.posted(self.done.at)
            unit.add(*self._events(), *self._ready())
        unit.add(change.write())
        return unit, change

    def _ready(self) -> list[Write]:
        """A journal without a voucher has nothing that could leave (99-24)."""
        if not self.days:
            return []
        journal = self.journal
        found = ReadyDocument(journal.company, JOURNAL, journal.journal_id, min(self.days), max(self.days))
        return [self.ready.put(found)]

    def _numbered(self, failing: Iterable[JournalLine]) -> list[JournalLine]:
        """The failing lines with their line numbers on the error journal."""
        first = self.journal.error_lines + 1
        return [replace(line, line_number=number) for number, line in enumerate(failing, first)]

    def _posted(self, one: PostedLine) -> Write:
        """WB-01. A voucher that is not in the ledger is named nowhere (99-24)."""
        line = one.line
        return self.staging.posted(
            line.actual_id,
            OnJournal(self.journal.journal_id),
            voucher=line.voucher if one.voucher else None,
            accounting_amount=line.accounting_amount,
            exchange_rate=line.rate.multiplier,
            sales_tax_amount=ZERO,
            accrual=one.accrual,
            cost_accounts=one.cost_accounts,
            lineage=handed_on_by(line),
            to_bill=self._to_bill(line),
        )

    def _to_bill(self, line: JournalLine) -> SaleToBill | None:
        """The row of an inter-organizational sale, and where it waits for its intercompany invoice."""
        row, borrower = self.rows.get(line.actual_id), bills_between_companies(line, self.journal.company, self.setup)
        if row is None or borrower is None:
            return None
        return SaleToBill(row, self.journal.company, borrower, line.accounting_date)

    def _moved(self, lines: list[JournalLine]) -> list[Write]:
        """Failing lines move with their rows: the first creates the error journal, the others extend it."""
        if not lines:
            return []
        journals, journal, count = self.journals, self.journal, len(lines)
        errors = Journal(
            company=journal.company,
            journal_id=self._error_journal,
            status=JournalStatus.ERROR,
            period=journal.period,
            line_count=journal.error_lines,
            next_line=journal.error_lines + 1,
            original_journal=journal.journal_id,
        )
        change = journals.changing(errors)
        change.lines_added(count)
        change.sums(added=lines)
        header = change.write() if journal.error_lines else journals.create(change.after)
        ids = journal.journal_id, self._error_journal
        rows = [self.staging.moved(line.actual_id, *ids, line.line_number) for line in lines]
        return [*rows, header, journals.page(journal.company, self._error_journal, lines)]

    def _events(self) -> list[Write]:
        journal = self.journal
        company, number = journal.company, journal.journal_id
        events: list[OwnEvent] = [
            JournalPosted(
                company=company,
                journal_id=number,
                line_count=journal.line_count - self.failing,
                accounting_dates=tuple(day.isoformat() for day in sorted(self.days)),
            )
        ]
        if self.failing:
            failed = JournalFailed(
                company=company, journal_id=self._error_journal, original_journal=number, line_count=self.failing
            )
            events.append(failed)
        key = f"{company}#{number}"
        return [outbox.record(self.journals.table, event.on_bus(self.done.at, key)) for event in events]
