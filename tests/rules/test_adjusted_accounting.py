"""Adjusted accounting through the functions and the stored rows: what follows has the dimensions of now."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import guid
from tests.rules.books import Books, before_transaction
from tests.rules.finance import TAXED, finance
from tests.rules.stories import bill, billed, bills, cost, reverses, sale

COMPANY, SOLD, HOUR = "USPM", guid("work/unbilled"), guid("work/cost")
OLD, NEW = {"CostCenter": "007"}, {"CostCenter": "999"}


def adjust(books: Books, *ids: str, to: str | None = "999", **more: Any) -> Any:
    asked = {"company": COMPANY, "actual_ids": list(ids), "dimensions": {"CostCenter": to}, "date": "2026-08-31"}
    return books.do("adjust_accounting", **(asked | more))


def by_center(books: Books, *accounts: str) -> dict[tuple[str, str], Decimal]:
    """What is left on accounts by cost center, without what is zero."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for voucher in books.result["vouchers"]:
        for line in voucher["lines"]:
            if line["account"] in accounts:
                sums[line["account"], line["dimensions"].get("CostCenter", "")] += Decimal(line["accounting_amount"])
    return {place: amount for place, amount in sums.items() if amount}


def setup() -> dict[str, Any]:
    return finance(TAXED, dimension_rules=[{"company": COMPANY, "project": "PRJ-1", "dimensions": OLD}])


@pytest.fixture
def sold(books: Books) -> Books:
    """A posted cost and its accrued sale with cost center 007."""
    books.use(setup())
    books.arrive(cost("work/cost"), sale("work/unbilled"))
    books.journalise()
    return books


def confirm(books: Books) -> None:
    books.arrive(*billed()[:1], bill("work/billed"), bills("work/billed", "work/unbilled"))


def test_ada_05_what_is_billed_afterwards_has_the_new_dimensions_and_nothing_is_left(sold: Books) -> None:
    assert adjust(sold, SOLD)["adjusted"] == [{"actual_id": SOLD, "voucher": "AAV-000001"}]
    assert by_center(sold, "161300", "420200") == {("161300", "999"): 1600, ("420200", "999"): -1600}
    confirm(sold)
    sold.journalise()
    sold.post_invoices()
    assert by_center(sold, "161300", "420200") == {}
    assert by_center(sold, "130100", "222100", "411100") == {
        ("130100", "999"): 1920,
        ("222100", ""): -320,
        ("411100", "999"): -1600,
    }


def test_ada_06_stg_19_lines_of_a_proposal_are_deleted_then_adjusted_and_imported_again(sold: Books) -> None:
    confirm(sold)
    sold.import_staging()
    refused = adjust(sold, SOLD)["refused"]
    assert [(one["document"], one["reason"]) for one in refused] == [(SOLD, "on_proposal")]
    sold.edit("delete_lines", company=COMPANY, proposal_id="INV-0001")
    assert adjust(sold, SOLD)["adjusted"]
    sold.import_staging()
    sold.post_invoices()
    assert by_center(sold, "161300", "420200") == {}
    assert by_center(sold, "411100") == {("411100", "999"): -1600}


def test_ada_07_the_revenue_of_an_invoiced_sale_moves_and_the_rest_stays(sold: Books) -> None:
    confirm(sold)
    sold.journalise()
    sold.post_invoices()
    before = sold.invoice()
    assert adjust(sold, SOLD)["adjusted"] == [{"actual_id": SOLD, "voucher": "AAV-000001"}]
    assert by_center(sold, "411100", "161300", "420200", "130100") == {
        ("411100", "999"): -1600,
        ("130100", "007"): 1920,
    }
    lines = next(one["lines"] for one in sold.result["vouchers"] if one["source"] == "adjust_accounting")
    assert [(one["account"], one["amount"], one["dimensions"]) for one in lines] == [
        ("411100", "1600.00", OLD),
        ("411100", "-1600.00", NEW),
    ]
    assert sold.invoice() == before
    assert adjust(sold, guid("work/billed"))["unchanged"] == 1


def test_ada_08_reg_21_a_credit_has_the_dimensions_of_the_last_adjustment(sold: Books) -> None:
    confirm(sold)
    sold.journalise()
    sold.post_invoices()
    adjust(sold, SOLD)
    adjust(sold, SOLD, to="555")
    sold.arrive(
        billed(total="-1600", invoice="inv-2", number="INV-0002")[0],
        bill("credit", "-8", invoice="inv-2"),
        reverses("credit", "work/billed"),
    )
    sold.journalise()
    sold.post_invoices()
    assert sold.state("credit") == "posted"
    assert by_center(sold, "411100") == {}
    assert "customer_balance" not in sold.balances()
    assert adjust(sold, SOLD)["refused"][0]["reason"] == "taken_back"


