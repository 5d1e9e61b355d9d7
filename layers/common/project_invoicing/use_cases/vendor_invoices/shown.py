"""Vendor invoices as rows, for answers, previews and pages."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from project_invoicing.domain.invoice_totals import revenue
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.rules.figures import Figures


class Shows(Protocol):
    """What writes amounts."""

    def amount(self, amount: Decimal, currency: str, /) -> str | None: ...


def vendor_invoice_row(one: VendorInvoice, show: Shows) -> dict[str, Any]:
    """The header. ``voucher`` and ``posted_on`` once it is posted, ``reason`` where other payables refuse it."""
    row: dict[str, Any] = {
        "invoice_number": one.invoice_number,
        "company": one.company,
        "vendor": one.vendor,
        "lender": one.lender,
        "status": one.status,
        "invoice_date": one.invoice_date.isoformat(),
        "due_date": one.due_date.isoformat(),
        "accounting_date": one.accounting_date.isoformat(),
        "currency": one.currency,
        "subtotal": show.amount(one.subtotal, one.currency),
        "sales_tax": show.amount(one.sales_tax, one.currency),
        "total": show.amount(one.total, one.currency),
    }
    posted = {
        "voucher": one.voucher,
        "posted_on": one.posted_on.isoformat() if one.posted_on else None,
        "reason": one.reason,
    }
    return row | {name: value for name, value in posted.items() if value is not None}


def line_rows(lines: Sequence[ProposalLine], currency: str, show: Figures) -> list[dict[str, Any]]:
    """The lines: what was worked, for which project, and what the lender charges (ICV-01)."""
    return [
        {
            "line": line.line_number,
            "actual_id": line.actual_id,
            "takes_back": line.takes_back,
            "project": line.project,
            "contract": line.contract,
            "class": line.transaction_class,
            "category": line.category,
            "resource": line.resource,
            "transaction_date": line.transaction_date.isoformat() if line.transaction_date else None,
            "quantity": f"{line.quantity:f}",
            "unit_price": show.amount(line.unit_price, currency),
            "amount": show.amount(_net(line), currency),
            "sales_tax": show.amount(line.sales_tax_amount or ZERO, currency),
        }
        for line in lines
        if line.shown
    ]


def _net(line: ProposalLine) -> Decimal:
    return revenue(line, tax_included=bool(line.charges and line.charges[0].tax_included))
