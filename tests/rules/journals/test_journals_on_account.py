"""MS, RET, LED-13 to LED-15, LED-48, LED-52, LED-54, CAT-06, STG-10, STG-11: what needs an unbilled sale."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import guid, proforma, references
from tests.rules.books import Books
from tests.rules.finance import accounts_without, finance
from tests.rules.journals.cases import billing
from tests.rules.stories import FIXED_RATE, approval, bill, bills, cost, reverses, sale

MILESTONE: dict[str, Any] = {"transaction_class": "milestone", "contract_line": "CTR-1-FP", "resource": None}
RETAINER: dict[str, Any] = {**MILESTONE, "transaction_class": "retainer"}
OTHER_ACCOUNTS = [{**entry, "account": f"9{entry['account']}"} for entry in finance()["ledger_posting"]["USPM"]]


def billed_on_account(books: Books, amount: str = "5000", **columns: Any) -> None:
    """A proforma with one on-account sale is confirmed and imported."""
    header = {name: value for name, value in columns.items() if name in ("contract", "currency")}
    books.arrive(bill("on account", "1", amount, **columns), proforma("inv-1", total=amount, **header))
    books.import_staging()


@pytest.mark.parametrize(
    ("on_account", "credited"),
    [
        pytest.param("profit_and_loss", "invoiced_revenue_on_account", id="LED-13 FP - No WIP"),
        pytest.param("balance", "wip_invoiced_on_account", id="LED-14 FP - Completed contract"),
        pytest.param("balance", "wip_invoiced_on_account", id="LED-15 FP - Completed percentage"),
    ],
)
def test_a_milestone_is_credited_as_its_profile_says(books: Books, on_account: str, credited: str) -> None:
    books.use(finance(("profiles.FP.on_account", on_account)))
    billed_on_account(books, **MILESTONE)
    books.post_invoices()
    assert books.balances() == {"customer_balance": Decimal(5000), credited: Decimal(-5000)}


@pytest.mark.parametrize("columns", [pytest.param(MILESTONE, id="STG-10"), pytest.param(RETAINER, id="STG-10, RET-12")])
def test_an_on_account_sale_becomes_a_line_without_any_unbilled_sale(books: Books, columns: dict[str, Any]) -> None:
    billed_on_account(books, **columns)
    (line,) = books.proposal()["lines"]
    assert (books.proposal()["status"], line["kind"], line["amount"]) == ("ready", "on_account", "5000.00")
    assert books.result["journals"] == []


@pytest.mark.parametrize("columns", [MILESTONE, RETAINER])
@pytest.mark.parametrize("category", ["Prepayment", None])
def test_cat_06_ret_12_an_on_account_sale_is_posted_with_the_default_category_or_without_one(
    books: Books, columns: dict[str, Any], category: str | None
) -> None:
    """Milestones and retainers share the default; its account goes before that of all."""
    document = finance()
    if category:
        document["parameters"]["USPM"]["category_defaults"]["on_account"] = category
        document["categories"]["USPM"][category] = {"kind": "on_account"}
    document["ledger_posting"]["USPM"].append(
        {"posting_type": "invoiced_revenue_on_account", "project_group": "TM", "account": "411250"}
    )
    if category:
        document["ledger_posting"]["USPM"].append(
            {
                "posting_type": "invoiced_revenue_on_account",
                "project_group": "TM",
                "category": category,
                "account": "411299",
            }
        )
    books.use(document)
    billed_on_account(books, **columns)
    books.post_invoices()
    (voucher,) = books.result["vouchers"]
    revenue = next(line for line in voucher["lines"] if line["posting_type"] == "invoiced_revenue_on_account")
    assert revenue["account"] == ("411299" if category else "411250")


@pytest.mark.parametrize("columns", [MILESTONE, RETAINER])
def test_fxr_09_milestones_and_retainers_take_the_agreed_rate(books: Books, columns: dict[str, Any]) -> None:
    billed_on_account(books, "1000", **{**columns, **FIXED_RATE, "contract_line": None})
    books.post_invoices()
    assert books.balances()["customer_balance"] == Decimal(1250)


def test_stg_11_a_fee_that_is_not_posted_holds_its_proposal_back(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("expense_offset")))
    fee = {"transaction_class": "fee", "quantity": "1", "price": "200"}
    books.arrive(*approval())
    books.journalise()
    books.arrive(sale("fee/unbilled", **fee), bill("fee/billed", **fee), bills("fee/billed", "fee/unbilled"))
    books.arrive(*billing("work", total="1800"))
    books.import_staging()
    assert (books.proposal()["status"], books.proposal()["lines"]) == ("waiting", [])
    (wait,) = books.proposal()["waiting_for"]
    assert (wait["reason"], wait["actual_id"]) == ("fee_not_posted", guid("fee/unbilled"))
    books.post_journals()  # what waited is imported by the event, without another import
    assert {line["kind"] for line in books.proposal()["lines"]} == {"hour", "fee"}


def test_led_48_of_a_mixed_contract_time_is_billed_by_the_hour_and_expenses_by_milestone(books: Books) -> None:
    books.arrive(
        *approval("hours"),
        cost("trip", "1", "2000", transaction_class="expense", contract_line="CTR-1-FP"),
    )
    books.journalise()
    assert {row["state"] for row in books.result["staging"]} == {"posted"}
    assert books.balances() == {
        "cost": Decimal(2800),
        "payroll_allocation": Decimal(-800),
        "expense_offset": Decimal(-2000),
        "wip_sales_value": Decimal(1600),
        "accrued_revenue_sales_value": Decimal(-1600),
    }
    books.arrive(*billing("hours", total="11600"), bill("milestone", "1", "10000", **MILESTONE))
    books.import_staging()
    books.post_invoices()
    balances = books.balances()
    assert (balances["invoiced_revenue"], balances["invoiced_revenue_on_account"]) == (Decimal(-1600), Decimal(-10000))
    assert "wip_sales_value" not in balances


def test_led_54_a_cost_on_the_balance_sheet_stays_there_when_the_customer_is_invoiced(books: Books) -> None:
    """99-11."""
    books.use(finance(("profiles.TM.post_costs", {"time": "balance"}), accrual=False))
    books.arrive(*approval())
    books.journalise()
    books.arrive(*billing("work", total="1600"))
    books.import_staging()
    books.post_invoices()
    assert books.balances() == {
        "wip_cost_value": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "invoiced_revenue": Decimal(-1600),
        "customer_balance": Decimal(1600),
    }


def test_led_52_an_internal_project_that_gets_a_contract_is_reversed_and_recorded_anew(books: Books) -> None:
    """Dataverse evaluates its work again; what was posted as internal comes back to zero."""
    internal: dict[str, Any] = {"contract": None, "contract_line": None, "customer": None, "project": "PRJ-INT"}
    document = finance(("projects.PRJ-INT", {"company": "USPM", "group": "TM"}))
    document["references"]["msdyn_project"] |= references(project=["PRJ-INT"])["msdyn_project"]
    books.use(document)
    books.arrive(cost("internal", **internal))
    books.journalise()
    assert books.balances() == {"cost": Decimal(800), "payroll_allocation": Decimal(-800)}

    document["projects"]["PRJ-INT"]["contract"] = "CTR-1"
    books.use(document)
    books.arrive(
        cost("reversal", "-8", **internal), reverses("reversal", "internal"), *approval("billable", project="PRJ-INT")
    )
    books.journalise()
    assert books.balances() == {
        "cost": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "wip_sales_value": Decimal(1600),
        "accrued_revenue_sales_value": Decimal(-1600),
    }
    assert books.voucher_of("reversal") == [("cost", "-800.00", "-800.00"), ("payroll_allocation", "800.00", "800.00")]


def test_led_47_led_52_a_reversal_goes_to_the_accounts_of_its_original(books: Books) -> None:
    """Whatever the set-up says by then, what was posted comes back to zero on every account."""
    books.use(finance())
    books.arrive(*approval())
    books.journalise()
    books.use(finance(("ledger_posting.USPM", OTHER_ACCOUNTS)))
    books.arrive(
        *approval("undone", "-8"), reverses("undone/cost", "work/cost"), reverses("undone/unbilled", "work/unbilled")
    )
    books.journalise()
    balances: Counter[str] = Counter()
    for voucher in books.result["vouchers"]:
        for line in voucher["lines"]:
            balances[line["account"]] += Decimal(line["accounting_amount"])  # type: ignore[assignment]
    assert len(balances) == 4
    assert set(balances.values()) == {Decimal(0)}
