"""A vendor invoice as the event that hands it on to other payables (ICV-10)."""

from __future__ import annotations

from collections.abc import Sequence

from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_totals import revenue
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.events.vendor_invoices import (
    PendingVendorInvoiceCreated,
    VendorInvoiceLine,
    VendorInvoiceTax,
)
from project_invoicing.rules.figures import Figures
from project_invoicing.setup.lookups import FinanceSetup


def handed_on(
    invoice: Invoice, page: Sequence[ProposalLine], part: int, parts: int, setup: FinanceSetup
) -> PendingVendorInvoiceCreated:
    """A part of it: the lines of a page that are on the invoice."""
    show = Figures(setup)
    return PendingVendorInvoiceCreated(
        company=str(invoice.borrower),
        lender=invoice.company,
        vendor=str(invoice.vendor),
        invoice_number=invoice.invoice_number,
        invoice_date=invoice.invoice_date.isoformat(),
        due_date=invoice.due_date.isoformat(),
        accounting_date=invoice.accounting_date.isoformat(),
        currency=invoice.currency,
        subtotal=show.amount(invoice.subtotal, invoice.currency),
        sales_tax=show.amount(invoice.sales_tax, invoice.currency),
        total=show.amount(invoice.total, invoice.currency),
        line_count=invoice.line_count,
        part=part,
        parts=parts,
        lines=tuple(_line(line, invoice.currency, show) for line in page if line.shown),
    )


def _line(line: ProposalLine, currency: str, show: Figures) -> VendorInvoiceLine:
    charge = line.charges[0] if line.charges else None
    net = revenue(line, tax_included=bool(charge and charge.tax_included))
    return VendorInvoiceLine(
        number=line.line_number,
        actual_id=line.actual_id,
        takes_back=line.takes_back,
        project=line.project,
        contract=line.contract,
        transaction_class=line.transaction_class,
        category=line.category,
        resource=line.resource,
        transaction_date=line.transaction_date.isoformat() if line.transaction_date else None,
        quantity=f"{line.quantity:f}",
        unit_price=show.amount(line.unit_price, currency),
        amount=show.amount(net, currency),
        taxes=tuple(
            VendorInvoiceTax(code=tax.code, amount=show.amount(tax.amount, currency))
            for tax in (charge.taxes or () if charge else ())
        ),
    )
