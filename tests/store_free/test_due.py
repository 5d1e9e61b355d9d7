"""Due dates by terms of payment (DUE), and the calendar they count with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.domain.calendar import JournalPeriod, add_months, end_of_month, period_key
from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.invoice_totals import CashDiscountTerms
from project_invoicing.domain.proposal import HeaderEdits
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.terms import PaymentMethod, TermsOfPayment, due_date
from project_invoicing.rules.invoice_terms import accounting_date_of, due_date_of, invoice_date_of
from project_invoicing.setup.lookups import FinanceSetup
from tests.rules.finance import finance
from tests.store_free.invoicing import Invoiced, a_line, a_proposal, contoso, invoiced, setup_of

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("terms", "invoiced", "due"),
    [
        pytest.param(TermsOfPayment(days=14), "2012-03-31", "2012-04-14", id="DUE-05"),
        pytest.param(TermsOfPayment(days=14), "2012-03-02", "2012-03-16", id="DUE-07"),
        pytest.param(TermsOfPayment(PaymentMethod.CURRENT_MONTH), "2012-03-05", "2012-03-31", id="DUE-08 month"),
        pytest.param(TermsOfPayment(days=14), "2012-03-05", "2012-03-19", id="DUE-08 D14"),
        pytest.param(TermsOfPayment(days=30), "2012-03-05", "2012-04-04", id="DUE-08 D30"),
        pytest.param(TermsOfPayment(PaymentMethod.COD, 1, 30), "2012-03-05", "2012-03-05", id="DUE-10 cod"),
        pytest.param(TermsOfPayment(PaymentMethod.CURRENT_WEEK), "2012-03-05", "2012-03-11", id="DUE-10 week"),
        pytest.param(TermsOfPayment(PaymentMethod.CURRENT_WEEK), "2012-03-11", "2012-03-11", id="DUE-10 week, Sunday"),
        pytest.param(TermsOfPayment(PaymentMethod.CURRENT_QUARTER), "2012-03-31", "2012-03-31", id="DUE-10 quarter"),
        pytest.param(
            TermsOfPayment(PaymentMethod.CURRENT_QUARTER), "2012-11-01", "2012-12-31", id="DUE-10 last quarter"
        ),
        pytest.param(TermsOfPayment(PaymentMethod.CURRENT_YEAR, days=10), "2012-03-05", "2013-01-10", id="DUE-10 year"),
        pytest.param(TermsOfPayment(months=1), "2012-01-31", "2012-02-29", id="DUE-10 month, leap year"),
        pytest.param(TermsOfPayment(months=1, days=10), "2012-12-31", "2013-02-10", id="DUE-10 months, then days"),
        pytest.param(
            TermsOfPayment(PaymentMethod.CURRENT_MONTH, 1), "2012-02-10", "2012-03-31", id="DUE-10 next month"
        ),
        pytest.param(
            TermsOfPayment(PaymentMethod.CURRENT_QUARTER, 1), "2012-05-10", "2012-07-31", id="DUE-10 quarter+1"
        ),
        pytest.param(
            TermsOfPayment(months=1, cutoff_day=20), "2012-03-20", "2012-04-20", id="DUE-10 on the cut-off day"
        ),
        pytest.param(
            TermsOfPayment(months=1, cutoff_day=20), "2012-03-21", "2012-05-21", id="DUE-10 after the cut-off day"
        ),
        pytest.param(
            TermsOfPayment(PaymentMethod.CURRENT_MONTH, cutoff_day=20),
            "2012-01-31",
            "2012-02-29",
            id="DUE-10 cut-off, month",
        ),
    ],
)
def test_an_invoice_is_due_by_its_terms(terms: TermsOfPayment, invoiced: str, due: str) -> None:
    assert due_date(terms, day(invoiced)) == day(due)


@given(
    DAYS,
    st.builds(
        TermsOfPayment,
        st.sampled_from(PaymentMethod),
        st.integers(0, 120),
        st.integers(0, 3660),
        st.none() | st.integers(1, 31),
    ),
)
def test_no_invoice_is_due_before_its_date(invoiced: date, terms: TermsOfPayment) -> None:
    assert due_date(terms, invoiced) >= invoiced


@given(DAYS, st.integers(-600, 600))
def test_months_added_and_taken_off_again_end_in_the_same_month(start: date, months: int) -> None:
    there = add_months(start, months)
    back = add_months(there, -months)
    assert (back.year, back.month) == (start.year, start.month)
    assert back == start or there == end_of_month(there)


@pytest.mark.parametrize(
    ("unit", "period"),
    [
        pytest.param(JournalPeriod.DAYS, "2026-08-27", id="JRN-01"),
        pytest.param(JournalPeriod.MONTHS, "2026-08", id="JRN-02"),
        pytest.param(JournalPeriod.YEARS, "2026", id="JRN-03"),
        pytest.param(JournalPeriod.ALL, "all", id="JRN-04"),
    ],
)
def test_a_date_has_its_journal_period(unit: JournalPeriod, period: str) -> None:
    assert period_key(unit, day("2026-08-27")) == period


# --- the dates of an invoice ------------------------------------------------------------------------------------------

D14 = ("customers.USPM.C-001.terms_of_payment", "D14")
AUGUST = date(2026, 8, 31)
CLOSED_AUGUST: list[dict[str, Any]] = [
    {"start": "2026-08-01", "end": "2026-08-31", "status": "closed"},
    {"start": "2026-09-01", "end": "2026-09-30", "status": "open"},
]
BILLED_SALES = ("parameters.USPM.invoice_accounting_date", "billed_sales")


def accounted(*values: tuple[str, Any], **keys: Any) -> FinanceSetup:
    """Contoso with 14 days to pay, and a pound of 1.50 from 5 September on."""
    made = finance(D14, *values, **keys)
    made["exchange_rates"].append(
        {"from": "GBP", "to": "USD", "valid_from": "2026-09-05", "rate": "150", "factor": 100}
    )
    return setup_of(made)


def dates(made: Invoiced) -> tuple[str, str, str, str]:
    """Invoice date, due date, accounting date, and the voucher's."""
    terms = made.draft.terms
    found = (terms.invoice_date, terms.due_date, terms.accounting_date, made.voucher.accounting_date)
    return found[0].isoformat(), found[1].isoformat(), found[2].isoformat(), found[3].isoformat()


