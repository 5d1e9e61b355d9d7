"""POST-12 to POST-16, INV-01, INV-19, JRN-16: what posting writes for lines of several kinds, all in one set-up.

PRJ-ASSET keeps its costs on the balance sheet, and so accrues nothing. Which voucher each kind of line has, the
store-free tests say.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Context, guid, references
from tests.harness import World
from tests.rules.finance import ACCOUNTS, finance
from tests.rules.journals.cases import Snapshot, custom_columns, opened
from tests.rules.stories import FIXED_RATE, cost, sale

ASSET: dict[str, Any] = {"project": "PRJ-ASSET"}
MATERIAL: dict[str, Any] = {"transaction_class": "material"}
BOUGHT: dict[str, Any] = {"cr123_documenttype": "vendor_invoice"}


def origin(value: Any) -> dict[str, Any]:
    return {"cr123_origin": value}


P_AND_L = ["cost", "payroll_allocation"]
ACCRUAL = ["wip_sales_value", "accrued_revenue_sales_value"]


def contoso() -> dict[str, Any]:
    made = finance(
        ("profiles.ASSET", {"billing_method": "time_and_material", "post_costs": {"time": "balance"}}),
        ("projects.PRJ-ASSET", {"company": "USPM", "contract": "CTR-1", "group": "ASSETS"}),
        profile_rules=[
            {"company": "USPM", "project_group": "TM", "profile": "TM"},
            {"company": "USPM", "project": "PRJ-ASSET", "profile": "ASSET"},
        ],
        account_structures={"USPM": [{"account": "161399", "required": ["CostCenter"]}]},
    )
    made["references"]["msdyn_project"] |= references(project=made["projects"])["msdyn_project"]
    made["ledger_posting"]["USPM"] += [
        {"posting_type": "procurement_integration", "account": "200140"},
        {"posting_type": "wip_sales_value", "project": "PRJ-ASSET", "account": "161399"},
    ]
    return made


ROWS: dict[str, tuple[Context, list[str]]] = {
    "LED-38": (sale("accrued"), ACCRUAL),
    "POST-13": (sale("asset sale", **ASSET), []),
    "POST-16": (cost("by group"), P_AND_L),
    "LED-56, JRN-16 vendor invoice": (cost("invoice", **MATERIAL, **BOUGHT), ["cost", "procurement_integration"]),
    "LED-56, JRN-16 by origin": (cost("invoice/origin", **MATERIAL, **origin(2)), ["cost", "procurement_integration"]),
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
