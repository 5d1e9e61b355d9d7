"""DUE-12: until when an invoice may be paid with a discount."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.terms import CashDiscount, PaymentMethod, TermsOfPayment, cash_discount_date, due_date
from project_invoicing.setup.problems import problems
from tests.setups import document, finance_setup

TWO_PERCENT_IN_TEN_DAYS = CashDiscount(10, Decimal(2))
INVOICED = date(2026, 8, 27)


def test_due_12_the_discount_date_is_counted_from_the_invoices_date() -> None:
    """DUE-11: 2 % 10, net 30."""
    terms = TermsOfPayment(days=30, cash_discount=TWO_PERCENT_IN_TEN_DAYS)
    assert (due_date(terms, INVOICED), cash_discount_date(terms, INVOICED)) == (date(2026, 9, 26), date(2026, 9, 6))


@pytest.mark.parametrize("method", PaymentMethod)
def test_due_12_the_method_of_the_due_date_does_not_move_the_discount_date(method: PaymentMethod) -> None:
    terms = TermsOfPayment(method, months=1, cutoff_day=20, cash_discount=TWO_PERCENT_IN_TEN_DAYS)
    assert cash_discount_date(terms, INVOICED) == date(2026, 9, 6)


def test_terms_without_cash_discount_have_no_discount_date() -> None:
    assert cash_discount_date(TermsOfPayment(days=30), INVOICED) is None


def test_the_set_up_gives_terms_their_cash_discount() -> None:
    setup = finance_setup(("terms_of_payment.N30.cash_discount", {"days": 10, "percent": "2"}))
    assert setup.terms("N30") == TermsOfPayment(days=30, cash_discount=TWO_PERCENT_IN_TEN_DAYS)


@pytest.mark.parametrize(
    ("discount", "told"),
    [
        ({"days": 10}, "terms_of_payment.N30.cash_discount.percent: is missing and must be given"),
        (
            {"days": -1, "percent": "2"},
            "terms_of_payment.N30.cash_discount.days: input should be greater than or equal to 0, not -1",
        ),
        (
            {"days": 10, "percent": "101"},
            "terms_of_payment.N30.cash_discount.percent: input should be less than or equal to 100, not '101'",
        ),
        (
            {"days": 10, "percnt": "2", "percent": "2"},
            "terms_of_payment.N30.cash_discount.percnt: is not known here; did you mean percent?",
        ),
    ],
)
def test_a_wrong_cash_discount_is_told(discount: dict[str, Any], told: str) -> None:
    assert problems(document(("terms_of_payment.N30.cash_discount", discount))) == [told]
