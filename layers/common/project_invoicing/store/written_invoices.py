"""Posted invoices with what became of them, read together for a list: written back, document, mail."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from project_invoicing.domain.ledger import INVOICE
from project_invoicing.store import invoices as headers
from project_invoicing.store import made_documents, mailed_documents, write_backs
from project_invoicing.store.items import readable
from project_invoicing.store.transactions import get_across
from project_invoicing.store.write_backs import Document

if TYPE_CHECKING:
    from project_invoicing.domain.invoice import Invoice
    from project_invoicing.domain.made_document import DocumentState
    from project_invoicing.domain.mailed_document import MailedDocument
    from project_invoicing.domain.payment import Receivable
    from project_invoicing.store.invoices import Invoices
    from project_invoicing.store.write_backs import Progress, WriteBacks


class Written(NamedTuple):
    """Invoices by number, how far each was written back, and the states of its document and of its last mail."""

    invoices: dict[str, Invoice]
    progress: dict[Document, Progress]
    documents: dict[str, DocumentState]
    mails: dict[str, MailedDocument]


class Told(NamedTuple):
    """How an invoice was written back, what was settled of it, and how that was written back."""

    invoice: Progress | None
    receivable: Receivable | None
    payments: Progress | None


def told(invoices: Invoices, progress: WriteBacks, company: str, number: str) -> Told:
    """One request."""
    # Imported late: a list of invoices needs nothing of payments.
    from project_invoicing.store import receivables  # noqa: PLC0415

    documents = [Document(source, company, number) for source in (INVOICE, write_backs.PAYMENT)]
    keys = [(progress.table, document.pk, write_backs.HEADER) for document in documents]
    keys.append((invoices.table, headers.partition(company, number), receivables.KEY))
    settled: Receivable | None = None
    found: dict[Document, Progress] = {}
    for table, item in get_across(invoices.client, keys):
        if table == invoices.table:
            settled = readable(receivables.receivable_of, item)
        else:
            one = write_backs.progress_of(item)
            found[one.document] = one
    return Told(found.get(documents[0]), settled, found.get(documents[1]))


def read(invoices: Invoices, progress: WriteBacks, company: str, numbers: Collection[str]) -> Written:
    """The readable ones of a company's posted invoices. Two requests for fifty."""
    found = Written({}, {}, {}, {})
    keys = [(invoices.table, headers.partition(company, number), headers.HEADER) for number in numbers]
    documents = (Document(INVOICE, company, number) for number in numbers)
    keys += [(progress.table, document.pk, write_backs.HEADER) for document in documents]
    keys += [
        (invoices.table, headers.partition(company, number), of)
        for number in numbers
        for of in (made_documents.KEY, mailed_documents.KEY)
    ]
    for table, item in get_across(invoices.client, keys):
        if table == progress.table:
            one = write_backs.progress_of(item)
            found.progress[one.document] = one
        elif item["sk"] == made_documents.KEY:
            found.documents[headers.number_in(item["pk"])] = made_documents.state_of(item)
        elif item["sk"] == mailed_documents.KEY:
            number = headers.number_in(item["pk"])
            found.mails[number] = mailed_documents.mailed_of(company, number, item)
        elif (invoice := readable(headers.invoice_of, item)) and invoice.posted:
            found.invoices[invoice.invoice_number] = invoice
    return found
