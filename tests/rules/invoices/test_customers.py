"""PROP-10: who an invoice goes to, an account or a contact, and that nobody is known before it is ready."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Context, guid, lookup, proforma
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import billed

JANE = lookup("contact", "Jane", "Jane")
TERMS = (("customers.USPM.C-001.terms_of_payment", "D14"), ("customers.USPM.C-002.terms_of_payment", "N30"))


def knowing_jane(document: dict[str, Any], customer: str = "C-002") -> dict[str, Any]:
    document["references"] = document["references"] | {"contact": {guid("Jane"): customer}}
    return document


def billed_to_jane(**columns: Any) -> list[Context]:
    return [*billed(**columns)[1:], proforma("inv-1", customerid=JANE)]


def test_prop_10_the_invoice_account_may_be_a_contact(books: Books) -> None:
    books.use(knowing_jane(finance(*TERMS)))
    books.arrive(*billed_to_jane(customer=None, msdyn_contactcustomer=JANE))
    books.journalise()
    assert books.proposal()["customer"] == "C-002"
    books.post_invoices()
    assert books.invoice()["due_date"] == "2026-09-30"


def test_where_an_actual_names_an_account_too_that_is_its_customer(books: Books) -> None:
    document = knowing_jane(finance(*TERMS, ("customers.USPM.C-001.sales_tax_group", "DOM")))
    document["customers"]["USPM"]["C-002"]["sales_tax_group"] = "EXP"
    books.use(document)
    books.arrive(*billed(customer="C-001", msdyn_contactcustomer=JANE))
    books.journalise()
    assert {line["sales_tax_group"] for line in books.journal_lines()} == {"DOM"}


@pytest.mark.parametrize(
    ("customer", "named"),
    [(JANE, f"contact {guid('Jane')}"), (lookup("account", "C-009"), f"account {guid('C-009')}")],
    ids=["contact", "account"],
)
def test_an_unknown_customer_makes_the_proposal_wait_before_it_is_ready(
    books: Books, customer: dict[str, Any], named: str
) -> None:
    books.use(finance())
    books.arrive(*billed()[1:], proforma("inv-1", customerid=customer))
    books.journalise()
    proposal = books.proposal()
    assert (proposal["status"], proposal["lines"]) == ("waiting", [])
    (wait,) = proposal["waiting_for"]
    assert wait["reason"] == "reference_missing"
    assert named in wait["detail"]
    document = finance()
    document["references"] = document["references"] | {
        "contact": {guid("Jane"): "C-002"},
        "account": {**document["references"]["account"], guid("C-009"): "C-002"},
    }
    books.use(document)
    books.world.drain()
    assert books.proposal()["status"] == "ready"
    assert books.proposal()["customer"] == "C-002"


def test_actuals_of_an_unknown_contact_wait_for_it_too(books: Books) -> None:
    books.use(finance())
    books.arrive(*billed_to_jane(customer=None, msdyn_contactcustomer=JANE))
    books.import_staging()
    for name in ("work/unbilled", "work/billed"):
        assert books.row(name)["reason"] == "reference_missing"
    books.use(knowing_jane(finance()))
    books.journalise()
    books.post_invoices()
    assert books.invoice()["total"] == "1600.00"
