"""What Dataverse is told after posting: the accounting details of each actual, and the invoice's own (WB-01 to WB-07).

The values come from the pages of the posted document, so that the event that asks for them stays small. Whoever
receives them (``AccountingWriter``) must take the same page twice as once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from project_invoicing.domain.money import ZERO
from project_invoicing.errors import Conflict
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.write_backs import RowUpdate

ACTUAL = "msdyn_actual"
INVOICE = "invoice"


class AccountingWriter(Protocol):
    """The port to Dataverse."""

    def write(self, source: str, company: str, document: str, page: str, updates: Sequence[RowUpdate]) -> bool: ...


def write_back_journal(journals: Journals, writer: AccountingWriter, company: str, journal_id: str) -> int:
    """The accounting details of a posted journal's actuals (WB-01). Returns how many rows were new."""
    written = 0
    for page in journals.pages(company, journal_id):
        if not page.posted:
            raise Conflict(f"journal {journal_id} of {company} is not posted yet")
        updates = [
            RowUpdate(
                ACTUAL,
                line.actual_id,
                {
                    "accounting_amount": str(line.accounting_amount),
                    "exchange_rate": str(line.rate.multiplier),
                    "voucher": line.voucher,
                    "sales_tax_amount": str(ZERO),
                },
            )
            for line in page.lines
        ]
        if updates and writer.write("journal", company, journal_id, page.key, updates):
            written += len(updates)
    return written


def write_back_invoice(proposals: Proposals, writer: AccountingWriter, company: str, invoice_number: str) -> int:
    """The accounting details of an invoice's actuals, then those of the invoice itself (WB-02, WB-07)."""
    invoice = proposals.invoice(company, invoice_number)
    if invoice is None or not invoice.posted:
        raise Conflict(f"invoice {invoice_number} of {company} is not posted yet")
    if invoice.borrower:
        return 0  # its actuals were told by their journal, and there is no proforma
    written = 0
    for key, lines in proposals.invoice_pages(company, invoice_number):
        updates = [
            RowUpdate(
                ACTUAL,
                line.actual_id,
                {
                    "accounting_amount": str(line.accounting_amount),
                    "exchange_rate": str(invoice.exchange_rate),
                    "voucher": invoice.voucher,
                    "sales_tax_amount": str(line.sales_tax_amount),
                },
            )
            for line in lines
        ]
        if writer.write("invoice", company, invoice_number, key, updates):
            written += len(updates)
    own = RowUpdate(
        INVOICE,
        invoice.proforma_id,
        {
            "invoice_number": invoice.invoice_number,
            "invoice_date": invoice.invoice_date.isoformat(),
            "status": "posted",
            "sales_tax_amount": str(invoice.sales_tax),
        },
    )
    return written + writer.write("invoice", company, invoice_number, "invoice", [own])
