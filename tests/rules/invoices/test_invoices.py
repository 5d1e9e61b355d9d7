"""PROP, DUE, NUM, DIM, MC and FXR on the invoice: whose it is, in which money, due when, with which dimensions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import guid, proforma
from tests.rules.books import Books
from tests.rules.finance import finance, second_company
from tests.rules.stories import FIXED_RATE, IN_POUNDS, approval, bill, billed, bills, sale

HEADER = {"company": "USPM", "proposal_id": "INV-0001"}
D14 = ("customers.USPM.C-001.terms_of_payment", "D14")


def ready(books: Books, *values: tuple[str, Any], invoice_date: str | None = None, **keys: Any) -> Books:
    books.use(finance(*values, **keys))
    books.arrive(*billed()[1:], proforma("inv-1", invoice_date=invoice_date))
    books.journalise()
    return books


def of_voucher(books: Books, posting_type: str) -> dict[str, Any]:
    """The one line of a posting type on the invoice's voucher."""
    (lines,) = [voucher["lines"] for voucher in books.result["vouchers"] if voucher["source"] == "invoice"]
    (found,) = [line for line in lines if line["posting_type"] == posting_type]
    return dict(found)


# --- the header -------------------------------------------------------------------------------------------------------


def test_prop_09_an_invoice_has_the_terms_of_payment_of_its_contract_else_of_its_customer(books: Books) -> None:
    ready(books, D14)
    assert books.proposal()["due_date"] == "2026-09-14"
    books.use(finance(D14, ("contracts.CTR-1.terms_of_payment", "N30")))
    books.post_invoices()
    assert books.invoice()["due_date"] == "2026-09-30"


def test_prop_09_name_and_address_of_a_later_version_are_taken_and_amounts_are_not(books: Books) -> None:
    ready(books)
    later: dict[str, Any] = {"at": "2026-09-01T12:00:00Z", "bill_to": {"city": "Leeds"}, "name": "Renamed"}
    books.arrive(proforma("inv-1", total="1", customer="C-002", currency="GBP", number="INV-0099", **later))
    stored = books.world.client.get_item(
        TableName=books.world.names.proposals_table, Key={"pk": {"S": f"PROPOSAL#{guid('inv-1')}"}, "sk": {"S": "H"}}
    )["Item"]
    assert '"city":"Leeds"' in stored["a"]["S"]
    assert '"nm":"Renamed"' in stored["a"]["S"]
    books.post_invoices()
    invoice = books.invoice("INV-0001")
    assert (invoice["total"], invoice["currency"]) == ("1600.00", "USD")


def test_prop_10_mc_01_mc_05_each_customer_has_a_proposal_of_their_own(books: Books) -> None:
    """A sale for each customer, sixty and forty percent, posted and billed on their own."""
    shared: dict[str, Any] = {"customer": "C-002"}
    books.use(finance(D14, ("customers.USPM.C-002.terms_of_payment", "N30")))
    books.arrive(
        *billed("sixty", total="960", quantity="4.8"),
        sale("forty/unbilled", "3.2", **shared),
        bill("forty/billed", "3.2", invoice="inv-2", **shared),
        bills("forty/billed", "forty/unbilled"),
        proforma("inv-2", number="INV-0002", total="640", **shared),
    )
    books.journalise()
    books.post_invoices()
    assert [(p["customer"], p["total"], p["due_date"]) for p in books.result["proposals"]] == [
        ("C-001", "960.00", "2026-09-14"),
        ("C-002", "640.00", "2026-09-30"),
    ]


def test_mc_03_inv_26_the_splits_of_a_sale_are_billed_as_they_came(books: Books) -> None:
    """A hundred in three parts; the rounding customer has the cent."""
    parts = [("a", "33.33"), ("b", "33.33"), ("c", "33.34")]
    for name, amount in parts:
        books.arrive(*billed(name, total=amount, quantity="1", price=amount, invoice=name, number=f"INV-{name}"))
    books.journalise()
    books.post_invoices()
    assert sum(Decimal(invoice["total"]) for invoice in books.result["invoices"]) == Decimal(100)
    assert books.balances()["invoiced_revenue"] == Decimal(-100)


def test_mc_06_a_sale_that_is_not_billed_is_not_invoiced(books: Books) -> None:
    books.arrive(*approval("without customer", customer=None), *billed())
    books.journalise()
    books.post_invoices()
    assert books.invoice()["total"] == "1600.00"
    assert books.balances()["wip_sales_value"] == Decimal(1600)  # what waits to be billed (INV-14)


def test_prop_20_the_proforma_is_told_that_it_is_posted(books: Books) -> None:
    ready(books)
    books.post_invoices()
    told = books.write_back("inv-1", "invoice")
    assert told == {
        "invoice_number": "FTI-00000001",
        "invoice_date": "2026-08-31",
        "status": "posted",
        "sales_tax_amount": "0.00",
    }


