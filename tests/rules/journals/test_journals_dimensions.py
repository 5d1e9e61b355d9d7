"""DIM: dimensions are kept with lines and vouchers, and an account refuses some until they are edited."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import guid, proforma
from tests.harness import World
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.journals.cases import Snapshot, opened, statuses
from tests.rules.stories import bill, cost, sale

PROJECT = {"CostCenter": "project", "Department": "delivery"}
WORKER = {"CostCenter": "worker", "Team": "welding"}
MERGED = {**WORKER, **PROJECT}
WORKER_FIRST = {**PROJECT, **WORKER}


def contoso() -> dict[str, Any]:
    return finance(
        ("projects.PRJ-1.dimensions", PROJECT),
        ("contract_lines.CTR-1-FP.dimensions", {"CostCenter": "contract line"}),
        workers={"USPM": {"Bob Kozack": {"dimensions": WORKER}}},
    )


@pytest.fixture(scope="module")
def posted(stack: World) -> Snapshot:
    books = opened(stack, contoso())
    books.arrive(cost("worker"), sale("sale"))
    books.journalise()
    assert statuses(books) == [("USPM-000001", "posted", 2)]
    return Snapshot(books, "worker", "sale")


def test_dim_02_dim_05_dimensions_are_kept_with_the_line_and_its_voucher(posted: Snapshot) -> None:
    assert posted.stored_line("sale").dimensions == PROJECT
    assert {line["posting_type"]: line["dimensions"] for line in posted.voucher("worker")} == {
        "cost": MERGED,
        "payroll_allocation": WORKER_FIRST,
    }


def test_dim_03_a_milestone_takes_the_dimensions_of_its_contract_line(books: Books) -> None:
    books.use(contoso())
    books.arrive(
        bill("milestone", "1", "5000", transaction_class="milestone", contract_line="CTR-1-FP", resource=None),
        proforma("inv-1", total="5000"),
    )
    books.import_staging()
    books.post_invoices()
    (voucher,) = books.result["vouchers"]
    revenue = next(line for line in voucher["lines"] if line["posting_type"] == "invoiced_revenue_on_account")
    assert revenue["dimensions"] == {"CostCenter": "contract line"}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        pytest.param({"required": ["Branch"]}, "account 540100 needs dimension Branch", id="required"),
        pytest.param(
            {"values": {"CostCenter": ["001", "002"]}},
            "account 540100 does not take project for CostCenter; it takes 001, 002",
            id="value",
        ),
    ],
)
def test_dim_14_post_10_a_combination_that_an_account_refuses_keeps_the_line_unposted(
    books: Books, rule: dict[str, Any], said: str
) -> None:
    document = contoso()
    document["account_structures"] = {"USPM": [{"account": "540100", **rule}]}
    books.use(document)
    books.arrive(cost("refused"), sale("good"))
    books.journalise()
    assert statuses(books) == [("USPM-000001", "posted", 1), ("USPM-000002", "error", 1)]
    (line,) = books.result["journals"][1]["lines"]
    assert (line["actual_id"], line["error"]) == (guid("refused"), f"dimension_invalid: {said}")

    changes = {"dimensions": {"CostCenter": "001", "Branch": "York"}}
    books.edit("edit", company="USPM", journal_id="USPM-000002", actual_id=guid("refused"), **changes)
    books.edit("reset", company="USPM", journal_id="USPM-000002")
    books.post_journals()
    assert books.state("refused") == "posted"
