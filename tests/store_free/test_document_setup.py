"""What finance writes for invoice documents is checked when it comes in, and what lacks is said."""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode, b64encode
from copy import deepcopy
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from project_invoice_documents.rendering import logo_fault
from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.setup import finance_columns
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.models.documents import MAX_LOGO
from project_invoicing.setup.pictures import fault_of
from project_invoicing.setup.problems import problems
from project_invoicing.setup.warnings import warnings
from tests.rules.finance import TAXED, finance

HEAD = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, part: bytes) -> bytes:
    return struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))


def png(points: bytes = b"\x00\x00", width: int = 1, height: int = 1) -> bytes:
    """In grey; each line of points begins with how it is packed."""
    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return HEAD + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(points)) + chunk(b"IEND", b"")


PNG = png()
JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgy"
    "PC4zNDL/wAALCAABAAEBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEG"
    "E1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJ"
    "ipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APn+v//Z"
)
ADDRESS = {"street": "1 Main Street", "city": "Berlin", "postal_code": "10117", "country": "DE"}
DOCUMENT: dict[str, Any] = {
    "legal_name": "Contoso GmbH",
    "address": ADDRESS,
    "tax_id": "DE136695976",
    "electronic_address": {"scheme": "9930", "id": "DE136695976"},
    "bank_accounts": [{"currency": "EUR", "iban": "DE89 3704 0044 0532 0130 00", "bic": "COBADEFFXXX"}],
    "language": "de",
    "format": "summary",
    "group_by": ["project", "task"],
    "brand": {"primary": "#1f4e79", "accent": "#C55A11", "logo": b64encode(PNG).decode()},
    "texts": {"en": {"closing": "Thank you."}, "de": {"closing": "Vielen Dank."}},
    "unit_codes": {"Hour": "HUR"},
    "delivery": {"channel": "outbox"},
}
CUSTOMER: dict[str, Any] = {
    "address": ADDRESS,
    "tax_id": "DE811569869",
    "electronic_address": {"scheme": "9930", "id": "DE811569869"},
    "buyer_reference": "04011000-12345-34",
    "language": "fr",
    "document_format": {"format": "detail", "group_by": []},
    "e_invoice": {"syntax": "ubl", "profile": "peppol"},
    "delivery": {"channel": "mail", "address": "ap@adatum.example"},
}


def asking(**columns: Any) -> dict[str, Any]:
    made = finance(TAXED)
    made["companies"]["USPM"]["document"] = {**deepcopy(DOCUMENT), **columns}
    return made


def test_all_that_a_document_can_say_is_right() -> None:
    made = asking()
    made["customers"]["USPM"]["C-001"] |= CUSTOMER
    code = {"category": "AE", "exemption_code": "VATEX-EU-AE", "exemption_text": "Reverse charge"}
    made["sales_tax"]["codes"]["VAT20"] |= code
    assert problems(made) == []
    brand = SetupDocument.model_validate(made).companies["USPM"].document
    assert brand
    assert brand.brand.logo_bytes == PNG
    name = NameKey(Part.CUSTOMERS, "USPM", "C-001")
    assert list(finance_columns.problems(SetupDocument.model_validate(made), [(name, CUSTOMER)])) == []


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"address": {"country": "Germany"}}, "'Germany' is no country code of ISO 3166"),
        ({"language": "ar"}, "is written from right to left, which documents cannot do yet"),
        ({"language": "it"}, "'it' is no language of documents; use one of en, de, fr, es, pl, ja"),
        ({"texts": {"he": {}}}, "is written from right to left"),
        ({"bank_accounts": [{"iban": "DE88370400440532013000"}]}, "its check digits do not fit"),
        ({"bank_accounts": [{"iban": "DE89"}]}, "is no IBAN"),
        ({"bank_accounts": [{"account_number": "1", "bic": "COBAXXFF"}]}, "is no BIC"),
        ({"bank_accounts": [{"bank": "First"}]}, "needs iban, or account_number where there is none"),
        ({"electronic_address": {"scheme": "VAT", "id": "1"}}, "it has four digits"),
        ({"brand": {"primary": "red"}}, "'red' is no colour; write it as #1f4e79"),
        ({"brand": {"logo": "?"}}, "the logo is not base64"),
        ({"brand": {"logo": b64encode(b"GIF89a").decode()}}, "the logo is neither a PNG nor a JPEG"),
        ({"brand": {"logo": b64encode(PNG + bytes(MAX_LOGO)).decode()}}, "32768 is the most"),
        ({"brand": {"logo": b64encode(PNG[:-20]).decode()}}, "the logo is damaged: it ends too early"),
        ({"delivery": {"channel": "mail", "address": "Ann <a@b.example>"}}, "is no address of a mail; write one"),
        ({"group_by": ["colour"]}, "'colour' is not allowed"),
        ({"unit_codes": {"Hour": "hours"}}, "is no unit code"),
        ({"legal_name": " "}, "is empty; leave it out"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(columns: dict[str, Any], said: str) -> None:
    (problem,) = problems(asking(**columns))
    assert said in problem


def test_a_logo_that_cannot_be_drawn_says_why() -> None:
    broken = bytearray(PNG)
    broken[45] ^= 1
    huge = HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", 9000, 9000, 8, 0, 0, 0, 0)) + chunk(b"IEND", b"")
    faults = {
        PNG: None,
        JPEG: None,
        HEAD: "ends too early",
        bytes(broken): "does not fit its check sum",
        huge: "9000 x 9000 points, and 4000000 are the most",
        png(b"\x00"): "has 1 bytes of points in place of 2",
        png(b"\x09\x00"): "packed in an unknown way",
        png(width=0): "has no points",
        HEAD + chunk(b"IDAT", b""): "ends too early",
        JPEG[:-2]: "ends too early",
        JPEG[:300]: "ends too early",
        JPEG[:2] + JPEG[-2:]: "ends too early",
    }
    for picture, fault in faults.items():
        found = fault_of(picture)
        assert found is None if fault is None else fault in (found or ""), (found, fault)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_taken_as_a_logo_can_be_drawn(data: st.DataObject) -> None:
    out = BytesIO()
    mode = data.draw(st.sampled_from(["1", "L", "P", "RGB", "RGBA", "I;16", "LA"]))
    picture = Image.new(mode, (data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))))
    jpeg = mode in ("L", "RGB") and data.draw(st.booleans())
    picture.save(out, "JPEG" if jpeg else "PNG", **({"progressive": data.draw(st.booleans())} if jpeg else {}))
    whole = out.getvalue()
    assert fault_of(whole) is None
    cut = whole[: data.draw(st.integers(0, len(whole)))] + data.draw(st.binary(max_size=3))
    assert fault_of(cut) is not None or logo_fault(cut) is None


