"""LED-11 to LED-15, LED-36 to LED-47, DUE, NUM, PROP-12 to PROP-18: what posting a proposal makes, or refuses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import proforma, references
from tests.rules.books import Books
from tests.rules.finance import TAXED, accounts_without, finance
from tests.rules.stories import IN_POUNDS, approval, bill, billed

MILESTONE: dict[str, Any] = {"transaction_class": "milestone", "contract_line": "CTR-1-FP", "resource": None}


def milestone(invoice: str = "inv-1", *, number: str = "INV-0001", project: str = "PRJ-1", **columns: Any) -> list[Any]:
    """A milestone of 5,000 and its proforma: what is billed without any work having been posted."""
    return [
        bill(f"milestone of {invoice}", "1", "5000", invoice=invoice, project=project, **MILESTONE),
        proforma(invoice, number=number, total="5000", **columns),
    ]


def invoice_voucher(books: Books, number: str = "INV-0001") -> dict[str, str]:
    """Posting type and accounting amount of each line of the voucher of a proposal's invoice."""
    lines = books.voucher(books.invoice(number)["voucher"])
    found = {posting_type: accounting for posting_type, _, accounting in lines}
    assert len(found) == len(lines)
    return found


# --- vouchers ---------------------------------------------------------------------------------------------------------

HUNDRED: dict[str, Any] = {"quantity": "1", "price": "100", "total": "100"}
CUSTOMER_AND_REVENUE = {"customer_balance": "1600.00", "invoiced_revenue": "-1600.00"}


@pytest.fixture(scope="module")
def posted(new_books: Callable[[], Books]) -> Books:
    """Posted invoices of projects with and without accrual, with and without tax, called by what is tested."""
    projects = {
        "No WIP": {},
        "Taxed": {"sales_tax_group": "DOM"},
        "Taxed, no WIP": {"sales_tax_group": "DOM"},
        "Balance": {},
    }
    profiles = {
        "No WIP": {"billing_method": "time_and_material"},
        "Balance": {"billing_method": "fixed_price", "on_account": "balance"},
    }
    rules = {"No WIP": "No WIP", "Taxed, no WIP": "No WIP", "Balance": "Balance"}
    document = finance()
    document["profiles"] |= profiles
    document["profile_rules"] += [{"company": "USPM", "project": of, "profile": name} for of, name in rules.items()]
    document["projects"] |= {
        name: {"company": "USPM", "contract": "CTR-1", **columns} for name, columns in projects.items()
    }
    document["references"]["msdyn_project"] |= references(project=projects)["msdyn_project"]
    works: dict[str, dict[str, Any]] = {
        "WIP": {},
        "NO-WIP": {"project": "No WIP"},
        "TAXED": {"project": "Taxed", **HUNDRED},
        "TAXED-NO-WIP": {"project": "Taxed, no WIP", **HUNDRED},
        "CREDIT": {"quantity": "-8", "total": "-1600"},
        "NOTHING": {"quantity": "0", "total": "0"},
    }
    books = new_books()
    books.use(document)
    for number, columns in works.items():
        books.arrive(*billed(number, invoice=number, number=number, **columns))
    books.arrive(*milestone("PROFIT", number="PROFIT"), *milestone("BALANCE", number="BALANCE", project="Balance"))
    books.journalise()
    books.post_invoices()
    return books.closed()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param("NO-WIP", CUSTOMER_AND_REVENUE, id="LED-11 T&M - No WIP"),
        pytest.param(
            "WIP",
            {**CUSTOMER_AND_REVENUE, "wip_sales_value": "-1600.00", "accrued_revenue_sales_value": "1600.00"},
            id="LED-12 T&M - WIP",
        ),
        pytest.param(
            "PROFIT",
            {"customer_balance": "5000.00", "invoiced_revenue_on_account": "-5000.00"},
            id="LED-13, LED-37, MS-22",
        ),
        pytest.param(
            "BALANCE",
            {"customer_balance": "5000.00", "wip_invoiced_on_account": "-5000.00"},
            id="LED-14, LED-15, LED-36, MS-23",
        ),
        pytest.param(
            "TAXED",
            {
                "customer_balance": "120.00",
                "sales_tax_payable": "-20.00",
                "invoiced_revenue": "-100.00",
                "wip_sales_value": "-100.00",
                "accrued_revenue_sales_value": "100.00",
            },
            id="LED-46, LED-47 with accrual",
        ),
        pytest.param(
            "TAXED-NO-WIP",
            {"customer_balance": "120.00", "sales_tax_payable": "-20.00", "invoiced_revenue": "-100.00"},
            id="LED-46 without accrual",
        ),
    ],
)
def test_an_invoice_has_its_voucher(posted: Books, number: str, expected: dict[str, str]) -> None:
    assert invoice_voucher(posted, number) == expected
    assert posted.invoice(number)["total"] == expected["customer_balance"]


