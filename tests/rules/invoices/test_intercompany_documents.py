"""IC-09: the document of a lender's invoice, from the posting to its files and their e-invoice."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from lxml import etree
from pypdf import PdfReader

from project_invoicing.store import client
from tests.dataverse import StubbornDataverse, connected
from tests.e_invoices.official import against_schema, broken
from tests.rules.books import Books
from tests.rules.invoices.test_intercompany_invoices import NUMBER, between_companies, create, posted, sold
from tests.rules.stories import sale

LONDON = {"street": "1 Fleet Street", "city": "London", "postal_code": "EC4", "country": "GB"}
BERLIN: dict[str, str] = {"street": "Hauptstr. 1", "city": "Berlin", "postal_code": "10117", "country": "DE"}
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"

pytestmark = pytest.mark.usefixtures("document_bucket")


def asking(category: Mapping[str, str], **borrower: Any) -> dict[str, Any]:
    """Both companies ask for documents; the lender's to the borrower are e-invoices, of one VAT category."""
    made = between_companies()
    made["companies"]["GBPM"]["document"] = {
        "legal_name": "Contoso UK Ltd",
        "address": LONDON,
        "tax_id": "GB980780684",
    }
    made["companies"]["USPM"]["document"] = {"legal_name": "Contoso GmbH", "address": dict(BERLIN), **borrower}
    made["customers"]["GBPM"]["IC-USPM"] |= {"e_invoice": {"syntax": "ubl"}, "sales_tax_group": "BETWEEN"}
    tax = made["sales_tax"]
    tax["codes"]["NONE"] = {
        "rates": [{"valid_from": "2020-01-01", "percent": "0"}],
        "account": "222300",
        **category,
    }
    tax["groups"]["BETWEEN"] = ["NONE"]
    for codes in tax["item_groups"].values():
        codes.append("NONE")
    tax["rounding"] = {**tax.get("rounding", {}), "calculation": "total", "by": "code"}
    return made


def lent(books: Books, setup: dict[str, Any]) -> str:
    books.use(setup)
    posted(books, sale("work/unbilled", "10"), sold())
    return create(books)


def files(books: Books) -> dict[str, bytes]:
    s3, bucket = client.s3(), books.world.names.document_bucket
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {one["Key"]: s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found}


@pytest.mark.parametrize(
    "category",
    [{"category": "G", "exemption_code": "VATEX-EU-G"}, {"category": "AE", "exemption_code": "VATEX-EU-AE"}],
    ids=["export", "reverse charge"],
)
def test_ic_09_a_lenders_invoice_gets_its_document_with_an_e_invoice_that_the_official_rules_accept(
    books: Books, category: dict[str, str]
) -> None:
    assert lent(books, asking(category, tax_id="DE136695976")) == f"created {NUMBER}"
    with connected(StubbornDataverse()) as dataverse:
        books.post_invoices(proposal_id=NUMBER)
    number = books.invoice(NUMBER)["invoice_number"]

    made = files(books)
    folder = f"GBPM/2026/{number}/"
    assert set(made) == {f"{folder}invoice.{kind}" for kind in ("pdf", "html", "xml")}
    page = made[f"{folder}invoice.html"].decode()
    printed = "".join(one.extract_text() for one in PdfReader(BytesIO(made[f"{folder}invoice.pdf"])).pages)
    for said in ("Contoso UK Ltd", "Contoso GmbH", number, "Molly Clark"):
        assert said in page
    for said in ("Contoso UK Ltd", "Contoso GmbH", number, "1,200.00"):
        assert said in printed

    file = made[f"{folder}invoice.xml"]
    assert (against_schema(file), broken(file, "ubl")) == ([], {})
    tree = etree.fromstring(file)
    assert [one.text for one in tree.iter(f"{CBC}PayableAmount")] == ["1200.00"]
    assert [one.text for one in tree.iter(f"{CBC}CompanyID")] == ["GB980780684", "DE136695976"]
    assert ("invoice", books.invoice(NUMBER)["proposal_id"]) not in dataverse.written
    assert not any(entity == "invoice" for entity, _ in dataverse.written), "Dataverse has no proforma of it"
    (vendor,) = books.result["vendor_invoices"]
    assert (vendor["invoice_number"], vendor["total"]) == (number, "1200.00")


def test_ic_09_a_rule_that_its_e_invoice_breaks_refuses_it_before_a_number_and_names_the_borrowers_field(
    books: Books,
) -> None:
    lent(books, asking({"category": "AE", "exemption_code": "VATEX-EU-AE"}))
    answer = books.run("invoice_posting", company="GBPM", proposal_id=NUMBER)
    (refused,) = answer["refused"]
    assert refused["reason"] == "e_invoice_rule"
    assert refused["detail"].startswith("BR-AE-02: companies.USPM.document.tax_id: ")
    assert books.result["invoices"] == []
    assert files(books) == {}


def test_ic_09_what_lacks_of_the_borrower_is_named_and_it_waits(books: Books) -> None:
    setup = asking({"category": "G", "exemption_code": "VATEX-EU-G"})
    del setup["companies"]["USPM"]["document"]["address"]["country"]
    lent(books, setup)
    (found,) = books.call("explain", {"id": NUMBER})["found"]
    assert [(one["reason"], one["detail"]) for one in found["waits_for"]] == [
        ("document_incomplete", "its document needs companies.USPM.document.address.country")
    ]
    books.post_invoices(proposal_id=NUMBER)
    assert books.result["invoices"] == []
