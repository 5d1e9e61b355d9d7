"""Our own event about vendor invoices that other payables post, apart from the others as few functions load it.

It is the only one with lines: whoever posts elsewhere has no other way to them (ICV-10). A part has those of one page
of the lender's invoice, so that an event stays small at any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.domain.codes import TransactionClass
from project_invoicing.events.details import Detail, Says
from project_invoicing.events.own import AMOUNT, DATE, Amount, Company, Currency, LineCount, OwnEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorInvoiceTax(Detail):
    """What a line is charged by one code."""

    code: Annotated[str, Says("the sales tax code")]
    amount: Annotated[str, Says("its amount on the line", AMOUNT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorInvoiceLine(Detail):
    """Work that was lent."""

    number: Annotated[int, Says("the number of the line")]
    actual_id: Annotated[str, Says("the inter-organizational sale that it bills")]
    takes_back: Annotated[str | None, Says("the sale that it credits")] = None
    project: Annotated[str | None, Says("the project of the borrower")] = None
    contract: Annotated[str | None, Says("the contract of the borrower")] = None
    transaction_class: Annotated[str, Says("the class of the work", values=tuple(TransactionClass))]
    category: Annotated[str | None, Says("the lender's project category")] = None
    resource: Annotated[str | None, Says("who was lent")] = None
    transaction_date: Annotated[str | None, Says("the day of the work", DATE)] = None
    quantity: Annotated[str, Says("how much it was", AMOUNT)]
    unit_price: Annotated[str, Says("the transfer price of one unit", AMOUNT)]
    amount: Annotated[str, Says("without sales tax", AMOUNT)]
    taxes: Annotated[tuple[VendorInvoiceTax, ...], Says("the sales tax by code")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingVendorInvoiceCreated(OwnEvent):
    """A lender has billed a borrower whose payables are elsewhere; they answer ``posted`` or ``refused``."""

    TYPE: ClassVar[str] = "PendingVendorInvoiceCreated"

    company: Company
    lender: Annotated[str, Says("the company that has billed it")]
    vendor: Annotated[str, Says("the lender's account with the borrower")]
    invoice_number: Annotated[str, Says("the number of the invoice: the lender's, and the borrower's, too")]
    invoice_date: Annotated[str, Says("the date on the invoice", DATE)]
    due_date: Annotated[str, Says("when it is due", DATE)]
    accounting_date: Annotated[str, Says("the lender's accounting date", DATE)]
    currency: Currency
    subtotal: Amount
    sales_tax: Amount
    total: Amount
    line_count: LineCount
    part: Annotated[int, Says("which part of its lines this event has, from 1")]
    parts: Annotated[int, Says("in how many parts its lines are told; the last one comes with the invoice itself")]
    lines: Annotated[tuple[VendorInvoiceLine, ...], Says("the lines of this part")]
