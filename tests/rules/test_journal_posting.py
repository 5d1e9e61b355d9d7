"""POST, JRN-08: what becomes of a journal and its lines when it is posted, or when lines of it cannot be."""

from __future__ import annotations

from typing import Any

from project_invoicing.use_cases.explain.ask import explain
from project_invoicing.use_cases.explain.stores import Stores
from tests.builders import guid
from tests.rules.books import Books, before_transaction
from tests.rules.finance import accounts_without, finance
from tests.rules.stories import approval, cost, reverses, sale

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


def test_post_10_wb_08_what_cannot_be_posted_stays_and_is_posted_later(books: Books) -> None:
    books.use(finance(ledger_posting={}))
    books.arrive(*approval())
    books.journalise()
    assert statuses(books) == [("USPM-000001", "error", 2)]
    assert [line["error"].split(":")[0] for line in books.journal_lines()] == ["ledger_account_missing"] * 2
    assert books.result["vouchers"] == books.result["write_back"] == []

    books.use(finance())
    books.edit("reset", company="USPM", journal_id="USPM-000001")
    books.post_journals()
    assert statuses(books) == [("USPM-000001", "posted", 2)]


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


def test_new_03_the_event_of_a_posted_journal_has_the_accounting_dates_of_its_vouchers(books: Books) -> None:
    books.use(finance(accrual=False))
    books.arrive(
        cost("work", start="2026-08-27", document_date="2026-08-27"),
        cost("more", start="2026-08-25", document_date="2026-08-25"),
        cost("same", start="2026-08-25", document_date="2026-08-25"),
        sale("free of vouchers", start="2026-08-20", document_date="2026-08-20"),
    )
    books.import_staging()
    books.run("journal_posting")
    (posted,) = [one for one in books.world.unsent() if one.detail_type == "IntegrationJournalPosted"]
    assert (posted.detail["line_count"], posted.detail["accounting_dates"]) == (4, ["2026-08-25", "2026-08-27"])


def test_new_01_a_stocked_item_is_posted_with_finances_cost_and_taken_back_with_it(books: Books) -> None:
    costs = [{"company": "USPM", "product": "P-100", "valid_from": "2026-01-01", "unit_cost": "10.40"}]
    stocked = finance(("products.P-100", {}), item_costs=costs)
    stocked["references"].setdefault("product", {})[guid("P-100")] = "P-100"
    books.use(stocked)
    books.arrive(cost("steel", "10", "10", product="P-100", **MATERIAL))
    books.import_staging()
    (draft,) = books.journal_lines()
    assert (draft["unit_cost"], draft["cost_amount"]) == ("10.40", "104.00")
    books.post_journals()
    assert entries(books, "steel") == [("cost", "104.00"), ("cost_item", "-104.00")]
    assert books.row("steel")["accounting_amount"] == "104.00"
    told = books.write_back("steel")
    assert told
    assert (told["adjustment_value"], told["extended_amount"]) == ("4.00", "104.00")
    assert "4.00 USD, which finance's own cost" in str(
        explain(Stores.read(books.world.client, books.world.names), guid("steel"), None)
    )

    stocked["item_costs"][0]["unit_cost"] = "99"
    books.use(stocked)
    books.arrive(cost("back", "-10", "10", product="P-100", **MATERIAL), reverses("back", "steel"))
    books.journalise()
    assert entries(books, "back") == [("cost", "-104.00"), ("cost_item", "104.00")]


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
