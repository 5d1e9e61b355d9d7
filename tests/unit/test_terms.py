"""Due dates by terms of payment (DUE), and the calendar they count with."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.domain.calendar import JournalPeriod, add_months, end_of_month, period_key
from project_invoicing.domain.terms import PaymentMethod, TermsOfPayment, due_date

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
