"""ADA-01 to ADA-11: the dimensions of one posted transaction are adjusted, figures and refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from project_invoicing.domain.codes import ConnectionRole, PostingType, StagingState, TransactionClass
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.adjusted_accounting import Adjustment, OnJournal, adjusted, row_to_adjust
from project_invoicing.setup.lookups import FinanceSetup
from tests.rules.finance import finance
from tests.store_free.journalising import EXPENSE, as_posted, cost, entries, looked_up, posted, sale

USPM, DAY = "USPM", date(2026, 9, 30)
OLD, NEW = {"CostCenter": "007"}, {"CostCenter": "999"}


def setup_of(*values: tuple[str, Any], accrual: bool = True, **keys: Any) -> FinanceSetup:
    rules = [{"company": USPM, "project": "PRJ-1", "dimensions": OLD}]
    return looked_up(finance(*values, accrual=accrual, dimension_rules=rules, **keys))


CONTOSO = setup_of()


def on_journal(actual: Any, setup: FinanceSetup = CONTOSO, **changes: Any) -> OnJournal:
    row = replace(as_posted(actual, setup), **changes)
    return OnJournal(row, posted(actual, setup).line, row.cost_accounts or {})


def adjust(one: OnJournal, dimensions: Any = NEW, setup: FinanceSetup = CONTOSO, **more: Any) -> Adjustment:
    made = adjusted(one, dimensions, USPM, more.pop("on", DAY), setup, **more)
    assert made
    return made


def after(one: OnJournal, made: Adjustment) -> OnJournal:
    return replace(one, row=replace(one.row, lineage=made.lineage, accrual=made.accrual))


def figures(made: Adjustment) -> list[tuple[str, str, str | None]]:
    assert made.voucher
    lines = made.voucher.numbered("AAV-000001").lines
    return [(line.account, str(line.accounting_amount), (line.dimensions or {}).get("CostCenter")) for line in lines]


def test_ada_02_dim_08_an_unbilled_sale_moves_its_accrual_and_no_accounts_total() -> None:
    made = adjust(on_journal(sale()))
    assert figures(made) == [
        ("161300", "-1600.00", "007"),
        ("161300", "1600.00", "999"),
        ("420200", "1600.00", "007"),
        ("420200", "-1600.00", "999"),
    ]
    assert made.accrual
    assert (made.accrual.dimensions, made.lineage.dimensions) == (NEW, NEW)


def test_ada_03_a_cost_moves_on_both_its_sides() -> None:
    made = adjust(on_journal(cost()))
    assert figures(made) == [
        ("540100", "-800.00", "007"),
        ("540100", "800.00", "999"),
        ("600300", "800.00", "007"),
        ("600300", "-800.00", "999"),
    ]


@pytest.mark.parametrize(
    ("posting_type", "account", "amount"),
    [(PostingType.COST, "540100", "800.00"), (PostingType.PAYROLL_ALLOCATION, "600300", "-800.00")],
)
def test_ada_03_a_posting_type_leaves_the_other_side_of_an_hour(
    posting_type: PostingType, account: str, amount: str
) -> None:
    hour = on_journal(cost())
    made = adjust(hour, posting_type=posting_type)
    assert [line[0] for line in figures(made)] == [account, account]
    assert figures(made)[1] == (account, amount, "999")
    moved = after(hour, made)
    assert adjusted(moved, NEW, USPM, DAY, CONTOSO, posting_type=posting_type) is None
    back = figures(adjust(moved, {"CostCenter": "555"}))
    assert {line[2] for line in back} == {"007", "999", "555"}
    reversal = posted(cost("-8", name="reversal"), CONTOSO, moved.row)
    assert reversal.voucher
    assert {line.account: line.dimensions for line in reversal.voucher.lines} == {
        account: NEW,
        ("600300" if account == "540100" else "540100"): OLD,
    }


def test_ada_03_sides_that_have_the_same_dimensions_always_are_not_adjusted_apart() -> None:
    for posting_type, one in (
        (PostingType.COST, on_journal(cost(**EXPENSE))),
        (PostingType.WIP_COST_VALUE, on_journal(cost())),
        (PostingType.ACCRUED_REVENUE_SALES_VALUE, on_journal(sale())),
    ):
        with pytest.raises(Refused, match="not_adjustable"):
            adjust(one, posting_type=posting_type)


def test_ada_04_a_sale_that_accrues_nothing_changes_without_a_voucher() -> None:
    setup = setup_of(accrual=False)
    made = adjust(on_journal(sale(), setup), setup=setup)
    assert (made.voucher, made.lineage.dimensions) == (None, NEW)


def test_ada_06_a_sale_on_a_proposal_that_is_not_posted_is_refused() -> None:
    row = replace(as_posted(sale(), CONTOSO), taken_by="billed")
    billed = StagedRow(row.actual, StagingState.IMPORTED, 1, 1, links={ConnectionRole.UNBILLED: row.id})
    on = replace(billed, company=USPM, proposal_id="INV-0001")
    with pytest.raises(Refused, match=r"on_proposal: .*INV-0001"):
        row_to_adjust(row.id, row, on, USPM)
    with pytest.raises(Refused, match=r"on_proposal: .*INV-0001"):
        row_to_adjust("billed", on, None, USPM)
    invoiced = replace(on, state=StagingState.POSTED)
    assert row_to_adjust(row.id, row, invoiced, USPM) is invoiced


def test_ada_01_adj_03_what_cannot_be_adjusted_is_refused() -> None:
    row = as_posted(sale(), CONTOSO)
    milestone = replace(row, actual=replace(row.actual, transaction_class=TransactionClass.MILESTONE))
    reversal = replace(row, links={ConnectionRole.ORIGINAL: "original"})
    for wrong, why in (
        (None, "not_posted"),
        (replace(row, company="GBPM"), "not_posted"),
        (replace(row, state=StagingState.PENDING), "not_posted"),
        (milestone, "not_adjustable"),
        (replace(row, intercompany_proposal="IC-000001"), "not_adjustable"),
        (reversal, "taken_back"),
        (replace(row, taken_by="reversal"), "taken_back"),
    ):
        with pytest.raises(Refused, match=why):
            row_to_adjust("work", wrong, reversal if wrong and wrong.taken_by else None, USPM)
    for taker in (None, replace(reversal, state=StagingState.IMPORTED)):  # not read yet, and on a draft
        with pytest.raises(Refused, match="taken_back"):
            row_to_adjust("work", replace(row, taken_by="reversal"), taker, USPM)


def test_ada_08_the_next_adjustment_takes_the_last_one_back_and_a_reversal_uses_it() -> None:
    sold = on_journal(sale())
    moved = after(sold, adjust(sold))
    assert [line[2] for line in figures(adjust(moved, {"CostCenter": "555"}))] == ["999", "555"] * 2
    assert adjusted(moved, NEW, USPM, DAY, CONTOSO) is None
    reversal = posted(sale("-8", name="reversal"), CONTOSO, moved.row)
    assert entries(reversal)[0][2] == "-1600.00"
    assert reversal.voucher
    assert [line.dimensions for line in reversal.voucher.lines] == [NEW, NEW]


def test_ada_09_closed_periods_and_dimensions_that_an_account_refuses_are_refused() -> None:
    sold = on_journal(sale())
    with pytest.raises(Refused, match="period_closed"):
        adjust(sold, on=date(2027, 1, 1))
    only = setup_of(account_structures={USPM: [{"account": "161300", "values": {"CostCenter": ["007"]}}]})
    with pytest.raises(Refused, match="dimension_invalid"):
        adjust(sold, setup=only)


def test_ada_01_names_that_are_not_given_stay_and_null_takes_one_off() -> None:
    made = adjust(on_journal(sale()), {"Department": "D1"})
    assert made.lineage.dimensions == {"CostCenter": "007", "Department": "D1"}
    assert adjust(on_journal(sale()), {"CostCenter": None}).lineage.dimensions is None
