"""What finance writes for invoice documents is checked when it comes in, and what lacks is said."""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.setup import finance_columns
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.models.documents import MAX_LOGO
from project_invoicing.setup.problems import problems
from project_invoicing.setup.warnings import warnings
from tests.rules.finance import TAXED, finance

PNG = b"\x89PNG\r\n\x1a\n"
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
        ({"group_by": ["colour"]}, "'colour' is not allowed"),
        ({"unit_codes": {"Hour": "hours"}}, "is no unit code"),
        ({"legal_name": " "}, "is empty; leave it out"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(columns: dict[str, Any], said: str) -> None:
    (problem,) = problems(asking(**columns))
    assert said in problem


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
