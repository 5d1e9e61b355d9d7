"""FEE: the discount of a sale, from the column that the organization names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import typed_of_custom
from project_invoicing.domain.codes import BillingType, CostOrigin, TransactionClass, TransactionType
from project_invoicing.rules.charging import billed_of
from project_invoicing.rules.owner import Invalid
from project_invoicing.rules.resolution import Resolved, resolve
from tests.rules.finance import finance
from tests.store_free.actuals import an_actual, looked_up

NET = looked_up(finance())
GROSS = looked_up(finance(("parameters.USPM.line_discount_category", "Labor")))
FIXED = looked_up(finance(("contract_lines.CTR-1-1.billing_method", "fixed_price")))
OFF: dict[str, Any] = {"discount": Decimal(160)}


def resolved(setup: Any = NET, kind: TransactionType = TransactionType.BILLED_SALES, **columns: Any) -> Resolved:
    outcome = resolve(an_actual(kind, **{**OFF, **columns}), setup)
    assert isinstance(outcome, Resolved), outcome
    return outcome


@pytest.mark.parametrize(
    ("setup", "accrued"),
    [pytest.param(GROSS, 0, id="FEE-06 revenue accrues gross"), pytest.param(NET, 160, id="FEE-07 everything is net")],
)
def test_fee_06_fee_07_a_discount_reduces_what_accrues_or_only_what_is_billed(setup: Any, accrued: int) -> None:
    found = resolved(setup)
    assert [found.amount, found.discount, found.accrued_discount] == [1600, 160, accrued]


@pytest.mark.parametrize(
    ("setup", "columns"),
    [
        pytest.param(FIXED, {}, id="FEE-11 of a fixed price"),
        pytest.param(NET, {"transaction_class": TransactionClass.MILESTONE}, id="FEE-11 of a milestone"),
        pytest.param(NET, {"billing_type": BillingType.COMPLIMENTARY}, id="FEE-12 not chargeable"),
        pytest.param(NET, {"kind": TransactionType.COST}, id="of a cost"),
    ],
)
def test_fee_11_fee_12_other_rows_have_none_whatever_their_column_says(setup: Any, columns: dict[str, Any]) -> None:
    assert resolved(setup, **columns).discount == 0
    unreadable: dict[str, Any] = {"discount": None, "custom": {"discount_amount": "much"}}
    assert resolved(setup, **columns, **unreadable).discount == 0


def test_fee_01_what_is_billed_is_known_without_the_whole_set_up() -> None:
    sale = an_actual(TransactionType.BILLED_SALES, price="200.004", **OFF)
    assert billed_of(sale, NET) == (Decimal("1600.03"), Decimal(160))
    assert billed_of(sale, FIXED) == (Decimal("1600.03"), Decimal(0))
    free = an_actual(TransactionType.BILLED_SALES, billing_type=BillingType.NON_CHARGEABLE, **OFF)
    assert billed_of(free, NET) == (Decimal(1600), Decimal(0))


@pytest.mark.parametrize("text", ["ten percent", "1e400", "1_000", "1000000000.01", ""])
def test_a_custom_column_that_holds_no_amount_is_refused_once_it_counts(text: str) -> None:
    typed = typed_of_custom({"discount_amount": text, "cost_centre": "007"}, None)
    assert (typed.get("discount"), typed["custom"]) == (None, {"discount_amount": text, "cost_centre": "007"})
    outcome = resolve(an_actual(TransactionType.BILLED_SALES, **typed), NET)
    assert isinstance(outcome, Invalid)
    assert outcome.detail.startswith(f"discount_amount is {text!r}, not an amount")


@pytest.mark.parametrize("text", ["1000000000", "-160.5", "0"])
def test_a_custom_column_that_holds_an_amount_is_the_discount(text: str) -> None:
    assert typed_of_custom({"discount_amount": text, "a": "b"}, None) == {
        "discount": Decimal(text),
        "origin": None,
        "custom": {"a": "b"},
    }


@pytest.mark.parametrize(
    ("custom", "origin", "found", "left"),
    [
        pytest.param({"document_type": "expense_report"}, None, CostOrigin.EXPENSE_REPORT, {}, id="JRN-16"),
        pytest.param(
            {"document_type": "expense_report"},
            CostOrigin.USAGE,
            CostOrigin.USAGE,
            {"document_type": "expense_report"},
            id="the column of the map counts first",
        ),
        pytest.param({"document_type": "memo"}, None, None, {"document_type": "memo"}, id="another word"),
    ],
)
def test_jrn_16_a_document_type_is_the_origin_of_a_cost(
    custom: dict[str, str], origin: CostOrigin | None, found: CostOrigin | None, left: dict[str, str]
) -> None:
    assert typed_of_custom(custom, origin) == {"origin": found, "custom": left}
