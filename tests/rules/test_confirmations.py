"""TM-11 to TM-15, SKIP-01 to SKIP-07, CORR-29: a proforma is confirmed or corrected, from the actuals to the ledger."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import Context, guid, proforma
from tests.rules.books import Books
from tests.rules.stories import (
    approval,
    bill,
    confirmation,
    confirmation_of_six_of_eight,
    confirmation_of_ten_for_eight,
    correction_to_six,
    correction_to_ten,
    cost,
    replaces,
    reverses,
    sale,
)


@pytest.fixture
def approved(books: Books) -> Books:
    """TM-04: eight hours at 200 are approved, journalised and posted."""
    return tell_approval(books)


@pytest.fixture
def invoiced(books: Books) -> Books:
    """TM-11: they are billed as they are, and the invoice is posted."""
    return tell_invoice(books)


@pytest.fixture(scope="module")
def tm_11(new_books: Callable[[], Books]) -> Books:
    return tell_invoice(new_books()).closed()


@pytest.fixture(scope="module")
def tm_12(new_books: Callable[[], Books]) -> Books:
    books = tell_approval(new_books())
    books.arrive(*confirmation_of_six_of_eight())
    books.journalise()
    books.post_invoices()
    return books.closed()


def tell_approval(books: Books) -> Books:
    books.arrive(*approval())
    books.journalise()
    return books


def tell_invoice(books: Books) -> Books:
    tell_approval(books).arrive(*confirmation())
    books.import_staging()
    books.post_invoices()
    return books


def lines(books: Books, number: str = "INV-0001") -> list[tuple[str, str]]:
    """Quantity and amount of a proposal's lines, in the order of their numbers."""
    return [(line["quantity"], line["amount"]) for line in books.proposal(number)["lines"]]


def test_tm_11_eight_hours_are_billed_as_they_were_approved(tm_11: Books) -> None:
    invoice = tm_11.invoice()
    assert lines(tm_11) == [("8", "1600.00")]
    assert (invoice["document_type"], invoice["subtotal"], invoice["total"]) == ("invoice", "1600.00", "1600.00")
    assert tm_11.balances() == {
        "cost": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "invoiced_revenue": Decimal(-1600),
        "customer_balance": Decimal(1600),
    }


def test_tm_12_six_of_eight_hours_are_billed_and_two_are_given_away(tm_12: Books) -> None:
    assert lines(tm_12) == [("6", "1200.00")]
    assert tm_12.invoice()["total"] == "1200.00"
    assert tm_12.balances() == {
        "cost": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "invoiced_revenue": Decimal(-1200),
        "customer_balance": Decimal(1200),
    }
    assert tm_12.state("two/billed") == "posted"


def test_tm_13_ten_hours_are_billed_for_eight(approved: Books) -> None:
    approved.arrive(*confirmation_of_ten_for_eight())
    approved.journalise()
    approved.post_invoices()

    assert lines(approved) == [("10", "2000.00")]
    assert approved.invoice()["total"] == "2000.00"
    assert approved.balances() == {
        "cost": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "invoiced_revenue": Decimal(-2000),
        "customer_balance": Decimal(2000),
    }


def test_tm_14_corr_29_a_correction_to_six_hours_is_a_credit_note_of_400(invoiced: Books) -> None:
    invoiced.arrive(*correction_to_six())
    invoiced.journalise()
    invoiced.post_invoices()

    assert sorted(lines(invoiced, "INV-0002")) == [("-8", "-1600.00"), ("6", "1200.00")]
    note = invoiced.invoice("INV-0002")
    assert (note["document_type"], note["total"]) == ("credit_note", "-400.00")
    assert invoiced.balances() == {
        "cost": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "wip_sales_value": Decimal(400),  # the two hours in the backlog (INV-14)
        "accrued_revenue_sales_value": Decimal(-400),  # INV-15
        "invoiced_revenue": Decimal(-1200),
        "customer_balance": Decimal(1200),
    }


def test_tm_15_a_correction_to_ten_hours_is_an_invoice_of_the_difference(invoiced: Books) -> None:
    invoiced.arrive(*correction_to_ten())
    invoiced.journalise()
    invoiced.post_invoices()

    assert sorted(lines(invoiced, "INV-0002")) == [("-8", "-1600.00"), ("10", "2000.00")]
    document = invoiced.invoice("INV-0002")
    assert (document["document_type"], document["total"]) == ("invoice", "400.00")
    assert invoiced.balances() == {
        "cost": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "invoiced_revenue": Decimal(-2000),
        "customer_balance": Decimal(2000),
    }


