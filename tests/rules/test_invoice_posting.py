"""LED-11 to LED-15, LED-36 to LED-47, DUE, NUM, PROP-12 to PROP-18: what posting a proposal makes, or refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import proforma
from tests.rules.books import Books
from tests.rules.finance import TAXED, accounts_without, finance
from tests.rules.stories import IN_POUNDS, approval, bill, billed

MILESTONE: dict[str, Any] = {"transaction_class": "milestone", "contract_line": "CTR-1-FP", "resource": None}


def milestone(invoice: str = "inv-1", *, number: str = "INV-0001", **columns: Any) -> list[Any]:
    """A milestone of 5,000 and its proforma: what is billed without any work having been posted."""
    return [
        bill(f"milestone of {invoice}", "1", "5000", invoice=invoice, **MILESTONE),
        proforma(invoice, number=number, total="5000", **columns),
    ]


def invoice_voucher(books: Books) -> dict[str, str]:
    """Posting type and accounting amount of each line of the one invoice voucher."""
    (lines,) = [voucher["lines"] for voucher in books.result["vouchers"] if voucher["source"] == "invoice"]
    found = {line["posting_type"]: line["accounting_amount"] for line in lines}
    assert len(found) == len(lines)
    return found


# --- vouchers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accrual", "expected"),
    [
        pytest.param(False, {"customer_balance": "1600.00", "invoiced_revenue": "-1600.00"}, id="LED-11 T&M - No WIP"),
        pytest.param(
            True,
            {
                "customer_balance": "1600.00",
                "invoiced_revenue": "-1600.00",
                "wip_sales_value": "-1600.00",
                "accrued_revenue_sales_value": "1600.00",
            },
            id="LED-12 T&M - WIP",
        ),
    ],
)
def test_work_is_invoiced(books: Books, accrual: bool, expected: dict[str, str]) -> None:
    books.use(finance(accrual=accrual))
    books.arrive(*billed())
    books.journalise()
    books.post_invoices()
    assert invoice_voucher(books) == expected


@pytest.mark.parametrize(
    ("on_account", "revenue"),
    [
        pytest.param("balance", "wip_invoiced_on_account", id="LED-14, LED-15, LED-36, MS-23"),
        pytest.param("profit_and_loss", "invoiced_revenue_on_account", id="LED-13, LED-37, MS-22"),
    ],
)
def test_a_milestone_is_invoiced_on_account(books: Books, on_account: str, revenue: str) -> None:
    books.use(finance(("profiles.FP.on_account", on_account)))
    books.arrive(*milestone())
    books.import_staging()
    books.post_invoices()
    assert invoice_voucher(books) == {"customer_balance": "5000.00", revenue: "-5000.00"}


def test_led_43_led_44_an_hour_of_50_and_75_with_accrual(books: Books) -> None:
    books.arrive(*approval("hour", "1", unit_cost="50", price="75"))
    books.journalise()
    assert books.balances() == {
        "cost": Decimal(50),
        "payroll_allocation": Decimal(-50),
        "wip_sales_value": Decimal(75),
        "accrued_revenue_sales_value": Decimal(-75),
    }
    books.arrive(*billed("hour", quantity="1", price="75", total="75"))
    books.import_staging()
    books.post_invoices()
    assert books.balances() == {
        "cost": Decimal(50),
        "payroll_allocation": Decimal(-50),
        "invoiced_revenue": Decimal(-75),
        "customer_balance": Decimal(75),
    }


@pytest.mark.parametrize("accrual", [True, False])
def test_led_45_led_46_led_47_sales_of_100_with_20_of_tax(books: Books, accrual: bool) -> None:
    books.use(finance(TAXED, accrual=accrual))
    books.arrive(*billed(quantity="1", price="100", total="100"))
    books.journalise()
    assert books.balances() == (
        {"wip_sales_value": Decimal(100), "accrued_revenue_sales_value": Decimal(-100)} if accrual else {}
    )
    books.post_invoices()
    taken_back = {"wip_sales_value": "-100.00", "accrued_revenue_sales_value": "100.00"} if accrual else {}
    assert invoice_voucher(books) == {
        "customer_balance": "120.00",
        "sales_tax_payable": "-20.00",
        "invoiced_revenue": "-100.00",
        **taken_back,
    }
    assert (books.invoice()["sales_tax"], books.invoice()["total"]) == ("20.00", "120.00")


def test_inv_16_tax_in_foreign_currency_is_converted_for_the_document(books: Books) -> None:
    """Revenue is rounded per actual, tax per code and document, and the customer takes what is left."""
    books.use(finance(TAXED, accrual=False))
    works = {"quantity": "1", "price": "0.11", **IN_POUNDS}
    books.arrive(*billed("one", "two", "three", total="0.33", **works))
    books.journalise()
    books.post_invoices(proposal_id="INV-0001", invoice_date="2026-08-31")
    # at 1.3777: three times 0.15, and 0.08 of tax for three times 0.02 of it in pounds
    assert invoice_voucher(books) == {
        "invoiced_revenue": "-0.45",
        "sales_tax_payable": "-0.08",
        "customer_balance": "0.53",
    }


@pytest.mark.parametrize(
    ("quantity", "total", "document_type"),
    [("-8", "-1600", "credit_note"), ("0", "0", "invoice"), ("8", "1600", "invoice")],
)
def test_prop_18_corr_25_the_sign_of_the_total_makes_a_credit_note(
    books: Books, quantity: str, total: str, document_type: str
) -> None:
    books.arrive(*billed(quantity=quantity, total=total))
    books.journalise()
    books.post_invoices()
    assert books.invoice()["document_type"] == document_type
    assert books.balances().get("customer_balance", Decimal(0)) == Decimal(total)


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("invoice_date", "due_date"),
    [
        pytest.param("2012-03-31", "2012-04-14", id="DUE-05"),
        pytest.param("2012-03-02", "2012-03-16", id="DUE-07"),
    ],
)
def test_an_invoice_is_due_fourteen_days_after_its_date(books: Books, invoice_date: str, due_date: str) -> None:
    march = {"USPM": [{"start": "2012-03-01", "end": "2012-03-31", "status": "open"}]}
    books.use(finance(("customers.USPM.C-001.terms_of_payment", "D14"), fiscal_periods=march))
    books.arrive(*milestone())
    books.import_staging()
    books.post_invoices(proposal_id="INV-0001", invoice_date=invoice_date)
    assert (books.invoice()["invoice_date"], books.invoice()["due_date"]) == (invoice_date, due_date)


def test_due_01_without_terms_an_invoice_is_due_at_once(books: Books) -> None:
    books.arrive(*milestone())
    books.import_staging()
    books.post_invoices()
    assert books.invoice()["due_date"] == books.invoice()["invoice_date"] == "2026-08-31"


def test_an_invoice_has_the_date_given_else_the_headers_else_today_at_the_company(books: Books) -> None:
    books.arrive(*milestone("given", number="INV-1", invoice_date="2026-08-20"))
    books.arrive(*milestone("header", number="INV-2", invoice_date="2026-08-21"))
    books.arrive(*milestone("today", number="INV-3"))
    books.import_staging()
    books.world.at = "2026-09-01T03:00:00Z"  # still the day before in New York
    books.post_invoices(proposal_id="INV-1", invoice_date="2026-08-19")
    books.post_invoices()
    dates = [books.invoice(number)["invoice_date"] for number in ("INV-1", "INV-2", "INV-3")]
    assert dates == ["2026-08-19", "2026-08-21", "2026-08-31"]


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_num_04_num_09_invoices_have_their_own_sequence_in_its_format(books: Books) -> None:
    books.use(finance(("number_sequences.USPM.invoice", "#####_2017")))
    books.arrive(*milestone("b", number="INV-0002"), *milestone("a", number="INV-0001"))
    books.import_staging()
    for number in ("INV-0002", "INV-0001"):
        books.post_invoices(proposal_id=number)
    assert books.invoice("INV-0002")["invoice_number"] == "00001_2017"
    assert books.invoice("INV-0001")["invoice_number"] == "00002_2017"


def test_num_02_a_refused_posting_leaves_no_gap(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("customer_balance")))
    books.arrive(*milestone())
    books.import_staging()
    books.post_invoices()
    assert books.reasons() == ["ledger_account_missing"]
    books.use(finance())
    books.post_invoices()
    assert (books.invoice()["invoice_number"], books.invoice()["voucher"]) == ("FTI-00000001", "PV-00000001")


# --- once, or not at all ----------------------------------------------------------------------------------------------


def test_prop_12_inv_21_a_posted_proposal_cannot_be_posted_again(books: Books) -> None:
    books.arrive(*milestone())
    books.import_staging()
    books.post_invoices()
    books.post_invoices()
    answer = books.run("invoice_posting", proposal_id="INV-0001")
    assert "already_posted" in answer["refused"]["INV-0001"]
    assert len(books.result["invoices"]) == len(books.result["vouchers"]) == 1
    assert "already_posted" in books.edit("delete_lines", company="USPM", proposal_id="INV-0001")


@pytest.mark.parametrize(
    ("reason", "broken"),
    [
        pytest.param("customer_on_hold", finance(("customers.USPM.C-001.on_hold", True)), id="PROP-16"),
        pytest.param("period_closed", finance(fiscal_periods={}), id="period"),
        pytest.param("profile_missing", finance(profile_rules=[]), id="profile"),
        pytest.param(
            "sales_tax_setup_missing",
            finance(TAXED, ("sales_tax.codes.VAT20.rates", [{"valid_from": "2027-01-01", "percent": "20"}])),
            id="tax percent",
        ),
    ],
)
def test_wb_08_a_posting_is_refused_before_anything_is_written(
    books: Books, reason: str, broken: dict[str, Any]
) -> None:
    books.use(finance(TAXED))
    books.arrive(*milestone())
    books.import_staging()
    books.use(broken)
    books.post_invoices()
    assert (books.proposal()["status"], books.reasons()) == ("ready", [reason])
    assert books.result["invoices"] == books.result["vouchers"] == books.result["write_back"] == []

    books.use(finance(TAXED))
    books.post_invoices()
    assert (books.proposal()["status"], books.reasons()) == ("posted", [])


def test_lines_missing_a_proposal_that_waits_is_not_posted(books: Books) -> None:
    books.arrive(*billed())
    books.import_staging()
    books.post_invoices(proposal_id="INV-0001")
    assert books.reasons() == ["unbilled_sales_not_posted", "lines_missing"]


@pytest.mark.parametrize("automatic", [True, False])
def test_a_ready_proposal_is_posted_at_once_where_its_company_wants_it(books: Books, automatic: bool) -> None:
    books.use(finance(("parameters.USPM.auto_post_proposals", automatic)))
    books.arrive(*billed())
    books.journalise()
    assert books.proposal()["status"] == ("posted" if automatic else "ready")
