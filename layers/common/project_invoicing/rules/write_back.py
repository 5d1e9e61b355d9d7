"""The values written back to Dataverse for a posted document, as fields of the table maps (WB-01 to WB-07). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from project_invoicing.domain.codes import RowState
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal_line import ProposalLine

if TYPE_CHECKING:
    from project_invoicing.domain.payment import Receivable

Values = dict[str, Any]


def actual_of_journal(line: JournalLine) -> Values:
    """What is written to the actual of a posted journal line (WB-01, WB-04): amounts and rate as decimals."""
    return {
        "accounting_amount": line.accounting_amount,
        "exchange_rate": line.rate.multiplier,
        "voucher": line.voucher if line.in_ledger else None,
        "sales_tax_amount": ZERO,
    }


def actual_of_invoice(line: ProposalLine, invoice: Invoice) -> Values:
    """What is written to the actual of an invoice line (WB-02, WB-05, WB-06)."""
    return {
        "accounting_amount": line.accounting_amount,
        "exchange_rate": invoice.exchange_rate,
        "voucher": invoice.voucher,
        "sales_tax_amount": line.sales_tax_amount,
    }


def row_of_invoice(invoice: Invoice) -> Values:
    """What is written to the proforma (WB-07, WB-12)."""
    return {
        "invoice_number": invoice.invoice_number,
        "invoice_date": invoice.invoice_date.isoformat(),
        "status": "posted",
        "sales_tax_amount": invoice.sales_tax,
    }


def row_of_payments(invoice: Invoice, receivable: Receivable) -> Values:
    """What is written to the proforma once a payment was told (PAY-04 to PAY-06): Paid once nothing is open.

    A part that is paid leaves it active, unless the company's parameter says otherwise (99-34).
    """
    # Imported late: most documents are written back before anybody has told of a payment.
    from project_invoicing.domain.payment import Balance, Standing  # noqa: PLC0415

    balance = Balance.of(invoice.total, receivable.settlements)
    paid = balance.standing is Standing.PAID
    partly = balance.standing is Standing.PARTLY_PAID and receivable.partly_is_paid
    return {
        "status": "invoice_paid" if paid else "posted",
        "state": RowState.PAID if paid or partly else RowState.ACTIVE,
        "reason": "complete" if paid else "partial" if partly else None,
        "amount_due": balance.open,
    }
