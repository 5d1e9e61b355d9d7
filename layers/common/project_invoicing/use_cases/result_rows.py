"""Documents as JSON-ready rows, as results print them (contract, section 4): decimal strings, ISO dates."""

from __future__ import annotations

from typing import Any

from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.figures import Figures

ResultRow = dict[str, Any]


def cash_discount(invoice: Invoice, show: Figures) -> ResultRow:
    """The last day and percent of the cash discount, if the terms of payment have one (DUE-12); else an empty row."""
    if invoice.cash_discount_date is None:
        return {}
    return {
        "cash_discount_date": invoice.cash_discount_date.isoformat(),
        "cash_discount_percent": show.figure(invoice.cash_discount_percent),
    }


def invoice_row(invoice: Invoice, show: Figures) -> ResultRow:
    return {
        "invoice_number": invoice.invoice_number,
        "proposal_id": invoice.proposal_id,
        "company": invoice.company,
        "document_type": invoice.document_type,
        "invoice_date": invoice.invoice_date.isoformat(),
        "due_date": invoice.due_date.isoformat(),
        "accounting_date": invoice.accounting_date.isoformat(),
        "currency": invoice.currency,
        "subtotal": show.amount(invoice.subtotal, invoice.currency),
        "sales_tax": show.amount(invoice.sales_tax, invoice.currency),
        "total": show.amount(invoice.total, invoice.currency),
        "voucher": invoice.voucher,
        **cash_discount(invoice, show),
    }


def proposal_line_row(line: ProposalLine, currency: str | None, show: Figures) -> ResultRow:
    return {
        "line_number": line.line_number,
        "actual_id": line.actual_id,
        "kind": line.kind,
        "quantity": show.figure(line.quantity),
        "unit_price": show.amount(line.unit_price, currency),
        "amount": show.amount(line.amount, currency),
        "sales_tax_group": line.sales_tax_group,
        "item_sales_tax_group": line.item_sales_tax_group,
        "sales_tax_amount": show.amount(line.sales_tax_amount, currency),
        **({"tags": line.tags} if line.tags else {}),
    }


def voucher_row(voucher: Voucher, show: Figures) -> ResultRow:
    return {
        "voucher": voucher.voucher,
        "company": voucher.company,
        "accounting_date": voucher.accounting_date.isoformat(),
        "source": voucher.source,
        "source_id": voucher.source_id,
        "lines": [
            {
                "account": line.account,
                "posting_type": line.posting_type,
                "currency": line.currency,
                "amount": show.amount(line.amount, line.currency),
                "accounting_amount": show.accounting(line.accounting_amount, voucher.company),
                "exchange_rate": show.figure(line.exchange_rate),
                "project": line.project,
                "dimensions": line.dimensions or {},
                "sales_tax_code": line.sales_tax_code,
                **({"tags": line.tags} if line.tags else {}),
            }
            for line in voucher.lines
        ],
    }
