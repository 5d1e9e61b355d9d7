"""POST, LED-01 to LED-10, LED-26 to LED-38, JRN-09: what posting an integration journal writes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import guid
from tests.rules.books import Books, before_transaction
from tests.rules.finance import accounts_without, finance
from tests.rules.stories import approval, cost, sale

FIXED_PRICE: dict[str, Any] = {"contract_line": "CTR-1-FP"}
EXPENSE: dict[str, Any] = {"transaction_class": "expense", "resource": None}
MATERIAL: dict[str, Any] = {"transaction_class": "material", "resource": None}
COST = [("cost", "800.00"), ("payroll_allocation", "-800.00")]
EXPENSE_COST = [("cost", "800.00"), ("expense_offset", "-800.00")]
ACCRUAL = [("wip_sales_value", "1600.00"), ("accrued_revenue_sales_value", "-1600.00")]


def entries(books: Books, name: str) -> list[tuple[str, str]]:
    return [(posting_type, amount) for posting_type, amount, _ in books.voucher_of(name)]


def statuses(books: Books) -> list[tuple[str, str, int]]:
    """Number, status and how many lines of each journal."""
    return [(j["journal_id"], j["status"], len(j["lines"])) for j in books.result["journals"]]


# --- what is posted ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "accrual", "of_cost", "of_sale"),
    [
        pytest.param({}, False, COST, [], id="LED-01 time, T&M - No WIP"),
        pytest.param({}, True, COST, ACCRUAL, id="LED-02 time, T&M - WIP"),
        pytest.param(EXPENSE, False, EXPENSE_COST, [], id="LED-06 expense, T&M - No WIP"),
        pytest.param(EXPENSE, True, EXPENSE_COST, ACCRUAL, id="LED-07 expense, T&M - WIP"),
        pytest.param(
            MATERIAL, True, [("cost", "800.00"), ("cost_item", "-800.00")], ACCRUAL, id="LED-34 material, T&M - WIP"
        ),
    ],
)
def test_time_and_material_work_is_journalised(
    books: Books,
    columns: dict[str, Any],
    accrual: bool,
    of_cost: list[tuple[str, str]],
    of_sale: list[tuple[str, str]],
) -> None:
    books.use(finance(accrual=accrual))
    books.arrive(*approval(**columns))
    books.journalise()
    assert entries(books, "work/cost") == of_cost
    assert entries(books, "work/unbilled") == of_sale
    assert (books.state("work/cost"), books.state("work/unbilled")) == ("posted", "posted")


@pytest.mark.parametrize("on_account", ["profit_and_loss", "balance"])
@pytest.mark.parametrize(
    ("columns", "expected"),
    [pytest.param({}, COST, id="LED-03 to LED-05 time"), pytest.param(EXPENSE, EXPENSE_COST, id="LED-08 to LED-10")],
)
def test_fixed_price_work_posts_its_cost_only(
    books: Books, columns: dict[str, Any], expected: list[tuple[str, str]], on_account: str
) -> None:
    books.use(finance(("profiles.FP.on_account", on_account)))
    books.arrive(cost("work", **FIXED_PRICE, **columns))
    books.journalise()
    assert entries(books, "work") == expected


@pytest.mark.parametrize(
    ("transaction_class", "post_costs", "expected"),
    [
        pytest.param("time", "no_ledger", [], id="LED-26"),
        pytest.param("time", "balance", ["wip_cost_value", "payroll_allocation"], id="LED-27"),
        pytest.param("time", "profit_and_loss", ["cost", "payroll_allocation"], id="LED-28"),
        pytest.param("time", "never_ledger", [], id="LED-29"),
        pytest.param("expense", "balance", ["wip_cost_value", "expense_offset"], id="LED-30"),
        pytest.param("expense", "profit_and_loss", ["cost", "expense_offset"], id="LED-31"),
        pytest.param("material", "balance", ["wip_cost_item", "cost_item"], id="LED-32"),
        pytest.param("material", "profit_and_loss", ["cost", "cost_item"], id="LED-34"),
    ],
)
def test_the_profile_says_where_a_cost_goes(
    books: Books, transaction_class: str, post_costs: str, expected: list[str]
) -> None:
    books.use(finance(("profiles.TM.post_costs", {transaction_class: post_costs}), accrual=False))
    books.arrive(cost("work", transaction_class=transaction_class))
    books.journalise()
    assert [posting_type for posting_type, _ in entries(books, "work")] == expected
    assert books.row("work")["voucher"] == "PV-00000001"


def test_led_41_the_most_specific_profile_rule_decides(books: Books) -> None:
    rules = [
        {"company": "USPM", "profile": "TM"},
        {"company": "USPM", "project_group": "TM", "profile": "TM"},
        {"company": "USPM", "project": "PRJ-1", "profile": "ASSET"},
    ]
    asset = {"billing_method": "time_and_material", "post_costs": {"time": "balance"}}
    books.use(finance(("profiles.ASSET", asset), profile_rules=rules))
    books.arrive(cost("work"))
    books.journalise()
    assert entries(books, "work")[0] == ("wip_cost_value", "800.00")


@pytest.mark.parametrize(
    ("profile", "line_property", "billing_type", "accrues"),
    [
        pytest.param(True, True, "chargeable", True, id="LED-38"),
        pytest.param(True, False, "chargeable", False, id="LP-06"),
        pytest.param(False, True, "chargeable", False, id="LED-01"),
        pytest.param(True, True, "non_chargeable", False, id="99-10"),
    ],
)
def test_revenue_accrues_where_profile_line_property_and_billing_type_allow_it(
    books: Books, profile: bool, line_property: bool, billing_type: str, accrues: bool
) -> None:
    allowed = [(f"line_properties.{name}.accrue_revenue", line_property) for name in ("CHARGE", "NOCHARGE")]
    books.use(finance(*allowed, accrual=profile))
    books.arrive(sale("work", billing_type=billing_type))
    books.journalise()
    assert bool(entries(books, "work")) == accrues


def test_led_49_work_without_a_contract_goes_to_profit_and_loss(books: Books) -> None:
    books.use(
        finance(("projects.PRJ-1.contract", None), ("profiles.TM.post_costs", {"time": "balance"}), accrual=False)
    )
    books.arrive(cost("work", contract=None, contract_line=None, customer=None))
    books.journalise()
    assert entries(books, "work") == COST


# --- statuses and failures --------------------------------------------------------------------------------------------


def test_post_02_post_06_a_draft_whose_lines_are_right_is_posted(books: Books) -> None:
    books.arrive(*approval())
    books.import_staging()
    assert statuses(books) == [("USPM-000001", "draft", 2)]
    books.post_journals()
    assert statuses(books) == [("USPM-000001", "posted", 2)]
    assert {line["status"] for line in books.journal_lines()} == {"posted"}
    books.post_journals()  # INV-21
    assert len(books.result["vouchers"]) == 2


def test_post_03_post_04_wb_09_a_bad_line_moves_to_a_journal_of_its_own(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("expense_offset")))
    books.arrive(*approval(), cost("trip", **EXPENSE))
    books.journalise()

    assert statuses(books) == [("USPM-000001", "posted", 2), ("USPM-000002", "error", 1)]
    error = books.result["journals"][1]
    assert (error["original_journal"], error["lines"][0]["actual_id"]) == ("USPM-000001", guid("trip"))
    assert error["lines"][0]["status"] == "error"
    assert error["lines"][0]["error"].startswith("ledger_account_missing")
    assert (books.state("work/cost"), books.state("trip")) == ("posted", "imported")
    assert (books.row("trip")["journal_id"], books.row("trip")["voucher"]) == ("USPM-000002", None)
    assert books.write_back("work/cost")
    assert books.write_back("trip") is None

    books.use(finance())
    books.post_journals()  # not retried by itself
    assert books.state("trip") == "imported"
    assert books.edit("reset", company="USPM", journal_id="USPM-000002") == "reset"
    books.post_journals()
    assert statuses(books)[1] == ("USPM-000002", "posted", 1)
    assert entries(books, "trip") == EXPENSE_COST


@pytest.mark.parametrize(
    ("reason", "broken"),
    [
        pytest.param("ledger_account_missing", finance(ledger_posting={}), id="account"),
        pytest.param("profile_missing", finance(profile_rules=[]), id="LED-42 profile"),
        pytest.param(
            "period_closed",
            finance(fiscal_periods={"USPM": [{"start": "2026-08-01", "end": "2026-08-31", "status": "on_hold"}]}),
            id="JRN-10 period",
        ),
    ],
)
def test_post_10_wb_08_what_cannot_be_posted_stays_and_is_posted_later(
    books: Books, reason: str, broken: dict[str, Any]
) -> None:
    books.use(broken)
    books.arrive(*approval())
    books.journalise()
    assert statuses(books) == [("USPM-000001", "error", 2)]
    assert [line["error"].split(":")[0] for line in books.journal_lines()] == [reason, reason]
    assert books.result["vouchers"] == books.result["write_back"] == []

    books.use(finance())
    books.edit("reset", company="USPM", journal_id="USPM-000001")
    books.post_journals()
    assert statuses(books) == [("USPM-000001", "posted", 2)]


@pytest.mark.parametrize(
    ("automatic", "text"),
    [
        pytest.param(
            False, "no open fiscal period was found for the specified accounting date 2026-08-27", id="JRN-09"
        ),
        pytest.param(
            True, "no open fiscal period was found in or after the specified accounting date 2026-08-27", id="JRN-10"
        ),
    ],
)
def test_a_line_in_a_closed_period_says_what_is_wrong(books: Books, automatic: bool, text: str) -> None:
    books.use(finance(("parameters.USPM.auto_open_period", automatic), fiscal_periods={}))
    books.arrive(cost("work"))
    books.journalise()
    assert books.journal_line("work")["error"] == f"period_closed: {text}"


def test_jrn_08_inv_18_a_line_whose_date_moved_is_posted_in_the_open_period(books: Books) -> None:
    periods = {
        "USPM": [
            {"start": "2026-08-01", "end": "2026-08-31", "status": "closed"},
            {"start": "2026-09-01", "end": "2026-09-30", "status": "open"},
        ]
    }
    books.use(finance(fiscal_periods=periods))
    books.arrive(cost("work"))
    books.journalise()
    assert [voucher["accounting_date"] for voucher in books.result["vouchers"]] == ["2026-09-01"]


def test_post_09_a_journal_in_error_is_not_posted_before_it_is_reset(books: Books) -> None:
    books.use(finance(profile_rules=[]))
    books.arrive(cost("work"))
    books.journalise()
    books.use(finance())
    books.post_journals(journal_id="USPM-000001")
    assert statuses(books) == [("USPM-000001", "error", 1)]


def test_a_line_that_changes_while_its_journal_is_posted_is_posted_as_it_is_then(books: Books) -> None:
    """The change comes between what the posting has read and what it writes: it reads again."""
    books.arrive(sale("work", "8"))
    books.import_staging()

    def meanwhile() -> None:
        books.world.deliver(sale("work", "6", message="Update", changed=["msdyn_quantity"], row_version=9))
        books.run("staging_import")

    with before_transaction(books, 0, meanwhile):
        books.post_journals()
    assert (books.state("work"), books.row("work")["accounting_amount"]) == ("posted", "1200.00")
    assert entries(books, "work")[0] == ("wip_sales_value", "1200.00")


def test_post_13_without_accrual_an_unbilled_sale_posts_nothing_and_can_be_billed(books: Books) -> None:
    books.use(finance(accrual=False))
    books.arrive(sale("work"))
    books.journalise()
    assert (books.state("work"), books.result["vouchers"]) == ("posted", [])
    assert books.row("work")["accounting_amount"] == "1600.00"
