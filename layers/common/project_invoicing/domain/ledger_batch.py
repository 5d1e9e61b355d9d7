"""Ledger batches: what was posted, on its way to the company's general ledger.

A batch holds vouchers (or invoices) of one company, one kind and one fiscal period. Its list never changes once it is
sealed. What goes to the other ledger is a delivery of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class BatchKind(StrEnum):
    """What the lines of a batch are. A company's numbers run without a gap in each kind."""

    LEDGER = "ledger"
    RECEIVABLES = "receivables"
    PAYABLES = "payables"


class ReceivablesWay(StrEnum):
    """How customer invoices reach the other ledger: never two ways.

    ``journal``: their vouchers as they are. ``customer_lines``: the same, with the customer in place of the control
    account where a format can say so. ``documents``: as invoices, and their vouchers are in no ledger batch.
    """

    JOURNAL = "journal"
    CUSTOMER_LINES = "customer_lines"
    DOCUMENTS = "documents"


class BatchState(StrEnum):
    """``claiming`` takes documents, ``sealed`` has its list and writes its files; the others have left the house."""

    CLAIMING = "claiming"
    SEALED = "sealed"
    READY = "ready"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    PARTLY = "partly"
    ACCEPTED = "accepted"
    VOIDED_THERE = "voided_there"


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
