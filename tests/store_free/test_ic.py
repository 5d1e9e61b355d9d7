"""IC-09, IC-15, IC-16: the lines of an invoice between companies are what was posted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import ConnectionRole, LineKind, TransactionClass, TransactionType, WaitReason
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.lineage import Charge, ChargedTax
from project_invoicing.domain.proposal import BetweenCompanies
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.intercompany_lines import Sale, may_be_billed, plan_between
from tests.store_free.proposing import ACCRUAL, a_header, a_sale

DAY = date(2026, 8, 27)
AUGUST = BetweenCompanies("USPM", "IC-USPM", "V-GBPM", "USD", date(2026, 8, 1), date(2026, 8, 31))
HEADER = a_header(company="GBPM", intercompany=AUGUST)


def sold(id: str = "sold", amount: str = "1200", *, reverses: str | None = None, **columns: Any) -> Sale:
    """Ten hours that were lent, as they were posted; their actual says something else by now."""
    row = a_sale()
    row = replace(
        row,
        actual=replace(row.actual, id=id, amount=Decimal(1), external_description="as agreed"),
        links={ConnectionRole.ORIGINAL: reverses} if reverses else {},
    )
    line = JournalLine(
        line_number=1,
        actual_id=id,
        voucher="PV-1",
        kind=TransactionType.INTER_ORGANIZATIONAL_SALES,
        transaction_class=TransactionClass.TIME,
        category="Labor",
        line_property="CHARGE",
        transaction_date=DAY,
        accounting_date=DAY,
        quantity=Decimal(10),
        unit_cost=Decimal(0),
        cost_amount=Decimal(0),
        unit_price=Decimal(120),
        sales_amount=Decimal(amount),
        currency="USD",
        price_exchange_rate=Decimal(80),
        price_factor=Decimal(100),
        dimensions={"Unit": "UK"},
    )
    return row, replace(line, **columns)


def lines(*sales: Sale, existing: tuple[ProposalLine, ...] = (), **taken_back: ProposalLine) -> list[ProposalLine]:
    return [line for _, line in plan_between(HEADER, sales, existing, taken_back).lines]


def test_ic_09_a_line_is_what_was_posted_whatever_its_actual_says_by_now() -> None:
    (line,) = lines(sold())
    assert [str(value) for value in (line.quantity, line.unit_price, line.amount)] == ["10", "120", "1200"]
    assert (line.kind, line.category, line.dimensions) == (LineKind.HOUR, "Labor", {"Unit": "UK"})
    assert (line.description, line.accruals, line.chargeable, line.shown) == ("as agreed", (ACCRUAL,), True, True)


def test_ic_15_each_proposal_bills_the_sales_in_its_currency_only() -> None:
    found = plan_between(HEADER, [sold("dollars"), sold("pounds", currency="GBP")], ())
    assert ([line.actual_id for _, line in found.lines], found.waits) == (["dollars"], [])


def test_ic_15_lines_come_by_date_project_and_id() -> None:
    sales = [
        sold("c", project="B"),
        sold("b", project="A"),
        sold("a", project="A"),
        sold("d", transaction_date=date(2026, 8, 1)),
    ]
    assert [(line.line_number, line.actual_id) for line in lines(*sales)] == [(1, "d"), (2, "a"), (3, "b"), (4, "c")]


def test_ic_15_an_interrupted_filling_goes_on_after_the_lines_it_wrote() -> None:
    (written,) = lines(sold("one"))
    assert [line.line_number for line in lines(sold("two"), existing=(written,))] == [2]
    assert plan_between(HEADER, [], (written,)).waits == []


@pytest.mark.parametrize("sales", [[], [sold(currency="GBP")]], ids=["none", "none in its currency"])
def test_ic_15_where_no_sale_is_left_the_proposal_waits_and_says_so(sales: list[Sale]) -> None:
    (wait,) = plan_between(HEADER, sales, ()).waits
    assert wait.reason is WaitReason.BILLED_SALES_MISMATCH
    assert wait.detail == "none of its sales is left to be billed"


@pytest.mark.parametrize(("amount", "counted"), [("-1200", True), ("-600", False)], ids=["in full", "in part"])
def test_ic_16_a_reversal_takes_the_tax_of_the_invoice_line_that_it_takes_back(amount: str, counted: bool) -> None:
    (billed,) = lines(sold())
    charge = Charge("FTI-1", taxes=(ChargedTax("VAT20", Decimal(20)),))
    (back,) = lines(sold("back", amount, reverses="sold"), sold=replace(billed, charges=(charge,)))
    assert back.takes_back == "sold"
    assert back.continues == (replace(charge, counted=counted),)


def test_ic_16_a_reversal_of_what_was_never_invoiced_continues_nothing() -> None:
    (back,) = lines(sold("back", "-1200", reverses="sold"))
    assert (back.takes_back, back.continues) == ("sold", ())


@pytest.mark.parametrize(
    ("beside", "billed", "due"),
    [
        pytest.param((), set(), [], id="its original is on no invoice"),
        pytest.param((), {"sold"}, ["back"], id="its original is billed"),
        pytest.param((sold(),), set(), ["sold", "back"], id="its original is beside it"),
    ],
)
def test_ic_16_a_reversal_is_billed_with_its_original_or_after_it(
    beside: tuple[Sale, ...], billed: set[str], due: list[str]
) -> None:
    rows = [row for row, _ in (*beside, sold("back", "-1200", reverses="sold"))]
    assert [row.id for row in may_be_billed(rows, billed)] == due
