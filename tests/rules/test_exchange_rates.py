"""FXR-02 to FXR-06, FXR-13, FXR-14: foreign currency from the journal line to the customer balance."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.builders import proforma
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import FIXED_RATE, IN_POUNDS, approval, bill, billed, reverses, sale

JULIA = {"resource": "Julia Funderburk", **FIXED_RATE}


@pytest.fixture(scope="module")
def julia(new_books: Callable[[], Books]) -> Books:
    """FXR-01: four hours of Julia Funderburk at 250 GBP under an agreed rate of 1.25, from approval to invoice."""
    books = new_books()
    books.arrive(*approval("julia", "4", unit_cost="120", price="250", **JULIA))
    books.journalise()
    books.arrive(*billed("julia", quantity="4", price="250", total="1000", **JULIA))
    books.import_staging()
    books.post_invoices()
    return books.closed()


def voucher_lines(books: Books, source: str) -> list[tuple[str, str, str, str, str]]:
    """Account, amount, accounting amount, rate and posting type, as the documents print them."""
    names = ("account", "amount", "accounting_amount", "exchange_rate", "posting_type")
    found = (line for v in books.result["vouchers"] if v["source"] == source for line in v["lines"])
    return sorted((line[names[0]], line[names[1]], line[names[2]], line[names[3]], line[names[4]]) for line in found)


def test_fxr_02_the_approval_becomes_two_journal_lines(julia: Books) -> None:
    shown = ("resource", "quantity", "cost_amount", "sales_amount", "currency", "price_exchange_rate")
    assert [tuple(line[name] for name in shown) for line in julia.journal_lines()] == [
        ("Julia Funderburk", "4", "480.00", "0.00", "USD", "100"),
        ("Julia Funderburk", "4", "0.00", "1000.00", "GBP", "125"),
    ]


def test_fxr_03_each_line_has_its_voucher(julia: Books) -> None:
    assert voucher_lines(julia, "journal") == [
        ("161300", "1000.00", "1250.00", "1.25", "wip_sales_value"),
        ("420200", "-1000.00", "-1250.00", "1.25", "accrued_revenue_sales_value"),
        ("540100", "480.00", "480.00", "1", "cost"),
        ("600300", "-480.00", "-480.00", "1", "payroll_allocation"),
    ]
    assert len([voucher for voucher in julia.result["vouchers"] if voucher["source"] == "journal"]) == 2


def test_fxr_04_the_proposal_is_in_the_contracts_currency(julia: Books) -> None:
    proposal = julia.proposal()
    (line,) = proposal["lines"]
    assert (line["quantity"], line["unit_price"], line["amount"]) == ("4", "250.00", "1000.00")
    assert (proposal["currency"], proposal["total"]) == ("GBP", "1000.00")


def test_fxr_05_the_invoice_takes_the_accrual_back(julia: Books) -> None:
    assert voucher_lines(julia, "invoice") == [
        ("130100", "1000.00", "1250.00", "1.25", "customer_balance"),
        ("161300", "-1000.00", "-1250.00", "1.25", "wip_sales_value"),
        ("411100", "-1000.00", "-1250.00", "1.25", "invoiced_revenue"),
        ("420200", "1000.00", "1250.00", "1.25", "accrued_revenue_sales_value"),
    ]


def test_fxr_06_what_is_left_after_both_postings(julia: Books) -> None:
    assert julia.balances() == {
        "payroll_allocation": Decimal(-480),
        "cost": Decimal(480),
        "invoiced_revenue": Decimal(-1250),
        "customer_balance": Decimal(1250),
    }


@pytest.mark.parametrize("price", ["250", "333.33", "0.01"])
def test_fxr_13_the_invoice_reverses_the_accrual_at_the_rate_it_was_made_with(books: Books, price: str) -> None:
    """Journal at 1.30 on 27 August, invoice at 1.3777 on 31 August."""
    work = {"quantity": "3", "price": price, "total": str(3 * Decimal(price)), **IN_POUNDS}
    books.arrive(*billed(**work))
    books.journalise()
    accrued = books.balances()
    books.post_invoices(proposal_id="INV-0001", invoice_date="2026-08-31")

    revenue = (3 * Decimal(price) * Decimal("1.3777")).quantize(Decimal("0.01"))
    assert accrued["wip_sales_value"] == (3 * Decimal(price) * Decimal("1.30")).quantize(Decimal("0.01"))
    assert books.balances() == {"invoiced_revenue": -revenue, "customer_balance": revenue}


def test_fxr_13_a_reversal_takes_the_rate_of_what_it_reverses(books: Books) -> None:
    books.arrive(sale("work", **IN_POUNDS))
    books.journalise()
    books.arrive(
        sale("back", "-8", **IN_POUNDS, start="2026-08-30", accounting_date="2026-08-30"), reverses("back", "work")
    )
    books.journalise()
    assert books.journal_line("back")["price_exchange_rate"] == "130"
    assert books.balances() == {}


def test_reg_18_an_invoice_in_foreign_currency_is_converted_not_copied(julia: Books) -> None:
    row = julia.row("julia/billed")
    assert (row["accounting_amount"], row["exchange_rate"]) == ("1250.00", "1.25")


def test_fxr_11_an_invoice_without_exchange_rate_is_refused_and_posted_later(books: Books) -> None:
    books.use(
        finance(profiles={"TM": {"billing_method": "time_and_material"}, "FP": {"billing_method": "fixed_price"}})
    )
    fixed = {"transaction_class": "milestone", "contract_line": None, "resource": None}
    books.arrive(
        bill("milestone", "1", "100", **{**IN_POUNDS, **fixed}),
        proforma("inv-1", total="100", contract="CTR-GBP", currency="GBP"),
    )
    books.import_staging()
    books.use(finance(exchange_rates=[]))
    books.post_invoices()
    assert (books.proposal()["status"], books.reasons()) == ("ready", ["exchange_rate_missing"])
    books.use(finance())
    books.post_invoices()
    assert books.proposal()["status"] == "posted"
