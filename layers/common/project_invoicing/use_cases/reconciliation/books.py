"""What our own tables say, read once each, and the checks that need nobody else.

Held in memory: for each actual its id, version and a digest; for each link its ends; for each voucher its amount. The
tables are read one after the other while others may write: what looks wrong is read again, by its keys, before it
counts as a difference.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from project_invoicing.chunks import chunks
from project_invoicing.dataverse.maps import ACTUAL, PROFORMA
from project_invoicing.domain.codes import (
    INTEGRATION_ACCOUNTS,
    NO_MONEY,
    BillingType,
    ConnectionRole,
    JournalStatus,
    PostingType,
    ProposalStatus,
    StagingState,
    TransactionType,
    WriteBackState,
)
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.ledger import INVOICE, JOURNAL, VoucherLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.reconciliation import (
    Check,
    Difference,
    IntegrationAccount,
    Repair,
    Tally,
    digest_of,
)
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.errors import IntegrationError
from project_invoicing.rules.charging import billed_of
from project_invoicing.rules.proforma import currency_of
from project_invoicing.rules.taking import WHAT, how
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import outbox, rows
from project_invoicing.store.invoices import HEADER, invoice_of
from project_invoicing.store.items import Item
from project_invoicing.store.journals import journal_of
from project_invoicing.store.ledger import Entry
from project_invoicing.store.proposal_items import proposal_of
from project_invoicing.store.staged_rows import ROW, links_of, readable_row
from project_invoicing.store.transactions import MAX_READS, scan
from project_invoicing.use_cases.explain.actuals import Stores, Words

T = TypeVar("T")

PROPOSAL: Final = "proposal"
_PATIENCE: Final = timedelta(minutes=10)
"""How long an event may be in the outbox: the sweep publishes every five minutes what the stream missed."""
_STEP: Final = 1_000
_NAMED: Final = 50
"""Billed sales of one proforma with one and the same wrong date that are named."""
_ON_DOCUMENTS: Final = (StagingState.IMPORTED, StagingState.POSTED)
_REVENUE: Final = (
    PostingType.INVOICED_REVENUE,
    PostingType.INVOICED_REVENUE_ON_ACCOUNT,
    PostingType.WIP_INVOICED_ON_ACCOUNT,
    PostingType.DISCOUNT,
)


class OutOfTime(IntegrationError):
    """The invocation ends before everything is read. The text says how far it got."""


@dataclass(slots=True)
class Watch:
    """Counts what is read, and stops in time. ``time_left`` False: no more may be begun."""

    time_left: Callable[[], bool]
    read: dict[str, int] = field(default_factory=dict)

    def over(self, what: str, found: Iterable[T]) -> Iterator[T]:
        """``found``, counted as ``what``. Raises ``OutOfTime``."""
        self.read.setdefault(what, 0)
        for one in found:
            self.read[what] += 1
            if self.read[what] % _STEP == 0 and not self.time_left():
                raise OutOfTime(f"time ran out after {self.read[what]} {what}")
            yield one


class Known(NamedTuple):
    """An actual in staging. ``written`` is a digest of what Dataverse was told and took; ``counts`` unless skipped."""

    version: int | None
    written: bytes | None
    counts: bool


class _Told(NamedTuple):
    """What rows say of a voucher: their accounting amount, one of them, and whether the ledger must have it."""

    amount: Decimal
    id: str
    row_of_invoice: bool
    must: bool


class _Booked(NamedTuple):
    """What the ledger says of a voucher."""

    amount: Decimal
    source: str
    document: str


class _Accrued(NamedTuple):
    place: tuple[str, str]
    amount: Decimal


def id_bytes(id: str) -> bytes:
    return UUID(id).bytes


def is_chargeable(billing_type: BillingType | str) -> bool:
    """Whether an actual's amount is billed, as far as the actual itself says (99-21)."""
    return billing_type not in NO_MONEY


def link_key(carrier: str, role: ConnectionRole, linked: str) -> bytes:
    return id_bytes(carrier) + id_bytes(linked) + role[0].encode()