def test_ada_08_a_cancelled_approval_takes_back_cost_and_accrual_where_they_are_now(sold: Books) -> None:
    adjust(sold, SOLD, HOUR)
    adjust(sold, SOLD, HOUR, to="555")
    sold.arrive(
        cost("cost/back", "-8"),
        reverses("cost/back", "work/cost"),
        sale("sale/back", "-8"),
        reverses("sale/back", "work/unbilled"),
    )
    sold.journalise()
    assert by_center(sold, "161300", "420200", "540100", "600300") == {}
    assert [one["source"] for one in sold.result["vouchers"]].count("adjust_accounting") == 4


def test_ada_05_pco_09_a_moved_cost_is_adjusted_where_it_is_and_moves_with_its_dimensions(sold: Books) -> None:
    document = setup()
    document["profiles"]["TM"]["accrue_revenue"] = {}
    sold.use(document)
    sold.arrive(cost("free"))
    sold.journalise()
    adjust(sold, guid("free"))
    moved = sold.do("post_costs", company=COMPANY, to="balance", date="2026-08-31", costs={"actual_id": guid("free")})
    assert moved["posted"]
    adjust(sold, guid("free"), to="555")
    assert by_center(sold, "161100") == {("161100", "555"): 800}
    assert by_center(sold, "540100") == {("540100", "007"): 800}


def test_ada_10_one_that_is_refused_keeps_no_other_back(sold: Books) -> None:
    answer = adjust(sold, HOUR, guid("nobody"), SOLD)
    assert [one["actual_id"] for one in answer["adjusted"]] == [HOUR, SOLD]
    assert [(one["document"], one["reason"]) for one in answer["refused"]] == [(guid("nobody"), "not_posted")]


def test_ada_11_reason_person_and_voucher_are_explained_and_the_same_request_posts_once(sold: Books) -> None:
    said = {"reason": "wrong cost center", "actor": "ann@contoso.example"}
    adjust(sold, SOLD, **said)
    adjust(sold, SOLD, to="555", **said)
    again = adjust(sold, SOLD, **said)  # the first request, delivered once more after the second one
    assert again["adjusted"] == [{"actual_id": SOLD, "voucher": "AAV-000001"}]
    assert by_center(sold, "161300") == {("161300", "555"): 1600}
    told = str(sold.run("explain", id=SOLD))
    assert "was adjusted by ann@contoso.example (command line): CostCenter 007 -> 999" in told
    assert "reason wrong cost center, voucher AAV-000001" in told
    (voucher,) = sold.run("explain", id="AAV-000002")["found"]
    assert voucher["facts"]["reason"] == "wrong cost center"


def test_ada_04_without_an_accrual_no_number_is_drawn_and_the_entry_is_on_the_actual(books: Books) -> None:
    document = setup()
    document["profiles"]["TM"]["accrue_revenue"] = {}
    books.use(document)
    books.arrive(sale("work/unbilled"))
    books.journalise()
    assert adjust(books, SOLD, actor="ann@contoso.example")["adjusted"] == [{"actual_id": SOLD, "voucher": None}]
    assert adjust(books, SOLD)["unchanged"] == 1
    assert "was adjusted by ann@contoso.example" in str(books.run("explain", id=SOLD))
    confirm(books)
    books.journalise()
    books.post_invoices()
    assert by_center(books, "411100") == {("411100", "999"): -1600}


def test_a_sale_that_is_imported_while_it_is_adjusted_is_read_again(sold: Books) -> None:
    confirm(sold)
    with before_transaction(sold, 0, lambda: adjust(sold, SOLD)):
        sold.import_staging()
    sold.post_invoices()
    assert by_center(sold, "161300", "420200") == {}
    assert by_center(sold, "411100") == {("411100", "999"): -1600}


def test_a_preview_shows_debit_and_credit_and_writes_nothing(sold: Books) -> None:
    asked = {"company": COMPANY, "actual_ids": [SOLD], "dimensions": NEW, "date": "2026-08-31"}
    shown = sold.do("preview_adjustment", **asked)
    (one,) = shown["adjustments"]
    assert (one["before"], one["after"], len(one["voucher"]["lines"])) == (OLD, NEW, 4)
    assert by_center(sold, "161300") == {("161300", "007"): 1600}


def test_ada_01_what_is_asked_for_wrongly_is_said(sold: Books) -> None:
    for wrong, why in (
        ({"dimensions": {}}, "dimensions are written"),
        ({"dimensions": {"CostCenter": 7}}, "dimensions are written"),
        ({"actual_ids": "x"}, "is no GUID"),
        ({"amount": "5"}, "knows no amount"),
        ({"account": "411100"}, "knows no account"),
        ({"posting_type": "magic"}, "posting_type is a posting type"),
        ({"company": "NOPE"}, "no company NOPE"),
    ):
        assert why in adjust(sold, SOLD, **wrong)["outcome"]
