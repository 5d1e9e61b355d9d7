"""DIM: which dimensions a journal line takes, and how its voucher merges those of worker and project."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.actual import Actual
from tests.rules.finance import finance
from tests.store_free.journalising import EXPENSE, FEE, cost, line, looked_up, posted, sale

PROJECT = {"CostCenter": "project", "Department": "delivery"}
WORKER = {"CostCenter": "worker", "Team": "welding"}
MERGED = {**WORKER, **PROJECT}
WORKER_FIRST = {**PROJECT, **WORKER}
UNKNOWN: dict[str, Any] = {"resource": "Somebody"}
RULED: dict[str, Any] = {"project": "PRJ-RULED"}

FINANCE = looked_up(
    finance(
        ("projects.PRJ-1.dimensions", PROJECT),
        ("projects.PRJ-RULED", {"company": "USPM", "contract": "CTR-1", "group": "RULED", "dimensions": PROJECT}),
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
)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        pytest.param(sale(), PROJECT, id="DIM-02 time"),
        pytest.param(sale(**EXPENSE), PROJECT, id="DIM-02 expense"),
        pytest.param(sale(**FEE), PROJECT, id="DIM-02 fee"),
        pytest.param(cost(**UNKNOWN), PROJECT, id="DIM-02 cost"),
        pytest.param(
            sale(**RULED), {"Rule": "project and all to its left"}, id="DIM-07 the project is to the right of its group"
        ),
        pytest.param(
            sale(**RULED, **EXPENSE), {"Rule": "category"}, id="DIM-07 the category is to the right of the project"
        ),
        pytest.param(
            sale(**RULED, **EXPENSE, resource="Molly Clark"),
            {"Rule": "resource"},
            id="DIM-07 the resource is to the right of all",
        ),
    ],
)
def test_a_line_takes_its_dimensions(actual: Actual, expected: dict[str, str]) -> None:
    assert line(actual, FINANCE).dimensions == expected


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        pytest.param(cost(), {"cost": MERGED, "payroll_allocation": WORKER_FIRST}, id="DIM-04, DIM-05"),
        pytest.param(
            cost(**UNKNOWN),
            {"cost": PROJECT, "payroll_allocation": PROJECT},
            id="DIM-04 a worker without dimensions",
        ),
        pytest.param(cost(**EXPENSE), {"cost": MERGED, "expense_offset": MERGED}, id="DIM-06"),
        pytest.param(
            sale(), {"wip_sales_value": PROJECT, "accrued_revenue_sales_value": PROJECT}, id="DIM-04 not on a sale"
        ),
    ],
)
def test_a_voucher_line_merges_the_dimensions_of_worker_and_project(
    actual: Actual, expected: dict[str, dict[str, str]]
) -> None:
    voucher = posted(actual, FINANCE).voucher
    assert voucher
    assert {one.posting_type.value: one.dimensions for one in voucher.lines} == expected


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
def test_dim_14_a_combination_that_an_account_refuses_fails_the_line(rule: dict[str, Any], said: str) -> None:
    document = finance(
        ("projects.PRJ-1.dimensions", PROJECT), account_structures={"USPM": [{"account": "540100", **rule}]}
    )
    setup = looked_up(document)
    assert posted(cost(), setup).line.error == f"dimension_invalid: {said}"
    assert posted(sale(), setup).line.error is None
