"""DIM: which dimensions a line of a journal or a proposal takes, and which combinations an account refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Context, guid, proforma, references
from tests.harness import World
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.journals.cases import Snapshot, opened, statuses
from tests.rules.stories import bill, cost, sale

PROJECT = {"CostCenter": "project", "Department": "delivery"}
WORKER = {"CostCenter": "worker", "Team": "welding"}
MERGED = {**WORKER, **PROJECT}
WORKER_FIRST = {**PROJECT, **WORKER}
EXPENSE: dict[str, Any] = {"transaction_class": "expense"}
UNKNOWN: dict[str, Any] = {"resource": "Somebody"}
RULED: dict[str, Any] = {"project": "PRJ-RULED"}


def contoso() -> dict[str, Any]:
    made = finance(
        ("projects.PRJ-1.dimensions", PROJECT),
        ("projects.PRJ-RULED", {"company": "USPM", "contract": "CTR-1", "group": "RULED", "dimensions": PROJECT}),
        ("contract_lines.CTR-1-FP.dimensions", {"CostCenter": "contract line"}),
        workers={"USPM": {"Bob Kozack": {"dimensions": WORKER}}},
        dimension_rules=[
            {"company": "USPM", "project_group": "RULED", "dimensions": {"Rule": "group"}},
            {
                "company": "USPM",
                "customer": "C-001",
                "contract": "CTR-1",
                "project_group": "RULED",
                "project": "PRJ-RULED",
                "dimensions": {"Rule": "project and all to its left"},
            },
            {"company": "USPM", "project_group": "RULED", "category": "Travel", "dimensions": {"Rule": "category"}},
            {
                "company": "USPM",
                "project_group": "RULED",
                "resource": "Molly Clark",
                "dimensions": {"Rule": "resource"},
            },
            {
                "company": "USPM",
                "customer": "C-002",
                "resource": "Bob Kozack",
                "dimensions": {"Rule": "another customer"},
            },
        ],
    )
    made["references"]["msdyn_project"] |= references(project=["PRJ-RULED"])["msdyn_project"]
    return made


def named(context: Context) -> str:
    return str(context["PrimaryEntityId"])


ON_LINES: dict[str, tuple[Context, dict[str, str] | None]] = {
    "DIM-02 time": (sale("time"), PROJECT),
    "DIM-02 expense": (sale("expense", **EXPENSE), PROJECT),
    "DIM-02 fee": (sale("fee", transaction_class="fee"), PROJECT),
    "DIM-02 cost": (cost("cost", **UNKNOWN), PROJECT),
    "DIM-07 the project is to the right of its group": (
        sale("ruled", **RULED),
        {"Rule": "project and all to its left"},
    ),
    "DIM-07 the category is to the right of the project": (sale("trip", **RULED, **EXPENSE), {"Rule": "category"}),
    "DIM-07 the resource is to the right of all": (
        sale("molly", **{**RULED, **EXPENSE}, resource="Molly Clark"),
        {"Rule": "resource"},
    ),
    "DIM-07 without a rule the project's": (sale("unruled"), PROJECT),
}
IN_VOUCHERS: dict[str, tuple[Context, dict[str, dict[str, str]]]] = {
    "DIM-04, DIM-05": (cost("worker"), {"cost": MERGED, "payroll_allocation": WORKER_FIRST}),
    "DIM-04 a worker without dimensions": (
        cost("somebody", **UNKNOWN),
        {"cost": PROJECT, "payroll_allocation": PROJECT},
    ),
    "DIM-06": (cost("worker's expense", **EXPENSE), {"cost": MERGED, "expense_offset": MERGED}),
    "DIM-04 not on a sale": (
        sale("worker's sale"),
        {"wip_sales_value": PROJECT, "accrued_revenue_sales_value": PROJECT},
    ),
}


@pytest.fixture(scope="module")
def posted(stack: World) -> Snapshot:
    rows = [row for row, _ in (*ON_LINES.values(), *IN_VOUCHERS.values())]
    books = opened(stack, contoso())
    books.arrive(*rows)
    books.journalise()
    assert statuses(books) == [("USPM-000001", "posted", len(rows))]
    return Snapshot(books, *map(named, rows))


@pytest.mark.parametrize(("row", "expected"), [pytest.param(*case, id=id) for id, case in ON_LINES.items()])
def test_a_line_takes_its_dimensions(posted: Snapshot, row: Context, expected: dict[str, str] | None) -> None:
    assert posted.stored_line(named(row)).dimensions == expected


@pytest.mark.parametrize(("row", "expected"), [pytest.param(*case, id=id) for id, case in IN_VOUCHERS.items()])
def test_a_voucher_line_merges_the_dimensions_of_worker_and_project(
    posted: Snapshot, row: Context, expected: dict[str, dict[str, str]]
) -> None:
    assert {line["posting_type"]: line["dimensions"] for line in posted.voucher(named(row))} == expected


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
