"""A document as one page of HTML, complete in itself: no script, nothing loaded, styles in the page."""

from __future__ import annotations

import base64
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from project_invoice_documents.qr import svg
from project_invoice_documents.view import RowKind, view_of
from project_invoicing.domain.invoice_document import InvoiceDocument

_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def html(document: InvoiceDocument, *, preview: bool = False, logo: bytes | None = None) -> str:
    """``logo`` is a PNG or JPEG; anything else is left out."""
    view = view_of(document, preview=preview)
    return _template().render(
        view=view,
        say=view.wording.say,
        kinds=RowKind,
        logo=_data_url(logo),
        code=Markup(svg(view.code)) if view.code else "",  # noqa: S704 - drawn by us: squares alone, no text
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("project_invoice_documents"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("invoice.html")


def image_type(image: bytes | None) -> str | None:
    """Its media type by its first bytes, if it is one that we show."""
    return next((kind for start, kind in _SIGNATURES.items() if image and image.startswith(start)), None)


def _data_url(logo: bytes | None) -> str:
    kind = image_type(logo)
    return f"data:{kind};base64,{base64.b64encode(logo).decode('ascii')}" if kind and logo else ""
