"""Posted invoices of companies that ask for documents: those without one, and those whose mail nobody has sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from project_invoicing.chunks import chunks
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.made_document import DocumentState, MadeDocument
from project_invoicing.domain.mailed_document import MailedDocument, MailState
from project_invoicing.domain.reconciliation import Difference
from project_invoicing.store.made_documents import MadeDocuments
from project_invoicing.store.mailed_documents import MailedDocuments
from project_invoicing.use_cases.invoice_documents.asked import asks_for_documents

if TYPE_CHECKING:
    from project_invoicing.domain.invoice import Invoice
    from project_invoicing.use_cases.explain.stores import Stores

DOCUMENTS: Final = "documents_missing"
MAILS: Final = "mails_missing"
_TOGETHER: Final = 100
_PATIENCE: Final = timedelta(days=1)
_ON_ITS_WAY: Final = (MailState.WAITING, MailState.SENDING)


def missing_documents(stores: Stores, invoices: Iterable[Invoice], at: str) -> Iterator[tuple[str, Difference | None]]:
    """The checks that look at an invoice of a company that asks now, each with ``None`` where nothing is missing."""
    proposals = stores.proposals
    made = MadeDocuments(proposals.client, proposals.table)
    mailed = MailedDocuments(proposals.client, proposals.table)
    asking = (one for one in invoices if one.posted and asks_for_documents(stores.setup, one.company))
    for some in chunks(asking, _TOGETHER):
        found = made.among((one.company, one.invoice_number) for one in some)
        ready = {key: one for key, one in found.items() if one.state is DocumentState.READY}
        mails = mailed.among(ready) if ready else {}
        for one in some:
            key = (one.company, one.invoice_number)
            yield DOCUMENTS, None if key in ready or not _asked(stores, one) else _missing(one)
            if key in mails or (key in ready and ready[key].to_mail):
                yield MAILS, _unsent(one, ready[key], mails.get(key), at)


def _asked(stores: Stores, invoice: Invoice) -> bool:
    """Whether its company asked when it was posted: an earlier invoice gets no document by itself."""
    kept = stores.proposals.invoices.snapshot(invoice.company, invoice.invoice_number)
    if kept is None or kept.setup_version is None:
        return False
    return asks_for_documents(stores.setups.of(kept.setup_version), invoice.company)


def _missing(invoice: Invoice) -> Difference:
    month = invoice.invoice_date.isoformat()[:7]
    detail = f"has no document; make what is missing: invoicing document all --month {month}"
    return Difference(INVOICE, invoice.invoice_number, detail, invoice.company)


def _unsent(invoice: Invoice, ready: MadeDocument, mail: MailedDocument | None, at: str) -> Difference | None:
    """A mail that has no end a day after it was asked for: nobody is told of it, as of one that has failed."""
    since = (mail.claimed or mail.at) if mail else ready.at
    if mail and mail.state not in _ON_ITS_WAY:
        return None
    if datetime.fromisoformat(at) < datetime.fromisoformat(since) + _PATIENCE:
        return None
    state = f"is {mail.state}" if mail else "was not begun"
    number = invoice.invoice_number
    detail = (
        f"is to be mailed since {since}, and its mail {state}: look at invoicing redrive invoice_sending --show, "
        f"or mail it: invoicing document resend {number}"
    )
    return Difference(INVOICE, number, detail, invoice.company)
