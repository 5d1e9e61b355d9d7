"""Our own events: what each of them says, written and read by one class (contract, section 6).

They are in the past tense, name a document and carry totals, never lines, so that an event stays small at any size.
Amounts are decimal strings, dates ISO 8601. The fields of these classes are the contract: the table in
``docs/contracts.md`` and the schemas in ``events/schemas`` are generated from them (``python -m tools.contracts``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Self

from project_invoicing.domain.codes import RejectReason
from project_invoicing.events import SOURCE, BusEvent
from project_invoicing.events.details import Detail, Says, unreadable

VERSION: Final = 1

DATE: Final = r"\d{4}-\d{2}-\d{2}"
AMOUNT: Final = r"-?\d+(\.\d+)?"


Company = Annotated[str, Says("the code of the company in the set-up")]
ProposalNumber = Annotated[str, Says("the number of the proposal, which is its proforma's")]
Proforma = Annotated[str, Says("the Dataverse id of the proforma (of an intercompany proposal its own id)")]
JournalNumber = Annotated[str, Says("the number of the journal")]
LineCount = Annotated[int, Says("how many lines the document has")]
Currency = Annotated[str, Says("the currency of the document and of its amounts")]
Amount = Annotated[str, Says("an amount in the currency of the document", AMOUNT)]


class OwnEvent(Detail):
    """One of our events. ``TYPE`` is its detail-type, ``STARTS`` says who listens, in the words of the contract."""

    __slots__ = ()
    TYPE: ClassVar[str]
    STARTS: ClassVar[str] = ""

    def on_bus(self, time: str, key: str) -> BusEvent:
        """The event about the document named by ``key``, at ``time`` (ISO 8601, UTC)."""
        return BusEvent(SOURCE, self.TYPE, time, {"version": VERSION, **self.as_detail()}, f"{self.TYPE}#{key}")

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        """The event as a function receives it. Raises ``Rejected`` (``schema``) for one that does not match."""
        detail = event.get("detail")
        where = f"event {cls.TYPE} of {event.get('time')}"
        version = detail.get("version") if isinstance(detail, Mapping) else VERSION
        if version != VERSION:
            raise unreadable(where, "version", f"has version {version!r}; this function reads version {VERSION}")
        return cls.of_detail(detail, where)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalCreated(OwnEvent):
    """A confirmed proforma has become a proposal, which waits for its lines."""

    TYPE: ClassVar[str] = "InvoiceProposalCreated"

    company: Annotated[str | None, Says("the code of the company; null while the set-up does not know whose it is")]
    proposal_id: ProposalNumber
    invoice_id: Proforma


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalReady(OwnEvent):
    """A proposal has all its lines and can be posted. Where the company approves, it comes again with the approval."""

    TYPE: ClassVar[str] = "InvoiceProposalReady"
    STARTS: ClassVar[str] = "`invoice_posting`, where `auto_post` is true"

    company: Company
    proposal_id: ProposalNumber
    invoice_id: Proforma
    currency: Annotated[str | None, Says("the currency of the proposal")]
    subtotal: Annotated[str, Says("the sum of the chargeable lines before tax", AMOUNT)]
    line_count: LineCount
    auto_post: Annotated[bool, Says("whether the company posts it at once, now that it is ready or approved")]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPosted(OwnEvent):
    """A journal is posted, without the lines that failed. What was reserved or ordered for them can be released."""

    TYPE: ClassVar[str] = "IntegrationJournalPosted"
    STARTS: ClassVar[str] = (
        "`staging_import`: the proposals that waited for the journal and for nothing else; `accounting_writeback`"
    )

    company: Company
    journal_id: JournalNumber
    line_count: LineCount
    accounting_dates: Annotated[
        tuple[str, ...] | None,
        Says("the accounting dates of its vouchers, in order; only events of release 0.3.0 and before have none", DATE),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFailed(OwnEvent):
    """Lines could not be posted: they stand on a journal in error until it is reset."""

    TYPE: ClassVar[str] = "IntegrationJournalFailed"

    company: Company
    journal_id: JournalNumber
    original_journal: Annotated[str | None, Says("the journal that the lines were on before, if another")]
    line_count: LineCount


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePosted(OwnEvent):
    """A customer invoice or credit note is posted."""

    TYPE: ClassVar[str] = "CustomerInvoicePosted"
    STARTS: ClassVar[str] = (
        "`staging_import`: the corrective proposals that waited for the invoice and for nothing else; "
        "`accounting_writeback`; `invoice_documents`, where the company asks for documents"
    )

    company: Company
    proposal_id: ProposalNumber
    invoice_id: Proforma
    invoice_number: Annotated[str, Says("the number of the posted invoice")]
    voucher: Annotated[str | None, Says("the number of its voucher; null where nothing was posted to the ledger")]
    document_type: Annotated[str, Says("by the sign of the total", values=("invoice", "credit_note"))]
    invoice_date: Annotated[str, Says("the date on the invoice", DATE)]
    due_date: Annotated[str, Says("when it is due", DATE)]
    accounting_date: Annotated[
        str | None, Says("the date of its voucher; only events of releases before 0.3.0 have none", DATE)
    ] = None
    currency: Currency
    subtotal: Amount
    sales_tax: Amount
    total: Amount
    line_count: LineCount
    cash_discount_date: Annotated[str | None, Says("until when a cash discount can be taken", DATE)] = None
    cash_discount_percent: Annotated[str | None, Says("the percent of the cash discount", AMOUNT)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActualRejected(OwnEvent):
    """A row of Dataverse could not be accepted; its event is kept whole and can be replayed."""

    TYPE: ClassVar[str] = "ActualRejected"

    entity: Annotated[str, Says("the logical name of the row's table")]
    id: Annotated[str, Says("the id of the row, or what it had in its place")]
    reason: Annotated[str, Says("why, as a code", values=tuple(RejectReason))]
    detail: Annotated[str, Says("why, for a person")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupChanged(OwnEvent):
    """Another version of the finance set-up is loaded: what waits for it is looked at (D-026)."""

    TYPE: ClassVar[str] = "FinanceSetupChanged"
    STARTS: ClassVar[str] = (
        "`staging_import`: what waited for the set-up; `ledger_export`: closed periods, where a company has them made "
        "into batches"
    )

    setup_version: Annotated[int, Says("the number of the version")]


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterDataChanged(OwnEvent):
    """Master data has arrived or changed: a row, finance's own columns of a name, or exchange rates of a pair."""

    TYPE: ClassVar[str] = "MasterDataChanged"
    STARTS: ClassVar[str] = "`staging_import`: what waited for that row or rate, and drafts that it changes"

    entity: Annotated[str, Says("the logical name of the table")]
    id: Annotated[
        str | None, Says("the Dataverse id of the row; null where no row has arrived, or where it tells of many names")
    ]
    company: Annotated[str | None, Says("the code of the company that the row belongs to, if it has one")]
    number: Annotated[str | None, Says("the number or name that the row is known by, if it has one")]
    blockers: Annotated[
        tuple[str, ...],
        Says("what rows store that wait for this: `table#id`, `name#part#company#number`, `rate#FROM#TO` or `policy`"),
    ]
    changed: Annotated[
        tuple[str, ...] | None,
        Says("the columns that changed, by our names for them; absent for a row that is new"),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterDataLoaded(OwnEvent):
    """The first load of a table of master data is complete; its rows raised no events of their own."""

    TYPE: ClassVar[str] = "MasterDataLoaded"
    STARTS: ClassVar[str] = "`staging_import`: everything that waits for the set-up or for master data"

    map: Annotated[str, Says("the name of the table map")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequested(OwnEvent):
    """A person, or a repair, wants one actual or one proposal imported."""

    TYPE: ClassVar[str] = "StagingImportRequested"
    STARTS: ClassVar[str] = "`staging_import`: that actual or proposal"
    EITHER: ClassVar[tuple[tuple[str, ...], ...]] = (("actual_id",), ("proposal_id", "company"))

    actual_id: Annotated[str | None, Says("the Dataverse id of the actual")] = None
    proposal_id: Annotated[str | None, Says("the number of the proposal")] = None
    company: Annotated[str | None, Says("the code of the proposal's company")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry(Detail):
    """A posted document whose rows are to be written back again."""

    EITHER: ClassVar[tuple[tuple[str, ...], ...]] = (("journal_id",), ("invoice_number",))

    company: Company
    journal_id: Annotated[str | None, Says("the number of the journal")] = None
    invoice_number: Annotated[str | None, Says("the number of the invoice")] = None
    everything: Annotated[bool | None, Says("all its rows, not only those that were refused")] = None
    actor: Annotated[str | None, Says("the id of who had it repaired, if that is known")] = None
    actor_name: Annotated[str | None, Says("the name of who had it repaired, if that is known")] = None
    how: Annotated[str | None, Says("the door through which that was asked for")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBackRequested(OwnEvent):
    """A person, or a repair, wants the accounting of a posted document written back to Dataverse again."""

    TYPE: ClassVar[str] = "WriteBackRequested"
    STARTS: ClassVar[str] = "`accounting_writeback`: the rows of that document that were refused, or all"

    retry: Annotated[Retry, Says("the document")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepContinued(OwnEvent):
    """A sweep of a table of Dataverse ran out of time; another invocation reads on."""

    TYPE: ClassVar[str] = "DataverseSweepContinued"
    STARTS: ClassVar[str] = "`dataverse_catchup`: the next round of a sweep"

    entity: Annotated[str, Says("the logical name of the table")]
    round: Annotated[int, Says("which round it is; the first invocation is round 0")]
