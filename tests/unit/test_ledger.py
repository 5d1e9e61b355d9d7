"""Vouchers balance, or there are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.ledger import Unbalanced, Voucher, VoucherLine, summed


def line(account: str, amount: str, accounting: str, currency: str = "GBP") -> VoucherLine:
    return VoucherLine(account, PostingType.COST, currency, Decimal(amount), Decimal(accounting), Decimal("1.25"))


def a_voucher(*lines: VoucherLine) -> Voucher:
    return Voucher("PV-1", "USPM", date(2026, 8, 27), "journal", "J-1", lines)


def test_inv_01_a_voucher_balances_in_each_currency() -> None:
    lines = (
        line("1", "100", "125"),
        line("2", "-100", "-125"),
        line("3", "7", "7", "USD"),
        line("4", "-7", "-7", "USD"),
    )
    assert a_voucher(*lines).lines == lines
    assert a_voucher().lines == ()


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((line("1", "100", "125"),), id="one side only"),
        pytest.param((line("1", "100", "125"), line("2", "-99.99", "-125")), id="transaction currency"),
        pytest.param((line("1", "100", "125"), line("2", "-100", "-124.99")), id="accounting currency"),
        pytest.param((line("1", "100", "125"), line("2", "-100", "-125", "USD")), id="two currencies"),
    ],
)
def test_inv_01_a_voucher_that_does_not_balance_cannot_be_made(lines: tuple[VoucherLine, ...]) -> None:
    with pytest.raises(Unbalanced, match="voucher PV-1 of J-1"):
        a_voucher(*lines)


def test_lines_that_agree_are_added_up_in_the_order_they_came() -> None:
    lines = [line("2", "1", "1.25"), line("1", "5", "6.25"), line("2", "2", "2.50")]
    assert summed(lines) == (line("2", "3", "3.75"), line("1", "5", "6.25"))


@pytest.mark.parametrize(
    "other",
    [
        {"account": "9"},
        {"posting_type": PostingType.COST_ITEM},
        {"currency": "USD"},
        {"exchange_rate": Decimal("1.26")},
        {"project": "PRJ-2"},
        {"dimensions": {"CostCenter": "008"}},
        {"sales_tax_code": "VAT20"},
    ],
    ids=lambda other: str(*other),
)
def test_lines_that_differ_in_anything_but_amounts_stay_apart(other: dict[str, object]) -> None:
    one = replace(line("1", "1", "1"), project="PRJ-1", dimensions={"CostCenter": "007"})
    assert len(summed([one, replace(one, **other)])) == 2  # type: ignore[arg-type]


def test_99_24_lines_that_cancel_stay_as_the_sum_of_each_side() -> None:
    debit, credit = line("1", "5", "6"), line("1", "-5", "-6")
    assert summed([debit, credit]) == (debit, credit)
    assert summed([credit, debit]) == (debit, credit)
    parts = [line("1", "2", "2"), line("1", "3", "4"), credit]
    assert summed(parts) == (debit, credit)
    assert summed([*parts, line("2", "7", "8")]) == (line("2", "7", "8"), debit, credit)
    assert summed([line("1", "0", "0"), line("1", "0", "0")]) == ()


def test_lines_of_which_one_amount_remains_are_added_up() -> None:
    assert summed([line("1", "5", "6"), line("1", "-5", "-7")]) == (line("1", "0", "-1"),)
