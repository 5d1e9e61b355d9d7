"""Posting of integration journals: vouchers in the ledger, accounting details on the staging rows (POST-02 to POST-13).

Every line is judged first. Good lines post; failing ones move to a new journal that names the first and is not retried
until it is reset (POST-03, POST-04). When no line is good, nothing moves and the journal gets ``error`` (D-007).

A saga that only rolls forward: each transaction posts some pages and says so on the header. The first one claims the
journal and pins the version of the set-up, so that a run that continues after a crash computes the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from project_invoicing.domain.calendar import period_key
from project_invoicing.domain.codes import (
    JournalStatus,
    PostingFailure,
    RejectReason,
    TransactionType,
    WaitReason,
)
from project_invoicing.domain.journal import Journal, JournalPage
from project_invoicing.domain.journal_line import (
    JournalLine,
)
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.domain.refusals import Refusal, unknown_company
from project_invoicing.domain.staged_row import OnJournal, SaleToBill, StagedRow
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.events.own import JournalFailed, JournalPosted
from project_invoicing.rules.journal_posting import PostedLine, borrower_of, judge
from project_invoicing.rules.lineage import handed_on_by
from project_invoicing.rules.review import review_ends
from project_invoicing.set_aside import Defect, each, guarded
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import outbox
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Entry, Ledger, entries
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES, Write, pause, transact
from project_invoicing.use_cases.documents.given import given_day
from project_invoicing.use_cases.documents.requests import named
from project_invoicing.use_cases.setups import SetupVersions

_NAMING = ("journal_id", "original_journal", "period_start")
_ATTEMPTS = 6
_OVERHEAD = 7
"""Writes of a transaction besides rows and pages: vouchers, header, counter, error journal and page, two events."""


class UnforeseenFailureError(Exception):
    """A posting that was begun without failing lines has one now: the journal is set aside, as it was begun."""


@dataclass(slots=True)
class JournalPosting:
    """One run of the posting of journals."""

    journals: Journals
    staging: Staging
    ledger: Ledger
    setups: SetupVersions
    at: str
    posted: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    def run(self, scope: Mapping[str, str], *, scheduled: bool = False) -> None:
        """Posts all journals that are drafts or were left half-way, or those that the filters name (POST-14).

        ``scheduled``: those whose company has them reviewed are left alone, see ``review``.

        Filters: ``company``, ``journal_id``, ``original_journal``, ``period_start`` (a date in the journal's period).
        ``refused`` says of lines and of journals that were named why they are not posted.
        """
        scope, setup = named(scope), self.setups.current
        companies = [scope["company"]] if scope.get("company") else list(setup.document.companies)
        if companies[0] not in setup.document.companies:
            self.refused.append(unknown_company(companies[0]))
            return
        start = scope.get("period_start")
        try:
            day = given_day(start, "period_start") if start else None
        except Rejected as rejected:
            self.refused.append(Refusal(scope.get("company"), None, rejected.reason, rejected.detail))
            return
        due = []
        for company in companies:
            unit = setup.parameters(company).journal_period
            period = period_key(unit, day) if day else None
            asked = (scope.get("journal_id"), scope.get("original_journal"), period)
            for journal in self.journals.open(company):
                found = (journal.journal_id, journal.original_journal, journal.period)
                if all(want in (None, have) for want, have in zip(asked, found, strict=True)):
                    due.append(journal)
        each("journal", ((one.journal_id, one) for one in due), lambda one: self.post(one, scheduled=scheduled))
        if any(scope.get(name) for name in _NAMING) and not (self.posted or self.refused):
            self.refused.append(self._nothing(companies, scope))

    def _nothing(self, companies: Iterable[str], scope: Mapping[str, str]) -> Refusal:
        """Why there was nothing to post of what the filters name."""
        asked, company = scope.get("journal_id"), scope.get("company")
        if not asked:
            named = ", ".join(f"{name} {scope[name]}" for name in _NAMING if scope.get(name))
            return Refusal(company, None, PostingFailure.LINES_MISSING, f"no journal to post has {named}")
        for code in companies:
            journal = self.journals.get(code, asked)
            if journal and journal.status is JournalStatus.POSTED:
                return Refusal(code, asked, PostingFailure.ALREADY_POSTED, f"journal {asked} is posted")
            if journal and journal.status is JournalStatus.ERROR:
                errors = (line.error for page in self.journals.pages(code, asked) for line in page.lines)
                reason, _, detail = next((error for error in errors if error), "").partition(": ")
                detail = f"journal {asked} is in error until it is reset: {detail}"
                return Refusal(code, asked, reason or PostingFailure.LINES_MISSING, detail)
            if journal:
                return Refusal(code, asked, PostingFailure.LINES_MISSING, f"journal {asked} has no lines")
        return Refusal(company, asked, RejectReason.SCHEMA, f"there is no journal {asked}")

    def _refuse(self, journal: Journal, lines: Iterable[JournalLine]) -> None:
        """One refusal for each reason that lines fail for, with the detail of the first of them."""
        errors: dict[str, list[str]] = {}
        for line in lines:
            reason, _, detail = (line.error or "").partition(": ")
            if reason:
                errors.setdefault(reason, []).append(f"actual {line.actual_id}: {detail}")
        for reason, details in errors.items():
            more = f", and {len(details) - 1} more" if len(details) > 1 else ""
            self.refused.append(Refusal(journal.company, journal.journal_id, reason, details[0] + more))

    def _is_under_review(self, journal: Journal) -> bool:
        ends = review_ends(journal, self.setups.current)
        return ends is None or datetime.fromisoformat(self.at) < ends

    def post(self, journal: Journal, *, scheduled: bool = False) -> None:
        """Posts one journal, from where it stands. Nothing happens to one that is posted, in error or empty."""
        for attempt in range(_ATTEMPTS):
            if scheduled and self._is_under_review(journal):  # also one that got a line meanwhile
                self.held.append(journal.journal_id)
                return
            try:
                self._post(journal)
                return
            except TransactionCancelled:
                pause(attempt)
                again = self.journals.get(journal.company, journal.journal_id)
                if again is None:
                    return
                journal = again
        raise Conflict(f"journal {journal.journal_id} of {journal.company} kept changing while it was posted")

    def _post(self, journal: Journal) -> None:
        if journal.status not in (JournalStatus.DRAFT, JournalStatus.PROCESSING) or not journal.line_count:
            return
        begun = journal.status is JournalStatus.PROCESSING
        setup = self.setups.of(journal.setup_version) if begun and journal.setup_version else self.setups.current
        pages = list(self.journals.pages(journal.company, journal.journal_id))
        lines = [line for page in pages if not page.posted for line in page.lines]
        sales = [line.actual_id for line in lines if line.kind is TransactionType.INTER_ORGANIZATIONAL_SALES]
        found = self.staging.rows([*(line.original_id for line in lines if line.original_id), *sales])
        judged = {
            page.key: [_judged(line, journal, setup, found) for line in page.lines] for page in pages if not page.posted
        }
        failing = sum(1 for lines in judged.values() for one in lines if one.line.error)
        if not begun and failing == journal.line_count:
            self._fail_whole(journal, pages, judged)
            self._refuse(journal, (one.line for lines in judged.values() for one in lines))
            return
        saga = _Saga(self, journal, setup, failing, found)
        for chunk, last in _chunks([page for page in pages if not page.posted]):
            saga.step(chunk, judged, last=last)
        self.posted.append(journal.journal_id)
        self._refuse(journal, (one.line for lines in judged.values() for one in lines))

    def _fail_whole(self, journal: Journal, pages: list[JournalPage], judged: dict[str, list[PostedLine]]) -> None:
        """No line can be posted: the lines stay and say why, the journal waits to be reset (POST-10)."""
        for page in pages:
            lines = [one.line for one in judged[page.key]]
            if lines != page.lines:
                transact(self.journals.client, [self.journals.changed_page(journal, page, lines)])
        failed = JournalFailed(
            company=journal.company,
            journal_id=journal.journal_id,
            original_journal=journal.original_journal,
            line_count=journal.line_count,
        )
        event = failed.on_bus(self.at, f"{journal.company}#{journal.journal_id}#{self.at}")
        values = {"st": JournalStatus.ERROR} | self.journals.closed()
        transact(
            self.journals.client,
            [self.journals.change(journal, values), outbox.record(self.journals.table, event)],
        )
        self.failed.append(journal.journal_id)


def _chunks(pages: list[JournalPage]) -> Iterator[tuple[list[JournalPage], bool]]:
    """Pages that fit into one transaction: each row, each page and the page of its failing lines is one write."""
    chunk: list[JournalPage] = []
    used = 0
    for page in pages:
        cost = len(page.lines) + 2
        if chunk and used + cost > MAX_WRITES - _OVERHEAD:
            yield chunk, False
            chunk, used = [], 0
        chunk.append(page)
        used += cost
    yield chunk, True


class _Saga:
    """The transactions that post one journal."""

    def __init__(
        self, run: JournalPosting, journal: Journal, setup: FinanceSetup, failing: int, rows: Mapping[str, StagedRow]
    ) -> None:
        self.run = run
        self.journal = journal
        self.setup = setup
        self.rows = rows
        self.claimed = journal.status is JournalStatus.PROCESSING
        self.error_journal = journal.error_journal
        self.draws = bool(failing) and self.error_journal is None
        if self.draws:
            self.counter = run.journals.counter(journal.company)
            number = self.setup.number_sequences(journal.company).journal
            self.error_journal = format_number(number, self.counter.last + 1, journal.company)
        self.failing = failing + journal.error_lines

    def step(self, pages: list[JournalPage], judged: dict[str, list[PostedLine]], *, last: bool) -> None:
        journal, run = self.journal, self.run
        writes, vouchers, moved = self._rows(pages, judged)
        values: dict[str, Any] = {"pg": journal.posted_pages + len(pages)}
        if not self.claimed:
            values |= {"st": JournalStatus.PROCESSING, "sv": self.setup.version, "ej": self.error_journal}
            if self.draws:
                writes.append(self.counter.draw(1))
        if moved:
            values["ne"] = journal.error_lines + len(moved)
            writes += self._error_page(moved)
        if vouchers:
            writes.append(
                run.ledger.page(JOURNAL, journal.company, journal.journal_id, journal.posted_pages + 1, vouchers)
            )
        if last:
            values |= {"st": JournalStatus.POSTED} | run.journals.closed()
            writes += self._events()
        writes.append(run.journals.change(journal, values))
        transact(run.journals.client, writes)
        self.claimed = True
        self.journal = replace(
            journal,
            status=JournalStatus(values.get("st", journal.status)),
            posted_pages=journal.posted_pages + len(pages),
            error_lines=journal.error_lines + len(moved),
            error_journal=self.error_journal,
        )

    def _rows(
        self, pages: list[JournalPage], judged: dict[str, list[PostedLine]]
    ) -> tuple[list[Write], list[Entry], list[JournalLine]]:
        """The writes of the pages and their staging rows, the ledger entries, and the lines that move away."""
        journals, staging, journal = self.run.journals, self.run.staging, self.journal
        writes: list[Write] = []
        vouchers: list[Entry] = []
        moved: list[JournalLine] = []
        for page in pages:
            kept = []
            for one in judged[page.key]:
                actual_id = one.line.actual_id
                if one.line.error:
                    number = journal.error_lines + len(moved) + 1
                    moved.append(replace(one.line, line_number=number))
                    writes.append(staging.moved(actual_id, journal.journal_id, self._errors(), number))
                    continue
                kept.append(one.line)
                vouchers += entries(one.voucher) if one.voucher else []
                writes.append(self._posted(one))
            writes.append(journals.posted_page(journal, page, kept))
        return writes, vouchers, moved

    def _errors(self) -> str:
        if self.error_journal is None:
            raise UnforeseenFailureError(self.journal.journal_id)
        return self.error_journal

    def _posted(self, one: PostedLine) -> Write:
        """WB-01. A voucher that the ledger does not have is named nowhere (99-24)."""
        line = one.line
        return self.run.staging.posted(
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
        """The row of an inter-organizational sale, and who is to bill it to whom."""
        row, borrower = self.rows.get(line.actual_id), borrower_of(line, self.setup)
        if line.kind is not TransactionType.INTER_ORGANIZATIONAL_SALES or row is None or borrower is None:
            return None
        return SaleToBill(row, self.journal.company, borrower, line.accounting_date)

    def _error_page(self, moved: list[JournalLine]) -> list[Write]:
        """The failing lines on the journal of errors: its header with the first of them, grown by the others."""
        journals, journal = self.run.journals, self.journal
        grown = Journal(
            company=journal.company,
            journal_id=self._errors(),
            status=JournalStatus.ERROR,
            period=journal.period,
            line_count=journal.error_lines + len(moved),
            next_line=journal.error_lines + len(moved) + 1,
            original_journal=journal.journal_id,
        )
        if journal.error_lines:
            before = replace(grown, line_count=journal.error_lines, next_line=journal.error_lines + 1)
            header = journals.change(before, {"n": grown.line_count, "no": grown.next_line})
        else:
            header = journals.create(grown)
        return [header, journals.page(journal.company, self._errors(), moved)]

    def _events(self) -> list[Write]:
        journal, at = self.journal, self.run.at
        key = f"{journal.company}#{journal.journal_id}"
        posted = JournalPosted(
            company=journal.company,
            journal_id=journal.journal_id,
            line_count=journal.line_count - self.failing,
        )
        events = [posted.on_bus(at, key)]
        if self.failing:
            failed = JournalFailed(
                company=journal.company,
                journal_id=self._errors(),
                original_journal=journal.journal_id,
                line_count=self.failing,
            )
            events.append(failed.on_bus(at, key))
        return [outbox.record(self.run.journals.table, event) for event in events]


def _judged(line: JournalLine, journal: Journal, setup: FinanceSetup, rows: Mapping[str, StagedRow]) -> PostedLine:
    """As ``judge``, whatever the line raises: it fails like others, with the class of what was raised."""
    found = guarded("actual", line.actual_id, _with_rows, line, journal, setup, rows)
    if isinstance(found, Defect):
        return PostedLine(replace(line, error=f"{WaitReason.DEFECT}: {found}"))
    return found


def _with_rows(line: JournalLine, journal: Journal, setup: FinanceSetup, rows: Mapping[str, StagedRow]) -> PostedLine:
    rows.get(line.actual_id)  # what is posted with its row needs one that can be read
    return judge(line, journal, setup, rows.get(line.original_id or ""))
