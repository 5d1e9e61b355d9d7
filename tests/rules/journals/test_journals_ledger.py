"""LED, LP-06, POST-12 to POST-16, JRN-16: what posting writes for a line of each kind, all of them in one set-up.

Contoso's projects differ in their profiles: PRJ-1 accrues by its project group, PRJ-ASSET keeps its costs on the
balance sheet. PRJ-INT, PRJ-OWN and PRJ-INVEST have no contract, the first of them no profile either. Billing types
stand for line properties: chargeable capitalizes, non-chargeable does not, not specified is chargeable without accrual.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Context, guid, references
from tests.harness import World
from tests.rules.finance import ACCOUNTS, finance
from tests.rules.journals.cases import Snapshot, custom_columns, opened
from tests.rules.stories import FIXED_RATE, cost, sale

INTERNAL: dict[str, Any] = {"project": "PRJ-INT", "contract": None, "contract_line": None, "customer": None}
OWN: dict[str, Any] = {**INTERNAL, "project": "PRJ-OWN"}
INVESTMENT: dict[str, Any] = {**INTERNAL, "project": "PRJ-INVEST"}
ASSET: dict[str, Any] = {"project": "PRJ-ASSET"}
FIXED_ASSET: dict[str, Any] = {**ASSET, "contract_line": "CTR-1-FP"}
CAPITALIZED: dict[str, Any] = {"billing_type": "chargeable"}
NOT_CAPITALIZED: dict[str, Any] = {"billing_type": "non_chargeable"}
EXPENSE: dict[str, Any] = {"transaction_class": "expense"}
MATERIAL: dict[str, Any] = {"transaction_class": "material"}
BOUGHT: dict[str, Any] = {"cr123_documenttype": "vendor_invoice"}
PURCHASED: dict[str, Any] = {"cr123_documenttype": "purchase"}
USED: dict[str, Any] = {"cr123_documenttype": "usage"}
REPORTED: dict[str, Any] = {"cr123_documenttype": "expense_report"}


def origin(value: Any) -> dict[str, Any]:
    return {"cr123_origin": value}


P_AND_L = ["cost", "payroll_allocation"]
BALANCE = ["wip_cost_value", "payroll_allocation"]
ACCRUAL = ["wip_sales_value", "accrued_revenue_sales_value"]


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
    made["references"]["msdyn_project"] |= references(project=made["projects"])["msdyn_project"]
    made["ledger_posting"]["USPM"] += [
        {"posting_type": "procurement_integration", "account": "200140"},
        {"posting_type": "expense_integration", "project": "PRJ-ASSET", "account": "200150"},
        {"posting_type": "wip_sales_value", "project": "PRJ-ASSET", "account": "161399"},
    ]
    return made


ROWS: dict[str, tuple[Context, list[str]]] = {
    "LED-38 time": (sale("accrued time"), ACCRUAL),
    "LED-38 expense": (sale("accrued expense", **EXPENSE), ACCRUAL),
    "LED-38 material": (sale("accrued material", **MATERIAL), ACCRUAL),
    "LED-38 fee": (sale("accrued fee", transaction_class="fee"), ACCRUAL),
    "LP-06": (sale("not accrued", billing_type="not_specified"), []),
    "POST-13 no accrual": (sale("asset sale", **ASSET), []),
    "POST-16": (cost("by group"), P_AND_L),
    "LED-49": (cost("internal time", **INTERNAL), P_AND_L),
    "LED-50": (cost("internal expense", **INTERNAL, **EXPENSE), ["cost", "expense_offset"]),
    "LED-51": (cost("internal item", **INTERNAL, **MATERIAL), ["cost", "cost_item"]),
    "BAL-01, BAL-02 time": (cost("own time", **OWN), BALANCE),
    "BAL-01 expense": (cost("own expense", **OWN, **EXPENSE), ["wip_cost_value", "expense_offset"]),
    "BAL-01 item": (cost("own item", **OWN, **MATERIAL), ["wip_cost_item", "cost_item"]),
    "IVP-02 balance": (cost("invested time", **INVESTMENT), BALANCE),
    "IVP-02 profit and loss": (cost("invested trip", **INVESTMENT, **EXPENSE), ["cost", "expense_offset"]),
    "IVP-02, LED-60 no": (cost("not an asset", **INVESTMENT, **NOT_CAPITALIZED), P_AND_L),
    "LED-55, JRN-16 expense report": (cost("report", **EXPENSE, **REPORTED), ["cost", "expense_offset"]),
    "LED-56, JRN-16 vendor invoice": (cost("invoice", **MATERIAL, **BOUGHT), ["cost", "procurement_integration"]),
    "LED-56 of an expense": (cost("subcontracted", **EXPENSE, **BOUGHT), ["cost", "procurement_integration"]),
    "LED-33": (cost("asset bought", **ASSET, **MATERIAL, **PURCHASED), ["wip_cost_item", "procurement_integration"]),
    "LED-35": (cost("bought", **MATERIAL, **PURCHASED), ["cost", "procurement_integration"]),
    "LED-56, JRN-16 by origin": (cost("invoice/origin", **MATERIAL, **origin(2)), ["cost", "procurement_integration"]),
    "LED-35 by origin": (cost("bought/origin", **origin("Purchase")), ["cost", "procurement_integration"]),
    "LED-34 by origin": (cost("used/origin", **MATERIAL, **origin("usage")), ["cost", "cost_item"]),
    "LED-55, JRN-16 with an account of its own": (
        cost("asset reported", **ASSET, **EXPENSE, **origin("Expense report")),
        ["wip_cost_value", "expense_integration"],
    ),
    "LED-55 by origin without one": (
        cost("reported", **EXPENSE, **origin("expense-report")),
        ["cost", "expense_offset"],
    ),
    "the origin counts before the custom column": (
        cost("both", **MATERIAL, **BOUGHT, **origin("usage")),
        ["cost", "cost_item"],
    ),
    "other words of the custom column say nothing": (
        cost("other", **MATERIAL, cr123_documenttype="order"),
        ["cost", "cost_item"],
    ),
    "LED-32": (cost("asset used", **ASSET, **MATERIAL, **USED), ["wip_cost_item", "cost_item"]),
    "LED-60 T&M-Balance, yes": (cost("tm/b/yes", **ASSET, **CAPITALIZED), BALANCE),
    "LED-60 T&M-Balance, no": (cost("tm/b/no", **ASSET, **NOT_CAPITALIZED), P_AND_L),
    "LED-60 FP-Balance, yes": (cost("fp/b/yes", **FIXED_ASSET, **CAPITALIZED), BALANCE),
    "LED-60 FP-Balance, no": (cost("fp/b/no", **FIXED_ASSET, **NOT_CAPITALIZED), P_AND_L),
    "LED-60 P&L, yes": (cost("p&l/yes", **CAPITALIZED), P_AND_L),
    "LED-60 P&L, no": (cost("p&l/no", **NOT_CAPITALIZED), P_AND_L),
}
CONVERTED = sale("converted", "4", "250", **FIXED_RATE)


def name_of(context: Context) -> str:
    return str(context["PrimaryEntityId"])


@pytest.fixture(scope="module")
def posted(stack: World) -> Snapshot:
    rows = [row for row, _ in ROWS.values()] + [CONVERTED]
    with custom_columns():
        books = opened(stack, contoso())
        books.arrive(*rows)
        books.journalise()
    return Snapshot(books, *map(name_of, rows))


@pytest.mark.parametrize(("row", "expected"), [pytest.param(*entry, id=id) for id, entry in ROWS.items()])
def test_a_line_is_posted_to_its_accounts(posted: Snapshot, row: Context, expected: list[str]) -> None:
    voucher = posted.voucher(name_of(row))
    amounts = [line["amount"] for line in voucher]
    assert [line["posting_type"] for line in voucher] == expected
    assert amounts == ([amounts[0], f"-{amounts[0]}"] if expected else [])
    assert posted.row(name_of(row))["state"] == "posted"


def test_led_56_what_was_bought_clears_the_procurement_integration_account(posted: Snapshot) -> None:
    assert [(line["account"], line["amount"]) for line in posted.voucher("invoice")] == [
        (ACCOUNTS["cost"], "800.00"),
        ("200140", "-800.00"),
    ]


def test_post_12_a_posted_row_has_its_accounting_details(posted: Snapshot) -> None:
    row = posted.row("converted")
    details = [row[name] for name in ("accounting_amount", "exchange_rate", "sales_tax_amount")]
    assert details == ["1250.00", "1.25", "0.00"]
    assert row["voucher"] == posted.line("converted")["voucher"]


def test_post_13_an_unbilled_sale_that_does_not_accrue_is_posted_without_a_ledger_entry(posted: Snapshot) -> None:
    """It can be billed, and what it would have been is in its accounting details; the number of its line is not used.

    99-24: so the row names no voucher.
    """
    row = posted.row("asset sale")
    assert (row["state"], row["accounting_amount"], row["voucher"]) == ("posted", "1600.00", None)
    number = posted.line("asset sale")["voucher"]
    assert number
    assert number not in {voucher["voucher"] for voucher in posted.result["vouchers"]}


def test_post_15_an_account_that_is_not_posted_to_may_lack_a_dimension(posted: Snapshot) -> None:
    """161399 takes no sale without its cost center, but nothing of PRJ-ASSET accrues."""
    assert posted.row("asset sale")["state"] == "posted"
    assert [journal["status"] for journal in posted.result["journals"]] == ["posted"]


def test_inv_01_every_voucher_balances(posted: Snapshot) -> None:
    for voucher in posted.result["vouchers"]:
        for name in ("amount", "accounting_amount"):
            assert sum(float(line[name]) for line in voucher["lines"]) == 0


def test_inv_19_every_line_has_a_voucher_number_of_its_own(posted: Snapshot) -> None:
    numbers = [line["voucher"] for journal in posted.result["journals"] for line in journal["lines"]]
    assert len(set(numbers)) == len(numbers) == len(posted.rows)
    assert guid("converted") in posted.rows
