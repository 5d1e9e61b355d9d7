"""LED, BAL, IVP, POST-13 to POST-16: the voucher of a journal line of each kind, all of them in one set-up.

Contoso's projects differ in their profiles: PRJ-1 accrues by its project group, PRJ-ASSET keeps its costs on the
balance sheet. PRJ-INT, PRJ-OWN and PRJ-INVEST have no contract, the first of them no profile either. Billing types
stand for line properties: chargeable capitalizes, non-chargeable does not, not specified is chargeable without accrual.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Actual, typed_of_custom
from project_invoicing.domain.codes import CostOrigin
from tests.rules.finance import ACCOUNTS, finance
from tests.store_free.journalising import (
    CONTOSO,
    EXPENSE,
    FEE,
    MATERIAL,
    as_posted,
    cost,
    entries,
    line,
    looked_up,
    posted,
    sale,
    types,
)

INTERNAL: dict[str, Any] = {"project": "PRJ-INT", "contract": None, "contract_line": None, "customer": None}
OWN: dict[str, Any] = {**INTERNAL, "project": "PRJ-OWN"}
INVESTMENT: dict[str, Any] = {**INTERNAL, "project": "PRJ-INVEST"}
ASSET: dict[str, Any] = {"project": "PRJ-ASSET"}
FIXED_PRICE: dict[str, Any] = {"contract_line": "CTR-1-FP"}
CAPITALIZED: dict[str, Any] = {"billing_type": "chargeable"}
NOT_CAPITALIZED: dict[str, Any] = {"billing_type": "non_chargeable"}

P_AND_L = ["cost", "payroll_allocation"]
BALANCE = ["wip_cost_value", "payroll_allocation"]
ACCRUAL = ["wip_sales_value", "accrued_revenue_sales_value"]


def by(origin: CostOrigin) -> dict[str, Any]:
    return {"origin": origin}


def told(word: str, origin: CostOrigin | None = None) -> dict[str, Any]:
    """In the custom column, which is free text."""
    return typed_of_custom({"document_type": word}, origin)


BOUGHT = by(CostOrigin.VENDOR_INVOICE)
PURCHASED = by(CostOrigin.PURCHASE)
USED = by(CostOrigin.USAGE)
REPORTED = by(CostOrigin.EXPENSE_REPORT)


def contoso() -> dict[str, Any]:
    to_balance = {"time": "balance", "expense": "balance", "material": "balance"}
    made = finance(
        ("profiles.ASSET", {"billing_method": "time_and_material", "post_costs": to_balance}),
        ("profiles.FIXED-ASSET", {"billing_method": "fixed_price", "post_costs": to_balance}),
        ("projects.PRJ-ASSET", {"company": "USPM", "contract": "CTR-1", "group": "ASSETS"}),
        ("projects.PRJ-INT", {"company": "USPM", "group": "ASSETS"}),
        ("projects.PRJ-OWN", {"company": "USPM", "group": "OWN"}),
        ("projects.PRJ-INVEST", {"company": "USPM", "group": "OWN"}),
        ("profiles.INVEST", {"billing_method": "investment", "post_costs": {"time": "balance"}}),
        ("parameters.USPM.line_property_mapping.not_specified", "NOACCRUAL"),
        ("line_properties.NOACCRUAL", {"chargeable": True, "accrue_revenue": False, "on_invoice": True}),
        ("line_properties.CHARGE.capitalize", True),
        ("line_properties.NOCHARGE.capitalize", False),
        ("line_properties.COMP.accrue_revenue", True),
        profile_rules=[
            {"company": "USPM", "project_group": "TM", "profile": "TM"},
            {"company": "USPM", "project_group": "TM", "profile": "FP"},
            {"company": "USPM", "project": "PRJ-ASSET", "profile": "ASSET"},
            {"company": "USPM", "project": "PRJ-ASSET", "profile": "FIXED-ASSET"},
            {"company": "USPM", "project_group": "OWN", "profile": "ASSET"},
            {"company": "USPM", "project": "PRJ-INVEST", "profile": "INVEST"},
        ],
        account_structures={"USPM": [{"account": "161399", "required": ["CostCenter"]}]},
    )
    made["ledger_posting"]["USPM"] += [
        {"posting_type": "procurement_integration", "account": "200140"},
        {"posting_type": "expense_integration", "project": "PRJ-ASSET", "account": "200150"},
        {"posting_type": "wip_sales_value", "project": "PRJ-ASSET", "account": "161399"},
    ]
    return made


FINANCE = looked_up(contoso())

LINES: dict[str, tuple[Actual, list[str]]] = {
    "LED-02, LED-38 time": (sale(), ACCRUAL),
    "LED-07, LED-38 expense": (sale(**EXPENSE), ACCRUAL),
    "LED-38 material": (sale(**MATERIAL), ACCRUAL),
    "LED-38 fee": (sale(**FEE), ACCRUAL),
    "LP-06": (sale(billing_type="not_specified"), []),
    "99-10 what is free accrues nothing": (sale(billing_type="complimentary"), []),
    "POST-13, POST-15 no accrual": (sale(**ASSET), []),
    "LED-02, POST-16 cost": (cost(), P_AND_L),
    "LED-03 to LED-05": (cost(**FIXED_PRICE), P_AND_L),
    "LED-06, LED-07": (cost(**EXPENSE), ["cost", "expense_offset"]),
    "LED-08 to LED-10": (cost(**EXPENSE, **FIXED_PRICE), ["cost", "expense_offset"]),
    "LED-49": (cost(**INTERNAL), P_AND_L),
    "LED-50": (cost(**INTERNAL, **EXPENSE), ["cost", "expense_offset"]),
    "LED-51": (cost(**INTERNAL, **MATERIAL), ["cost", "cost_item"]),
    "BAL-01, BAL-02 time": (cost(**OWN), BALANCE),
    "BAL-01 expense": (cost(**OWN, **EXPENSE), ["wip_cost_value", "expense_offset"]),
    "BAL-01 item": (cost(**OWN, **MATERIAL), ["wip_cost_item", "cost_item"]),
    "IVP-02 balance": (cost(**INVESTMENT), BALANCE),
    "IVP-02 profit and loss": (cost(**INVESTMENT, **EXPENSE), ["cost", "expense_offset"]),
    "IVP-02, LED-60 no": (cost(**INVESTMENT, **NOT_CAPITALIZED), P_AND_L),
    "LED-33": (cost(**ASSET, **MATERIAL, **PURCHASED), ["wip_cost_item", "procurement_integration"]),
    "LED-32": (cost(**ASSET, **MATERIAL, **USED), ["wip_cost_item", "cost_item"]),
    "LED-34": (cost(**MATERIAL, **USED), ["cost", "cost_item"]),
    "LED-35": (cost(**MATERIAL, **PURCHASED), ["cost", "procurement_integration"]),
    "LED-35 of time": (cost(**PURCHASED), ["cost", "procurement_integration"]),
    "LED-55, JRN-16 expense report": (cost(**EXPENSE, **REPORTED), ["cost", "expense_offset"]),
    "LED-55, JRN-16 with an account of its own": (
        cost(**ASSET, **EXPENSE, **REPORTED),
        ["wip_cost_value", "expense_integration"],
    ),
    "LED-55, JRN-16 by the custom column": (
        cost(**ASSET, **EXPENSE, **told("expense_report")),
        ["wip_cost_value", "expense_integration"],
    ),
    "LED-56, JRN-16 vendor invoice": (cost(**MATERIAL, **BOUGHT), ["cost", "procurement_integration"]),
    "LED-56, JRN-16 by the custom column": (
        cost(**MATERIAL, **told("vendor_invoice")),
        ["cost", "procurement_integration"],
    ),
    "LED-56 of an expense": (cost(**EXPENSE, **BOUGHT), ["cost", "procurement_integration"]),
    "JRN-16 the origin counts before the custom column": (
        cost(**MATERIAL, **told("vendor_invoice", CostOrigin.USAGE)),
        ["cost", "cost_item"],
    ),
    "JRN-16 other words of the custom column say nothing": (cost(**MATERIAL, **told("order")), ["cost", "cost_item"]),
    "LED-60 T&M-Balance, yes": (cost(**ASSET, **CAPITALIZED), BALANCE),
    "LED-60 T&M-Balance, no": (cost(**ASSET, **NOT_CAPITALIZED), P_AND_L),
    "LED-60 FP-Balance, yes": (cost(**ASSET, **FIXED_PRICE, **CAPITALIZED), BALANCE),
    "LED-60 FP-Balance, no": (cost(**ASSET, **FIXED_PRICE, **NOT_CAPITALIZED), P_AND_L),
    "LED-60 P&L, yes": (cost(**CAPITALIZED), P_AND_L),
    "LED-60 P&L, no": (cost(**NOT_CAPITALIZED), P_AND_L),
}


@pytest.mark.parametrize(("actual", "expected"), [pytest.param(*entry, id=id) for id, entry in LINES.items()])
def test_a_line_is_posted_to_its_accounts(actual: Actual, expected: list[str]) -> None:
    assert types(posted(actual, FINANCE)) == expected


PROFILES: dict[str, dict[str, Any]] = {
    "No WIP": {},
    **{
        name: {"post_costs": dict.fromkeys(("time", "expense", "material"), name)}
        for name in ("no_ledger", "balance", "profit_and_loss", "never_ledger")
    },
}


@pytest.mark.parametrize(
    ("profile", "actual", "expected"),
    [
        pytest.param("No WIP", cost(), P_AND_L, id="LED-01 cost"),
        pytest.param("No WIP", sale(), [], id="LED-01 sale"),
        pytest.param("no_ledger", cost(), [], id="LED-26"),
        pytest.param("balance", cost(), BALANCE, id="LED-27"),
        pytest.param("profit_and_loss", cost(), P_AND_L, id="LED-28"),
        pytest.param("never_ledger", cost(), [], id="LED-29"),
        pytest.param("balance", cost(**EXPENSE), ["wip_cost_value", "expense_offset"], id="LED-30"),
        pytest.param("profit_and_loss", cost(**EXPENSE), ["cost", "expense_offset"], id="LED-31"),
        pytest.param("balance", cost(**MATERIAL), ["wip_cost_item", "cost_item"], id="LED-32"),
        pytest.param("profit_and_loss", cost(**MATERIAL), ["cost", "cost_item"], id="LED-34"),
    ],
)
def test_the_profile_says_where_a_line_goes(profile: str, actual: Actual, expected: list[str]) -> None:
    setup = looked_up(finance(("profiles.TM", {"billing_method": "time_and_material", **PROFILES[profile]})))
    one = posted(actual, setup)
    assert types(one) == expected
    assert one.line.in_ledger is bool(expected)  # 99-24: a voucher that is named is in the ledger


def test_led_41_the_rule_of_the_group_comes_before_that_of_all() -> None:
    document = finance(("profiles.QUIET", {"billing_method": "time_and_material", "post_costs": {"time": "no_ledger"}}))
    document["profile_rules"].append({"company": "USPM", "project_group": "TM", "profile": "QUIET"})
    assert types(posted(cost(), looked_up(document))) == []


def test_led_43_the_hour_of_the_documents_to_the_cent() -> None:
    assert entries(posted(cost("1", "50"))) == [
        ("cost", ACCOUNTS["cost"], "50.00"),
        ("payroll_allocation", ACCOUNTS["payroll_allocation"], "-50.00"),
    ]
    assert entries(posted(sale("1", "75"))) == [
        ("wip_sales_value", ACCOUNTS["wip_sales_value"], "75.00"),
        ("accrued_revenue_sales_value", ACCOUNTS["accrued_revenue_sales_value"], "-75.00"),
    ]


@pytest.mark.parametrize("level", [{"project": "PRJ-1"}, {"category": "Labor"}, {"project_group": "TM"}])
def test_led_58_led_59_a_line_is_posted_to_the_account_of_its_project_or_category(level: dict[str, str]) -> None:
    document = finance()
    document["ledger_posting"]["USPM"].append({"posting_type": "cost", "account": "540777", **level})
    assert [account for _, account, _ in entries(posted(cost(), looked_up(document)))] == ["540777", "600300"]


def test_led_56_what_was_bought_clears_the_procurement_integration_account() -> None:
    assert entries(posted(cost(**MATERIAL, **BOUGHT), FINANCE)) == [
        ("cost", ACCOUNTS["cost"], "800.00"),
        ("procurement_integration", "200140", "-800.00"),
    ]


# --- reversals --------------------------------------------------------------------------------------------------------

NO_ACCRUAL: tuple[str, Any] = ("profiles.TM.accrue_revenue", {"time": False})
NO_LEDGER: tuple[str, Any] = ("profiles.TM.post_costs", {"time": "no_ledger"})
TO_BALANCE: tuple[str, Any] = ("profiles.TM.post_costs", {"time": "balance"})
OTHER_ACCOUNTS = [{**entry, "account": f"9{entry['account']}"} for entry in finance()["ledger_posting"]["USPM"]]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([], id="nothing changed"),
        pytest.param([TO_BALANCE, NO_ACCRUAL], id="the profile puts costs on the balance sheet"),
        pytest.param([NO_LEDGER, NO_ACCRUAL], id="the profile posts no costs"),
        pytest.param([NO_ACCRUAL], id="the profile accrues no longer"),
        pytest.param([("ledger_posting.USPM", OTHER_ACCOUNTS)], id="the accounts are others"),
    ],
)
@pytest.mark.parametrize("make", [cost, sale])
def test_led_47_led_52_a_reversal_goes_to_the_accounts_of_its_original(make: Any, changes: list[Any]) -> None:
    """Whatever the set-up says by then, what was posted comes back to zero on every account."""
    original = as_posted(make(name="first"))
    back = posted(make("-8", name="back"), looked_up(finance(*changes)), original)
    there = entries(posted(make(name="first")))
    assert entries(back) == [(kind, account, str(-Decimal(amount))) for kind, account, amount in there]


def test_led_52_a_reversal_of_a_cost_that_reached_no_ledger_reaches_none_either() -> None:
    original = as_posted(cost(name="first"), looked_up(finance(NO_LEDGER, NO_ACCRUAL)))
    assert entries(posted(cost("-8", name="back"), CONTOSO, original)) == []


def test_led_47_a_reversal_of_a_sale_that_did_not_accrue_accrues_nothing() -> None:
    original = as_posted(sale(name="first"), looked_up(finance(NO_ACCRUAL)))
    assert entries(posted(sale("-8", name="back"), CONTOSO, original)) == []


def test_led_52_an_account_that_asks_for_more_by_now_takes_back_what_it_was_given() -> None:
    """DIM-14 is for what is new; a reversal goes off where its original was put."""
    strict = looked_up(finance(account_structures={"USPM": [{"account": ACCOUNTS["cost"], "required": ["Branch"]}]}))
    original = as_posted(cost(name="first"))
    assert types(posted(cost("-8", name="back"), strict, original)) == P_AND_L
    assert posted(cost(), strict).line.error == (
        f"dimension_invalid: account {ACCOUNTS['cost']} needs dimension Branch"
    )


def test_bal_03_what_internal_work_left_on_the_balance_sheet_is_reversed_there() -> None:
    """The project got a contract in between, whose profile is another one."""
    original = as_posted(cost(name="first", **OWN), FINANCE)
    document = contoso()
    document["projects"]["PRJ-OWN"] |= {"contract": "CTR-1", "group": "TM"}
    since = looked_up(document)
    assert types(posted(cost("-8", name="back", **OWN), since, original)) == BALANCE
    assert types(posted(cost(project="PRJ-OWN"), since)) == P_AND_L


def test_inv_01_every_voucher_balances() -> None:
    for actual, _ in LINES.values():
        voucher = posted(actual, FINANCE).voucher
        for one in voucher.lines if voucher else ():
            assert one.exchange_rate == 1
        assert voucher is None or sum(one.amount for one in voucher.lines) == 0


def test_led_49_internal_work_has_no_contract_on_its_line() -> None:
    made = line(cost(**INTERNAL), FINANCE)
    assert (made.project, made.contract, made.contract_line) == ("PRJ-INT", None, None)
