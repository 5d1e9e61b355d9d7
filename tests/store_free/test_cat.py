"""CAT: the project category of a line, from its transaction category or the default of its class."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.codes import TransactionType, WaitReason
from project_invoicing.rules.owner import Blocked
from project_invoicing.rules.resolution import Resolved, resolve
from tests.rules.finance import finance
from tests.store_free.journalising import CONTOSO, EXPENSE, FEE, MATERIAL, an_actual, cost, line, looked_up, sale

MAPPED = looked_up(
    finance(("categories.USPM.Other", {"kind": "time"}), ("transaction_categories.USPM.Installation", "Other"))
)


@pytest.mark.parametrize(
    ("columns", "category"),
    [
        pytest.param({"category": "Installation"}, "Other", id="CAT-01"),
        pytest.param({}, "Labor", id="CAT-02 time"),
        pytest.param(EXPENSE, "Travel", id="CAT-02 expense"),
        pytest.param(MATERIAL, "Material", id="CAT-02 material"),
        pytest.param(FEE, "Fee", id="CAT-02 fee"),
    ],
)
@pytest.mark.parametrize("make", [cost, sale])
def test_a_line_has_the_category_of_its_transaction_category_or_class(
    make: Any, columns: dict[str, Any], category: str
) -> None:
    assert line(make(**columns), MAPPED).category == category


@pytest.mark.parametrize(
    ("document", "columns", "detail"),
    [
        pytest.param(
            finance(("transaction_categories.USPM", {})),
            {"category": "Installation"},
            "transaction category Installation has no project category for time in USPM",
            id="CAT-03, 99-09: the default is not taken silently",
        ),
        pytest.param(
            finance(("parameters.USPM.category_defaults.expense", None)),
            EXPENSE,
            "there is no default category for expense in USPM",
            id="CAT-03 without a default",
        ),
        pytest.param(
            finance(("transaction_categories.USPM.Installation", "Travel")),
            {"category": "Installation"},
            "project category Travel of USPM is not one for time",
            id="CAT-05",
        ),
    ],
)
def test_a_row_waits_for_its_category(document: dict[str, Any], columns: dict[str, Any], detail: str) -> None:
    outcome = resolve(cost(**columns), looked_up(document))
    assert isinstance(outcome, Blocked)
    assert (outcome.wait.reason, outcome.wait.detail) == (WaitReason.CATEGORY_MISSING, detail)


@pytest.mark.parametrize("transaction_class", ["milestone", "retainer"])
@pytest.mark.parametrize("default", ["Prepayment", None])
def test_cat_06_on_account_sales_share_a_default_and_need_none(transaction_class: str, default: str | None) -> None:
    setup = CONTOSO
    if default:
        on_account = ("parameters.USPM.category_defaults.on_account", default)
        setup = looked_up(finance(on_account, (f"categories.USPM.{default}", {"kind": "on_account"})))
    columns: dict[str, Any] = {"transaction_class": transaction_class, "contract_line": "CTR-1-FP"}
    outcome = resolve(an_actual(TransactionType.BILLED_SALES, "1", "5000", **columns), setup)
    assert isinstance(outcome, Resolved)
    assert outcome.category == default
