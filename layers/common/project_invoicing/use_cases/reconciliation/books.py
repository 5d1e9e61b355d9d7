"""Reads our own tables, each once, and makes the checks that need nothing else.

The checks themselves are in ``rules.reconciliation``; this module feeds them, and reads suspects again before a
difference counts: others may write while the tables are read one after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from project_invoicing.chunks import chunks
from project_invoicing.domain.codes import JournalStatus, ProposalStatus, TransactionClass
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.ledger import INVOICE, JOURNAL, PERSONS, VENDOR_INVOICE
from project_invoicing.domain.master_data import NameKey, SeenName, SeenRow
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.reconciliation import Check, Difference
from project_invoicing.domain.staged_item import RejectedItem, StagedItem
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.rules.reconciliation.accruals import Accruals, LeftBehind, Place, left_behind
from project_invoicing.rules.reconciliation.batches import Exported
from project_invoicing.rules.reconciliation.document_lines import DocumentLines, Named
from project_invoicing.rules.reconciliation.findings import PROPOSAL, Finding, of_row
from project_invoicing.rules.reconciliation.headers import AccountingDates, Headers, not_published, stands_still
from project_invoicing.rules.reconciliation.integration_accounts import IntegrationAccounts
from project_invoicing.rules.reconciliation.master_data import FIXED, MasterRows, PostedWith
from project_invoicing.rules.reconciliation.staged_rows import StagedRows, without_its_fee
from project_invoicing.rules.reconciliation.takings import Line, Pair, Takings
from project_invoicing.rules.reconciliation.used_rates import UsedRates
from project_invoicing.rules.reconciliation.vouchers import Booked, Moved, Suspect, Vouchers, weight
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.master_view import MasterView
from project_invoicing.store import whole_tables
from project_invoicing.store.transactions import MAX_READS
from project_invoicing.store.whole_master_data import everything
from project_invoicing.store.whole_tables import LedgerPage, Stored, UnsentEvent
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.reconciliation.watch import Watch

if TYPE_CHECKING:
    from project_invoicing.domain.vendor_invoice import VendorInvoice
    from project_invoicing.rules.reconciliation.between_companies import BetweenCompanies
    from project_invoicing.rules.reconciliation.retainers import Retainers
    from project_invoicing.use_cases.reconciliation.batches import LeavingBooks

T = TypeVar("T")


@dataclass(slots=True)
class Books:
    """What was read, and the differences found in it."""

    stores: Stores
    checks: Mapping[str, Check]
    watch: Watch
    at: str
    rejected: set[tuple[str, str]] = field(default_factory=set)
    """Table and id of the rows with a rejected event."""
    rejections: Counter[str] = field(default_factory=Counter)
    done: bool = False
    rows: StagedRows = field(init=False)
    headers: Headers = field(init=False)
    accounts: IntegrationAccounts = field(init=False)
    master: MasterRows = field(init=False)
    _dates: AccountingDates = field(init=False)
    _lines: DocumentLines = field(init=False)
    _takings: Takings = field(init=False)
    _rates: UsedRates = field(init=False)
    _vouchers: Vouchers = field(init=False)
    _accruals: Accruals = field(init=False)
    _retainers: Retainers | None = None
    _exported: Exported = field(init=False)
    _moved: Moved = field(init=False)
    _between: BetweenCompanies | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        setup = self.setup
        self.rows, self.headers, self.accounts = StagedRows(setup), Headers(setup), IntegrationAccounts(setup)
        self.master = MasterRows(setup, self.at)
        self._dates, self._lines, self._takings = AccountingDates(setup), DocumentLines(setup), Takings(setup)
        self._rates, self._exported = UsedRates(setup), Exported(setup, self.at)
        self._moved = Moved(setup)
        self._vouchers, self._accruals = Vouchers(setup), Accruals(setup, self._takings, self.headers)

    @property
    def setup(self) -> FinanceSetup:
        return self.stores.setup

    def read(self) -> None:
        """Reads the tables and makes the checks. Raises ``OutOfTime``."""
        invoices = self.stores.proposals.invoices
        drawn = {company: invoices.counter(company).last for company in self.setup.document.companies}
        before = self._posted()
        self._read_master_data()
        self._read_staging()
        self._read_journals()
        self._read_proposals()
        self._taken_twice()
        self._marks()
        self._report(self.headers.numbers(drawn, self.checks["invoice_numbers"]))
        self._missing_documents()
        leaving = self._leaving()
        versions = leaving.versions() if leaving else {}
        self._read_ledger()
        if leaving:
            leaving.judge(versions)
        self._compare_vouchers()
        self._compare_sums(quiet=before == self._posted())
        self._judge_master_data()
        self._unfinished()
        self.done = True

    def _missing_documents(self) -> None:
        if not any(one.document for one in self.setup.document.companies.values()):
            return
        # Imported late: most companies ask for no documents.
        from project_invoicing.use_cases.reconciliation.missing_documents import missing_documents  # noqa: PLC0415

        found = missing_documents(self.stores, self.headers.invoices.values(), self.at)
        for name, difference in self.watch.over("documents of invoices", found):
            self.checks[name].count("invoices")
            if difference:
                self.checks[name].differs(difference)

    def _leaving(self) -> LeavingBooks | None:
        batches = self.stores.batches
        if batches is None:
            return None
        # Imported late: the tables before it take longer to read than this to load.
        from project_invoicing.use_cases.reconciliation.batches import LeavingBooks  # noqa: PLC0415

        return LeavingBooks(batches, self._exported, self.checks, self.watch, self._is_posted)

    def _is_posted(self, company: str, source: str, document: str) -> bool:
        """A document that cannot be read has vouchers in the ledger, so that it counts."""
        found = guarded("document", f"{company} {document}", self._has_ended, company, source, document)
        return isinstance(found, Defect) or bool(found)

    def _has_ended(self, company: str, source: str, document: str) -> bool:
        if source in PERSONS:
            return True  # header, page and place are written in one transaction
        if source == JOURNAL:
            journal = self.stores.journals.get(company, document)
            return journal is None or journal.status is JournalStatus.POSTED
        invoice = self.stores.proposals.invoices.get(company, document)
        header = self.stores.proposals.get(invoice.proforma_id) if invoice else None
        return header is None or header.status is ProposalStatus.POSTED

    def _report(self, found: Iterable[Finding]) -> None:
        for check, difference in found:
            self.checks[check].differs(difference)

    def _looked_at(self, check: str, entity: str, stored: Stored[T], look: Callable[[T], None]) -> None:
        """Looks at an item. One that cannot be read is a difference of the check and does not stop the others."""
        found = guarded("item", stored.place, lambda: look(stored.decoded()))
        if isinstance(found, Defect):
            detail = f"cannot be read ({found.name} at {stored.place})"
            self.checks[check].differs(Difference(entity, stored.id, detail, stored.company))

    # Master data

    def _read_master_data(self) -> None:
        for key, seen in self.watch.over("items of master data", everything(self.stores.master)):
            if isinstance(seen, SeenRow):
                self._report(self.master.add(seen))
            elif isinstance(key, NameKey) and isinstance(seen, SeenName):
                self.master.add_name(key, seen)

    def _judge_master_data(self) -> None:
        self._report(self.master.judge())
        if self.master.companyless:
            self.checks["master_data_problems"].count("rows that name no company", self.master.companyless)
        for document in self.watch.over("documents with changed master data", self.master.documents()):
            found = guarded("document", document.name, self._pinned, document)
            if found and not isinstance(found, Defect):
                rows = chain.from_iterable(found.rows(entity) for entity in FIXED)
                self._report(self.master.changed_since(document, rows))

    def _pinned(self, document: PostedWith) -> MasterView | None:
        """The master data that a document was computed with."""
        text = None
        if document.journal_id:
            journal = self.stores.journals.get(document.company, document.journal_id)
            text = self.stores.journals.master_data(journal) if journal else None
        elif header := self.headers.numbered(document.company, document.proposal_id):
            text = self.stores.proposals.master_data(header)
        return MasterView.of(text) if text else None

    # Staging

    def _read_staging(self) -> None:
        for stored in self.watch.over("items of staging", whole_tables.staging_items(self.stores.staging)):
            self._looked_at("staging_states", ACTUAL, stored, self._staging_item)
        lacking = self.rows.join_fees()
        for some in chunks(lacking, MAX_READS):
            there = self.stores.staging.readable(some)
            self._report(without_its_fee(lacking[id], self.setup) for id in some if id not in there)

    def _staging_item(self, item: StagedItem | RejectedItem | None) -> None:
        if isinstance(item, RejectedItem):
            self.rejected.add((item.entity, item.id))
            self.rejections[item.reason] += 1
        elif item:
            self._takings.add_mark(item)
            self._report(self.rows.add(item))
            if item.row:
                self._row(item.row)

    def _row(self, row: StagedRow) -> None:
        self._dates.add(row)
        self._lines.add(row)
        self._takings.add(row)
        self._accruals.add_row(row)
        self._moved.add_row(row)
        if row.actual.transaction_class is TransactionClass.RETAINER:
            self._retainer(row)
        self.accounts.add_row(row)
        self._vouchers.add_row(row)
        self.master.add_staged(row)
        if guarded("actual", row.id, self._rates.is_suspect, row) is True:
            line = self._journal_line(row)
            self._report(self._rates.of_line(row, line) if line else ())
        if row.late:
            off, detail = self.stores.off(row)
            self._report([of_row("late_changes", row, self.setup, detail, off)])

    def _retainer(self, row: StagedRow) -> None:
        # Imported late: many organizations have none.
        from project_invoicing.rules.reconciliation.retainers import Retainers  # noqa: PLC0415

        self._retainers = self._retainers or Retainers(self.setup)
        self._retainers.add(row)

    # Headers

    def _posted(self) -> Counter[str]:
        """How much has been posted in each company; this reveals anything posted while the tables were read."""
        postings: Counter[str] = Counter()
        for company, pages in self.watch.over("journals", whole_tables.journals_posted(self.stores.journals)):
            postings[company] += pages
        for company, pages in self.watch.over("proposals", whole_tables.proposals_posted(self.stores.proposals)):
            postings[company] += pages
        return postings

    def _read_journals(self) -> None:
        for stored in self.watch.over("journals", whole_tables.journal_headers(self.stores.journals)):
            self._looked_at("document_lines", JOURNAL, stored, self._journal)

    def _journal(self, journal: Journal) -> None:
        if self._lines.is_other_journal(journal):
            pages = self.stores.journals.pages(journal.company, journal.journal_id)
            lines = {line.actual_id: line.line_number for page in pages for line in page.lines}
            self._line_by_line(Named(journal.company, JOURNAL, journal.journal_id), lines)
        self.headers.add_journal(journal)

    def _read_proposals(self) -> None:
        for stored in self.watch.over("proposals", whole_tables.proposal_headers(self.stores.proposals)):
            self._looked_at("document_lines", PROPOSAL, stored, self._header)
        self.rows.count_with_proposals(self.headers.proposals)
        for invoice in self.headers.invoices.values():
            self._report(self._rates.of_invoice(invoice, self.headers.proposals.get(invoice.proforma_id)))
        for document in self._lines.without_header():
            self._without_line(document, {})

    def _header(self, header: Proposal | Invoice | VendorInvoice | None) -> None:
        if isinstance(header, Invoice):
            self.headers.add_invoice(header)
            if header.borrower:
                self._pairs().add_invoice(header)
        elif isinstance(header, Proposal):
            self._report(self.headers.add_proposal(header))
            if header.status is not ProposalStatus.CANCELED:
                self._compare_proposal(header)
        elif header:
            self._pairs().add_vendor_invoice(header)

    def _pairs(self) -> BetweenCompanies:
        if self._between is None:
            # Imported late: many stacks bill nothing between companies.
            from project_invoicing.rules.reconciliation.between_companies import BetweenCompanies  # noqa: PLC0415

            self._between = BetweenCompanies()
        return self._between

    def _compare_proposal(self, header: Proposal) -> None:
        if suspects := self._dates.suspects(header):
            for row in self.stores.staging.readable(suspects).values():
                self._report(self._dates.judge(header, row))
        if self._lines.is_other_proposal(header):
            lines = {line.actual_id: line.line_number for line in self.stores.proposals.lines(header.id)}
            self._line_by_line(Named(header.company or "", PROPOSAL, header.number), lines)

    def _line_by_line(self, document: Named, lines: Mapping[str, int]) -> None:
        """Each line against its row as both are now, and each row that names the document against its lines."""
        self._report(self._lines.without_row(document, lines, self.stores.staging.readable(lines)))
        self._without_line(document, lines)

    def _without_line(self, document: Named, lines: Mapping[str, int]) -> None:
        find = whole_tables.rows_on_journal if document.kind == JOURNAL else whole_tables.rows_on_proposal
        rows = find(self.stores.staging, document.company, document.number)
        self._report(self._lines.without_line(document, lines, rows))

    # Billed once, taken back once

    def _taken_twice(self) -> None:
        for target, ids in self._takings.taken_twice():
            rows = self.stores.staging.readable(ids).values()
            self._report(
                self._takings.second(target, ((row, self._line(row), self.headers.where(row)) for row in rows))
            )

    def _journal_line(self, row: StagedRow) -> JournalLine | None:
        on = self.stores.journals.line(row.company or "", row.journal_id or "", row.line_number or 0, row.id)
        return on[0] if on else None

    def _line(self, row: StagedRow) -> Line | None:
        if row.line_number is None:
            return None
        if row.journal_id:
            return self._journal_line(row)
        header = self.headers.numbered(row.company, row.proposal_id)
        lines = self.stores.proposals.lines(header.id) if header else []
        return next((line for line in lines if line.actual_id == row.id), None)

    def _marks(self) -> None:
        for some in chunks(self._takings.unpaired(), MAX_READS // 2):
            found, takers = self.stores.staging.rows_and_takers(id for pair in some for id in (pair.target, pair.by))
            for pair in some:
                row = guarded("actual", pair.by, found.get, pair.by)
                if not isinstance(row, Defect):  # its place is unknown; that is a difference of its own
                    self._mark(pair, row, takers)

    def _mark(self, pair: Pair, row: StagedRow | None, takers: Mapping[str, str]) -> None:
        self._report(self._takings.marked_for_nothing(pair, row, takers))
        if row and self._takings.may_lack_mark(pair, row, takers):
            self._report(self._takings.lacks_mark(pair, row, self._line(row)))

    # Ledger

    def _read_ledger(self) -> None:
        for stored in self.watch.over("pages of the ledger", whole_tables.ledger_pages(self.stores.ledger)):
            if stored:
                self._looked_at("balance", "voucher", stored, self._page)
        self._report(self._vouchers.unbalanced())

    def _page(self, page: LedgerPage) -> None:
        self._vouchers.add_page(page.company, page.source, page.document, page.entries)
        self.accounts.add_page(page.company, page.entries)
        self._accruals.add_page(page.company, page.entries)
        self._moved.add_page(page.company, page.source, page.document, page.entries)
        if page.source == VENDOR_INVOICE:
            self._pairs().add_page(page.company, page.document, page.entries)
        self._exported.add_page(page.company, page.source, page.document, page.entries)

    def _compare_vouchers(self) -> None:
        for suspect in self._vouchers.suspects(self.headers.vouchers_between_companies()):
            company, voucher = suspect.number
            found = guarded("voucher", voucher, self._compare_voucher, suspect)
            if isinstance(found, Defect):
                detail = f"its document cannot be read ({found.name})"
                self.checks["vouchers"].differs(Difference("voucher", voucher, detail, company))

    def _compare_voucher(self, suspect: Suspect) -> None:
        """Reads both sides again, by the document that the ledger names, else by the row's."""
        company, voucher = suspect.number
        told, booked = suspect.told, suspect.booked
        row = self.stores.staging.readable([told.id]).get(told.id) if told else None
        source, document = (booked.source, booked.document) if booked else self._document(row)
        vouchers = self.stores.ledger.vouchers(source, company, document)
        lines = (line for one in vouchers if one.voucher == voucher for line in one.lines)
        now = Booked(sum((weight(line, source) for line in lines), ZERO), source, document)
        ids = self._ids(source, company, document, voucher)
        self._report(self._vouchers.judge(suspect, now, row, ids, self.stores.staging.readable(ids).values()))

    def _document(self, row: StagedRow | None) -> tuple[str, str]:
        if row is None or row.journal_id:
            return JOURNAL, (row.journal_id or "") if row else ""
        header = self.stores.proposal_numbered(row.company, row.proposal_id or "")
        return INVOICE, (header.invoice_number or "") if header else ""

    def _ids(self, source: str, company: str, document: str, voucher: str) -> list[str]:
        if source == JOURNAL:
            pages = self.stores.journals.pages(company, document)
            return [line.actual_id for page in pages for line in page.lines if line.voucher == voucher]
        return [line.actual_id for _, page in self.stores.proposals.invoices.pages(company, document) for line in page]

    def _compare_sums(self, *, quiet: bool) -> None:
        """``quiet``: nothing was posted while the tables were read; otherwise the sums are from different moments."""
        if not quiet:
            for name in ("accruals", "moved", "retainers", "between_companies"):
                self.checks[name].not_checked = "something was posted while the tables were read; run it again"
            return
        self._report(self._moved.differences())
        for corrected in self._accruals.corrected:
            self.checks["accruals"].answer(corrected)
        if self._retainers:
            self._report(self._retainers.judge(self.headers))
        if self._between:
            self._report(self._between.differences(self.checks["between_companies"]))
        expected = self._accruals.expected()
        for place in self._accruals.places(expected):
            off = self._accruals.off(place, expected)
            found = guarded("project", place.project, self._left_behind, place) if off else []
            explained = [] if isinstance(found, Defect) else found
            self._report(self._accruals.differences(place, expected, explained))

    def _left_behind(self, place: Place) -> list[LeftBehind]:
        """Unbilled sales of a project whose billed sale is posted without reversing their accrual."""
        billed = self._accruals.billed_in(place)
        rows = self.stores.staging.readable(billed).values()
        headers = (self.headers.numbered(row.company, row.proposal_id) for row in rows if row.proposal_id)
        by_id = {header.id: header for header in headers if header}
        found = (left_behind(header, self.stores.proposals.lines(id), billed) for id, header in by_id.items())
        return list(chain.from_iterable(found))

    # Unfinished work

    def _unfinished(self) -> None:
        """Postings that made no progress since they were read, and events that were not published in time."""
        for one in self.headers.stuck:
            if isinstance(one, Journal):
                self._report(stands_still(one, self.stores.journals.get(one.company, one.journal_id)))
            else:
                self._report(stands_still(one, self.stores.proposals.get(one.id)))
        named = self.stores.named
        tables = (named.staging_table, named.journals_table, named.proposals_table, named.ledger_batches_table)
        for table in filter(None, tables):
            for stored in whole_tables.unsent_events(self.stores.staging.client, table):
                self._looked_at("outbox", "event", stored, self._unsent)

    def _unsent(self, event: UnsentEvent) -> None:
        self._report(not_published(event.key, event.type, event.at, self.at))
