"""The mail that takes a document to its customer, as the bytes that go out.

Whatever names and numbers contain, they stay within their header: what is not printable becomes a blank, and nothing of
them is read as an encoded word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

MOST: Final = 38_000_000
"""Bytes of a mail. The mail service takes 40 MB of it, as it is encoded."""
_SUBJECTS: Final = {
    "en": ("Invoice", "Credit note"),
    "de": ("Rechnung", "Gutschrift"),
    "fr": ("Facture", "Avoir"),
    "es": ("Factura", "Factura rectificativa"),
    "pl": ("Faktura", "Faktura korygująca"),
    "ja": ("請求書", "返還請求書"),
}
_LINE: Final = 57
"""Bytes that a line of base64 has."""
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class MailFile:
    name: str
    content_type: str
    data: bytes


def mail_of(
    sender: str,
    address: str,
    subject: str,
    html: bytes,
    files: Iterable[MailFile],
    at: datetime,
) -> bytes:
    """The whole message. ``sender`` and ``address`` must be addresses."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, address
    message["Subject"] = plain(subject)
    message["Date"] = format_datetime(at)
    message.set_content(f"{plain(subject)}\n")
    message.add_alternative(html.decode(), subtype="html", cte="base64")
    for one in files:
        kind, _, sub = one.content_type.partition("/")
        message.add_attachment(one.data, maintype=kind, subtype=sub, filename=_file_name(one.name))
    return message.as_bytes()


def subject_of(number: str, language: str, *, credit_note: bool) -> str:
    """What it is and its number, in the customer's language, or in English."""
    return f"{_SUBJECTS.get(language, _SUBJECTS['en'])[credit_note]} {number}"


def fitting(room: int, files: Sequence[MailFile]) -> tuple[list[MailFile], list[str]]:
    """Those files that fit one after the other into so many bytes of a mail, and the names of the others."""
    taken: list[MailFile] = []
    left: list[str] = []
    for one in files:
        size = encoded(len(one.data))
        if size <= room:
            taken.append(one)
            room -= size
        else:
            left.append(one.name)
    return taken, left


def encoded(size: int) -> int:
    """At most so many bytes of a mail does a part of this size take, with its headers."""
    return (size // _LINE + 1) * 78 + 1_500


def plain(text: str) -> str:
    """A text as one line of printable letters, in which no encoded word begins."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line.replace("=?", "= ?")


def _file_name(name: str) -> str:
    return re.sub(r'[/\\"]', "_", plain(name))[-_LONGEST:]
