"""Ledger batches: what was posted, on its way to the company's general ledger.

A batch holds vouchers (or invoices) of one company, one kind and one fiscal period. Its list never changes once it is
sealed. What goes to the other ledger is a delivery of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

# The words are among the codes, for functions that know no batch.
from project_invoicing.domain.codes import BatchKind as BatchKind  # noqa: PLC0414
from project_invoicing.domain.codes import BatchState as BatchState  # noqa: PLC0414
from project_invoicing.domain.codes import ReceivablesWay as ReceivablesWay  # noqa: PLC0414


@dataclass(frozen=True, slots=True)
class BatchId:
    """A batch by its gapless number: ``USPM``, ``ledger``, 3."""

    company: str
    kind: BatchKind
    number: int

    def __str__(self) -> str:
        return f"{self.company}-{self.kind}-{self.number:06d}"


@dataclass(frozen=True, slots=True)
class Sides:
    """Debit and credit sums in one currency, both positive or zero."""

    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of ``lines.jsonl``: a ledger transaction with all that a reader needs (contract, section 7).

    Amounts are signed, debit positive. ``line`` is the place in its voucher, from 1. ``exchange_rate`` multiplies.
    """

    company: str
    voucher: str
    line: int
    source: str
    source_id: str
    accounting_date: date
    document_date: date
    posting_type: str
    account: str
    dimensions: Mapping[str, str]
    currency: str
    amount: Decimal
    accounting_currency: str
    accounting_amount: Decimal
    exchange_rate: Decimal
    sales_tax_code: str | None = None
    sales_tax_base: Decimal | None = None
    project: str | None = None
    contract: str | None = None
    customer: str | None = None
    actual_id: str | None = None
    text: str = ""
    tags: Mapping[str, str] | None = None

    @property
    def external_id(self) -> str:
        return f"{self.company}:{self.voucher}:{self.line}"


@dataclass(frozen=True, slots=True)
class TaxOfDocument:
    code: str
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ReceivableLine:
    """One invoice of a receivables batch. Amounts of a credit note are negative."""

    company: str
    invoice_number: str
    document_type: str
    corrects: str | None
    customer: str
    invoice_date: date
    accounting_date: date
    due_date: date
    terms_of_payment: str | None
    currency: str
    subtotal: Decimal
    sales_tax: Decimal
    total: Decimal
    voucher: str | None
    taxes: tuple[TaxOfDocument, ...] = ()

    @property
    def external_id(self) -> str:
        return f"{self.company}:{self.invoice_number}"


@dataclass(frozen=True, slots=True)
class PayableLine:
    """One pending vendor invoice of a payables batch: the borrower's side of an invoice between companies (IC-09)."""

    company: str
    invoice_number: str
    document_type: str
    vendor: str
    lender: str
    invoice_date: date
    accounting_date: date
    due_date: date
    currency: str
    subtotal: Decimal
    sales_tax: Decimal
    total: Decimal

    @property
    def external_id(self) -> str:
        return f"{self.company}:{self.lender}:{self.invoice_number}"


BatchLine = LedgerLine | ReceivableLine | PayableLine


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Invoices that went to receivables batches in place of a ledger batch, with their totals by currency."""

    documents: int
    totals: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the other side has said so far.

    ``answers``: how many were applied, the last one ``at`` this time. ``delivery``: how many deliveries there were at
    the last one that said yes or no. ``accepted``: how many vouchers are; ``open_debit`` is the debit of the others, in
    accounting currency, where only a part is. ``message``: why it was refused. ``elsewhere``: a day on which something
    was posted there that is not of the batch's period.
    """

    answers: int = 0
    at: str | None = None
    delivery: int | None = None
    accepted: int = 0
    open_debit: Decimal | None = None
    message: str | None = None
    elsewhere: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerBatch:
    """The header of a batch.

    ``period``: the month in which its fiscal period begins, ``2026-09``; ``period_number`` runs without a gap in it.
    ``totals`` and ``accounting_totals``: of what is on its list so far. ``previous_sha256`` is of the manifest before
    it of that company and kind; ``None`` for the first, and until the batch is ready. ``deliveries`` counts them.
    ``delivered_at`` is when the last one was complete. ``external_numbers``: what the other side calls it. ``trouble``:
    why its files are not there yet, if that failed. ``version`` is the condition of every change.
    ``account_sums``: what the lines of its files add up to on each account (``domain.account_sums``); ``None`` until it
    is ready, for too many accounts, for a batch of an earlier version, and for invoices.

    What the bytes of its files depend on beside its list is pinned here, never looked up again: ``spans``, the first
    and last days of its fiscal periods; ``text``, the pattern of a line's text; ``digits``, decimal places by currency,
    and ``dimensions``, both of what is on its list; ``layout``, the version of the way files are written.
    """

    company: str
    kind: BatchKind
    number: int
    period: str
    period_number: int
    state: BatchState
    setup_version: int
    receivables: ReceivablesWay
    opened_at: str
    accounting_currency: str
    spans: tuple[tuple[date, date], ...]
    text: str
    digits: Mapping[str, int]
    dimensions: tuple[str, ...] = ()
    layout: int = 1
    sealed_at: str | None = None
    ready_at: str | None = None
    documents: int = 0
    vouchers: int = 0
    lines: int = 0
    list_pages: int = 0
    totals: Mapping[str, Sides] = field(default_factory=dict)
    accounting_totals: Sides = Sides(Decimal(0), Decimal(0))
    left_out: LeftOut | None = None
    first_date: date | None = None
    last_date: date | None = None
    previous_sha256: str | None = None
    manifest_sha256: str | None = None
    deliveries: int = 0
    delivered_at: str | None = None
    external_numbers: tuple[str, ...] = ()
    answered: Answered = Answered()
    trouble: str | None = None
    account_sums: bytes | None = None
    version: int = 1

    @property
    def id(self) -> BatchId:
        return BatchId(self.company, self.kind, self.number)

    def holds(self, on: date) -> bool:
        """Whether a line with this accounting date is of the batch's period."""
        return any(first <= on <= last for first, last in self.spans)


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A document on the list of a batch, with what of it is in the batch.

    ``totals``: debit and credit by currency; ``debit`` and ``credit`` are in accounting currency.
    """

    source: str
    document: str
    first_date: date
    last_date: date
    vouchers: int
    lines: int
    debit: Decimal
    credit: Decimal
    totals: dict[str, list[str]]

    @property
    def sides(self) -> dict[str, Sides]:
        return {currency: Sides(Decimal(one[0]), Decimal(one[1])) for currency, one in self.totals.items()}