def test_prop_14_an_invoice_that_became_ready_after_the_run_was_planned_is_in_it(books: Books) -> None:
    """Late selection: a run posts what is ready when it runs."""
    books.arrive(*billed("one"))
    books.journalise()
    books.arrive(*billed("two", invoice="inv-2", number="INV-0002"))
    books.journalise()
    books.post_invoices()
    assert [invoice["proposal_id"] for invoice in books.result["invoices"]] == ["INV-0001", "INV-0002"]


def test_num_07_each_company_counts_its_invoices_for_itself(books: Books) -> None:
    books.use(second_company(finance()))
    theirs = {"project": "PRJ-2", "contract": "CTR-2", "contract_line": "CTR-2-1"}
    books.arrive(*billed(), *billed("theirs", invoice="inv-2", **theirs))
    books.journalise()
    books.post_invoices()
    assert [(i["company"], i["invoice_number"]) for i in books.result["invoices"]] == [
        ("GBPM", "FTI-00000001"),
        ("USPM", "FTI-00000001"),
    ]


def test_num_05_a_number_may_have_a_company_and_a_constant(books: Books) -> None:
    ready(books, ("number_sequences.USPM.invoice", "{company}-EXPENSE-####"))
    books.post_invoices()
    assert books.invoice()["invoice_number"] == "USPM-EXPENSE-0001"


# --- dates ------------------------------------------------------------------------------------------------------------


def test_due_02_due_03_due_04_a_due_date_that_was_set_wins_over_the_terms(books: Books) -> None:
    ready(books, D14)
    assert books.proposal()["due_date"] == "2026-09-14"
    books.edit("edit", **HEADER, due_date="2026-12-24")
    assert books.proposal()["due_date"] == "2026-12-24"
    books.post_invoices()
    assert books.invoice()["due_date"] == "2026-12-24"


@pytest.mark.parametrize("how", ["given to the posting", "set on the header"])
def test_due_06_prop_19_another_invoice_date_brings_the_terms_back(books: Books, how: str) -> None:
    ready(books, D14, invoice_date="2026-08-28")
    books.edit("edit", **HEADER, due_date="2026-12-24")
    if how == "set on the header":
        books.edit("edit", **HEADER, invoice_date="2026-08-30")
        books.post_invoices()
    else:
        books.post_invoices(proposal_id="INV-0001", invoice_date="2026-08-30")
    assert (books.invoice()["invoice_date"], books.invoice()["due_date"]) == ("2026-08-30", "2026-09-13")


def test_due_12_a_cash_discount_runs_from_the_date_of_the_invoice(books: Books) -> None:
    """Two percent within ten days; a due date that a person has set does not move it, and nothing of it is posted."""
    terms = ("terms_of_payment.D14", {"days": 14, "cash_discount": {"days": 10, "percent": "2"}})
    ready(books, D14, terms)
    books.edit("edit", **HEADER, due_date="2026-12-24")
    books.post_invoices(proposal_id="INV-0001", invoice_date="2026-08-28")
    invoice = books.invoice()
    assert (invoice["cash_discount_date"], invoice["cash_discount_percent"]) == ("2026-09-07", "2")
    assert (invoice["total"], books.balances()["customer_balance"]) == ("1600.00", Decimal(1600))


def test_the_voucher_has_the_date_of_the_invoice(books: Books) -> None:
    ready(books)
    books.post_invoices(proposal_id="INV-0001", invoice_date="2026-09-15")
    assert [v["accounting_date"] for v in books.result["vouchers"] if v["source"] == "invoice"] == ["2026-09-15"]


# --- money ------------------------------------------------------------------------------------------------------------


def test_fxr_01_seven_hours_at_250_pounds_would_earn_2187_dollars_and_50_cents(books: Books) -> None:
    """1,750 GBP at the agreed rate of 1.25, before anything is posted (99-14: dollars, not pounds)."""
    books.arrive(*billed(total="1750", quantity="7", price="250", **FIXED_RATE))
    books.journalise()
    (would,) = books.world.edit("preview", **HEADER)["previews"]
    revenue = next(line for line in would["voucher"]["lines"] if line["posting_type"] == "invoiced_revenue")
    assert would["invoice"]["total"] == "1750.00"
    assert (revenue["accounting_amount"], revenue["exchange_rate"]) == ("-2187.50", "1.25")


def test_fxr_04_fxr_05_prop_23_four_hours_are_invoiced_at_the_agreed_rate(books: Books) -> None:
    books.arrive(*billed(total="1000", quantity="4", price="250", **FIXED_RATE))
    books.journalise()
    (line,) = books.proposal()["lines"]
    assert (line["quantity"], line["unit_price"], line["amount"]) == ("4", "250.00", "1000.00")
    assert books.proposal()["currency"] == "GBP"
    books.post_invoices()
    (lines,) = [voucher["lines"] for voucher in books.result["vouchers"] if voucher["source"] == "invoice"]
    found = {
        (x["account"], x["posting_type"]): (x["amount"], x["accounting_amount"], x["exchange_rate"]) for x in lines
    }
    assert found == {
        ("161300", "wip_sales_value"): ("-1000.00", "-1250.00", "1.25"),
        ("420200", "accrued_revenue_sales_value"): ("1000.00", "1250.00", "1.25"),
        ("411100", "invoiced_revenue"): ("-1000.00", "-1250.00", "1.25"),
        ("130100", "customer_balance"): ("1000.00", "1250.00", "1.25"),
    }