def test_a_customer_by_mail_needs_an_address_in_the_document_and_in_finances_columns() -> None:
    made, without = asking(), {"delivery": {"channel": "mail"}}
    made["customers"]["USPM"]["C-001"] |= without
    assert problems(made) == ["customers.USPM.C-001: delivery by mail needs an address: delivery.address"]
    name = NameKey(Part.CUSTOMERS, "USPM", "C-001")
    found = finance_columns.problems(SetupDocument.model_validate(asking()), [(name, without)])
    assert [text for _, text in found] == ["delivery by mail needs an address: delivery.address"]


def test_where_a_company_mails_each_customer_without_an_address_is_named() -> None:
    made = asking(delivery={"channel": "mail"})
    for entry in made["customers"]["USPM"].values():
        entry["address"] = ADDRESS
    made["customers"]["USPM"]["C-001"]["delivery"] = {"channel": "outbox"}
    (found,) = told(made)
    assert "customers.USPM.C-002.delivery.address" in found


def told(made: dict[str, Any]) -> list[str]:
    document = SetupDocument.model_validate(made)
    return [text for text in map(str, warnings(document, date(2026, 8, 31))) if "document_incomplete" in text]


def test_a_company_that_asks_for_no_documents_lacks_nothing() -> None:
    assert told(finance(TAXED)) == []


def test_what_is_missing_is_named_for_each_customer() -> None:
    lacking = asking(legal_name=None, address={})
    del lacking["companies"]["USPM"]["name"]
    found = told(lacking)
    for part in ("document.legal_name", "document.address.country"):
        assert any(f"companies.USPM.{part}" in text for text in found)
    for customer in ("C-001", "C-002"):
        text = f"its documents need customers.USPM.{customer}.address.country where the proforma has none"
        assert any(text in one for one in found)


def test_an_e_invoice_needs_more_and_the_policy_says_so() -> None:
    made = asking(tax_id=None, electronic_address=None)
    for entry in made["customers"]["USPM"].values():
        entry["address"] = ADDRESS
    assert told(made) == []
    made["customers"]["USPM"]["C-001"]["e_invoice"] = {"syntax": "ubl", "profile": "peppol"}
    found = "\n".join(told(made))
    for need in (
        "companies.USPM.document.tax_id",
        "companies.USPM.document.electronic_address",
        "customers.USPM.C-001.electronic_address",
        "sales_tax.codes.VAT20.category",
        "sales_tax.rounding with calculation total by code",
    ):
        assert need in found
    assert "C-002" not in found
    made["sales_tax"]["codes"]["VAT20"]["category"] = "O"
    assert "document.tax_id" not in "\n".join(told(made))  # a company outside the scope of VAT may have none
