"""Documents of invoices: what is kept of a posted one, made where it is missing, and the preview of a proposal's."""

from __future__ import annotations

import gzip
from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing import bootstrap
from project_invoicing.domain.made_document import CONTENT_TYPES, HTML, PDF
from project_invoicing.domain.proposal import Proposal
from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.observe import logger
from project_invoicing.use_cases.invoice_documents.kept import KeptDocument, kept_document
from project_invoicing.workspace import papers
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import kept
from project_invoicing.workspace.pages.invoices import invoice_of
from project_invoicing.workspace.pages.proposals import header_of

_REFUSED: Final = "refused: "


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
    asked = {"company": invoice.company, "invoice_number": invoice.invoice_number, "actor": desk.actor.id}
    answer = bootstrap.document_function().ask({"make": asked}, desk.at)
    refused = _refusal(answer)
    said = f"Nothing was made: {refused}" if refused else f"The document of {invoice.invoice_number} is there."
    return desk.go(
        "/invoice", said, refused=bool(refused), company=invoice.company, number=invoice.invoice_number, **kept(desk)
    )


def preview(desk: Desk, id: str) -> Response[Any]:
    """What the customer would get of a proposal that is posted now."""
    header = _ready(desk, id)
    page = desk.page(
        "proposal_document.html",
        title=f"Document of proposal {header.number}",
        header=header,
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
    header = _ready(desk, id)
    data = _previewed(desk, header, "pdf")
    return papers.download(data, f"preview-{header.number}.pdf", CONTENT_TYPES[PDF])


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
    asked = {"company": header.company, "proposal_id": header.number, "format": format}
    answer = bootstrap.document_function().ask({"preview": asked}, desk.at)
    if refused := _refusal(answer):
        raise Rejected("schema", refused)
    if answer["next"] is not None:
        command = f"invoicing document preview {header.number} --format {format}"
        raise Rejected("schema", f"The preview has {answer['bytes']} bytes, too many to be sent here; use: {command}")
    return gzip.decompress(b64decode(answer["content"]))


def _refusal(answer: dict[str, Any]) -> str | None:
    outcome = str(answer["outcome"])
    return outcome.removeprefix(_REFUSED) if outcome.startswith(_REFUSED) else None
