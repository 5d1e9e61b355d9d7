"""A proposal whose e-invoice would break a rule is refused before a number is drawn, and its preview says so."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.store.master_data import MasterData
from project_invoicing.use_cases.master_data.set_columns import set_columns
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import billed

pytestmark = pytest.mark.usefixtures("document_bucket")
COMPANY = {
    "legal_name": "Contoso GmbH",
    "address": {"street": "Unter den Linden 21", "city": "Berlin", "postal_code": "10117", "country": "DE"},
    "tax_id": "DE136695976",
}
CUSTOMER: dict[str, Any] = {
    "address": {"street": "Marienplatz 8", "city": "Munich", "postal_code": "80331", "country": "DE"},
    "e_invoice": {"syntax": "ubl"},
}


def sending(category: str = "S", percent: str = "20", text: str | None = None, **customer: Any) -> dict[str, Any]:
    """Contoso asks for documents, and its customer gets e-invoices."""
    made = finance(TAXED)
    made["companies"]["USPM"]["document"] = deepcopy(COMPANY)
    made["customers"]["USPM"]["C-001"] |= deepcopy(CUSTOMER) | customer
    rates = [{"valid_from": "2020-01-01", "percent": percent}]
    made["sales_tax"]["codes"]["VAT20"] |= {"category": category, "rates": rates, "exemption_text": text}
    made["sales_tax"]["rounding"] = {"calculation": "total", "by": "code"}
    return made


def ready(books: Books, document: dict[str, Any]) -> None:
    books.use(document)
    books.arrive(*billed("one", "two", total="3200"))
    books.journalise()
    books.import_staging()


def refusal(books: Books) -> dict[str, Any] | None:
    """What the preview of the proposal says, which has no number then."""
    (found,) = books.world.edit("preview", proposal_id="INV-0001")["previews"]
    assert (found["invoice"] is None) == (found["refused"] is not None)
    return found["refused"]  # type: ignore[no-any-return]


XRECHNUNG = {"syntax": "ubl", "profile": "xrechnung"}
ADDRESS = {"scheme": "9930", "id": "DE811569869"}


@pytest.mark.parametrize(
    ("document", "ids", "field"),
    [
        (sending("AE", "0", "Reverse charge"), ["BR-AE-02"], "customers.USPM.C-001.tax_id"),
        (sending("K", "0", None, tax_id="FR1"), ["BR-IC-10"], "sales_tax.codes.VAT20.exemption_text"),
        (sending("S", "0"), ["BR-E-10"], "sales_tax.codes.VAT20.exemption_text"),
        (sending("E", "20", "School"), ["BR-E-05", "BR-E-09"], "sales_tax.codes.VAT20.category"),
        (sending(tax_id="811569869"), ["BR-CO-09"], "customers.USPM.C-001.tax_id"),
        (sending(electronic_address={"scheme": "1234", "id": "1"}), ["BR-CL-25"], "customers.USPM.C-001."),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_broken_rule_is_told_before_a_number_is_drawn(
    books: Books, document: dict[str, Any], ids: list[str], field: str
) -> None:
    ready(books, document)
    told = refusal(books)
    assert told
    assert told["reason"] == "e_invoice_rule"
    assert [rule.split(":")[0] for rule in told["detail"].split(" | ")] == ids
    assert f"{ids[0]}: {field}" in told["detail"]

    books.post_invoices()
    waits = books.proposal()["waiting_for"]
    assert [(one["reason"], one["detail"]) for one in waits] == [(told["reason"], told["detail"])]
    assert books.result["invoices"] == []


def test_a_proposal_that_is_ready_says_so_by_itself_as_long_as_it_holds(books: Books) -> None:
    ready(books, sending("AE", "0", "Reverse charge"))
    (wait,) = books.proposal()["waiting_for"]
    assert wait["reason"] == "e_invoice_rule"
    assert wait["detail"].startswith("BR-AE-02: customers.USPM.C-001.tax_id: ")
    (explained,) = books.world.call("explain", {"id": "INV-0001"})["found"]
    assert "BR-AE-02" in str(explained)

    books.use(sending("AE", "0", "Reverse charge", tax_id="DE811569869"))
    books.world.drain()  # the set-up was loaded, and nothing else
    assert books.proposal()["waiting_for"] == []
    assert books.proposal()["status"] == "ready"

    books.use(sending("AE", "0", "Reverse charge"))
    books.world.drain()
    assert [one["reason"] for one in books.proposal()["waiting_for"]] == ["e_invoice_rule"]
    master = MasterData(books.world.client, books.world.names.master_data_table)
    name = NameKey(Part.CUSTOMERS, "USPM", "C-001")
    assert [one.changed for one in set_columns(master, [(name, {"tax_id": "DE811569869"})], books.world.at)] == [True]
    books.import_staging()  # the next one, on schedule
    assert books.proposal()["waiting_for"] == []


def test_it_posts_with_the_first_number_once_the_rule_is_kept(books: Books) -> None:
    ready(books, sending("AE", "0", "Reverse charge"))
    books.post_invoices()
    books.use(sending("AE", "0", "Reverse charge", tax_id="DE811569869"))
    assert refusal(books) is None
    books.post_invoices()
    assert books.invoice()["invoice_number"] == "FTI-00000001"


def test_more_than_four_rules_are_counted(books: Books) -> None:
    document = sending(e_invoice=XRECHNUNG, electronic_address=ADDRESS)
    document["companies"]["USPM"]["document"]["electronic_address"] = ADDRESS
    ready(books, document)
    told = refusal(books)
    assert told
    assert told["detail"].startswith(
        "BR-DE-1: companies.USPM.document.bank_accounts: XRechnung needs an account for USD"
    )
    assert told["detail"].endswith("| and 1 more")


def test_a_customer_without_e_invoices_is_not_asked(books: Books) -> None:
    document = sending("AE", "0")
    document["customers"]["USPM"]["C-001"]["e_invoice"] = None
    ready(books, document)
    assert refusal(books) is None