def test_prop_09_terms_of_payment_are_those_of_the_contract_else_of_the_customer() -> None:
    of_contract = contoso(D14, ("contracts.CTR-1.terms_of_payment", "N30"))
    found = [due_date_of(a_proposal(), setup, AUGUST) for setup in (contoso(), contoso(D14), of_contract)]
    assert found == [AUGUST, date(2026, 9, 14), date(2026, 9, 30)]


@pytest.mark.parametrize(
    ("due_for", "invoiced_on", "given", "due"),
    [
        pytest.param(None, "2026-08-31", False, "2026-12-24", id="DUE-02, DUE-03, set before there was a date"),
        pytest.param("2026-08-28", "2026-08-28", False, "2026-12-24", id="DUE-04, the date it was set for"),
        pytest.param("2026-08-28", "2026-08-28", True, "2026-12-24", id="DUE-04, given again"),
        pytest.param("2026-08-28", "2026-08-30", False, "2026-09-13", id="DUE-06, another date on the header"),
        pytest.param(None, "2026-08-30", True, "2026-09-13", id="DUE-06, PROP-19, another date given"),
    ],
)
def test_a_due_date_that_was_set_wins_over_the_terms_until_the_invoice_date_is_another(
    due_for: str | None, invoiced_on: str, given: bool, due: str
) -> None:
    edits = HeaderEdits(due_date=day("2026-12-24"), due_for=day(due_for) if due_for else None)
    header = a_proposal(edits=edits)
    assert due_date_of(header, contoso(D14), day(invoiced_on), given=given) == day(due)


