"""What was made of the document of a posted invoice: files, each with its hash, under keys that never change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PDF, HTML, XML = "invoice.pdf", "invoice.html", "invoice.xml"
CONTENT_TYPES: Final = {
    PDF: "application/pdf",
    HTML: "text/html; charset=utf-8",
    XML: "application/xml",
}


class DocumentState(StrEnum):
    """``making``: what its files are to be is written, and not all of them are known to be in the bucket."""

    MAKING = "making"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the bucket. ``sha256`` in hexadecimal digits."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class MadeDocument:
    """The document of an invoice. ``version``: of the templates and writers that made it.

    ``possible`` has, by file, every hash that an attempt was about to put: only a file with one of these is ours.
    ``to_mail``: its customer wants it by mail, and the stack sent mails when it was ready.
    """

    company: str
    invoice_number: str
    state: DocumentState
    files: tuple[StoredFile, ...]
    version: int
    at: str
    possible: tuple[tuple[str, str], ...] = ()
    to_mail: bool = False

    def file(self, name: str) -> StoredFile | None:
        return next((one for one in self.files if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes out with an invoice, such as time sheets."""

    name: str
    sha256: str
    bytes: int
    at: str
