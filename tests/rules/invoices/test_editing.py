"""DIM-02, DIM-03, DIM-09, MS-18, STG-19: what may be changed on a proposal before it is posted, and what may not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import guid, proforma
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import bill, billed

OF_PROJECT = "projects.PRJ-1.dimensions"
OF_LINE = "contract_lines.CTR-1-FP.dimensions"
MILESTONE: dict[str, Any] = {"transaction_class": "milestone", "contract_line": "CTR-1-FP", "resource": None}


@pytest.fixture
def ready(books: Books) -> Books:
    """Two works and a milestone on one proposal, made when project and contract line belonged to cost center 1."""
    books.use(finance((OF_PROJECT, {"CostCenter": "1"}), (OF_LINE, {"CostCenter": "1"})))
    books.arrive(*billed("one", "two", total="8200"), bill("milestone", "1", "5000", **MILESTONE))
    books.journalise()
    books.use(finance((OF_PROJECT, {"CostCenter": "2"}), (OF_LINE, {"CostCenter": "3"})))
    return books


def edit(books: Books, name: str, **changes: Any) -> str:
    return books.edit("edit", company="USPM", proposal_id="INV-0001", actual_id=guid(name), **changes)


def centers(books: Books, posting_type: str) -> list[tuple[str, str]]:
    """Amount and cost center of each line of a posting type on the invoice's voucher."""
    (lines,) = [voucher["lines"] for voucher in books.result["vouchers"] if voucher["source"] == "invoice"]
    found = [line for line in lines if line["posting_type"] == posting_type]
    return sorted((line["amount"], line["dimensions"].get("CostCenter", "")) for line in found)


def test_dim_02_one_lines_dimensions_are_derived_anew_and_the_others_stay(ready: Books) -> None:
    before = ready.proposal()
    assert edit(ready, "one/billed", rederive_dimensions=True) == "done"
    assert ready.proposal() == before  # no line has gone or come

    ready.post_invoices()
    assert centers(ready, "invoiced_revenue") == [("-1600.00", "1"), ("-1600.00", "2")]


def test_dim_03_a_milestones_are_those_of_its_contract_line(ready: Books) -> None:
    assert edit(ready, "milestone", rederive_dimensions=True) == "done"
    ready.post_invoices()
    assert centers(ready, "invoiced_revenue_on_account") == [("-5000.00", "3")]


def test_what_was_accrued_is_taken_back_with_the_dimensions_it_was_accrued_with(ready: Books) -> None:
    for work in ("one", "two"):
        edit(ready, f"{work}/billed", rederive_dimensions=True)
    ready.post_invoices()
    assert centers(ready, "invoiced_revenue") == [("-3200.00", "2")]
    assert centers(ready, "wip_sales_value") == [("-3200.00", "1")]


def test_it_goes_together_with_another_tax_group(ready: Books) -> None:
    ready.use(finance(TAXED, (OF_PROJECT, {"CostCenter": "2"})))
    assert edit(ready, "one/billed", rederive_dimensions=True, sales_tax_group="DOM") == "done"
    line = next(line for line in ready.proposal()["lines"] if line["actual_id"] == guid("one/billed"))
    assert (line["sales_tax_group"], line["sales_tax_amount"]) == ("DOM", "320.00")


def test_what_can_no_longer_be_resolved_is_refused_and_says_why(ready: Books) -> None:
    ready.use(finance(("projects.PRJ-1.open", False)))
    assert "project_closed" in edit(ready, "one/billed", rederive_dimensions=True)
    assert ready.reasons() == ["project_closed"]


def test_a_proposal_that_waits_or_is_posted_is_refused(books: Books) -> None:
    books.arrive(*billed())
    books.import_staging()
    assert "lines_missing" in edit(books, "work/billed", rederive_dimensions=True)
    books.post_journals()
    books.post_invoices()
    assert "already_posted" in edit(books, "work/billed", rederive_dimensions=True)


@pytest.mark.parametrize(
    ("named", "changes", "told"),
    [
        pytest.param("one/billed", {"dimensions": {"CostCenter": "9"}}, "dimensions cannot be edited", id="DIM-09"),
        pytest.param("milestone", {"dimensions": {"CostCenter": "9"}}, "dimensions cannot be edited", id="MS-18"),
        ("one/billed", {"rederive_dimensions": False}, "rederive_dimensions can only be true"),
        ("one/billed", {"amount": "1"}, "amount cannot be edited"),
        ("one/billed", {"quantity": "1"}, "quantity cannot be edited"),
        ("one/billed", {"sales_tax_group": "NOWHERE"}, "sales_tax_group NOWHERE does not exist; there are DOM, EXP"),
        ("unknown", {"rederive_dimensions": True}, "has no line for actual"),
    ],
)
def test_what_does_not_belong_to_finance_is_refused_by_name(
    ready: Books, named: str, changes: dict[str, Any], told: str
) -> None:
    before = ready.proposal()
    assert told in edit(ready, named, **changes)
    assert ready.proposal() == before


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rederive_dimensions": True}, "rederive_dimensions cannot be edited"),
        ({"invoice_date": "soon"}, "invoice_date is written as 2026-08-31"),
        ({"due_date": 20260831}, "due_date is written as 2026-08-31"),
        ({"dimensions": "007"}, 'dimensions are written as {"CostCenter": "007"}'),
        ({"invoice_number": "FTI-1"}, "invoice_number cannot be edited"),
    ],
)
def test_so_is_what_a_header_does_not_take(ready: Books, changes: dict[str, Any], told: str) -> None:
    assert told in ready.edit("edit", company="USPM", proposal_id="INV-0001", **changes)
    assert ready.proposal()["status"] == "ready"


def test_a_date_that_was_set_can_be_taken_back(books: Books) -> None:
    books.use(finance(("customers.USPM.C-001.terms_of_payment", "D14")))
    books.arrive(*billed()[1:], proforma("inv-1", invoice_date="2026-08-20"))
    books.journalise()
    header = {"company": "USPM", "proposal_id": "INV-0001"}
    books.edit("edit", **header, invoice_date="2026-08-25")
    books.edit("edit", **header, due_date="2026-12-24")
    assert books.proposal()["due_date"] == "2026-12-24"
    books.edit("edit", **header, due_date=None)
    assert books.proposal()["due_date"] == "2026-09-08"
    books.edit("edit", **header, invoice_date=None)
    assert books.proposal()["due_date"] == "2026-09-03"


@pytest.mark.parametrize("action", ["create", "delete"])
def test_prop_04_a_proposal_is_not_created_or_deleted_here(books: Books, action: str) -> None:
    books.arrive(*billed())
    told = books.edit(action, company="USPM", proposal_id="INV-0001")
    assert told.startswith(f"refused: {action} is not possible here")
    assert "proposals come from Dataverse" in told
