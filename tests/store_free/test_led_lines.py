"""LED-26 to LED-38, LED-44: the voucher lines of a cost and of an accrual, whatever the set-up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import PostingType, TransactionClass, TransactionType
from project_invoicing.domain.journal_line import JournalLine, accrual, cost_accounts, cost_lines, cost_posting_types
from project_invoicing.domain.ledger import VoucherLine

TIME, EXPENSE, MATERIAL = TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL


def account(posting_type: PostingType) -> str:
    return f"account of {posting_type}"


def a_line(kind: TransactionType = TransactionType.COST, amount: str = "800", **columns: Any) -> JournalLine:
    sale = kind is TransactionType.UNBILLED_SALES
    line = JournalLine(
        line_number=1,
        actual_id="actual-1",
        voucher="PV-1",
        kind=kind,
        transaction_class=TIME,
        category="Labor",
        line_property="CHARGE",
        transaction_date=date(2026, 8, 27),
        accounting_date=date(2026, 8, 27),
        quantity=Decimal(8),
        unit_cost=Decimal(0),
        cost_amount=Decimal(0 if sale else amount),
        unit_price=Decimal(0),
        sales_amount=Decimal(amount if sale else 0),
        currency="GBP",
        price_exchange_rate=Decimal(125),
        price_factor=Decimal(100),
        project="PRJ-1",
        dimensions={"CostCenter": "007"},
    )
    return replace(line, **columns)


def figures(line: VoucherLine) -> tuple[str, str, str, str]:
    return line.posting_type.value, line.account, str(line.amount), str(line.accounting_amount)


@pytest.mark.parametrize(
    ("transaction_class", "post_costs", "purchase", "types"),
    [
        pytest.param(TIME, "no_ledger", False, None, id="LED-26"),
        pytest.param(TIME, "balance", False, ("wip_cost_value", "payroll_allocation"), id="LED-27"),
        pytest.param(TIME, "profit_and_loss", False, ("cost", "payroll_allocation"), id="LED-28"),
        pytest.param(TIME, "never_ledger", False, None, id="LED-29"),
        pytest.param(EXPENSE, "balance", False, ("wip_cost_value", "expense_offset"), id="LED-30"),
        pytest.param(EXPENSE, "profit_and_loss", False, ("cost", "expense_offset"), id="LED-31"),
        pytest.param(MATERIAL, "balance", False, ("wip_cost_item", "cost_item"), id="LED-32"),
        pytest.param(MATERIAL, "balance", True, ("wip_cost_item", "procurement_integration"), id="LED-33"),
        pytest.param(MATERIAL, "profit_and_loss", False, ("cost", "cost_item"), id="LED-34"),
        pytest.param(MATERIAL, "profit_and_loss", True, ("cost", "procurement_integration"), id="LED-35"),
    ],
)
def test_a_cost_has_its_posting_types(
    transaction_class: TransactionClass, post_costs: str, purchase: bool, types: tuple[str, str] | None
) -> None:
    assert cost_posting_types(transaction_class, post_costs, purchase=purchase) == types


def test_a_cost_debits_and_credits_its_amount_in_both_currencies() -> None:
    debit, credit = cost_lines(a_line(), cost_accounts(a_line(), "profit_and_loss", account), Decimal(1000))
    assert figures(debit) == ("cost", "account of cost", "800", "1000")
    assert figures(credit) == ("payroll_allocation", "account of payroll_allocation", "-800", "-1000")
    for line in (debit, credit):
        assert (line.currency, line.exchange_rate, line.project) == ("GBP", Decimal("1.25"), "PRJ-1")
        assert line.dimensions == {"CostCenter": "007"}


@pytest.mark.parametrize(("amount", "post_costs"), [("800", "no_ledger"), ("0", "profit_and_loss")])
def test_a_cost_that_reaches_no_ledger_needs_no_account(amount: str, post_costs: str) -> None:
    def missing(posting_type: PostingType) -> str:
        raise AssertionError(f"asked for {posting_type}")

    line = a_line(amount=amount)
    assert cost_lines(line, cost_accounts(line, post_costs, missing), Decimal(amount)) == ()


def test_led_38_an_accrual_debits_wip_and_credits_accrued_revenue() -> None:
    accrued = accrual(a_line(TransactionType.UNBILLED_SALES, "1000"), account, Decimal(1250))
    assert accrued
    wip, revenue = accrued.lines(1)
    assert figures(wip) == ("wip_sales_value", "account of wip_sales_value", "1000", "1250")
    assert figures(revenue)[0] == "accrued_revenue_sales_value"
    assert figures(revenue)[2:] == ("-1000", "-1250")
    assert (wip.exchange_rate, wip.project, wip.dimensions) == (Decimal("1.25"), "PRJ-1", {"CostCenter": "007"})


def test_led_44_fxr_13_an_accrual_is_taken_back_to_the_cent() -> None:
    accrued = accrual(a_line(TransactionType.UNBILLED_SALES, "999.99"), account, Decimal("1249.99"))
    assert accrued
    for there, back in zip(accrued.lines(1), accrued.lines(-1), strict=True):
        assert (there.account, there.exchange_rate) == (back.account, back.exchange_rate)
        assert there.amount + back.amount == there.accounting_amount + back.accounting_amount == 0


def test_a_sale_of_nothing_accrues_nothing() -> None:
    assert accrual(a_line(TransactionType.UNBILLED_SALES, "0"), account, Decimal(0)) is None
