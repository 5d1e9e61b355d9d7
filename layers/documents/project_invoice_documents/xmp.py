"""What a PDF says of itself: PDF/A-3B, and of the e-invoice within it what Factur-X asks for."""

from __future__ import annotations

from datetime import date
from xml.sax.saxutils import escape

from project_invoicing.domain.invoice_document import EInvoice, Profile

_FACTUR_X = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_FIELDS = (
    ("DocumentFileName", "The name of the embedded XML document"),
    ("DocumentType", "The type of the hybrid document in capital letters, e.g. INVOICE or ORDER"),
    ("Version", "The actual version of the standard applying to the embedded XML document"),
    ("ConformanceLevel", "The conformance level of the embedded XML document"),
)


def file_name(e_invoice: EInvoice | None) -> str:
    """What the XML is called within the PDF."""
    return "xrechnung.xml" if e_invoice and e_invoice.profile is Profile.XRECHNUNG else "factur-x.xml"


def xmp(title: str, author: str, language: str, day: date, e_invoice: EInvoice | None, with_xml: bool) -> str:
    moment = f"{day.isoformat()}T00:00:00+00:00"
    parts = [
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
        '<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">',
        "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>",
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">',
        "<dc:format>application/pdf</dc:format>",
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>',
        f"<dc:creator><rdf:Seq><rdf:li>{escape(author)}</rdf:li></rdf:Seq></dc:creator>",
        f"<dc:language><rdf:Bag><rdf:li>{escape(language)}</rdf:li></rdf:Bag></dc:language></rdf:Description>",
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/">',
        f"<xmp:CreateDate>{moment}</xmp:CreateDate><xmp:ModifyDate>{moment}</xmp:ModifyDate></rdf:Description>",
    ]
    if with_xml:
        parts += _factur_x(e_invoice)
    return "".join([*parts, "</rdf:RDF></x:xmpmeta>"])


def _factur_x(e_invoice: EInvoice | None) -> list[str]:
    german = e_invoice is not None and e_invoice.profile is Profile.XRECHNUNG
    described = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        f"<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{text}</pdfaProperty:description></rdf:li>"
        for name, text in _FIELDS
    )
    return [
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"',
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"',
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag>',
        '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>',
        f"<pdfaSchema:namespaceURI>{_FACTUR_X}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>",
        f"<pdfaSchema:property><rdf:Seq>{described}</rdf:Seq></pdfaSchema:property></rdf:li>",
        "</rdf:Bag></pdfaExtension:schemas></rdf:Description>",
        f'<rdf:Description rdf:about="" xmlns:fx="{_FACTUR_X}"><fx:DocumentType>INVOICE</fx:DocumentType>',
        f"<fx:DocumentFileName>{file_name(e_invoice)}</fx:DocumentFileName>",
        f"<fx:Version>{'3.0' if german else '1.0'}</fx:Version>",
        f"<fx:ConformanceLevel>{'XRECHNUNG' if german else 'EN 16931'}</fx:ConformanceLevel></rdf:Description>",
    ]
