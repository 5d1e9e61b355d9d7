"""PCO-01 to PCO-15: costs posted between balance sheet and profit and loss, figures and refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import (
    ConnectionRole,
    CostSide,
    PostingFailure,
    PostingType,
    StagingState,
    WaitReason,
)
from project_invoicing.domain.ledger import VoucherLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.lent_costs import lent_line
from project_invoicing.rules.posted_costs import (
    MovedCost,
    PostedCost,
    Sale,
    all_invoiced,
    may_be_posted,
    moved,
    must_be_a_posted_cost,
)
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import guid
from tests.rules.finance import finance
from tests.store_free import test_icv as lending
from tests.store_free.journalising import (
    EXPENSE,
    MATERIAL,
    as_posted,
    cost,
    entries,
    looked_up,
    posted,
    sale,
)

USPM, DAY = "USPM", date(2026, 9, 30)
BALANCE, PROFIT_AND_LOSS = CostSide.BALANCE, CostSide.PROFIT_AND_LOSS
INTERNAL: dict[str, Any] = {"project": "PRJ-IN", "contract": None, "contract_line": None, "customer": None}
AT_110 = {"from": "EUR", "to": "USD", "valid_from": "2026-01-01", "rate": "110", "factor": 100}


def setup_of(side: str, *values: tuple[str, Any], accrues: bool = False, **keys: Any) -> FinanceSetup:
    """Contoso that posts all costs to a side; revenue accrues only beside costs in profit and loss."""
    document = finance(*values, accrual=accrues, **keys)
    document["projects"]["PRJ-IN"] = {"company": USPM}
    document["profiles"]["TM"]["post_costs"] = dict.fromkeys(("time", "expense", "material"), side)
    return looked_up(document)


ON_BALANCE, IN_PROFIT_AND_LOSS = setup_of("balance"), setup_of("profit_and_loss", accrues=True)
UNLEDGERED, NEVER = setup_of("no_ledger"), setup_of("never_ledger")


def posted_cost(actual: Actual, setup: FinanceSetup, *sales: Sale) -> PostedCost:
    row = as_posted(actual, setup)
    return PostedCost(row, posted(actual, setup).line, row.cost_accounts or {}, sales)


def sold(setup: FinanceSetup, *, billed: bool = False, reversed_: bool = False) -> Sale:
    row = as_posted(sale(name="sold"), setup)
    role = ConnectionRole.UNBILLED if billed else ConnectionRole.ORIGINAL
    taker = replace(row, links={role: row.id}) if billed or reversed_ else None
    return Sale(row, taker)


def post(
    one: PostedCost, to: CostSide, setup: FinanceSetup = ON_BALANCE, on: date = DAY, reason: str | None = None
) -> MovedCost:
    assert may_be_posted(one, to, USPM, setup)
    return moved(one, to, USPM, on, setup, reason)


def figures(made: MovedCost) -> list[tuple[str, str, str]]:
    voucher = made.voucher.numbered("PCV-000001")
    return [(line.posting_type.value, line.account, str(line.accounting_amount)) for line in voucher.lines]


def refusal(one: PostedCost, to: CostSide, setup: FinanceSetup = ON_BALANCE) -> PostingFailure:
    with pytest.raises(Refused) as caught:
        may_be_posted(one, to, USPM, setup)
    assert one.row.id in str(caught.value)
    return PostingFailure(caught.value.reason)


def after(one: PostedCost, made: MovedCost) -> PostedCost:
    """The cost where it was posted to."""
    row = replace(one.row, cost_accounts=made.accounts)
    return replace(one, row=row, accounts=made.accounts)


def test_pco_01_an_hour_on_the_balance_sheet_goes_to_profit_and_loss() -> None:
    hour = posted_cost(cost(), ON_BALANCE)
    made = post(hour, PROFIT_AND_LOSS)
    assert figures(made) == [("cost", "540100", "800.00"), ("wip_cost_value", "161100", "-800.00")]
    assert made.accounts == {"cost": "540100", "payroll_allocation": "600300"}


def test_pco_02_an_hour_in_profit_and_loss_without_accrual_or_invoice_goes_to_the_balance_sheet() -> None:
    setup = setup_of("profit_and_loss")
    made = post(posted_cost(cost(), setup, sold(setup)), BALANCE, setup)
    assert figures(made) == [("wip_cost_value", "161100", "800.00"), ("cost", "540100", "-800.00")]


def test_pco_03_led_53_99_30_no_cost_goes_to_the_balance_sheet_whose_revenue_is_accrued_or_invoiced() -> None:
    accrued, billed = sold(IN_PROFIT_AND_LOSS), sold(IN_PROFIT_AND_LOSS, billed=True)
    for sales, why in (([accrued], "revenue_accrued"), ([billed], "invoiced"), ([billed, accrued], "revenue_accrued")):
        assert refusal(posted_cost(cost(), IN_PROFIT_AND_LOSS, *sales), BALANCE, IN_PROFIT_AND_LOSS) == why
    taken_back = sold(IN_PROFIT_AND_LOSS, reversed_=True)
    assert may_be_posted(posted_cost(cost(), IN_PROFIT_AND_LOSS, taken_back), BALANCE, USPM, IN_PROFIT_AND_LOSS)


def test_pco_04_led_53_99_30_a_cost_on_the_balance_sheet_can_be_posted_after_its_sale_is_invoiced() -> None:
    hour = posted_cost(cost(), ON_BALANCE, sold(ON_BALANCE, billed=True))
    assert all_invoiced(hour.sales)
    assert figures(post(hour, PROFIT_AND_LOSS))[0] == ("cost", "540100", "800.00")


def test_pco_05_costs_of_fixed_prices_and_investments_are_left_to_their_revenue_recognition() -> None:
    fixed = posted_cost(cost(contract_line="CTR-1-FP"), ON_BALANCE)
    document = finance(accrual=False)
    document["projects"]["PRJ-IN"] = {"company": USPM}
    document["profiles"]["INV"] = {"billing_method": "investment", "post_costs": {"time": "balance"}}
    document["profile_rules"].append({"company": USPM, "profile": "INV"})
    investing = looked_up(document)
    assert fixed.side is PROFIT_AND_LOSS  # the profile of fixed prices says nothing of its costs
    assert refusal(fixed, BALANCE) == "not_for_this_project"
    assert (
        refusal(replace(fixed, accounts=posted_cost(cost(), ON_BALANCE).accounts), PROFIT_AND_LOSS)
        == "not_for_this_project"
    )
    invested = posted_cost(cost(**INTERNAL), investing)
    assert invested.side is BALANCE
    assert refusal(invested, PROFIT_AND_LOSS, investing) == "not_for_this_project"


def test_pco_06_work_of_an_internal_project_goes_both_ways() -> None:
    internal = posted_cost(cost(**INTERNAL), ON_BALANCE)
    there = post(internal, PROFIT_AND_LOSS)
    assert figures(there) == [("cost", "540100", "800.00"), ("wip_cost_value", "161100", "-800.00")]
    back = post(after(internal, there), BALANCE)
    assert figures(back) == [("wip_cost_value", "161100", "800.00"), ("cost", "540100", "-800.00")]


@pytest.mark.parametrize(("to", "account"), [(PROFIT_AND_LOSS, "540100"), (BALANCE, "161100")])
def test_pco_07_an_hour_with_no_ledger_gets_both_its_lines(to: CostSide, account: str) -> None:
    hour = posted_cost(cost(), UNLEDGERED)
    made = post(hour, to, UNLEDGERED)
    assert [line[1:] for line in figures(made)] == [(account, "800.00"), ("600300", "-800.00")]
    assert list(made.accounts.values()) == [account, "600300"]


@pytest.mark.parametrize(
    ("actual", "setup"),
    [(cost(**EXPENSE), UNLEDGERED), (cost(**MATERIAL), UNLEDGERED), (cost(), NEVER), (cost(**EXPENSE), NEVER)],
)
def test_pco_07_what_else_is_not_in_the_ledger_stays_out_of_it(actual: Actual, setup: FinanceSetup) -> None:
    one = posted_cost(actual, setup)
    assert {refusal(one, to, setup) for to in CostSide} == {"no_ledger_entry"}


@pytest.mark.parametrize(
    ("actual", "wip", "offset"),
    [
        (cost("1", "2000", **EXPENSE), "wip_cost_value", "expense_offset"),
        (cost("3", "100", **MATERIAL), "wip_cost_item", "cost_item"),
    ],
)
def test_pco_08_an_expense_and_an_item_keep_the_offset_of_their_posting(actual: Actual, wip: str, offset: str) -> None:
    made = post(posted_cost(actual, ON_BALANCE), PROFIT_AND_LOSS)
    amount = str(actual.amount.quantize(Decimal("0.01")))
    assert [(line[0], line[2]) for line in figures(made)] == [("cost", amount), (wip, f"-{amount}")]
    assert list(made.accounts) == ["cost", offset]


def test_pco_09_amount_rate_and_dimensions_are_those_of_the_posted_line() -> None:
    document = finance(accrual=False)
    document["profiles"]["TM"]["post_costs"] = {"time": "balance"}
    document["currencies"]["EUR"] = {"precision": "0.01"}
    document["references"]["transactioncurrency"] |= {"4f6b0d9e-3f5f-4a55-8c8b-0a9b3d1d2e01": "EUR"}
    document["exchange_rates"] = [AT_110]
    at_110 = looked_up(document)
    one = posted_cost(cost("1", "100"), at_110)
    line = replace(
        one.line, currency="EUR", price_exchange_rate=Decimal(110), accounting_amount=Decimal("110.00"), project="PRJ-1"
    )
    lineage = one.row.lineage
    assert lineage
    row = replace(
        one.row, accounting_amount=Decimal("110.00"), lineage=replace(lineage, dimensions={"CostCenter": "999"})
    )
    document["exchange_rates"] = [{**AT_110, "rate": "120"}]
    made = post(replace(one, row=row, line=line), PROFIT_AND_LOSS, looked_up(document))
    assert [(entry.amount, entry.accounting_amount, entry.exchange_rate) for entry in made.voucher.lines] == [
        (Decimal(100), Decimal("110.00"), Decimal("1.1")),
        (Decimal(-100), Decimal("-110.00"), Decimal("1.1")),
    ]
    assert [(entry.project, entry.dimensions) for entry in made.voucher.lines] == [
        ("PRJ-1", {"CostCenter": "999"}),
    ] * 2


def test_pco_10_a_closed_period_is_refused_and_only_costs_are_posted() -> None:
    hour = posted_cost(cost(), ON_BALANCE)
    with pytest.raises(Refused, match="period_closed"):
        post(hour, PROFIT_AND_LOSS, on=date(2027, 1, 1))
    made = post(hour, PROFIT_AND_LOSS, on=DAY, reason="month end")
    assert (made.voucher.accounting_date, made.voucher.reason, made.voucher.actual_id) == (
        DAY,
        "month end",
        hour.row.id,
    )
    assert {line.origin.actual_id for line in made.voucher.lines} == {hour.row.id}
    with pytest.raises(Refused, match="not_a_cost"):
        must_be_a_posted_cost("sold", as_posted(sale(), ON_BALANCE), USPM)


def test_pco_12_all_unbilled_sales_of_a_cost_have_to_be_invoiced() -> None:
    open_, billed = sold(ON_BALANCE), sold(ON_BALANCE, billed=True)
    assert [all_invoiced(some) for some in ([], [open_], [billed, open_], [billed], [billed, billed])] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_pco_13_what_is_there_is_left_alone_and_comes_back_by_the_other_direction() -> None:
    hour = posted_cost(cost(), ON_BALANCE)
    assert not may_be_posted(hour, BALANCE, USPM, ON_BALANCE)
    there = post(hour, PROFIT_AND_LOSS)
    gone = after(hour, there)
    assert not may_be_posted(gone, PROFIT_AND_LOSS, USPM, ON_BALANCE)
    back = post(gone, BALANCE)
    assert back.accounts == hour.accounts
    assert sum((line.accounting_amount for line in (*there.voucher.lines, *back.voucher.lines)), Decimal()) == 0


def test_pco_14_a_reversal_goes_where_the_cost_is_now() -> None:
    hour = posted_cost(cost(), ON_BALANCE)
    gone = after(hour, post(hour, PROFIT_AND_LOSS))
    back = posted(cost("-8", name="reversal"), ON_BALANCE, gone.row)
    assert entries(back) == [("cost", "540100", "-800.00"), ("payroll_allocation", "600300", "800.00")]
    taken = replace(gone, row=replace(gone.row, taken_by="reversal"))
    assert refusal(taken, BALANCE) == "taken_back"


def test_pco_15_a_beginning_balance_has_no_ledger_entry() -> None:
    row = StagedRow(cost(), StagingState.PENDING, 1, 1, reason=WaitReason.BEGINNING_BALANCE)
    with pytest.raises(Refused, match="no_ledger_entry"):
        must_be_a_posted_cost(row.id, row, USPM)
    with pytest.raises(Refused, match="not_posted"):
        must_be_a_posted_cost(row.id, replace(row, reason=None), USPM)
    with pytest.raises(Refused, match="not_posted"):
        must_be_a_posted_cost(row.id, None, USPM)


@pytest.mark.parametrize("changes", [{"state": StagingState.IMPORTED}, {"journal_id": None}, {"company": "GBPM"}])
def test_pco_10_what_is_on_a_draft_or_of_another_company_is_no_posted_cost(changes: dict[str, Any]) -> None:
    row = replace(as_posted(cost(), ON_BALANCE), company=USPM, journal_id="USPM-000001")
    assert must_be_a_posted_cost(row.id, row, USPM) is row
    with pytest.raises(Refused, match="not_posted"):
        must_be_a_posted_cost(row.id, replace(row, **changes), USPM)


def test_dim_14_an_account_that_refuses_the_dimensions_refuses_the_cost() -> None:
    setup = setup_of("balance", account_structures={USPM: [{"account": "540100", "required": ["CostCenter"]}]})
    with pytest.raises(Refused, match="dimension_invalid"):
        post(posted_cost(cost(), setup), PROFIT_AND_LOSS, setup)


def lent_cost(side: str, *, sold: str = "1200", **changes: Any) -> tuple[PostedCost, FinanceSetup]:
    """Ten hours that a lender has billed, with the tax of 120 that is not got back, at a rate of 2."""
    of = lending.setup(side)
    entry = VoucherLine(
        "161100" if side == "balance" else "540100",
        PostingType.WIP_COST_VALUE if side == "balance" else PostingType.COST,
        "USD",
        Decimal(1320),
        Decimal(2640),
        Decimal(2),
        "PRJ-1",
        {"Region": "the project's"},
    )
    invoice = replace(lending.INVOICE, voucher="VIV-000001")
    line = lent_line(replace(lending.LINE, actual_id=guid("sold")), entry, invoice)
    row = as_posted(sale(name="sold"), ON_BALANCE)
    row = replace(row, accounting_amount=Decimal(sold), **changes)
    return PostedCost(row, line, {entry.posting_type: entry.account}, vendor_invoice=lending.INVOICE), of


def test_pco_15_pco_09_the_cost_of_a_vendor_invoice_moves_with_its_own_amount_rate_and_dimensions() -> None:
    one, of = lent_cost("balance")
    made = post(one, PROFIT_AND_LOSS, of)
    assert figures(made) == [("cost", "540100", "2640"), ("wip_cost_value", "161100", "-2640")]
    assert {(line.amount, line.exchange_rate, line.project) for line in made.voucher.lines} == {
        (Decimal(1320), Decimal(2), "PRJ-1"),
        (Decimal(-1320), Decimal(2), "PRJ-1"),
    }
    assert [line.dimensions for line in made.voucher.lines] == [{"Region": "the project's"}] * 2
    assert made.accounts == {"cost": "540100"}
    back = post(after(one, made), BALANCE, of)
    assert [account for _, account, _ in figures(back)] == ["160000", "540100"]


def test_pco_15_an_account_for_costs_of_the_lender_is_where_its_costs_come_from_and_go_to() -> None:
    document = lending.document("balance")
    document["ledger_posting"]["USPM"].append(
        {"posting_type": "intercompany_cost", "vendor": "V-GBPM", "account": "540900"}
    )
    one, of = lent_cost("balance")[0], looked_up(document)
    made = post(one, PROFIT_AND_LOSS, of)
    assert made.accounts == {"intercompany_cost": "540900"}
    there = after(one, made)
    assert there.side is PROFIT_AND_LOSS
    assert not may_be_posted(there, PROFIT_AND_LOSS, USPM, of)


@pytest.mark.parametrize("linked", [{"taken_by": "back"}, {"links": {ConnectionRole.ORIGINAL: "first"}}])
def test_pco_15_what_is_taken_back_between_companies_stays(linked: dict[str, Any]) -> None:
    one, of = lent_cost("balance", **linked)
    assert refusal(one, PROFIT_AND_LOSS, of) == "taken_back"


def test_pco_05_pco_15_a_vendor_invoice_for_a_fixed_price_stays() -> None:
    one, of = lent_cost("balance")
    document = lending.document("balance")
    document["contract_lines"]["CTR-1-1"]["billing_method"] = "fixed_price"
    assert refusal(one, PROFIT_AND_LOSS, looked_up(document)) == "not_for_this_project"
    assert may_be_posted(one, PROFIT_AND_LOSS, USPM, of)
