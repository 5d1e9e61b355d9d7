"""The mail of an invoice: one recipient and the headers that we write, whatever names and numbers contain."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project_invoicing.domain.mail_address import is_address
from project_invoicing.mail_service import of_tag, tag
from project_invoicing.rules.invoice_mail import MailFile, encoded, fitting, mail_of, plain, subject_of

AT = datetime(2026, 9, 1, 9, tzinfo=UTC)
SENDER, TO = "invoices@contoso.example", "ap@customer.example"
HEADERS = ["From", "To", "Subject", "Date", "MIME-Version", "Content-Type"]
HOSTILE = [
    "FTI-1\r\nBcc: thief@evil.example",
    "FTI-1\nBcc: thief@evil.example\n\nbody",
    "FTI-1\rX-Header: 1",
    "FTI-1\u2028Bcc: thief@evil.example",
    "FTI-1\x00\x1b[31m\x85",
    "=?utf-8?q?FTI=0D=0ABcc:_thief=40evil.example?=",
    "=?utf-8?b?DQpCY2M6IHRoaWVmQGV2aWwuZXhhbXBsZQ==?=",
    '"; filename="../../etc/passwd',
    "../../etc/passwd",
    "C:\\temp\\x",
    "\u202egpj.exe",
    "\ud800broken",
    "x" * 5_000,
    "Ünïcödé 請求書 🎉",
]


def read(message: bytes) -> EmailMessage:
    found = email.message_from_bytes(message, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def mail(subject: str, name: str) -> EmailMessage:
    file = MailFile(name, "application/pdf", b"%PDF")
    return read(mail_of(SENDER, TO, subject, "<p>ü</p>".encode(), [file], AT))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_within_their_header(text: str) -> None:
    found = mail(text, text)

    assert sorted(found.keys()) == sorted(HEADERS)
    assert (found["From"], found["To"]) == (SENDER, TO)
    assert found["Subject"] == plain(text)
    (file,) = found.iter_attachments()
    named = file.get_filename()
    assert named is not None
    assert not set(named) & set('/\\"\r\n\0')
    assert len(named) <= 120
    assert file.get_content() == b"%PDF"
    page = found.get_body(("html",))
    assert page is not None
    assert page.get_content().strip() == "<p>ü</p>"


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_adds_a_header_or_a_recipient(subject: str, name: str) -> None:
    found = mail(subject, name)

    assert sorted(found.keys()) == sorted(HEADERS)
    assert found["To"] == TO
    assert len(list(found.iter_attachments())) == 1


@pytest.mark.parametrize("address", ["a@b.example", "first.last+tag@mail.customer.example", "o'neill@x-y.example"])
def test_one_plain_address_is_an_address(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@b",
        "@b.example",
        "a@b.example\n",
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example, c@d.example",
        "a@b.example;c@d.example",
        "Ann <a@b.example>",
        '"a b"@b.example',
        "a@[127.0.0.1]",
        ".a@b.example",
        "a..b@b.example",
        "a@-b.example",
        "a@b..example",
        "ä@b.example",
        "a@bücher.example",
        "=?utf-8?q?a?=@b.example\0",
        f"{'a' * 65}@b.example",
        f"a@{'b.' * 130}example",
    ],
)
def test_anything_else_is_none(address: str) -> None:
    assert not is_address(address)


def test_the_subject_is_in_the_customers_language_or_in_english() -> None:
    assert subject_of("FTI-1", "de", credit_note=False) == "Rechnung FTI-1"
    assert subject_of("FTI-1", "fr", credit_note=True) == "Avoir FTI-1"
    assert subject_of("FTI-1", "xx", credit_note=True) == "Credit note FTI-1"


def test_files_are_taken_while_there_is_room() -> None:
    small, large, last = (
        MailFile(name, "text/plain", b"x" * size) for name, size in (("a", 9), ("b", 9_999), ("c", 9))
    )

    assert fitting(4_000, [small, large, last]) == ([small, last], ["b"])


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 10_000, 1_000_003])
def test_a_file_takes_no_more_room_than_was_reckoned(size: int) -> None:
    file = MailFile("x" * 119, "application/octet-stream", b"x" * size)
    without = mail_of(SENDER, TO, "s", b"", [MailFile("x" * 119, file.content_type, b"")], AT)

    assert len(mail_of(SENDER, TO, "s", b"", [file], AT)) - len(without) <= encoded(size) - 1_400


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_tag_has_only_what_the_service_takes_and_gives_the_text_back(text: str) -> None:
    assert all(one.isascii() and (one.isalnum() or one in "-_") for one in tag(text))
    assert of_tag(tag(text)) == text
