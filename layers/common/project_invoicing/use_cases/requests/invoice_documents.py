"""What people ask of the function that makes documents of invoices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.domain.document_codes import LANGUAGES
from project_invoicing.events.details import Says
from project_invoicing.events.own import Company, ProposalNumber
from project_invoicing.use_cases.requests.relayed import RelayedRequest

InvoiceNumber = Annotated[str, Says("the number of the posted invoice")]
Format = Annotated[str | None, Says("which file; pdf if nothing is said", values=("pdf", "html", "xml"))]
Offset = Annotated[
    int | None, Says("which byte of the file the answer begins with, as `next` of the answer before says")
]
Language = Annotated[
    str | None,
    Says(f"another language than the customer's, one of {', '.join(LANGUAGES)}", values=LANGUAGES),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDocument(RelayedRequest):
    """Makes the document of a posted invoice, whether its company asks for documents or not."""

    FUNCTION: ClassVar[str] = "invoice_documents"
    UNDER: ClassVar[str | None] = "make"

    company: Company
    invoice_number: InvoiceNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDocuments(RelayedRequest):
    """Makes the documents of a month that are missing: of the company named, else of those that ask for documents."""

    FUNCTION: ClassVar[str] = "invoice_documents"
    UNDER: ClassVar[str | None] = "make_all"

    month: Annotated[str, Says("the month of the invoice dates, as 2026-09", r"\d{4}-(0[1-9]|1[0-2])")]
    company: Annotated[str | None, Says("the code of the only company")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDocument(RelayedRequest):
    """Gives a file of an invoice's document: the one that is kept, or in another language a copy that is not."""

    FUNCTION: ClassVar[str] = "invoice_documents"
    UNDER: ClassVar[str | None] = "show"

    company: Company
    invoice_number: InvoiceNumber
    format: Format = None
    language: Language = None
    offset: Offset = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewDocument(RelayedRequest):
    """Gives the document that posting a proposal now would make, marked as a preview; nothing is kept of it."""

    FUNCTION: ClassVar[str] = "invoice_documents"
    UNDER: ClassVar[str | None] = "preview"

    company: Company
    proposal_id: ProposalNumber
    format: Format = None
    language: Language = None
    offset: Offset = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachFile(RelayedRequest):
    """Attaches a file to a posted invoice, under a name that no other file of it has. It goes out with the invoice."""

    FUNCTION: ClassVar[str] = "invoice_documents"
    UNDER: ClassVar[str | None] = "attach"

    company: Company
    invoice_number: InvoiceNumber
    name: Annotated[str, Says("the name of the file, without a folder")]
    content: Annotated[str, Says("the bytes of the file, in base64; at most 4 MB of them")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendDocument(RelayedRequest):
    """Mails the document of a posted invoice again, or for the first time, whatever became of the mail before."""

    FUNCTION: ClassVar[str] = "invoice_sending"
    UNDER: ClassVar[str | None] = "resend"

    company: Company
    invoice_number: InvoiceNumber
    to: Annotated[str | None, Says("another address than the customer's")] = None
