"""JRN-14, DIM-09: on a journal line a person changes its tax groups and dimensions, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.journals.cases import billing, stored_lines
from tests.rules.stories import approval

LINE = {"company": "USPM", "journal_id": "USPM-000001", "actual_id": guid("work/unbilled")}
REFUSED: dict[str, Any] = {
    "line_number": 7,
    "voucher": "PV-99",
    "kind": "cost",
    "class": "expense",
    "category": "Travel",
    "line_property": "COMP",
    "transaction_date": "2026-08-01",
    "accounting_date": "2026-08-01",
    "quantity": "1",
    "unit_cost": "1",
    "cost_amount": "1",
    "unit_price": "1",
    "sales_amount": "1",
    "currency": "GBP",
    "price_exchange_rate": "1",
    "resource": "Somebody",
    "project": "PRJ-GBP",
    "status": "posted",
    "chargeable": False,
}


@pytest.fixture
def imported(books: Books) -> Books:
    books.arrive(*approval())
    books.import_staging()
    return books


def test_jrn_14_tax_groups_and_dimensions_of_a_line_can_be_edited(imported: Books) -> None:
    changes = {"sales_tax_group": "DOM", "item_sales_tax_group": "GOODS", "dimensions": {"CostCenter": "007"}}
    assert imported.edit("edit", **LINE, **changes) == "edited"
    line = imported.journal_line("work/unbilled")
    assert (line["sales_tax_group"], line["item_sales_tax_group"]) == ("DOM", "GOODS")
    assert stored_lines(imported)[guid("work/unbilled")].dimensions == {"CostCenter": "007"}
    assert imported.journal_line("work/cost")["sales_tax_group"] is None
    imported.post_journals()
    dimensions = [line["dimensions"] for voucher in imported.result["vouchers"] for line in voucher["lines"]]
    assert dimensions.count({"CostCenter": "007"}) == 2


def test_jrn_14_everything_else_is_refused_by_name(imported: Books) -> None:
    before = imported.journal_lines()
    for field, value in REFUSED.items():
        outcome = imported.world.edit("edit", **LINE, **{field: value})["outcome"]
        assert outcome == (
            f"refused: {field} cannot be edited; what can: dimensions, item_sales_tax_group, sales_tax_group, tags"
        )
    assert imported.world.result()["journals"][0]["lines"] == before


def test_jrn_14_one_field_that_cannot_be_edited_refuses_the_whole_request(imported: Books) -> None:
    assert "quantity" in imported.edit("edit", **LINE, sales_tax_group="DOM", quantity="1")
    assert imported.journal_line("work/unbilled")["sales_tax_group"] is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sales_tax_group": "MOON"}, "sales_tax_group MOON does not exist; there are DOM, EXP"),
        ({"item_sales_tax_group": "MOON"}, "item_sales_tax_group MOON does not exist"),
        ({"dimensions": ["007"]}, "dimensions are written as"),
    ],
)
def test_jrn_14_a_value_that_does_not_exist_is_refused(imported: Books, changes: dict[str, Any], said: str) -> None:
    assert said in imported.edit("edit", **LINE, **changes)
    assert imported.journal_line("work/unbilled")["sales_tax_group"] is None


def test_jrn_14_a_posted_line_cannot_be_edited(imported: Books) -> None:
    imported.post_journals()
    before = imported.result
    assert "it is posted" in imported.edit("edit", **LINE, sales_tax_group="DOM")
    assert imported.result["journals"] == before["journals"]


def test_jrn_14_a_line_that_is_not_there_cannot_be_edited(imported: Books) -> None:
    request = {**LINE, "actual_id": guid("nothing")}
    assert "has no line for actual" in imported.edit("edit", **request, sales_tax_group="DOM")


def test_dim_09_stg_19_dimensions_of_a_proposal_line_are_not_edited_but_taken_anew_from_the_set_up(
    imported: Books,
) -> None:
    """On request only: lines that were deleted and imported again have what was posted (99-22)."""
    imported.post_journals()
    imported.arrive(*billing("work", total="1600"))
    imported.import_staging()
    line = {"company": "USPM", "proposal_id": "INV-0001", "actual_id": guid("work/billed")}
    assert "dimensions cannot be edited" in imported.edit("edit", **line, dimensions={"CostCenter": "007"})

    imported.edit("delete_lines", company="USPM", proposal_id="INV-0001")
    imported.use(finance(("projects.PRJ-1.dimensions", {"CostCenter": "007"})))
    imported.import_staging()
    imported.import_staging()
    assert [line["amount"] for line in imported.proposal()["lines"]] == ["1600.00"]
    (preview,) = imported.world.edit("preview", proposal_id="INV-0001")["previews"]
    assert all(line["dimensions"] == {} for line in preview["voucher"]["lines"])
    assert imported.edit("edit", **line, rederive_dimensions=True) == "done"
    imported.post_invoices()
    (voucher,) = [v for v in imported.result["vouchers"] if v["source"] == "invoice"]
    revenue = next(line for line in voucher["lines"] if line["posting_type"] == "invoiced_revenue")
    assert revenue["dimensions"] == {"CostCenter": "007"}
