"""Posted customer invoices by company or customer, newest first, with how they were written back to Dataverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from project_invoicing.domain.codes import WriteBackState
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.rules.figures import Figures
from project_invoicing.store.write_backs import Document, Progress
from project_invoicing.store.written_invoices import Written, read
from project_invoicing.use_cases.lists.asked import Asked, Page, companies_from, page_of
from project_invoicing.use_cases.lists.facts import CustomerFacts
from project_invoicing.use_cases.lists.place import ListPlace


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """``write_back``: pending, done or failed; ``None`` between companies, where Dataverse has no proforma."""

    company: str
    invoice_number: str
    document_type: str
    proposal_id: str
    invoice_date: str
    due_date: str
    customer: str
    customer_name: str | None
    currency: str
    subtotal: str
    sales_tax: str
    total: str
    voucher: str | None
    write_back: str | None


def page(place: ListPlace, asked: Asked) -> Page[InvoiceRow]:
    """Three requests: the index, the headers with their write-backs, and names that only master data has."""
    companies, invoices = place.companies, place.stores.proposals.invoices
    if asked.number:
        among = [asked.company] if asked.company else companies
        read = [_read(place, company, [asked.number]) for company in among]
        return Page([row for found in read for row in _rows(place, list(found.invoices.values()), found.progress)])
    company = next(companies_from(asked, companies))
    listed = invoices.listed(
        company, asked.limit, customer=asked.customer, since=asked.since, before=asked.place.get("before")
    )
    numbers = [number for number, _ in listed.documents]
    found = _read(place, company, numbers)
    rows = _rows(place, [found.invoices[number] for number in numbers if number in found.invoices], found.progress)
    return page_of(asked, companies, rows, listed.before)


def _read(place: ListPlace, company: str, numbers: Sequence[str]) -> Written:
    return read(place.stores.proposals.invoices, place.stores.write_backs, company, numbers)


def _rows(place: ListPlace, invoices: Sequence[Invoice], told: Mapping[Document, Progress]) -> list[InvoiceRow]:
    if not all(place.customer_name(one.company, one.customer) for one in invoices):
        place = place.seeing(CustomerFacts(one.company, one.customer) for one in invoices)
    return [_row(place, one, told.get(Document(INVOICE, one.company, one.invoice_number))) for one in invoices]


def _row(place: ListPlace, invoice: Invoice, told: Progress | None) -> InvoiceRow:
    show = Figures(place.setup)
    return InvoiceRow(
        company=invoice.company,
        invoice_number=invoice.invoice_number,
        document_type=invoice.document_type,
        proposal_id=invoice.proposal_id,
        invoice_date=invoice.invoice_date.isoformat(),
        due_date=invoice.due_date.isoformat(),
        customer=invoice.customer,
        customer_name=place.customer_name(invoice.company, invoice.customer),
        currency=invoice.currency,
        subtotal=show.amount(invoice.subtotal, invoice.currency),
        sales_tax=show.amount(invoice.sales_tax, invoice.currency),
        total=show.amount(invoice.total, invoice.currency),
        voucher=invoice.voucher,
        write_back=None if invoice.borrower else state_of(told),
    )


def state_of(told: Progress | None) -> str:
    """Failed where Dataverse refused the invoice or a row of it, done once everything was tried."""
    if told is None:
        return WriteBackState.PENDING
    if told.failed or told.own is WriteBackState.FAILED:
        return WriteBackState.FAILED
    return WriteBackState.PENDING if told.unfinished else WriteBackState.DONE
