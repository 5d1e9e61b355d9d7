"""TM-11 to TM-15, SKIP-01 to SKIP-07, CORR-29: a proforma is confirmed or corrected, from the actuals to the ledger."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.builders import Context, actual, guid, proforma
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import (
    FIXED_RATE,
    IN_POUNDS,
    approval,
    bill,
    billing,
    bills,
    confirmation,
    confirmation_of_six_of_eight,
    confirmation_of_ten_for_eight,
    correction_to_six,
    correction_to_ten,
    cost,
    reverses,
    sale,
)


@pytest.fixture
def approved(books: Books) -> Books:
    """TM-04: eight hours at 200 are approved, journalised and posted."""
    books.arrive(*approval())
    books.journalise()
    return books


@pytest.fixture
def invoiced(approved: Books) -> Books:
    """TM-11: they are billed as they are, and the invoice is posted."""
    approved.arrive(*confirmation())
    approved.import_staging()
    approved.post_invoices()
    return approved


def lines(books: Books, number: str = "INV-0001") -> list[tuple[str, str]]:
    """Quantity and amount of a proposal's lines, in the order of their numbers."""
    return [(line["quantity"], line["amount"]) for line in books.proposal(number)["lines"]]


def test_tm_11_eight_hours_are_billed_as_they_were_approved(invoiced: Books) -> None:
    invoice = invoiced.invoice()
    assert lines(invoiced) == [("8", "1600.00")]
    assert (invoice["document_type"], invoice["subtotal"], invoice["total"]) == ("invoice", "1600.00", "1600.00")
    assert invoiced.balances() == {
        "cost": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "invoiced_revenue": Decimal(-1600),
        "customer_balance": Decimal(1600),
    }


def test_tm_12_six_of_eight_hours_are_billed_and_two_are_given_away(approved: Books) -> None:
    approved.arrive(*confirmation_of_six_of_eight())
    approved.journalise()
    assert lines(approved) == [("6", "1200.00")]
    approved.post_invoices()

    assert approved.invoice()["total"] == "1200.00"
    assert approved.balances() == {
        "cost": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "invoiced_revenue": Decimal(-1200),
        "customer_balance": Decimal(1200),
    }
    assert approved.state("two/billed") == "posted"


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
    assert (invoiced.invoice("INV-0002")["document_type"], invoiced.invoice("INV-0002")["total"]) == (
        "invoice",
        "400.00",
    )
    assert invoiced.balances() == {
        "cost": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "invoiced_revenue": Decimal(-2000),
        "customer_balance": Decimal(2000),
    }