def test_due_12_a_cash_discount_runs_from_the_invoice_date_and_nothing_of_it_is_posted() -> None:
    terms = ("terms_of_payment.D14", {"days": 14, "cash_discount": {"days": 10, "percent": "2"}})
    edits = HeaderEdits(due_date=day("2026-12-24"))
    made = invoiced([a_line()], contoso(D14, terms), day("2026-08-28"), header=a_proposal(edits=edits))
    assert made.draft.terms.cash_discount == CashDiscountTerms(day("2026-09-07"), Decimal(2))
    assert made.balances["customer_balance"] == 1600
    assert invoiced([a_line()], contoso(D14)).draft.terms.cash_discount is None


@pytest.mark.parametrize(
    ("given", "edited", "written", "found"),
    [
        ("2026-08-01", "2026-08-02", "2026-08-03", "2026-08-01"),
        (None, "2026-08-02", "2026-08-03", "2026-08-02"),
        (None, None, "2026-08-03", "2026-08-03"),
        (None, None, None, "2026-08-30"),
    ],
    ids=["given", "set by a person", "of the proforma", "today in New York"],
)
def test_prop_19_the_invoice_date_is_the_first_of_these(
    given: str | None, edited: str | None, written: str | None, found: str
) -> None:
    edits = HeaderEdits(invoice_date=day(edited) if edited else None)
    header = a_proposal(edits=edits, invoice_date=written)
    assert invoice_date_of(header, contoso(), given, "2026-08-31T03:59:00Z") == day(found)


@pytest.mark.parametrize(
    ("written", "accounted_on", "worth"),
    [
        ("2026-09-05", "2026-09-05", "2400.00"),
        ("2026-09-05T04:00:00Z", "2026-09-05", "2400.00"),
        ("2026-09-06T03:59:00Z", "2026-09-05", "2400.00"),
        (None, "2026-08-31", "2204.32"),
    ],
)
def test_edit_16_the_headers_accounting_date_decides_period_and_rate(
    written: str | None, accounted_on: str, worth: str
) -> None:
    header = a_proposal(contract="CTR-GBP", currency="GBP", accounting_date=written)
    made = invoiced([a_line()], accounted(), header=header)
    assert dates(made) == ("2026-08-31", "2026-09-14", accounted_on, accounted_on)
    assert made.accounting == [worth]


def test_99_23_a_person_decides_before_the_header_and_the_header_before_the_billed_sales() -> None:
    third, fourth, fifth = (day(f"2026-09-0{number}") for number in (3, 4, 5))
    edited = HeaderEdits(accounting_date=third)
    headers = [
        a_proposal(edits=edited, accounting_date="2026-09-04", billed_on=fifth),
        a_proposal(accounting_date="2026-09-04", billed_on=fifth),
        a_proposal(billed_on=fifth),
        a_proposal(),
    ]
    found = [accounting_date_of(header, accounted(BILLED_SALES), AUGUST) for header in headers]
    assert found == [third, fourth, fifth, AUGUST]
    assert accounting_date_of(headers[2], accounted(), AUGUST) == AUGUST, "the company goes by the invoice date"


@pytest.mark.parametrize("status", ["closed", "on_hold"])
def test_jrn_08_jrn_18_in_a_period_that_is_not_open_it_moves_to_the_next_open_one_and_nothing_else_does(
    status: str,
) -> None:
    periods = {"USPM": [CLOSED_AUGUST[0] | {"status": status}, CLOSED_AUGUST[1]]}
    made = invoiced([a_line()], accounted(fiscal_periods=periods))
    assert dates(made) == ("2026-08-31", "2026-09-14", "2026-09-01", "2026-09-01")


@pytest.mark.parametrize(
    ("values", "periods", "told"),
    [
        pytest.param((("parameters.USPM.auto_open_period", False),), CLOSED_AUGUST, "for the", id="JRN-09"),
        pytest.param((), CLOSED_AUGUST[:1], "in or after the", id="JRN-10"),
    ],
)
def test_where_it_may_not_move_the_posting_is_refused(
    values: tuple[tuple[str, Any], ...], periods: list[dict[str, Any]], told: str
) -> None:
    with pytest.raises(Refused) as refused:
        invoiced([a_line()], accounted(*values, fiscal_periods={"USPM": periods}))
    assert refused.value.reason is PostingFailure.PERIOD_CLOSED
    assert refused.value.detail == f"no open fiscal period was found {told} specified accounting date 2026-08-31"
