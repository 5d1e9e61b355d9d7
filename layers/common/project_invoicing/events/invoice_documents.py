"""Our own event about the documents of invoices, apart from the others as few functions load it (D-092)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.domain.document_codes import Channel
from project_invoicing.events.details import Detail, Says
from project_invoicing.events.own import Company, OwnEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFile(Detail):
    """A file in the bucket of the documents."""

    key: Annotated[str, Says("the key of the file in the bucket of the invoices' documents")]
    sha256: Annotated[str, Says("the hash of the file, in hexadecimal digits")]
    bytes: Annotated[int, Says("how many bytes the file has")]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocumentReady(OwnEvent):
    """The document of a posted invoice is made, and all its files are in the bucket."""

    TYPE: ClassVar[str] = "InvoiceDocumentReady"
    STARTS: ClassVar[str] = "`invoice_sending`, where the channel is `mail` and the stack sends mails"

    company: Company
    invoice_number: Annotated[str, Says("the number of the posted invoice")]
    customer: Annotated[str, Says("the number of the customer")]
    document_type: Annotated[str, Says("by the sign of the total", values=("invoice", "credit_note"))]
    language: Annotated[str, Says("the language of the document, as en")]
    channel: Annotated[
        str | None, Says("how it is to be sent; null where the customer has no delivery", values=tuple(Channel))
    ] = None
    address: Annotated[str | None, Says("whom a mail goes to")] = None
    files: Annotated[tuple[DocumentFile, ...], Says("its files, and those that are attached to it")]
