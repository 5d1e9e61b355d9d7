"""A form with files (multipart/form-data), as browsers send it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected

KIND: Final = "multipart/form-data"
_MOST_PARTS: Final = 20
_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]{1,70})"?')
_NAME: Final = re.compile(r'[;\s]name="([^"]*)"')
_FILE: Final = re.compile(r'[;\s]filename="([^"]*)"')
_ESCAPED: Final = (("%22", '"'), ("%0D", "\r"), ("%0A", "\n"))


class Upload(NamedTuple):
    """A file. Of its ``name``, what a browser says of folders is left out."""

    name: str
    data: bytes


def parts_of(content_type: str, body: bytes) -> tuple[dict[str, list[str]], dict[str, Upload]]:
    """The fields, each with every value, and the files. A file that nobody chose has no name, and is left out.

    Raises ``Rejected``.
    """
    found = _BOUNDARY.search(content_type)
    edge = rb"\r\n--" + re.escape(found[1].encode()) + rb"(?=\r\n|--)" if found else None
    pieces = re.split(edge, b"\r\n" + body) if edge else []
    if not 3 <= len(pieces) <= _MOST_PARTS or not pieces[-1].startswith(b"--"):
        raise Rejected(RejectReason.SCHEMA, "What was sent is no form.")
    fields: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    for piece in pieces[1:-1]:
        head, _, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        said = head.decode("utf-8", "replace")
        name, file = _NAME.search(said), _FILE.search(said)
        if name is None:
            raise Rejected(RejectReason.SCHEMA, "What was sent is no form.")
        if file is None:
            fields.setdefault(_plain(name[1]), []).append(data.decode("utf-8", "replace"))
        elif file[1]:
            files[_plain(name[1])] = Upload(re.split(r"[/\\]", _plain(file[1]))[-1], data)
    return fields, files


def _plain(text: str) -> str:
    for escaped, plain in _ESCAPED:
        text = text.replace(escaped, plain)
    return text
