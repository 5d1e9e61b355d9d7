"""What arrives after an import: newer versions of actuals, deletion of lines, a rate that was agreed later.

An unposted line follows its actual; a posted one stays as it is, and the row says that it came too late.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.store.proposals import Proposals
from tests.builders import Context, guid, references
from tests.rules.books import Books
from tests.rules.finance import TAXED, accounts_without, finance
from tests.rules.journals.cases import billing, custom_columns, statuses, stored, stored_lines
from tests.rules.stories import FIXED_RATE, IN_POUNDS, approval, bill, billed, cost, reverses, sale

LATER = "2026-08-28T10:00:00Z"
DAYS = ("parameters.USPM.journal_period", "days")


def newer(of: Any, name: str, *values: str, **columns: Any) -> Context:
    """A newer version of an actual that ``of`` made."""
    context: Context = of(name, *values, **{"message": "Update", "changed": ["msdyn_amount"], "at": LATER, **columns})
    return context


# --- a newer version before posting -----------------------------------------------------------------------------------


def test_a_newer_version_of_an_unposted_row_changes_its_line(books: Books) -> None:
    books.arrive(cost("before"), cost("work"), cost("after"))
    books.import_staging()
    lines = {line["actual_id"]: line for line in books.journal_lines()}
    books.arrive(newer(cost, "work", "6", "110", description="six hours"))
    books.import_staging()
    changed = {line["actual_id"]: line for line in books.journal_lines()}
    assert [changed[guid("work")][name] for name in ("quantity", "unit_cost", "cost_amount")] == [
        "6",
        "110.00",
        "660.00",
    ]
    for name in ("line_number", "voucher"):
        assert changed[guid("work")][name] == lines[guid("work")][name]
    for name in ("before", "after"):
        assert changed[guid(name)] == lines[guid(name)]
    books.post_journals()
    assert books.balances()["cost"] == Decimal("2260.00")


def test_a_newer_version_that_says_nothing_of_the_line_leaves_it_alone(books: Books) -> None:
    books.arrive(sale("work"))
    books.import_staging()
    books.edit("edit", company="USPM", journal_id="USPM-000001", actual_id=guid("work"), sales_tax_group="EXP")
    books.arrive(newer(sale, "work", billing_status="ready_to_invoice", adjustment_status="in_process"))
    books.import_staging()
    assert books.journal_line("work")["sales_tax_group"] == "EXP"
    assert stored(books, "work").actual.billing_status == "ready_to_invoice"


def test_a_row_that_moves_to_another_day_moves_to_that_days_journal(books: Books) -> None:
    books.use(finance(DAYS))
    books.arrive(cost("work"), cost("other"))
    books.import_staging()
    books.arrive(newer(cost, "work", start="2026-08-28"))
    books.import_staging()
    assert [(j["period"], [x["actual_id"] for x in j["lines"]]) for j in books.result["journals"]] == [
        ("2026-08-27", [guid("other")]),
        ("2026-08-28", [guid("work")]),
    ]
    assert books.row("work")["journal_id"] == "USPM-000002"
    books.post_journals()
    assert {row["state"] for row in books.result["staging"]} == {"posted"}


def test_a_row_that_has_to_wait_now_leaves_its_journal_and_comes_back(books: Books) -> None:
    books.arrive(cost("work"), cost("other"))
    books.import_staging()
    books.arrive(newer(cost, "work", project="PRJ-404"))
    books.import_staging()
    assert (books.state("work"), books.row("work")["reason"]) == ("pending", "reference_missing")
    assert [line["actual_id"] for line in books.journal_lines()] == [guid("other")]
    document = finance(("projects.PRJ-404", {"company": "USPM", "contract": "CTR-1", "group": "TM"}))
    document["references"]["msdyn_project"] |= references(project=["PRJ-404"])["msdyn_project"]
    books.use(document)
    books.journalise()
    assert statuses(books) == [("USPM-000001", "posted", 2)]


def test_the_last_line_that_leaves_a_journal_leaves_it_empty_and_unposted(books: Books) -> None:
    books.arrive(cost("work"))
    books.import_staging()
    books.arrive(newer(cost, "work", project="PRJ-404"))
    books.journalise()
    assert statuses(books) == [("USPM-000001", "draft", 0)]


def test_a_line_in_error_follows_its_actual_too(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("expense_offset")))
    books.arrive(cost("work"), cost("trip", transaction_class="expense"))
    books.journalise()
    assert books.row("trip")["journal_id"] == "USPM-000002"
    books.arrive(newer(cost, "trip", "2", "50"))  # it was time after all
    books.import_staging()
    books.edit("reset", company="USPM", journal_id="USPM-000002")
    books.post_journals()
    assert books.state("trip") == "posted"
    assert books.journal_line("trip")["cost_amount"] == "100.00"


def test_a_newer_version_of_a_billed_row_has_all_lines_of_its_proposal_judged_again(books: Books) -> None:
    books.arrive(*approval(), *approval("more"))
    books.journalise()
    books.arrive(*billing("work", "more", total="3200"))
    books.import_staging()
    assert books.proposal()["status"] == "ready"
    books.arrive(newer(bill, "work/billed", "7"))
    books.import_staging()
    assert (books.proposal()["status"], books.reasons()) == ("waiting", ["billed_sales_mismatch"])
    assert books.proposal()["lines"] == []
    books.arrive(newer(bill, "work/billed", "8", at="2026-08-29T10:00:00Z"))
    books.import_staging()
    assert [line["amount"] for line in books.proposal()["lines"]] == ["1600.00", "1600.00"]


@pytest.mark.parametrize("skipped_first", [True, False])
def test_skip_01_the_flag_of_the_latest_version_decides(books: Books, skipped_first: bool) -> None:
    books.arrive(cost("work", skip_sync=skipped_first), newer(cost, "work", skip_sync=not skipped_first))
    books.import_staging()
    assert books.state("work") == ("imported" if skipped_first else "skipped")
    assert len(books.journal_lines()) == skipped_first


# --- another description ----------------------------------------------------------------------------------------------


def test_can_10_another_description_changes_the_text_of_a_journal_line_and_nothing_that_was_edited(
    books: Books,
) -> None:
    books.arrive(sale("work", description="Installing"))
    books.import_staging()
    books.edit("edit", company="USPM", journal_id="USPM-000001", actual_id=guid("work"), sales_tax_group="EXP")
    books.arrive(newer(sale, "work", description="Installing the arm"))
    books.import_staging()
    line = stored_lines(books)[guid("work")]
    assert (line.description, line.sales_tax_group) == ("Installing the arm", "EXP")
    books.post_journals()
    assert books.state("work") == "posted"


def test_can_10_another_description_leaves_a_proposal_ready_with_what_was_edited_on_it(books: Books) -> None:
    books.arrive(*billed())
    books.journalise()
    books.edit("edit", company="USPM", proposal_id="INV-0001", actual_id=guid("work/billed"), sales_tax_group="EXP")
    books.arrive(newer(bill, "work/billed", description="internal", external_description="For the customer"))
    books.import_staging()
    (line,) = Proposals(books.world.client, books.world.names.proposals_table, calendar_dates("invoices")).lines(
        guid("inv-1")
    )
    assert (line.description, line.sales_tax_group) == ("For the customer", "EXP")
    assert books.proposal()["status"] == "ready"
    books.post_invoices()
    assert books.invoice()["total"] == "1600.00"


def test_another_description_does_not_hide_another_quantity_that_came_before_it(books: Books) -> None:
    books.arrive(sale("work"))
    books.import_staging()
    books.arrive(newer(sale, "work", "6"))
    books.arrive(newer(sale, "work", "6", description="six hours", at="2026-08-31T12:59:00Z"))
    books.import_staging()
    assert books.journal_line("work")["sales_amount"] == "1200.00"
    assert stored_lines(books)[guid("work")].description == "six hours"


def test_can_10_another_description_after_posting_is_no_late_change(books: Books) -> None:
    books.arrive(sale("work"))
    books.journalise()
    books.arrive(newer(sale, "work", description="Installing the arm"))
    row = stored(books, "work")
    assert (row.late, row.actual.description) == (False, "Installing the arm")


# --- a newer version after posting ------------------------------------------------------------------------------------


def test_a_newer_version_of_a_posted_row_is_kept_and_flagged_but_changes_nothing(books: Books) -> None:
    books.arrive(*approval())
    books.journalise()
    before = books.result
    books.arrive(newer(sale, "work/unbilled", "6"))
    books.journalise()
    row = stored(books, "work/unbilled")
    assert (row.late, row.actual.quantity, row.accounting_amount) == (True, Decimal(6), Decimal(1600))
    assert (books.result["vouchers"], books.result["journals"]) == (before["vouchers"], before["journals"])
    assert books.result["write_back"] == before["write_back"]
    assert not stored(books, "work/cost").late


def test_a_status_that_changes_after_posting_is_no_late_change(books: Books) -> None:
    books.arrive(sale("work"))
    books.journalise()
    books.arrive(newer(sale, "work", billing_status="customer_invoice_posted", skip_sync=True))
    row = stored(books, "work")
    assert (row.late, row.state, row.actual.billing_status) == (False, "posted", "customer_invoice_posted")


def test_an_older_version_changes_neither_line_nor_row(books: Books) -> None:
    books.arrive(newer(cost, "work", "6"))
    books.import_staging()
    books.arrive(cost("work", "8"))
    books.journalise()
    assert books.journal_line("work")["cost_amount"] == "600.00"
    assert (books.row("work")["duplicates"], stored(books, "work").late) == (1, False)


# --- deletion of lines ------------------------------------------------------------------------------------------------


def test_stg_03_lines_come_back_once_with_the_tax_groups_and_dimensions_of_now(books: Books) -> None:
    books.arrive(*approval())
    books.import_staging()
    assert books.journal_line("work/unbilled")["sales_tax_group"] is None
    books.use(finance(TAXED, ("projects.PRJ-1.dimensions", {"CostCenter": "007"})))
    books.import_staging()  # what is on a journal stays as it is
    assert books.journal_line("work/unbilled")["sales_tax_group"] is None
    books.edit("delete_lines", company="USPM", journal_id="USPM-000001")
    assert {row["state"] for row in books.result["staging"]} == {"pending"}
    books.import_staging()
    books.import_staging()
    line = books.journal_line("work/unbilled")
    assert (line["sales_tax_group"], line["item_sales_tax_group"]) == ("DOM", "SERV")
    assert {tuple((line.dimensions or {}).items()) for line in stored_lines(books).values()} == {
        (("CostCenter", "007"),)
    }
    assert len(books.journal_lines()) == 2


def test_stg_03_the_lines_of_a_journal_in_error_can_be_deleted_too(books: Books) -> None:
    books.use(finance(ledger_posting={}))
    books.arrive(*approval())
    books.journalise()
    assert statuses(books) == [("USPM-000001", "error", 2)]
    books.edit("delete_lines", company="USPM", journal_id="USPM-000001")
    books.use(finance())
    books.journalise()
    assert {row["state"] for row in books.result["staging"]} == {"posted"}
    assert {row["journal_id"] for row in books.result["staging"]} == {"USPM-000002"}


# --- a rate that was agreed later -------------------------------------------------------------------------------------

AGREED = ("contracts.CTR-GBP.fixed_exchange_rate", {"currency": "GBP", "rate": "125", "factor": 100})


def test_fxr_08_draft_lines_take_a_rate_that_was_agreed_later_and_posted_ones_keep_theirs(books: Books) -> None:
    books.arrive(sale("posted", **IN_POUNDS))
    books.journalise()
    books.arrive(sale("draft", **IN_POUNDS), cost("cost", **IN_POUNDS), sale("dollars"))
    books.import_staging()
    assert books.journal_line("draft")["price_exchange_rate"] == "130"
    before = books.journal_line("draft")
    books.use(finance(AGREED))
    books.import_staging()
    rates = {name: books.journal_line(name)["price_exchange_rate"] for name in ("posted", "draft", "cost", "dollars")}
    assert rates == {"posted": "130", "draft": "125", "cost": "130", "dollars": "100"}
    assert books.journal_line("draft") == {**before, "price_exchange_rate": "125"}
    books.post_journals()
    assert (books.row("posted")["exchange_rate"], books.row("draft")["exchange_rate"]) == ("1.3", "1.25")
    assert books.row("draft")["accounting_amount"] == "2000.00"


def test_fxr_08_a_reversal_of_a_draft_line_is_reversed_at_the_rate_it_has_by_then(books: Books) -> None:
    books.arrive(sale("work", **IN_POUNDS))
    books.import_staging()
    books.use(finance(AGREED))
    books.import_staging()
    books.arrive(sale("back", "-8", **IN_POUNDS), reverses("back", "work"))
    books.journalise()
    assert books.journal_line("back")["price_exchange_rate"] == "125"
    assert books.balances() == {}


def test_fxr_08_a_pending_invoice_takes_the_agreed_rate_and_reverses_the_accrual_at_its_own(books: Books) -> None:
    books.arrive(*approval(**IN_POUNDS))
    books.journalise()
    books.arrive(*billing("work", total="1600", **IN_POUNDS))
    books.import_staging()
    books.use(finance(AGREED))
    books.post_invoices()
    assert books.row("work/billed")["exchange_rate"] == "1.25"
    balances = books.balances()
    assert (balances["invoiced_revenue"], balances["customer_balance"]) == (Decimal(-2000), Decimal(2000))
    assert not balances.keys() & {"wip_sales_value", "accrued_revenue_sales_value"}


@pytest.mark.parametrize("transaction_class", ["time", "expense", "material", "fee"])
def test_fxr_09_sales_of_every_class_take_the_agreed_rate(books: Books, transaction_class: str) -> None:
    books.arrive(sale("work", transaction_class=transaction_class, **FIXED_RATE))
    books.import_staging()
    assert books.journal_line("work")["price_exchange_rate"] == "125"


@pytest.mark.parametrize("document_type", ["expense_report", "vendor_invoice"])
def test_fxr_09_so_do_sales_of_expense_reports_and_vendor_invoices(books: Books, document_type: str) -> None:
    with custom_columns():
        books.arrive(sale("work", transaction_class="expense", cr123_documenttype=document_type, **FIXED_RATE))
    books.import_staging()
    assert books.journal_line("work")["price_exchange_rate"] == "125"


def test_fxr_10_a_sale_stays_in_its_currency_and_is_converted_by_finance(books: Books) -> None:
    books.arrive(sale("work", **IN_POUNDS))
    books.journalise()
    line = books.journal_line("work")
    assert (line["currency"], line["sales_amount"], line["unit_price"]) == ("GBP", "1600.00", "200.00")
    assert books.voucher_of("work") == [
        ("wip_sales_value", "1600.00", "2080.00"),
        ("accrued_revenue_sales_value", "-1600.00", "-2080.00"),
    ]
