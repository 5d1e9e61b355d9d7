"""The values written back to Dataverse for a posted document, as fields of the table maps (WB-01 to WB-07). Pure."""

from __future__ import annotations

from typing import Any

from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal_line import ProposalLine

Values = dict[str, Any]


def actual_of_journal(line: JournalLine) -> Values:
    """What is written to the actual of a posted journal line (WB-01, WB-04): amounts and rate as decimals.

    And by how much finance's cost of a stocked item differs, in the actual's currency, with what it comes to (NEW-01).
    """
    values: Values = {
        "accounting_amount": line.accounting_amount,
        "exchange_rate": line.rate.multiplier,
        "voucher": line.voucher if line.in_ledger else None,
        "sales_tax_amount": ZERO,
    }
    if line.cost_adjustment is not None:
        values |= {"adjustment_value": line.cost_adjustment, "extended_amount": line.amount}
    return values


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