@pytest.mark.parametrize(("work", "accrues"), [("TAXED", True), ("TAXED-NO-WIP", False)])
def test_led_45_a_sale_of_100_accrues_100_whatever_its_tax(posted: Books, work: str, accrues: bool) -> None:
    accrued = [("wip_sales_value", "100.00", "100.00"), ("accrued_revenue_sales_value", "-100.00", "-100.00")]
    assert posted.voucher_of(f"{work}/unbilled") == (accrued if accrues else [])


@pytest.mark.parametrize(
    ("number", "total", "document_type"),
    [("CREDIT", "-1600.00", "credit_note"), ("NOTHING", "0.00", "invoice"), ("WIP", "1600.00", "invoice")],
)
def test_prop_18_corr_25_the_sign_of_the_total_makes_a_credit_note(
    posted: Books, number: str, total: str, document_type: str
) -> None:
    invoice = posted.invoice(number)
    assert (invoice["document_type"], invoice["total"]) == (document_type, total)


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


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dated(new_books: Callable[[], Books]) -> Books:
    """Posted invoices with dates of every origin; the second customer has terms of 14 days."""
    periods = [("2012-03-01", "2012-03-31"), ("2026-08-01", "2026-08-31")]
    books = new_books()
    books.use(
        finance(
            ("customers.USPM.C-002.terms_of_payment", "D14"),
            fiscal_periods={"USPM": [{"start": start, "end": end, "status": "open"} for start, end in periods]},
        )
    )
    given = {"DUE-05": "2012-03-31", "DUE-07": "2012-03-02", "GIVEN": "2026-08-19"}
    for number in ("DUE-05", "DUE-07"):
        books.arrive(*milestone(number, number=number, customer="C-002"))
    books.arrive(*milestone("GIVEN", number="GIVEN", invoice_date="2026-08-20"))
    books.arrive(*milestone("HEADER", number="HEADER", invoice_date="2026-08-21"), *milestone("TODAY", number="TODAY"))
    books.import_staging()
    for number, day in given.items():
        books.post_invoices(proposal_id=number, invoice_date=day)
    books.world.at = "2026-09-01T03:00:00Z"  # still the day before in New York
    books.post_invoices()
    return books.closed()


@pytest.mark.parametrize(
    ("number", "invoice_date", "due_date"),
    [
        pytest.param("DUE-05", "2012-03-31", "2012-04-14", id="DUE-05"),
        pytest.param("DUE-07", "2012-03-02", "2012-03-16", id="DUE-07"),
        pytest.param("GIVEN", "2026-08-19", "2026-08-19", id="the date given comes first; DUE-01"),
        pytest.param("HEADER", "2026-08-21", "2026-08-21", id="then the header's"),
        pytest.param("TODAY", "2026-08-31", "2026-08-31", id="then today at the company"),
    ],
)
def test_an_invoice_has_its_dates(dated: Books, number: str, invoice_date: str, due_date: str) -> None:
    invoice = dated.invoice(number)
    assert (invoice["invoice_date"], invoice["due_date"]) == (invoice_date, due_date)


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
    assert [(one["document"], one["reason"]) for one in answer["refused"]] == [("INV-0001", "already_posted")]
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
