"""Documents of invoices in answers: shown in a frame in which nothing works, or as files.

What is shown comes from our own templates alone. It still gets no script, no address of the web, no form and no
session: the frame has an origin of its own.
"""

from __future__ import annotations

from html import escape
from typing import Any, Final
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response

from project_invoicing.domain.made_document import CONTENT_TYPES, HTML
from project_invoicing.workspace import guard

MOST_ANSWERED: Final = 4_000_000
"""Bytes of a file within an answer: Lambda takes six megabytes of base64."""
_SECONDS: Final = 60
"""A link to a larger one is good for so long."""
_PAPER: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox"
    ),
    # A page with a sandbox and another value than this is not opened at all in a window of its own.
    "Cross-Origin-Opener-Policy": "unsafe-none",
}
_DOWNLOAD: Final = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"}


def framing(page: Response[Any]) -> Response[Any]:
    """A page that has a paper of ours in a frame. No other page may have frames."""
    page.headers["Content-Security-Policy"] = guard.policy(frames="'self'")
    return page


def paper(data: bytes) -> Response[Any]:
    """A document to be shown in a frame."""
    return Response(200, CONTENT_TYPES[HTML], data, dict(_PAPER))


def told(text: str) -> Response[Any]:
    """In its place, why there is none."""
    page = f'<!doctype html><html lang="en"><title>No document</title><p>{escape(text)}</p></html>'
    return Response(400, CONTENT_TYPES[HTML], page.encode(), dict(_PAPER))


def download(data: bytes, name: str, content_type: str) -> Response[Any]:
    """A file that the browser saves, and does not open."""
    headers = {**_DOWNLOAD, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return Response(200, content_type, data, headers)


def elsewhere(bucket: Any, key: str, name: str) -> Response[Any]:
    """Where a file is that is too large for an answer."""
    return Response(303, "text/plain", "", {"Location": bucket.link(key, name, _SECONDS)})
