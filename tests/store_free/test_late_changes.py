"""CAN-10, FEE-06, FEE-07, FEE-10, 99-21: what the line of a posted actual would come to as the actual is now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import BillingType, StagingState, TransactionType
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.late_changes import PostedAs, amount_now
from project_invoicing.rules.proposal_lines import proposal_line
from project_invoicing.rules.resolution import Resolved, resolve
from tests.builders import guid
from tests.rules.finance import TAXED, finance
from tests.store_free.actuals import a_row, an_actual, looked_up

NET = looked_up(finance())
GROSS = looked_up(finance(("parameters.USPM.line_discount_category", "Labor")))
INCLUDED = looked_up(finance(TAXED, ("sales_tax.amounts_include_tax", True)))
OFF: dict[str, Any] = {"discount": Decimal(160)}
PAR = ExchangeRate(Decimal(100), Decimal(100))
BILLED, UNBILLED, COST = TransactionType.BILLED_SALES, TransactionType.UNBILLED_SALES, TransactionType.COST
INVOICE = Invoice(
    "FTI-1", "INV-1", guid("inv"), "USPM", "C-001", "invoice", date(2026, 8, 31), date(2026, 9, 14), date(2026, 8, 31),
    "USD", Decimal(1600), Decimal(0), Decimal(1600), "PV-1", Decimal(1), 1,
)  # fmt: skip


def posted(kind: TransactionType, *figures: str, rate: ExchangeRate | None = PAR, **columns: Any) -> StagedRow:
    """The row of a posted line, whose actual is like this now."""
    document = {"proposal_id": "INV-1"} if kind is BILLED else {"journal_id": "USPM-1", "price_rate": rate}
    made = a_row(an_actual(kind, *figures, **columns), StagingState.POSTED, company="USPM", line_number=1, voucher="PV")
    return replace(made, **document)


def line_of(row: StagedRow, setup: Any) -> ProposalLine:
    resolved = resolve(row.actual, setup)
    assert isinstance(resolved, Resolved)
    return proposal_line(row, resolved, {})


@pytest.mark.parametrize("setup", [NET, GROSS], ids=["net by now", "gross by now"])
@pytest.mark.parametrize(
    ("kind", "posted_as", "amount"),
    [
        pytest.param(UNBILLED, PostedAs(gross=True), 1700, id="FEE-06 accrued gross"),
        pytest.param(UNBILLED, PostedAs(gross=False), 1540, id="FEE-07 accrued net"),
        pytest.param(BILLED, PostedAs(invoice=INVOICE), 1540, id="billed net"),
    ],
)
def test_fee_06_fee_07_a_discount_counts_as_it_was_posted_whatever_is_set_up_by_now(
    setup: Any, kind: TransactionType, posted_as: PostedAs, amount: int
) -> None:
    assert amount_now(posted(kind, "1", "1700", **OFF), posted_as, setup) == amount


def test_fee_10_a_reversal_takes_its_discount_off_where_its_original_did() -> None:
    back = posted(UNBILLED, "-9", discount=Decimal(-180))
    assert amount_now(back, PostedAs(gross=True), NET) == -1800
    assert amount_now(back, PostedAs(gross=False), GROSS) == -1620


def test_a_cost_of_more_digits_than_its_currency_is_rounded_as_its_line_is() -> None:
    assert amount_now(posted(COST, "1", "810.125"), PostedAs(), NET) == Decimal("810.13")


def test_an_amount_is_converted_at_the_rate_that_it_was_posted_with() -> None:
    old = ExchangeRate(Decimal(125), Decimal(100))
    assert amount_now(posted(UNBILLED, "4", rate=old), PostedAs(), NET) == 1000
    invoice = replace(INVOICE, exchange_rate=Decimal("1.5"))
    assert amount_now(posted(BILLED, "4"), PostedAs(invoice=invoice), NET) == 1200


def test_where_amounts_include_sales_tax_the_tax_is_no_revenue() -> None:
    before, other = posted(BILLED), posted(BILLED, "1", "120", name="other")
    lines = [line_of(before, INCLUDED), line_of(other, INCLUDED)]
    assert amount_now(posted(BILLED, "9"), PostedAs(invoice=INVOICE, lines=lines), INCLUDED) == 1500
    untaxed = [replace(one, sales_tax_group=None) for one in lines]
    assert amount_now(posted(BILLED, "9"), PostedAs(invoice=INVOICE, lines=untaxed), INCLUDED) == 1800


def test_99_21_what_is_not_charged_any_more_would_earn_nothing() -> None:
    free = posted(BILLED, billing_type=BillingType.NON_CHARGEABLE)
    assert amount_now(free, PostedAs(invoice=INVOICE), NET) == 0


@pytest.mark.parametrize(
    ("row", "text"),
    [
        pytest.param(posted(COST, category="Unheard-of"), "msdyn_transactioncategory", id="category"),
        pytest.param(
            posted(UNBILLED, custom={"discount_amount": "much"}), "not an amount", id="no amount"
        ),
        pytest.param(posted(COST, rate=None), "USPM-1 is not there", id="no document"),
        pytest.param(replace(posted(COST), company="GBPM"), "it belongs to USPM now", id="another company"),
    ],
)  # fmt: skip
def test_where_the_amount_cannot_be_said_a_text_says_why(row: StagedRow, text: str) -> None:
    found = amount_now(row, PostedAs(), NET)
    assert isinstance(found, str)
    assert text in found
