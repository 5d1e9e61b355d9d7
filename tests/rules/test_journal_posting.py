"""POST, LED-01 to LED-10, LED-26 to LED-38, JRN-09: what posting an integration journal writes, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import Context, guid, references
from tests.rules.books import Books, before_transaction
from tests.rules.finance import accounts_without, finance
from tests.rules.stories import approval, cost, sale

FIXED_PRICE: dict[str, Any] = {"contract_line": "CTR-1-FP"}
EXPENSE: dict[str, Any] = {"transaction_class": "expense", "resource": None}
MATERIAL: dict[str, Any] = {"transaction_class": "material", "resource": None}
POST_COSTS = ("no_ledger", "balance", "profit_and_loss", "never_ledger")
COST = [("cost", "800.00"), ("payroll_allocation", "-800.00")]
EXPENSE_COST = [("cost", "800.00"), ("expense_offset", "-800.00")]
ACCRUAL = [("wip_sales_value", "1600.00"), ("accrued_revenue_sales_value", "-1600.00")]


def entries(books: Books, name: str) -> list[tuple[str, str]]:
    return [(posting_type, amount) for posting_type, amount, _ in books.voucher_of(name)]


def statuses(books: Books) -> list[tuple[str, str, int]]:
    """Number, status and how many lines of each journal."""
    return [(j["journal_id"], j["status"], len(j["lines"])) for j in books.result["journals"]]


# --- what is posted ---------------------------------------------------------------------------------------------------

PROFILES: dict[str, dict[str, Any]] = {
    "No WIP": {},
    "WIP": {"accrue_revenue": {"time": True, "expense": True, "material": True}},
    **{name: {"post_costs": dict.fromkeys(("time", "expense", "material"), name)} for name in POST_COSTS},
}
"""Profiles of time-and-material projects that are called like them; all other projects have WIP."""


def of(project: str, **columns: Any) -> dict[str, Any]:
    return {"project": project, "contract": None, **columns}


ROWS: dict[str, Context] = {
    **{f"cost of {name}": cost(f"cost of {name}", **of(name)) for name in PROFILES},
    **{f"expense of {name}": cost(f"expense of {name}", **of(name, **EXPENSE)) for name in PROFILES},
    **{f"material of {name}": cost(f"material of {name}", **of(name, **MATERIAL)) for name in PROFILES},
    "sale of WIP": sale("sale of WIP", **of("WIP")),
    "expense sale of WIP": sale("expense sale of WIP", **of("WIP", **EXPENSE)),
    "sale of No WIP": sale("sale of No WIP", **of("No WIP")),
    "sale that may not accrue": sale("sale that may not accrue", **of("WIP"), billing_type="not_available"),
    "sale that is free": sale("sale that is free", **of("WIP"), billing_type="complimentary"),
    "fixed price": cost("fixed price", **FIXED_PRICE),
    "fixed price expense": cost("fixed price expense", **FIXED_PRICE, **EXPENSE),
    "in a group": cost("in a group", **of("in a group")),
    "internal": cost("internal", **of("internal", contract_line=None, customer=None)),
}


@pytest.fixture(scope="module")
def posted(new_books: Callable[[], Books]) -> Books:
    """A posted journal with a line of each of ``ROWS``."""
    document = finance(
        ("line_properties.NOACCRUAL", {"chargeable": True, "accrue_revenue": False}),
        ("parameters.USPM.line_property_mapping.not_available", "NOACCRUAL"),
        ("line_properties.COMP.accrue_revenue", True),
        ("projects.in a group", {"company": "USPM", "contract": "CTR-1", "group": "ASSETS"}),
        ("projects.internal", {"company": "USPM"}),
        ("parameters.USPM.internal_projects_use_profile", False),
    )
    document["profile_rules"] = [
        {"company": "USPM", "profile": "balance"},
        {"company": "USPM", "profile": "FP"},
        {"company": "USPM", "project_group": "ASSETS", "profile": "no_ledger"},
    ]
    for name, profile in PROFILES.items():
        document["profiles"][name] = {"billing_method": "time_and_material", **profile}
        document["projects"][name] = {"company": "USPM", "contract": "CTR-1", "group": "ASSETS"}
        document["profile_rules"].append({"company": "USPM", "project": name, "profile": name})
    document["references"]["msdyn_project"] |= references(project=document["projects"])["msdyn_project"]
    books = new_books()
    books.use(document)
    books.arrive(*ROWS.values())
    books.journalise()
    assert statuses(books) == [("USPM-000001", "posted", len(ROWS))]
    return books.closed()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("cost of No WIP", COST, id="LED-01 cost"),
        pytest.param("sale of No WIP", [], id="LED-01 sale"),
        pytest.param("cost of WIP", COST, id="LED-02 cost"),
        pytest.param("sale of WIP", ACCRUAL, id="LED-02 sale, LED-38"),
        pytest.param("fixed price", COST, id="LED-03 to LED-05"),
        pytest.param("expense of No WIP", EXPENSE_COST, id="LED-06"),
        pytest.param("expense of WIP", EXPENSE_COST, id="LED-07 cost"),
        pytest.param("expense sale of WIP", ACCRUAL, id="LED-07 sale"),
        pytest.param("fixed price expense", EXPENSE_COST, id="LED-08 to LED-10"),
        pytest.param("sale that may not accrue", [], id="LP-06"),
        pytest.param("sale that is free", [], id="99-10"),
        pytest.param("internal", COST, id="LED-49"),
    ],
)
def test_work_is_journalised(posted: Books, name: str, expected: list[tuple[str, str]]) -> None:
    assert entries(posted, name) == expected
    assert posted.state(name) == "posted"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("cost of no_ledger", [], id="LED-26"),
        pytest.param("cost of balance", ["wip_cost_value", "payroll_allocation"], id="LED-27"),
        pytest.param("cost of profit_and_loss", ["cost", "payroll_allocation"], id="LED-28"),
        pytest.param("cost of never_ledger", [], id="LED-29"),
        pytest.param("expense of balance", ["wip_cost_value", "expense_offset"], id="LED-30"),
        pytest.param("expense of profit_and_loss", ["cost", "expense_offset"], id="LED-31"),
        pytest.param("material of balance", ["wip_cost_item", "cost_item"], id="LED-32"),
        pytest.param("material of profit_and_loss", ["cost", "cost_item"], id="LED-34"),
        pytest.param("in a group", [], id="LED-41 the rule of the group comes before that of all"),
    ],
)
def test_the_profile_says_where_a_cost_goes(posted: Books, name: str, expected: list[str]) -> None:
    assert [posting_type for posting_type, _ in entries(posted, name)] == expected
    assert bool(posted.row(name)["voucher"]) == bool(expected)  # 99-24: a voucher that is named is in the ledger


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
    books.arrive(sale("work", "8", row_version=1))
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