def test_fxr_08_a_pending_invoice_takes_a_rate_that_is_agreed_and_a_posted_one_keeps_its_own(books: Books) -> None:
    agreed = ("contracts.CTR-GBP.fixed_exchange_rate", {"currency": "GBP", "rate": "125", "factor": 100})
    books.arrive(*billed("one", **IN_POUNDS), *billed("two", invoice="inv-2", number="INV-0002", **IN_POUNDS))
    books.journalise()
    books.post_invoices(proposal_id="INV-0001")
    books.use(finance(agreed))
    books.post_invoices()
    told = [books.row(f"{work}/billed")["exchange_rate"] for work in ("one", "two")]
    assert told == ["1.3777", "1.25"]


def test_fxr_13_the_accrual_goes_off_at_the_rate_it_was_put_on_with(books: Books) -> None:
    """Sold at 1.30, invoiced at 1.3777."""
    books.arrive(*billed(**IN_POUNDS))
    books.journalise()
    books.post_invoices()
    accrual, owed = of_voucher(books, "wip_sales_value"), of_voucher(books, "customer_balance")
    assert (accrual["accounting_amount"], accrual["exchange_rate"]) == ("-2080.00", "1.3")
    assert (owed["accounting_amount"], owed["exchange_rate"]) == ("2204.32", "1.3777")
    assert not books.balances().keys() & {"wip_sales_value", "accrued_revenue_sales_value"}


def test_inv_28_work_of_another_company_is_never_on_an_invoice(books: Books) -> None:
    books.use(second_company(finance()))
    theirs = {"project": "PRJ-2", "contract": "CTR-2", "contract_line": "CTR-2-1"}
    books.arrive(*billed(total="3200"), sale("theirs/unbilled", **theirs), bill("theirs/billed", **theirs))
    books.arrive(bills("theirs/billed", "theirs/unbilled"))
    books.journalise()
    assert books.proposal()["lines"] == []
    assert "belongs to GBPM" in books.proposal()["waiting_for"][0]["detail"]


# --- accounts ---------------------------------------------------------------------------------------------------------


def posting(*rows: dict[str, str]) -> dict[str, Any]:
    given = finance()["ledger_posting"]["USPM"]
    return {"ledger_posting": {"USPM": [*given, *rows]}}


# --- dimensions -------------------------------------------------------------------------------------------------------

OF_CUSTOMER = ("customers.USPM.C-001.dimensions", {"Region": "West", "Unit": "Sales"})
OF_PROJECT = ("projects.PRJ-1.dimensions", {"Unit": "Robotics", "CostCenter": "007"})
ALLOWED = ("parameters.USPM.allow_header_dimensions", True)


def test_dim_10_dimensions_of_the_header_are_used_for_the_customer_balance_where_the_company_allows_it(
    books: Books,
) -> None:
    ready(books, OF_CUSTOMER, OF_PROJECT)
    changed = {"Region": "East"}
    assert "allow_header_dimensions does not allow it" in books.edit("edit", **HEADER, dimensions=changed)
    books.use(finance(OF_CUSTOMER, OF_PROJECT, ALLOWED))
    assert books.edit("edit", **HEADER, dimensions=changed) == "done"
    books.post_invoices()
    assert of_voucher(books, "customer_balance")["dimensions"] == {"Region": "East"}
    assert of_voucher(books, "invoiced_revenue")["dimensions"] == {"Unit": "Robotics", "CostCenter": "007"}


@pytest.mark.parametrize(
    ("account", "posting_type"), [("411100", "invoiced_revenue"), ("130100", "customer_balance")], ids=str
)
def test_dim_14_an_account_that_does_not_take_the_dimensions_refuses_the_posting(
    books: Books, account: str, posting_type: str
) -> None:
    structures = {"USPM": [{"account": account, "required": ["CostCenter"]}]}
    ready(books, account_structures=structures)
    books.post_invoices()
    assert (books.reasons(), books.result["invoices"]) == (["dimension_invalid"], [])
    assert f"account {account} needs dimension CostCenter" in books.proposal()["waiting_for"][0]["detail"]

    books.use(finance(OF_PROJECT, account_structures=structures))
    books.edit("edit", **HEADER, actual_id=guid("work/billed"), rederive_dimensions=True)
    books.post_invoices()
    assert of_voucher(books, posting_type)["dimensions"]["CostCenter"] == "007"


def test_dim_14_what_was_accrued_goes_off_whatever_its_account_asks_by_now(books: Books) -> None:
    ready(books)
    books.use(finance(account_structures={"USPM": [{"account": "161300", "required": ["CostCenter"]}]}))
    books.post_invoices()
    assert "wip_sales_value" not in books.balances()