def test_corr_01_a_full_credit_puts_the_work_back_into_the_backlog(invoiced: Books) -> None:
    """INV-08: the sum of unbilled sales is the original amount again, that of billed sales zero."""
    invoiced.arrive(
        bill("work/credited", "-8", invoice="inv-2"),
        sale("again/unbilled"),
        reverses("work/credited", "work/billed"),
        replaces("again/unbilled", "work/billed"),
        proforma("inv-2", number="INV-0002", total="-1600"),
    )
    invoiced.journalise()
    invoiced.post_invoices()

    assert invoiced.invoice("INV-0002")["total"] == "-1600.00"
    assert invoiced.balances() == {
        "cost": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "wip_sales_value": Decimal(1600),
        "accrued_revenue_sales_value": Decimal(-1600),
    }


@pytest.mark.parametrize("story", [confirmation_of_six_of_eight, confirmation_of_ten_for_eight])
def test_inv_14_nothing_stays_accrued_once_everything_is_invoiced(
    books: Books, story: Callable[[], list[Context]]
) -> None:
    """Even if nothing was posted before the confirmation."""
    books.arrive(*approval(), *story())
    books.journalise()
    books.post_invoices()
    assert books.state("work/reversal") == "posted"
    assert not books.balances().keys() & {"wip_sales_value", "accrued_revenue_sales_value"}


# --- which actuals take part ------------------------------------------------------------------------------------------


def test_skip_01_an_actual_becomes_one_staging_row(books: Books) -> None:
    books.arrive(sale("work"))
    assert [(row["actual_id"], row["state"]) for row in books.result["staging"]] == [(guid("work"), "pending")]


def test_skip_02_a_skipped_cost_never_becomes_a_line(books: Books) -> None:
    """The cost of intercompany work: finance makes it from the vendor invoice."""
    books.arrive(cost("work", skip_sync=True))
    books.journalise()
    assert books.state("work") == "skipped"
    assert books.journal_lines() == []


def test_skip_03_skip_04_the_reversal_of_what_is_billed_is_skipped(tm_11: Books) -> None:
    states = {row["actual_id"]: row["state"] for row in tm_11.result["staging"]}
    assert states == {
        guid("work/cost"): "posted",
        guid("work/unbilled"): "posted",
        guid("work/billed"): "posted",
        guid("work/reversal"): "skipped",
    }


def test_skip_05_the_reversals_of_a_cancelled_approval_are_posted(approved: Books) -> None:
    """TM-07."""
    approved.arrive(
        cost("work/cost-back", "-8"),
        sale("work/sale-back", "-8"),
        reverses("work/cost-back", "work/cost"),
        reverses("work/sale-back", "work/unbilled"),
    )
    approved.journalise()
    assert (approved.state("work/cost-back"), approved.state("work/sale-back")) == ("posted", "posted")
    assert approved.balances() == {}


def test_skip_06_a_milestone_and_its_credit_are_both_billed(books: Books) -> None:
    """FP-09, FP-10, MS-22: no unbilled sale, no connection between them and one."""
    fixed: dict[str, Any] = {"transaction_class": "milestone", "contract_line": "CTR-1-FP", "resource": None}
    books.arrive(
        bill("milestone", "1", "5000", **fixed),
        proforma("inv-1", total="5000"),
        bill("credit", "-1", "5000", invoice="inv-2", **fixed),
        reverses("credit", "milestone"),
        proforma("inv-2", number="INV-0002", total="-5000"),
    )
    books.import_staging()
    books.post_invoices(proposal_id="INV-0001")
    assert books.balances() == {"customer_balance": Decimal(5000), "invoiced_revenue_on_account": Decimal(-5000)}
    books.import_staging()
    books.post_invoices(proposal_id="INV-0002")
    assert books.invoice("INV-0002")["document_type"] == "credit_note"
    assert books.balances() == {}


def test_skip_07_only_the_reversals_of_what_the_same_confirmation_bills_are_skipped(tm_12: Books) -> None:
    """99-07."""
    names = ("work/reversal", "six/unbilled", "two/unbilled", "six/reversal", "two/reversal")
    assert [tm_12.state(name) for name in names] == ["posted", "posted", "posted", "skipped", "skipped"]
