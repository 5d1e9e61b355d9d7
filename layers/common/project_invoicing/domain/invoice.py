"""The header of a posted customer invoice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """The header of a customer invoice. Amounts are in ``currency``; ``accounting_date`` is that of its voucher.

    An invoice that comes to zero has no ``voucher`` (99-24). ``net_by_code``: sales tax codes with the revenue that
    they are charged on; ``None`` for one that an earlier version has posted.
    """

    invoice_number: str
    proposal_id: str
    proforma_id: str
    company: str
    customer: str
    document_type: str
    invoice_date: date
    due_date: date
    accounting_date: date
    currency: str
    subtotal: Decimal
    sales_tax: Decimal
    total: Decimal
    voucher: str | None
    exchange_rate: Decimal
    line_count: int
    posted: bool = False
    cash_discount_date: date | None = None
    cash_discount_percent: Decimal | None = None
    borrower: str | None = None
    vendor: str | None = None
    net_by_code: tuple[tuple[str, Decimal], ...] | None = None


def owes(invoice: Invoice) -> bool:
    """Whether anything is charged or given back. Nothing tells a ledger nothing, between companies too."""
    return bool(invoice.subtotal or invoice.sales_tax)
