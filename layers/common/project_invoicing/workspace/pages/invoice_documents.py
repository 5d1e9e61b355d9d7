"""Documents of invoices: what is kept of a posted one, made where it is missing, sent, and a proposal's preview."""

from __future__ import annotations

import gzip
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing import bootstrap
from project_invoicing.domain.document_codes import Syntax
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.made_document import CONTENT_TYPES, HTML, PDF, XML
from project_invoicing.domain.mailed_document import MailState
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.observe import logger
from project_invoicing.rules.proforma import customer_of
from project_invoicing.use_cases.invoice_documents.kept import KeptDocument, kept_document
from project_invoicing.use_cases.lists.facts import ProposalFacts
from project_invoicing.use_cases.master_data.facts import ProformaFacts
from project_invoicing.use_cases.requests.invoice_documents import (
    AttachFile,
    MakeDocument,
    PreviewDocument,
    ResendDocument,
)
from project_invoicing.use_cases.requests.relayed import RelayedRequest
from project_invoicing.workspace import papers
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import CHANGED, kept
from project_invoicing.workspace.pages.invoices import invoice_of
from project_invoicing.workspace.pages.proposals import header_of

_SYNTAXES: Final[Mapping[Syntax, str]] = {
    Syntax.UBL: "UBL",
    Syntax.CII: "CII",
    Syntax.FACTUR_X: "CII, which Factur-X has within its PDF",
}
_GONE: Final = frozenset({MailState.SENT, MailState.DELIVERED, MailState.OPENED})


def paper(desk: Desk) -> Response[Any]:
    """The page that the customer got, as it is kept."""
    found = _document(desk).files.get(HTML)
    if found is None:
        raise NotFoundError
    if found.size > papers.MOST_ANSWERED:
        return papers.told("It is too large to be shown here; download it.")
    return _paper(lambda: found.content(bootstrap.document_bucket()))


def file(desk: Desk) -> Response[Any]:
    """A file of the document, or one that is attached: only by a name that the invoice has."""
    document = _document(desk)
    attached = desk.query.get("attached")
    found = document.attachments.get(attached) if attached else document.files.get(desk.query.get("name", ""))
    if found is None:
        raise NotFoundError
    bucket = bootstrap.document_bucket()
    if found.size > papers.MOST_ANSWERED:
        return papers.elsewhere(bucket, found.key, found.name)
    return papers.download(found.content(bucket), found.name, found.content_type)


def make(desk: Desk) -> Response[Any]:
    """Makes the document now, whether the company asks for documents or not."""
    invoice = invoice_of(desk, desk.form)
    request = MakeDocument(company=invoice.company, invoice_number=invoice.invoice_number)
    return _asked(desk, invoice, request, f"The document of {invoice.invoice_number} is there.", "Nothing was made")


def attach(desk: Desk) -> Response[Any]:
    """Attaches a file, such as time sheets, which goes out with the mails that follow."""
    invoice, file = invoice_of(desk, desk.form), desk.files.get("file")
    if file is None:
        return _back(desk, invoice, "Nothing was attached: choose a file.", refused=True)
    request = AttachFile(
        company=invoice.company,
        invoice_number=invoice.invoice_number,
        name=file.name,
        content=b64encode(file.data).decode(),
    )
    return _asked(desk, invoice, request, f"{file.name} is attached.", "Nothing was attached")


def send(desk: Desk) -> Response[Any]:
    """Mails the document, once for each time that the page was seen (D-141)."""
    invoice = invoice_of(desk, desk.form)
    before = bootstrap.mailed_documents().get(invoice.company, invoice.invoice_number)
    if desk.form.get("seen") != str(before.attempt if before else 0):
        return _back(desk, invoice, CHANGED, refused=True)
    request = ResendDocument(
        company=invoice.company, invoice_number=invoice.invoice_number, to=desk.form.get("to") or None
    )
    try:
        answer = bootstrap.document_requests(desk.at, desk.actor).ask(request)
    except (Rejected, Refused) as why:
        return _back(desk, invoice, f"Nothing was sent: {why.detail}", refused=True)
    state, address = str(answer["outcome"]), answer["address"]
    if state in _GONE:
        return _back(desk, invoice, f"The document of {invoice.invoice_number} was sent to {address}.")
    said = (
        f"It is not known whether the mail to {address} was sent" if state == MailState.UNKNOWN else "It was not sent"
    )
    return _back(desk, invoice, f"{said}: {answer.get('detail') or state}", refused=True)


