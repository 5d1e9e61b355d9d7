"""All files of a document, or one of them: what the function that keeps documents asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from project_invoicing.domain.invoice_document import InvoiceDocument, Syntax
from project_invoicing.domain.made_document import HTML, PDF, XML

VERSION: Final = 2
"""Of templates and writers together. One more, whenever the same document gives other bytes."""
COPY: Final = {"en": "Copy", "de": "Kopie", "fr": "Copie", "es": "Copia", "pl": "Kopia", "ja": "写し"}


def files(document: InvoiceDocument, logo: bytes | None) -> dict[str, bytes]:
    """PDF and HTML, and the e-invoice where the customer wants one. The same document gives the same bytes."""
    made = {PDF: one(document, PDF, logo), HTML: one(document, HTML, logo)}
    if document.presentation.e_invoice:
        made[XML] = xml(document)
    return made


def one(
    document: InvoiceDocument, name: str, logo: bytes | None, *, preview: bool = False, copy: bool = False
) -> bytes:
    """One of the files. A copy says in its first line what it is."""
    if name == XML:
        return xml(document)
    if copy:
        document = _copy(document)
    if name == HTML:
        # What one file needs is loaded with it: fonts take a second.
        from project_invoice_documents.html import html  # noqa: PLC0415

        return html(document, preview=preview, logo=logo).encode()
    from project_invoice_documents.pdf import pdf  # noqa: PLC0415

    wanted = document.presentation.e_invoice
    inside = xml(document) if wanted and wanted.syntax is Syntax.FACTUR_X and not (preview or copy) else None
    return pdf(document, preview=preview, logo=logo, xml=inside)


def logo_fault(logo: bytes) -> str | None:
    """Why a logo cannot be shown; ``None`` if it can."""
    from project_invoice_documents.pdf import logo_fault as fault  # noqa: PLC0415

    return fault(logo)


def xml(document: InvoiceDocument) -> bytes:
    """The e-invoice in the customer's syntax, else in UBL."""
    wanted = document.presentation.e_invoice
    if wanted and wanted.syntax in (Syntax.CII, Syntax.FACTUR_X):
        from project_invoice_documents.e_invoice.cii import cii  # noqa: PLC0415

        return cii(document)
    from project_invoice_documents.e_invoice.ubl import ubl  # noqa: PLC0415

    return ubl(document)


def _copy(document: InvoiceDocument) -> InvoiceDocument:
    shown = document.presentation
    said = COPY.get(shown.language, COPY["en"])
    introduction = f"{said}\n{shown.texts.introduction}" if shown.texts.introduction else said
    return replace(document, presentation=replace(shown, texts=replace(shown.texts, introduction=introduction)))
