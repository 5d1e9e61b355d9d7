"""Posted customer invoices by company or customer, newest first, with what became of them.

Of a customer whose name is asked for, those of all customers that are called so follow one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from project_invoicing.domain.codes import WriteBackState
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.master_data import Part
from project_invoicing.rules.figures import Figures
from project_invoicing.store.listing import Listing
from project_invoicing.store.write_backs import Document, Progress
from project_invoicing.store.written_invoices import Written, read
from project_invoicing.use_cases.lists.asked import Asked, Page, companies_from, page_of
from project_invoicing.use_cases.lists.facts import CustomerFacts
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.master_data.shown import by_name


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """``write_back``: pending, done or failed; ``None`` between companies, where Dataverse has no proforma.

    ``document``: making or ready, ``None`` where none was begun. ``mail``: the state of the last mail with it, if any.
    """

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
    document: str | None
    mail: str | None


_MOST: Final = 50
"""Of a page: with what became of each invoice, two requests read so many."""
_MOST_CUSTOMERS: Final = 10


def page(place: ListPlace, asked: Asked) -> Page[InvoiceRow]:
    """Three requests: the index, and two for headers and what became of them; besides, names that rows alone have.

    A customer that is asked for by its name takes one more for each that is called so, and those of a search by name.
    """
    companies = place.companies
    if asked.number:
        among = [asked.company] if asked.company else companies
        read = [_read(place, company, [asked.number]) for company in among]
        return Page([row for found in read for row in _rows(place, list(found.invoices), found)])
    company = next(companies_from(asked, companies))
    listed = _listed(place, asked, company)
    numbers = [number for number, _ in listed.documents]
    found = _read(place, company, numbers)
    return page_of(asked, companies, _rows(place, numbers, found), listed.before)


def _listed(place: ListPlace, asked: Asked, company: str) -> Listing:
    """The next numbers. Customers without an invoice are passed over."""
    since = max(filter(None, (asked.since, asked.from_month and f"{asked.from_month}-01")), default=None)
    until = f"{asked.to_month}-31" if asked.to_month else None
    customers = _customers(place, asked.customer, company) if asked.customer else None
    found = Listing([], asked.place.get("before", ""))
    for _ in customers or ("all",):
        found = place.stores.proposals.invoices.listed(
            company,
            min(asked.limit, _MOST),
            customers=customers,
            since=since,
            until=until,
            before=found.before or None,
        )
        if found.documents or not found.before:
            break
    return found


def _customers(place: ListPlace, asked: str, company: str) -> list[str]:
    """The customers of a company with this number or, if it has none, whose name begins so. The same for each page."""
    if place.setup.customer(company, asked):
        return [asked]
    called = by_name(place.stores, asked, Part.CUSTOMERS, [company])
    numbers = [one.number for one in called if one.number and one.company == company]
    return sorted(dict.fromkeys(numbers))[:_MOST_CUSTOMERS] or [asked]


def _read(place: ListPlace, company: str, numbers: Sequence[str]) -> Written:
    return read(place.stores.proposals.invoices, place.stores.write_backs, company, numbers)


def _rows(place: ListPlace, numbers: Sequence[str], found: Written) -> list[InvoiceRow]:
    invoices = [found.invoices[number] for number in numbers if number in found.invoices]
    if not all(place.customer_name(one.company, one.customer) for one in invoices):
        place = place.seeing(CustomerFacts(one.company, one.customer) for one in invoices)
    return [_row(place, one, found) for one in invoices]


def _row(place: ListPlace, invoice: Invoice, found: Written) -> InvoiceRow:
    show, number = Figures(place.setup), invoice.invoice_number
    mail = found.mails.get(number)
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
        write_back=None
        if invoice.borrower
        else state_of(found.progress.get(Document(INVOICE, invoice.company, number))),
        document=found.documents.get(number),
        mail=mail.called if mail else None,
    )


def state_of(told: Progress | None) -> str:
    """Failed where Dataverse refused the invoice or a row of it, done once everything was tried."""
    if told is None:
        return WriteBackState.PENDING
    if told.failed or told.own is WriteBackState.FAILED:
        return WriteBackState.FAILED
    return WriteBackState.PENDING if told.unfinished else WriteBackState.DONE