def _asked(desk: Desk, invoice: Invoice, request: RelayedRequest, done: str, failed: str) -> Response[Any]:
    try:
        bootstrap.document_requests(desk.at, desk.actor).ask(request)
    except (Rejected, Refused) as why:
        return _back(desk, invoice, f"{failed}: {why.detail}", refused=True)
    return _back(desk, invoice, done)


def _back(desk: Desk, invoice: Invoice, said: str, *, refused: bool = False) -> Response[Any]:
    where = {"company": invoice.company, "number": invoice.invoice_number, **kept(desk)}
    return desk.go("/invoice", said, refused=refused, **where)


def preview(desk: Desk, id: str) -> Response[Any]:
    """What the customer would get of a proposal that is posted now."""
    header = _ready(desk, id)
    page = desk.page(
        "proposal_document.html",
        title=f"Document of proposal {header.number}",
        header=header,
        e_invoice=_e_invoice(desk, header),
        own=f"/proposals/{header.id}",
        kept=kept(desk),
    )
    return papers.framing(page)


def preview_paper(desk: Desk, id: str) -> Response[Any]:
    """It as a page, marked as a preview."""
    header = _ready(desk, id)
    return _paper(lambda: _previewed(desk, header, "html"))


def preview_file(desk: Desk, id: str) -> Response[Any]:
    """It as a PDF, marked as a preview."""
    return _preview_of(desk, id, "pdf", CONTENT_TYPES[PDF])


def preview_xml(desk: Desk, id: str) -> Response[Any]:
    """Its e-invoice, in the syntax of the customer."""
    return _preview_of(desk, id, "xml", CONTENT_TYPES[XML])


def _preview_of(desk: Desk, id: str, format: str, content_type: str) -> Response[Any]:
    header = _ready(desk, id)
    data = _previewed(desk, header, format)
    return papers.download(data, f"preview-{header.number}.{format}", content_type)


def _e_invoice(desk: Desk, header: Proposal) -> str | None:
    """The syntax of the e-invoice that its customer gets, if any."""
    setup = desk.lists.seeing([ProposalFacts.of(header), ProformaFacts.of(header)]).setup
    customer = setup.customer(header.company, customer_of(header, setup))
    wanted = customer.document.e_invoice if customer else None
    return _SYNTAXES[wanted.syntax] if wanted else None


def _paper(read: Callable[[], bytes]) -> Response[Any]:
    """What there is to be shown, or why there is nothing: a frame shows no page of ours."""
    try:
        return papers.paper(read())
    except Rejected as why:
        return papers.told(why.detail)
    except Unavailable:
        logger.exception("workspace")
        return papers.told("What is needed for it does not answer. Wait a minute and load the page again.")


def _document(desk: Desk) -> KeptDocument:
    return kept_document(bootstrap.made_documents(), invoice_of(desk, desk.query))


def _ready(desk: Desk, id: str) -> Proposal:
    """A proposal whose company is known: a document is always one of a company's."""
    header = header_of(desk, id)
    if not header.company:
        raise NotFoundError
    return header


def _previewed(desk: Desk, header: Proposal, format: str) -> bytes:
    """Raises ``Rejected`` where the posting would be refused, and ``Unavailable``."""
    request = PreviewDocument(company=str(header.company), proposal_id=header.number, format=format)
    answer = bootstrap.document_requests(desk.at, desk.actor).ask(request)
    if answer["next"] is not None:
        command = f"invoicing document preview {header.number} --format {format}"
        raise Rejected("schema", f"The preview has {answer['bytes']} bytes, too many to be sent here; use: {command}")
    return gzip.decompress(b64decode(answer["content"]))
