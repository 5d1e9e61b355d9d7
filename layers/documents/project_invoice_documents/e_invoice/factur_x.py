"""The XML of a Factur-X (ZUGFeRD) invoice: which goes into the PDF, and how it is called there."""

from __future__ import annotations

from typing import Final

from project_invoice_documents.e_invoice.cii import cii
from project_invoicing.domain.invoice_document import InvoiceDocument, Profile
from project_invoicing.rules.e_invoice.statement import profile_of

CONFORMANCE_LEVEL: Final = "EN 16931"
"""``fx:ConformanceLevel`` of the PDF's metadata, except for ``XRECHNUNG``."""


def factur_x(document: InvoiceDocument) -> tuple[str, bytes]:
    """The name of the embedded file, which readers look for, and its content."""
    return file_name(document), cii(document)


def file_name(document: InvoiceDocument) -> str:
    return "xrechnung.xml" if profile_of(document) is Profile.XRECHNUNG else "factur-x.xml"


def conformance_level(document: InvoiceDocument) -> str:
    return "XRECHNUNG" if profile_of(document) is Profile.XRECHNUNG else CONFORMANCE_LEVEL
