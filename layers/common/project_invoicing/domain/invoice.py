"""The header of a posted customer invoice, and the vendor invoice that matches one between companies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from project_invoicing.domain.codes import VendorInvoiceStatus


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


@dataclass(frozen=True, slots=True)
class VendorInvoice:
    """The vendor invoice of ``company``, the borrower, for the invoice that its lender posted (IC-09).

    ``accounting_date`` is the lender's; ``posted_on`` that of the borrower's own ``voucher``, which is the number there
    of one that other payables have posted (ICV-10).
    """

    invoice_number: str
    company: str
    vendor: str
    lender: str
    status: VendorInvoiceStatus
    invoice_date: date
    due_date: date
    accounting_date: date
    currency: str
    subtotal: Decimal
    sales_tax: Decimal
    total: Decimal
    line_count: int = 0
    voucher: str | None = None
    posted_on: date | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in (VendorInvoiceStatus.PENDING, VendorInvoiceStatus.REFUSED)


def owes(invoice: Invoice | VendorInvoice) -> bool:
    """Whether anything is charged or given back. A vendor invoice of nothing has nothing to tell a ledger."""
    return bool(invoice.subtotal or invoice.sales_tax)
