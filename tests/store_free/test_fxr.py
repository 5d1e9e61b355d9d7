"""FXR: the exchange rate of a journal line, and what it makes of the amounts of its voucher."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import WaitReason
from project_invoicing.domain.money import SAME_CURRENCY, ExchangeRate
from project_invoicing.rules.owner import Blocked
from project_invoicing.rules.resolution import resolve
from tests.rules.finance import finance
from tests.rules.stories import FIXED_RATE, IN_POUNDS
from tests.store_free.journalising import CONTOSO, as_posted, cost, entries, line, looked_up, posted, sale

LATER: dict[str, Any] = {"start": "2026-08-30", "accounting_date": "2026-08-30"}


@pytest.mark.parametrize(
    ("actual", "rate"),
    [
        pytest.param(sale(), "100", id="FXR-14"),
        pytest.param(sale(**IN_POUNDS), "130", id="JRN-12, FXR-07"),
        pytest.param(sale(**IN_POUNDS, accounting_date="2026-08-30"), "137.77", id="JRN-12, the accounting date's"),
        pytest.param(sale(**FIXED_RATE), "125", id="FXR-09"),
        pytest.param(cost(**FIXED_RATE), "130", id="FXR-09 is for sales, not for costs"),
    ],
)
def test_a_line_has_its_exchange_rate(actual: Any, rate: str) -> None:
    assert line(actual).rate == ExchangeRate(Decimal(rate), Decimal(100))


def test_fxr_02_fxr_03_julia_works_four_hours_for_pounds_at_an_agreed_rate() -> None:
    """The cost is in dollars, the sale in pounds; each voucher is in accounting currency to the cent."""
    julia = {"resource": "Julia Funderburk", **FIXED_RATE}
    assert entries(posted(cost("4", "120", **{**julia, "currency": "USD"}))) == [
        ("cost", "540100", "480.00"),
        ("payroll_allocation", "600300", "-480.00"),
    ]
    accrued = posted(sale("4", "250", **julia))
    assert entries(accrued) == [
        ("wip_sales_value", "161300", "1250.00"),
        ("accrued_revenue_sales_value", "420200", "-1250.00"),
    ]
    assert accrued.voucher
    shown = [(str(one.amount), one.currency, str(one.exchange_rate)) for one in accrued.voucher.lines]
    assert shown == [("1000", "GBP", "1.25"), ("-1000", "GBP", "1.25")]


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        pytest.param("333.33", "1299.99", id="999.99 at 1.30 is 1299.987"),
        pytest.param("0.01", "0.04", id="0.03 at 1.30 is 0.039"),
    ],
)
def test_fxr_12_an_amount_is_rounded_once_to_the_digits_of_the_accounting_currency(price: str, amount: str) -> None:
    assert [found for _, _, found in entries(posted(sale("3", price, **IN_POUNDS)))] == [amount, f"-{amount}"]


def test_a_company_that_accounts_in_yen_has_no_fractions_in_its_books() -> None:
    document = finance(("companies.USPM.accounting_currency", "JPY"), ("contracts.CTR-FIXED.fixed_exchange_rate", None))
    document["exchange_rates"] = [
        {"from": "USD", "to": "JPY", "valid_from": "2026-01-01", "rate": "150.55", "factor": 1}
    ]
    one = posted(cost("1", "1"), looked_up(document))
    assert [amount for _, _, amount in entries(one)] == ["151", "-151"]
    assert str(one.line.accounting_amount) == "151"


def test_fxr_13_a_reversal_takes_the_rate_of_what_it_reverses() -> None:
    """Three days later the pound is worth more; what was accrued comes back to exactly zero."""
    original = as_posted(sale(**IN_POUNDS, name="first"))
    back = posted(sale("-8", **IN_POUNDS, **LATER, name="back"), CONTOSO, original)
    assert back.line.price_exchange_rate == Decimal(130)
    assert [amount for _, _, amount in entries(back)] == ["-2080.00", "2080.00"]
    assert line(sale(**IN_POUNDS, **LATER)).price_exchange_rate == Decimal("137.77")


def test_fxr_13_a_reversal_takes_the_rate_of_its_original_though_that_day_has_another_by_now() -> None:
    original = as_posted(sale(**IN_POUNDS, name="first"))
    corrected = [{"from": "GBP", "to": "USD", "valid_from": "2026-01-01", "rate": "131", "factor": 100}]
    setup = looked_up(finance(exchange_rates=corrected))
    assert line(sale("-8", **IN_POUNDS, name="back"), setup, original).price_exchange_rate == Decimal(130)


def test_fxr_13_a_reversal_of_a_row_without_its_rate_takes_that_of_its_day() -> None:
    """Rows of an earlier version do not say their rate: it is looked up as their own line had it."""
    original = replace(as_posted(sale(**IN_POUNDS, name="first")), price_rate=None)
    assert line(sale("-8", **IN_POUNDS, **LATER, name="back"), CONTOSO, original).price_exchange_rate == Decimal(130)


def test_fxr_11_stg_14_a_row_without_exchange_rate_waits_and_names_the_pair_and_the_day() -> None:
    outcome = resolve(sale(**IN_POUNDS), looked_up(finance(exchange_rates=[])))
    assert isinstance(outcome, Blocked)
    assert (outcome.wait.reason, outcome.company) == (WaitReason.EXCHANGE_RATE_MISSING, "USPM")
    assert outcome.wait.detail == "no exchange rate from GBP to USD on or before 2026-08-27"


def test_fxr_14_a_currency_is_worth_itself() -> None:
    assert line(cost()).rate == SAME_CURRENCY
    assert line(cost()).rate.multiplier == 1
