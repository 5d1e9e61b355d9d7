"""A cost that a vendor invoice has brought a borrower, as the line that a journal would have for it (PCO-15). Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from project_invoicing.domain.codes import PostingFailure, TransactionClass, TransactionType, VendorInvoiceStatus
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.ledger import VoucherLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.vendor_invoice import VendorInvoice

Likeness = tuple[str | None, date, TransactionClass, str | None, Decimal]


def lent_line(line: ProposalLine, cost: VoucherLine, invoice: VendorInvoice) -> JournalLine:
    """The cost as it was posted: amount, rate, project and dimensions are those of its voucher line."""
    return JournalLine(
        line_number=line.line_number,
        actual_id=line.actual_id,
        voucher=invoice.voucher or "",
        kind=TransactionType.COST,
        transaction_class=line.transaction_class,
        category=line.category,
        line_property=line.line_property,
        transaction_date=line.transaction_date or invoice.invoice_date,
        accounting_date=invoice.posted_on or invoice.accounting_date,
        quantity=line.quantity,
        unit_cost=line.unit_price,
        cost_amount=cost.amount,
        unit_price=ZERO,
        sales_amount=ZERO,
        currency=cost.currency,
        price_exchange_rate=cost.exchange_rate,
        price_factor=Decimal(1),
        resource=line.resource,
        project=cost.project,
        contract=line.contract,
        contract_line=line.contract_line,
        dimensions=cost.dimensions,
        accounting_amount=cost.accounting_amount,
    )


def likeness(line: JournalLine) -> Likeness:
    """What a borrower's sale of lent work has in common with its cost: no connection leads from one to the other."""
    return line.project, line.transaction_date, line.transaction_class, line.resource, line.quantity


def must_have_brought_it(invoice: VendorInvoice | None, row: StagedRow, company: str) -> VendorInvoice:
    """The posted vendor invoice with the cost of a lender's sale. Refuses where there is none."""
    lender = row.company
    if invoice is None:
        detail = f"actual {row.id} is a sale of {lender}, which it has not billed to {company}"
        raise Refused(PostingFailure.NOT_POSTED, detail)
    if invoice.status is VendorInvoiceStatus.POSTED_ELSEWHERE:
        detail = f"vendor invoice {invoice.invoice_number} of {lender} was posted by other payables: its cost is there"
        raise Refused(PostingFailure.POSTED_ELSEWHERE, detail)
    if invoice.is_open:
        detail = (
            f"actual {row.id} is on vendor invoice {invoice.invoice_number} of {lender}; that has to be posted first"
        )
        raise Refused(PostingFailure.NOT_POSTED, detail)
    return invoice


def where_it_is_now(cost: VoucherLine, row: StagedRow | None) -> VoucherLine:
    """The voucher line of a cost on the account that it has moved to (PCO-14)."""
    if row is None or not row.cost_accounts or cost.sales_tax_code:
        return cost
    posting_type, account = next(iter(row.cost_accounts.items()))
    return replace(cost, posting_type=posting_type, account=account)
