"""Rounding, money, exchange rates."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.domain.money import SAME_CURRENCY, ExchangeRate, Money, Rounding, round_to

CENT = Decimal("0.01")
PRECISIONS = ("0.01", "0.10", "1.00", "10.00", "0.02", "0.05", "0.25")
AMOUNTS = st.decimals(-1_000_000_000, 1_000_000_000, places=6)
STEPS = st.sampled_from([Decimal(p) for p in (*PRECISIONS, "1", "0.001")])


@pytest.mark.parametrize(
    ("method", "rounded"),
    [
        pytest.param(
            Rounding.NORMAL, ("987.35", "987.30", "987.00", "990.00", "987.34", "987.35", "987.25"), id="TAX-34"
        ),
        pytest.param(
            Rounding.DOWN, ("987.34", "987.30", "987.00", "980.00", "987.34", "987.30", "987.25"), id="TAX-35"
        ),
        pytest.param(Rounding.UP, ("987.35", "987.40", "988.00", "990.00", "987.36", "987.35", "987.50"), id="TAX-36"),
    ],
)
def test_an_amount_is_rounded_to_a_step(method: Rounding, rounded: tuple[str, ...]) -> None:
    assert tuple(str(round_to(Decimal("987.345"), Decimal(p), method)) for p in PRECISIONS) == rounded


def test_tax_37_an_amount_may_have_six_decimals() -> None:
    assert round_to(Decimal("987.1234567"), Decimal("0.000001")) == Decimal("987.123457")


@pytest.mark.parametrize(("amount", "rounded"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("-0.004", "0.00")])
def test_normal_rounding_is_half_away_from_zero(amount: str, rounded: str) -> None:
    assert str(round_to(Decimal(amount), CENT)) == rounded


@pytest.mark.parametrize(("method", "rounded"), [(Rounding.UP, "-0.02"), (Rounding.DOWN, "-0.01")])
def test_up_is_away_from_zero_and_down_is_toward_it(method: Rounding, rounded: str) -> None:
    assert str(round_to(Decimal("-0.011"), CENT, method)) == rounded


@given(AMOUNTS, STEPS, st.sampled_from(Rounding))
def test_a_rounded_amount_is_a_multiple_of_the_step_less_than_one_step_away(
    amount: Decimal, step: Decimal, method: Rounding
) -> None:
    rounded = round_to(amount, step, method)
    assert rounded % step == 0
    assert abs(rounded - amount) < step
    assert round_to(rounded, step, method) == rounded
    assert round_to(-amount, step, method) == -rounded


@pytest.mark.parametrize("precision", ["0", "-0.01"])
def test_there_is_no_rounding_to_nothing(precision: str) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        round_to(Decimal(1), Decimal(precision))


def test_amounts_of_one_currency_are_added() -> None:
    assert Money(Decimal(2), "USD") - Money(Decimal("0.50"), "USD") + Money(Decimal(1), "USD") == Money(
        Decimal("2.50"), "USD"
    )
    assert -Money(Decimal(2), "USD") == Money(Decimal(-2), "USD")
    assert str((-Money(Decimal(0), "USD")).amount) == "0"


@pytest.mark.parametrize("other", [Money(Decimal(1), "GBP"), Decimal(1), None])
def test_nothing_but_an_amount_of_the_same_currency_can_be_added(other: Money) -> None:
    with pytest.raises(TypeError):
        Money(Decimal(1), "USD") + other


@pytest.mark.parametrize(
    ("rate", "factor"), [("1.25", 1), ("12.5", 10), ("125", 100), ("1250", 1000), ("12500", 10000)]
)
def test_fxr_12_a_rate_multiplies_whatever_factor_it_is_shown_with(rate: str, factor: int) -> None:
    found = ExchangeRate(Decimal(rate), Decimal(factor))
    assert str(found.multiplier) == "1.25"
    assert found.convert(Decimal(1000), CENT) == 1250


def test_fxr_14_a_currency_is_worth_itself() -> None:
    assert (str(SAME_CURRENCY.rate), str(SAME_CURRENCY.multiplier)) == ("100", "1")
    assert SAME_CURRENCY.convert(Decimal("480.00"), CENT) == 480


def test_fxr_18_finance_multiplies_where_dataverse_divides() -> None:
    """FXR-05 against FXR-17: 160,000 yen at 123 yen a dollar are 1,300.81 dollars there."""
    dataverse_rate = Decimal(123)
    finance_rate = ExchangeRate(Decimal("0.813008130"), Decimal(100))
    yen = Decimal(160_000)
    assert finance_rate.convert(yen, CENT) == round_to(yen / dataverse_rate, CENT) == Decimal("1300.81")


def test_an_amount_is_converted_exactly_before_it_is_rounded() -> None:
    third = ExchangeRate(Decimal(1), Decimal(3))
    assert third.convert(Decimal(3), CENT) == 1
    assert third.convert(Decimal(1_000_000_000), CENT) == Decimal("333333333.33")


@given(AMOUNTS, st.decimals("0.0001", 10_000, places=4))
def test_a_reversal_converts_to_the_negation_of_its_original(amount: Decimal, rate: Decimal) -> None:
    """FXR-13: so that an accrual taken back leaves nothing."""
    found = ExchangeRate(rate, Decimal(100))
    assert found.convert(amount, CENT) + found.convert(-amount, CENT) == 0
