"""Our own events about the documents of invoices, apart from the others as few functions load it (D-092)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.domain.codes import DocumentStanding
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
    STARTS: ClassVar[str] = (
        "`invoice_sending`, where the channel is `mail` and the stack sends mails; `accounting_writeback`, where the "
        "table map names columns for the document"
    )

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


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceMailChanged(OwnEvent):
    """The mail that takes the document of an invoice to its customer has left, or more is known of it."""

    TYPE: ClassVar[str] = "InvoiceMailChanged"
    STARTS: ClassVar[str] = "`accounting_writeback`, where the table map names columns for the document"

    company: Company
    invoice_number: Annotated[str, Says("the number of the posted invoice")]
    attempt: Annotated[int, Says("which mail of this invoice it is, from 1")]
    state: Annotated[str, Says("what is known of it", values=tuple(DocumentStanding)[1:])]