def contradiction(item: Item, row: StagedRow) -> tuple[str, Repair | None] | None:
    """What is wrong with a row by itself, and what repairs it: its state and what it carries exclude each other."""
    documents = [name for name in ("jn", "pn") if name in item]
    match row.state:
        case StagingState.PENDING if "q" not in item:
            return "waits, but is not in the import queue, so that no import would find it", Repair.IMPORT
        case StagingState.IMPORTED | StagingState.POSTED if len(documents) != 1:
            return f"is {row.state}, but on {' and '.join(documents) or 'no document'} (INV-02)", None
        case StagingState.POSTED if row.journal_id and row.accounting_amount is None:
            return "is posted, but has no accounting amount (INV-22)", None
        case StagingState.POSTED if row.accounting_amount and (row.accrual or row.cost_accounts) and not row.voucher:
            return "is posted into the ledger, but has no voucher (INV-22)", None
        case StagingState.PENDING | StagingState.IMPORTED | StagingState.SKIPPED | StagingState.INVALID if row.voucher:
            return f"is {row.state}, but has voucher {row.voucher} (INV-22)", None
    return None


@dataclass(slots=True)
class Books:
    """What was read, and the differences found in it."""

    stores: Stores
    checks: Mapping[str, Check]
    watch: Watch
    at: str
    known: dict[bytes, Known] = field(default_factory=dict)
    links: set[bytes] = field(default_factory=set)
    rejected: set[tuple[str, str]] = field(default_factory=set)
    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    rounded: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """For each proforma what the digits of its currency added to the amounts that Dataverse sent."""
    staged: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    done: bool = False
    _on: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _with_proposal: Counter[str] = field(default_factory=Counter)
    """Rows that say nothing of why they wait, by proforma: its header tells (``waits_as``)."""
    _told: dict[tuple[str, str], _Told] = field(default_factory=dict)
    _booked: dict[tuple[str, str], _Booked] = field(default_factory=dict)
    _accrued: dict[bytes, _Accrued] = field(default_factory=dict)
    _takers: dict[bytes, bytes] = field(default_factory=dict)
    _more: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """Who beside ``_takers`` continues an actual on a document."""
    _billed: Counter[bytes] = field(default_factory=Counter)
    _unpaired: dict[bytes, bool] = field(default_factory=dict)
    """What is continued with what continues it, where only one of the two says so: ``True`` the mark."""
    _between: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    _dated: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    """For each proforma the accounting dates of its billed sales as they were sent, with up to ``_NAMED`` of each."""
    _wip: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    _deferred: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    _integration: dict[tuple[str, PostingType, str], IntegrationAccount] = field(default_factory=dict)
    _cleared: dict[bytes, tuple[IntegrationAccount, Decimal, bytes | None]] = field(default_factory=dict)
    """What an actual has on an integration account, and what it takes back."""
    _stuck: list[Journal | Proposal] = field(default_factory=list)
    _by_number: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def setup(self) -> FinanceSetup:
        return self.stores.setup

    def read(self) -> None:
        """Reads the tables and makes the checks. Raises ``OutOfTime``."""
        drawn = {
            company: self.stores.proposals.invoices.counter(company).last for company in self.setup.document.companies
        }
        before = self._activity()
        self._read_staging()
        self._read_journals()
        self._read_proposals()
        self._taken_twice()
        self._marks()
        self._numbers(drawn)
        self._read_ledger()
        self._vouchers()
        self._accruals(quiet=before == self._activity())
        self._unfinished()
        self.done = True

    # Staging

    def _read_staging(self) -> None:
        staging = self.stores.staging
        for item in self.watch.over("items of staging", scan(staging.client, staging.table)):
            self._looked_at("staging_states", ACTUAL, item, self._item_of_staging)

    def _looked_at(self, check: str, entity: str, item: Item, look: Callable[[Item], None]) -> None:
        """Looks at an item. One that cannot be read is a difference of the check, and stops no other."""
        found = guarded("item", f"{item['pk']} {item['sk']}", look, item)
        if isinstance(found, Defect):
            detail = f"cannot be read ({found.name} at {item['pk']} {item['sk']})"
            self.checks[check].differs(Difference(entity, str(item["pk"]).split("#")[-1], detail, item.get("co")))

    def _item_of_staging(self, item: Item) -> None:
        pk = str(item["pk"])
        if item["sk"] == ROW:
            if "tk" in item:
                self._paired(id_bytes(pk) + bytes(item["tk"]), mark=True)
            if "a" in item:
                self._staged(item)
            for role, linked in links_of(item).items():
                self.links.add(link_key(pk, role, linked))
        elif pk.startswith("REJECTED#"):
            _, entity, id = pk.split("#", 2)
            self.rejected.add((entity, id))
            self.rejections[item["re"]] += 1

    def _staged(self, item: Item) -> None:
        states = self.checks["staging_states"]
        row = readable_row(item)
        if row is None:
            self.known[id_bytes(item["pk"])] = Known(item.get("rv"), None, counts=True)
            detail = f"cannot be read: its state is {item.get('st')!r}, or a value of it is none"
            states.differs(Difference(ACTUAL, item["pk"], detail, item.get("co")))
            return
        self._count(row, str(item.get("re", "")))
        written = None
        if row.state is StagingState.POSTED and row.accounting_amount is not None:
            written = self._write_back(row)
        self.known[id_bytes(row.id)] = Known(row.actual.version.number, written, row.state is not StagingState.SKIPPED)
        if found := contradiction(item, row):
            states.differs(self._difference(row, found[0], repair=found[1]))
        actual = row.actual
        if (
            actual.transaction_type is TransactionType.BILLED_SALES
            and actual.invoice
            and row.state not in (StagingState.SKIPPED, StagingState.INVALID)
        ):
            chargeable = is_chargeable(actual.billing_type)
            amount, discount = billed_of(actual, self.setup)
            self.tallies[actual.invoice.id].add(row.id, actual.amount, chargeable=chargeable, discount=discount)
            if actual.accounting_date:
                named = self._dated[actual.invoice.id].setdefault(actual.accounting_date, [])
                if len(named) < _NAMED:
                    named.append(row.id)
            if chargeable:
                self.rounded[actual.invoice.id] += amount - actual.amount
        if row.state in _ON_DOCUMENTS:
            self._on_document(row)
        if row.late:
            self._late(row)

    def _count(self, row: StagedRow, reason: str) -> None:
        if row.queued and not reason and row.actual.invoice:
            self._with_proposal[row.actual.invoice.id] += 1
            return
        waits = row.state in (StagingState.PENDING, StagingState.INVALID)
        self.staged[(row.company or "", row.state, reason if waits else "")] += 1

    def _on_document(self, row: StagedRow) -> None:
        company = row.company or ""
        if row.journal_id:
            self._on[(company, JOURNAL, row.journal_id)] += 1
        elif row.proposal_id and row.line_number is not None:
            self._on[(company, PROPOSAL, row.proposal_id)] += 1
        if row.intercompany_proposal:
            self._on[(company, PROPOSAL, row.intercompany_proposal)] += 1
            self._between[id_bytes(row.id)] = (company, row.intercompany_proposal)
        if row.takes:
            self._taker(row, row.takes)
        if row.state is not StagingState.POSTED:
            return
        if row.accrual:
            place = (company, row.accrual.project or "")
            self._accrued[id_bytes(row.id)] = _Accrued(place, row.accrual.accounting_amount)
        self._on_integration_account(row, company)
        if row.voucher:
            key = (company, row.voucher)
            before = self._told.get(key)
            amount = (row.accounting_amount or ZERO) + (before.amount if before else ZERO)
            self._told[key] = _Told(amount, row.id, row.journal_id is None, bool(row.accrual) or not row.journal_id)

    def _on_integration_account(self, row: StagedRow, company: str) -> None:
        for posting_type, account in (row.cost_accounts or {}).items():
            if posting_type in INTEGRATION_ACCOUNTS:
                original = row.links.get(ConnectionRole.ORIGINAL)
                place = self._account(company, posting_type, account)
                credit = -(row.accounting_amount or ZERO)
                self._cleared[id_bytes(row.id)] = (place, credit, id_bytes(original) if original else None)

    def _account(self, company: str, posting_type: PostingType, account: str) -> IntegrationAccount:
        place = (company, posting_type, account)
        currency = self._accounting(company)
        precision = self.setup.currency_precision(currency) if currency else None
        return self._integration.setdefault(place, IntegrationAccount(*place, currency, precision or Decimal("0.01")))

    def integration_accounts(self) -> list[IntegrationAccount]:
        """The accounts with their balances, and the actuals that make them up: none that was taken back whole."""
        taken_back: set[bytes] = set()
        for id, (account, amount, original) in self._cleared.items():
            before = self._cleared.get(original) if original else None
            if original and before and before[:2] == (account, -amount):
                taken_back |= {id, original}
        for id, (account, amount, _) in self._cleared.items():
            if amount and id not in taken_back:
                account.open[id] = amount
        return [account for _, account in sorted(self._integration.items())]

    def _taker(self, row: StagedRow, target: str) -> None:
        self._paired(id_bytes(target) + id_bytes(row.id), mark=False)
        if row.line_number is None:
            return
        taken, by = id_bytes(target), id_bytes(row.id)
        before = self._takers.setdefault(taken, by)
        if row.state is StagingState.POSTED and ConnectionRole.UNBILLED in row.links:
            self._billed[taken] += 1
            self._takers[taken] = by
        elif before != by:
            before = by
        if before != self._takers[taken]:
            self._more[taken].append(before)

    def _paired(self, pair: bytes, *, mark: bool) -> None:
        if self._unpaired.get(pair) is (not mark):
            del self._unpaired[pair]
        else:
            self._unpaired[pair] = mark

    def _write_back(self, row: StagedRow) -> bytes | None:
        """The digest of what Dataverse took; what it refused, or has not been told, is a difference."""
        match row.write_back:
            case WriteBackState.DONE:
                return digest_of(row.voucher, row.accounting_amount, row.exchange_rate, row.sales_tax_amount)
            case WriteBackState.FAILED:
                detail, check = f"Dataverse says: {row.write_back_detail}", self.checks["write_back_failed"]
            case WriteBackState.PENDING:
                detail = f"posted with voucher {row.voucher}" if row.voucher else "posted without a ledger entry"
                check = self.checks["write_back_unfinished"]
        check.differs(self._difference(row, detail, row.accounting_amount, repair=Repair.WRITE_BACK))
        return None

    def _late(self, row: StagedRow) -> None:
        """The books have the old figures; by how much they are off, in accounting currency."""
        off, detail = self.stores.off(row)
        self.checks["late_changes"].differs(self._difference(row, detail, off))

    # Headers

    def _activity(self) -> Counter[str]:
        """How much has been posted in each company: what was posted while the tables were read shows in it."""
        journals, proposals = self.stores.journals, self.stores.proposals
        postings: Counter[str] = Counter()
        for item in self.watch.over("journals", scan(journals.client, journals.table, equal={"sk": HEADER})):
            postings[item["co"]] += item.get("pg", 0)
        for item in self.watch.over("proposals", scan(proposals.client, proposals.table, equal={"sk": HEADER})):
            postings[str(item.get("co"))] += item.get("pp", 0)
        return postings

    def _read_journals(self) -> None:
        journals = self.stores.journals
        for item in self.watch.over("journals", scan(journals.client, journals.table, equal={"sk": HEADER})):
            self._looked_at("document_lines", JOURNAL, item, self._journal)

    def _journal(self, item: Item) -> None:
        journal = journal_of(item)
        on = self._on.pop((journal.company, JOURNAL, journal.journal_id), 0)
        if on != journal.line_count - journal.error_lines:
            self._lines_of_journal(journal)
        if journal.status is JournalStatus.PROCESSING:
            self._stuck.append(journal)

    def _read_proposals(self) -> None:
        proposals = self.stores.proposals
        for item in self.watch.over("proposals", scan(proposals.client, proposals.table, equal={"sk": HEADER})):
            self._looked_at("document_lines", PROPOSAL, item, self._proposal)
        for proforma, waiting in self._with_proposal.items():
            of = self.proposals.get(proforma)
            reason = of.waiting_for[0].reason if of and of.waiting_for else ""
            self.staged[((of.company if of else None) or "", StagingState.PENDING, reason)] += waiting
        for company, kind, number in self._on:
            self._without_line(company, kind, number, {})

    def _accounting_dates(self, header: Proposal) -> None:
        """The header's decides (99-23); billed sales that say otherwise are told, once they are read again."""
        company, written = header.company or "", header.proforma.accounting_date
        dates = self._dated.pop(header.id, {})
        if not written or self.setup.company(company) is None:
            return
        day = self.setup.local_date(company, written)
        suspects = [id for sent, ids in dates.items() if self.setup.local_date(company, sent) != day for id in ids]
        for row in self.stores.staging.readable(suspects).values() if suspects else ():
            sent = row.actual.accounting_date
            if sent and (says := self.setup.local_date(company, sent)) != day:
                detail = f"has accounting date {says}, its proforma {header.number} {day}, which its invoice has"
                self.checks["accounting_dates"].differs(self._difference(row, detail))

    def _canceled_late(self, header: Proposal) -> None:
        """The proforma was canceled when its proposal was being posted or posted already (99-27)."""
        detail = f"{header.number} is canceled now, and is {header.status} as invoice {header.invoice_number}"
        off, currency = -(header.subtotal or ZERO), currency_of(header, self.setup)
        self.checks["late_changes"].differs(Difference(PROFORMA, header.id, detail, header.company, off, currency))

    def _proposal(self, item: Item) -> None:
        kind = str(item["pk"]).partition("#")[0]
        if kind == "PROPOSAL":
            self._proposal_header(proposal_of(item))
        elif kind == "INVOICE":
            invoice = invoice_of(item)
            self.invoices[invoice.proforma_id] = invoice

    def _proposal_header(self, header: Proposal) -> None:
        self.proposals[header.id] = header
        if header.status is ProposalStatus.CANCELED:
            return
        self._by_number[(header.company or "", header.number)] = header.id
        self._accounting_dates(header)
        if header.proforma.canceled and header.status in (ProposalStatus.POSTING, ProposalStatus.POSTED):
            self._canceled_late(header)
        if header.status is ProposalStatus.POSTING:
            self._stuck.append(header)
        on = self._on.pop((header.company or "", PROPOSAL, header.number), 0)
        if on != header.line_count and not header.deleting:
            self._lines_of_proposal(header)
        if header.status is ProposalStatus.POSTED and header.pages and not header.marked:
            detail = f"proposal {header.number} was posted by a version before: what it bills is not marked"
            differs = Difference(PROFORMA, header.id, detail, header.company, repair=Repair.IMPORT)
            self.checks["not_marked"].differs(differs)

    def _lines_of_journal(self, journal: Journal) -> None:
        pages = self.stores.journals.pages(journal.company, journal.journal_id)
        lines = {line.actual_id: line.line_number for page in pages for line in page.lines}
        self._line_by_line(journal.company, JOURNAL, journal.journal_id, lines)

    def _lines_of_proposal(self, header: Proposal) -> None:
        lines = {line.actual_id: line.line_number for line in self.stores.proposals.lines(header.id)}
        self._line_by_line(header.company or "", PROPOSAL, header.number, lines)

    def _line_by_line(self, company: str, kind: str, number: str, lines: Mapping[str, int]) -> None:
        """Each line against its row as both are now, and each row that names the document against its lines."""
        found = self.stores.staging.readable(lines)
        check = self.checks["document_lines"]
        for id, line in lines.items():
            row = found.get(id)
            if row is None or number not in (row.journal_id, row.proposal_id, row.intercompany_proposal):
                state = f"its row is {Words.state(row)}" if row else "it has no row"
                detail = f"line {line} of {kind} {number} is of this actual, but {state}"
                check.differs(
                    self._difference(row, detail, row.actual.amount) if row else Difference(ACTUAL, id, detail, company)
                )
        self._without_line(company, kind, number, lines)

    def _without_line(self, company: str, kind: str, number: str, lines: Mapping[str, int]) -> None:
        """Rows that name a document which has no line for them. No key leads to them: this reads the table again."""
        staging = self.stores.staging
        name = "jn" if kind == JOURNAL else "pn"
        for item in scan(staging.client, staging.table, equal={name: number, "co": company}):
            row = readable_row(item)
            if row and row.id not in lines and row.line_number is not None:
                detail = f"names line {row.line_number} of {kind} {number}, which has no line of it"
                self.checks["document_lines"].differs(self._difference(row, detail, row.actual.amount))

    def _numbers(self, drawn: Mapping[str, int]) -> None:
        """Every number that was drawn before the invoices were read is on one of them (NUM-02)."""
        check = self.checks["invoice_numbers"]
        for company, last in drawn.items():
            used = {invoice.invoice_number for invoice in self.invoices.values() if invoice.company == company}
            check.count(f"{company} drawn", last)
            check.count(f"{company} invoices", len(used))
            if len(used) >= last:
                continue
            number_format = self.setup.number_sequences(company).invoice
            missing = [
                number for n in range(1, last + 1) if (number := format_number(number_format, n, company)) not in used
            ]
            if len(missing) != last - len(used):  # the format has changed: which ones it are cannot be told
                missing = [f"{len(used)} of {last}"]
            for number in missing:
                check.differs(Difference("customer_invoice", number, "was drawn, and no invoice has it", company))

    # Billed once, taken back once (99-25)

    def _taken_twice(self) -> None:
        """What is on more than one document, as its rows and lines are now; all after the first are too much."""
        check = self.checks["taken_twice"]
        for taken, more in self._more.items():
            target = str(UUID(bytes=taken))
            ids = [str(UUID(bytes=by)) for by in (self._takers[taken], *more)]
            found = [row for row in self.stores.staging.readable(ids).values() if self._continues(row, target)]
            found.sort(key=lambda row: (row.state is StagingState.IMPORTED, row.voucher or "", row.id))
            for row in found[1:]:
                by, also = (f"{WHAT[how(one)]} {self._where(one)}" for one in (found[0], row))
                detail = f"{target} {by}, and {also}"
                check.differs(self._difference(row, detail, row.accounting_amount))

    def _continues(self, row: StagedRow, target: str) -> bool:
        """A row whose connection has changed since it was posted continues what its line does."""
        if row.state not in _ON_DOCUMENTS or row.line_number is None:
            return False
        line = self._line(row)
        return ((line and line.took) or row.takes) == target

    def _line(self, row: StagedRow) -> JournalLine | ProposalLine | None:
        if row.journal_id:
            on = self.stores.journals.line(row.company or "", row.journal_id, row.line_number or 0, row.id)
            return on[0] if on else None
        header = self._header(row)
        lines = self.stores.proposals.lines(header.id) if header else []
        return next((line for line in lines if line.actual_id == row.id), None)

    def _header(self, row: StagedRow) -> Proposal | None:
        return self.proposals.get(self._by_number.get((row.company or "", row.proposal_id or ""), ""))

    def _where(self, row: StagedRow) -> str:
        if row.journal_id:
            return f"{row.id}, line {row.line_number} of journal {row.journal_id}"
        header = self._header(row)
        invoice = f" (invoice {header.invoice_number})" if header and header.invoice_number else ""
        return f"{row.id}, line {row.line_number} of proposal {row.proposal_id}{invoice}"

    def _marks(self) -> None:
        """Marks of what is on no document, and reversals on journals that mark nothing, as both are now.

        Of proposals that mark nothing their headers say so.
        """
        check = self.checks["not_marked"]
        for some in chunks(self._unpaired.items(), MAX_READS // 2):
            pairs = [(str(UUID(bytes=p[:16])), str(UUID(bytes=p[16:])), mark) for p, mark in some]
            found, takers = self.stores.staging.rows_and_takers(id for pair in pairs for id in pair[:2])
            for target, by, mark in pairs:
                row = guarded("actual", by, found.get, by)
                if isinstance(row, Defect):
                    continue  # nobody can say where it is; that it cannot be read is a difference of its own
                on = row is not None and row.state in _ON_DOCUMENTS
                if mark and takers.get(target) == by and not on:
                    detail = f"is marked as taken by {by}, which is on no document: nothing else can continue it"
                    check.differs(Difference(ACTUAL, target, detail))
                elif row and row.state is StagingState.POSTED and row.journal_id and target not in takers and not mark:
                    line = self._line(row)
                    if line and line.took is None:
                        detail = f"takes back {target} on journal {row.journal_id}, and that is not marked"
                        check.differs(self._difference(row, detail, repair=Repair.IMPORT))

    # Ledger

    def _read_ledger(self) -> None:
        ledger = self.stores.ledger
        balances: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
        for item in self.watch.over("pages of the ledger", scan(ledger.client, ledger.table)):
            if str(item["sk"]).startswith("V#"):
                self._looked_at("balance", "voucher", item, lambda page: self._page(page, balances))
        for (company, voucher, currency), amount in balances.items():
            if amount:
                detail = f"does not balance in {currency or 'accounting currency'} (INV-01)"
                named = currency or self._accounting(company)
                self.checks["balance"].differs(Difference("voucher", voucher, detail, company, amount, named))

    def _page(self, item: Item, balances: dict[tuple[str, str, str], Decimal]) -> None:
        """Adds a page up. ``balances`` keeps the vouchers that do not balance on it: they may go on on the next."""
        company = item["co"]
        sums: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
        booked: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for entry in rows.decode(Entry, item["e"]):
            sums[(company, entry.voucher, entry.currency)] += entry.amount
            sums[(company, entry.voucher, "")] += entry.accounting_amount
            booked[entry.voucher] += _weight(entry, item["so"])
            if entry.posting_type in INTEGRATION_ACCOUNTS:
                self._account(company, entry.posting_type, entry.account).balance += entry.accounting_amount
            if entry.posting_type is PostingType.WIP_SALES_VALUE:
                self._wip[(company, entry.project or "")] += entry.accounting_amount
            elif entry.posting_type is PostingType.ACCRUED_REVENUE_SALES_VALUE:
                self._deferred[(company, entry.project or "")] += entry.accounting_amount
        for of, amount in sums.items():
            if amount or of in balances:
                balances[of] += amount
        for voucher, amount in booked.items():
            before = self._booked.get((company, voucher))
            whole = amount + (before.amount if before else ZERO)
            self._booked[(company, voucher)] = _Booked(whole, item["so"], item["id"])

    def _vouchers(self) -> None:
        """The rows' accounting amounts against the ledger (INV-22). What differs is read again by its document."""
        between = {(i.company, i.voucher) for i in self.invoices.values() if i.borrower}
        for key, told in self._told.items():
            booked = self._booked.pop(key, None)
            if booked is None and (not told.must or not told.amount):
                continue
            if booked is None or not _agree(told.amount, booked):
                self._confirm_readable(key, told, booked)
        for key, booked in self._booked.items():
            if booked.amount and key not in between:
                self._confirm_readable(key, None, booked)

    def _confirm_readable(self, key: tuple[str, str], told: _Told | None, booked: _Booked | None) -> None:
        company, voucher = key
        found = guarded("voucher", voucher, self._confirm, key, told, booked)
        if isinstance(found, Defect):
            detail = f"its document cannot be read ({found.name})"
            self.checks["vouchers"].differs(Difference("voucher", voucher, detail, company))

    def _confirm(self, key: tuple[str, str], told: _Told | None, booked: _Booked | None) -> None:
        """Counts the difference, unless both sides agree as they are now."""
        company, voucher = key
        row = self.stores.staging.readable([told.id]).get(told.id) if told else None
        source, document = (booked.source, booked.document) if booked else self._document(row)
        lines = [
            line
            for one in self.stores.ledger.vouchers(source, company, document)
            if one.voucher == voucher
            for line in one.lines
        ]
        now = sum((_weight(line, source) for line in lines), ZERO)
        ids = self._ids(source, company, document, voucher)
        found = self.stores.staging.readable(ids)
        amount = sum((r.accounting_amount or ZERO for r in found.values() if r.voucher == voucher), ZERO)
        if _agree(amount, _Booked(now, source, document)) or (row and not row.voucher):
            return
        detail = f"the ledger has {now} under {source} {document}, the rows {amount} (INV-22)"
        off = (abs(amount) if source == JOURNAL else amount) - now
        id = (ids or [voucher])[0] if source == JOURNAL else voucher
        entity = ACTUAL if source == JOURNAL and ids else "voucher"
        detail = f"voucher {voucher}: {detail}"
        self.checks["vouchers"].differs(Difference(entity, id, detail, company, off, self._accounting(company)))

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

    def _accruals(self, *, quiet: bool) -> None:
        """WIP sales value of each project is what is accrued and not billed, and accrued revenue its opposite.

        INV-14, INV-15. ``quiet``: nothing was posted while the tables were read; else the sums are of two moments.
        """
        check = self.checks["accruals"]
        if not quiet:
            check.not_checked = "something was posted while the tables were read; run it again"
            return
        expected: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        for id, accrued in self._accrued.items():
            times = self._billed[id] if id in self._billed else int(self._billed_between(id))
            expected[accrued.place] += accrued.amount * (1 - times)  # what is billed twice is said of it alone
        for place in sorted(expected.keys() | self._wip.keys() | self._deferred.keys()):
            company, project = place
            currency = self._accounting(company)
            wip, deferred = self._wip[place], self._deferred[place]
            if left := wip - expected[place]:
                found = guarded("project", place[1], lambda at: list(self._not_taken_back(at)), place)
                for unbilled, amount, detail in () if isinstance(found, Defect) else found:
                    left -= amount
                    check.differs(Difference(ACTUAL, unbilled, detail, company, amount, currency))
                if left:
                    detail = f"WIP sales value is {wip}, and {expected[place]} is accrued and not billed (INV-14)"
                    check.differs(Difference("project", project, detail, company, left, currency))
            if wip + deferred:
                detail = f"WIP sales value is {wip}, accrued revenue {deferred} (INV-15)"
                check.differs(Difference("project", project, detail, company, wip + deferred, currency))

    def _billed_between(self, id: bytes) -> bool:
        header = self.proposals.get(self._by_number.get(self._between.get(id, ("", "")), ""))
        return header is not None and header.status is ProposalStatus.POSTED

    def _not_taken_back(self, place: tuple[str, str]) -> Iterator[tuple[str, Decimal, str]]:
        """Unbilled sales of a project whose billed sale is posted without taking their accrual back."""
        pairs = {
            str(UUID(bytes=self._takers[id])): (str(UUID(bytes=id)), accrued.amount)
            for id, accrued in self._accrued.items()
            if accrued.place == place and id in self._billed
        }
        numbers = {
            row.proposal_id: row.company for row in self.stores.staging.readable(pairs).values() if row.proposal_id
        }
        for number, company in numbers.items():
            header = self.proposals.get(self._by_number.get((company or "", number), ""))
            for line in self.stores.proposals.lines(header.id) if header else ():
                if line.actual_id in pairs and not line.accruals and header:
                    unbilled, amount = pairs[line.actual_id]
                    detail = (
                        f"billed by {line.actual_id} on invoice {header.invoice_number}, which left {amount} accrued"
                    )
                    yield unbilled, amount, detail

    # What was begun

    def _unfinished(self) -> None:
        """Postings that stand where they stood when they were read, and events that were not published in time."""
        for one in self._stuck:
            again: Journal | Proposal | None
            if isinstance(one, Journal):
                again = self.stores.journals.get(one.company, one.journal_id)
                entity, id = JOURNAL, one.journal_id
            else:
                again = self.stores.proposals.get(one.id)
                entity, id = PROPOSAL, one.number
            if again and (again.status, again.posted_pages) == (one.status, one.posted_pages):
                detail = f"is {one.status} with {one.posted_pages} pages done; the next run of its posting goes on"
                self.checks["stuck"].differs(Difference(entity, id, detail, one.company))
        late = datetime.fromisoformat(self.at) - _PATIENCE
        for store in (self.stores.staging, self.stores.journals, self.stores.proposals):
            for item in outbox.unsent(store.client, store.table):
                self._looked_at("outbox", "event", item, lambda unsent: self._unsent(unsent, late))

    def _unsent(self, item: Item, late: datetime) -> None:
        if datetime.fromisoformat(item["at"]) < late:
            detail = f"{item['t']} of {item['at']} is not published; outbox_relay does it by its schedule"
            self.checks["outbox"].differs(Difference("event", item["sk"], detail))

    def _difference(
        self, row: StagedRow, detail: str, amount: Decimal | None = None, *, repair: Repair | None = None
    ) -> Difference:
        currency = self._accounting(row.company)
        return Difference(ACTUAL, row.id, detail, row.company, amount, currency, repair)

    def _accounting(self, company: str | None) -> str | None:
        known = self.setup.company(company) if company else None
        return known.accounting_currency if known else None


def _weight(line: Entry | VoucherLine, source: str) -> Decimal:
    """What an entry says of the amount that its actuals are told: revenue of an invoice, the debit of a journal."""
    if source == INVOICE:
        return -line.accounting_amount if line.posting_type in _REVENUE else ZERO
    return max(line.accounting_amount, ZERO)


def _agree(told: Decimal, booked: _Booked) -> bool:
    return (told if booked.source == INVOICE else abs(told)) == booked.amount
