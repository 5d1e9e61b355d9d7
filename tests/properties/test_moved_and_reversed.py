"""A posted cost or sale that is moved and adjusted in any order comes to exactly zero with its reversal.

On every account and with every value of a dimension, without any store (INV-01, PCO-14, ADA-08).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.domain.codes import CostSide, PostingFailure, PostingType
from project_invoicing.domain.finance_voucher import NewVoucher
from project_invoicing.domain.ledger import Voucher, VoucherLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.rules.adjusted_accounting import OnJournal, adjusted
from project_invoicing.rules.posted_costs import PostedCost, may_be_posted, moved
from project_invoicing.setup.lookups import FinanceSetup
from tests.rules.finance import finance
from tests.store_free.journalising import EXPENSE, MATERIAL, as_posted, cost, looked_up, posted, sale

USPM, DAY = "USPM", date(2026, 9, 30)
_RULES = [{"company": USPM, "project": "PRJ-1", "dimensions": {"CostCenter": "007"}}]


def _contoso(side: str, *, accrues: bool) -> FinanceSetup:
    document = finance(dimension_rules=_RULES, accrual=accrues)
    document["profiles"]["TM"]["post_costs"] = dict.fromkeys(("time", "expense", "material"), side)
    return looked_up(document)


SETUPS = {side.value: _contoso(side.value, accrues=False) for side in CostSide}
ACCRUING = looked_up(finance(dimension_rules=_RULES))

adjustments = st.tuples(
    st.dictionaries(
        st.sampled_from(["CostCenter", "Department"]),
        st.sampled_from(["007", "999", None]),
        min_size=1,
    ),
    st.sampled_from([None, None, PostingType.PAYROLL_ALLOCATION, PostingType.COST, PostingType.WIP_COST_VALUE]),
)
steps = st.lists(st.sampled_from(list(CostSide)) | adjustments, max_size=8)
work = st.sampled_from([{}, EXPENSE, MATERIAL])


def left(lines: Iterable[VoucherLine]) -> dict[tuple[str, tuple[tuple[str, str], ...]], Decimal]:
    sums: dict[tuple[str, tuple[tuple[str, str], ...]], Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.account, tuple(sorted((line.dimensions or {}).items()))] += line.accounting_amount
    return {place: amount for place, amount in sums.items() if amount}


def lines_of(voucher: Voucher | NewVoucher | None) -> tuple[VoucherLine, ...]:
    """Each voucher balances, else it could not be made."""
    if isinstance(voucher, NewVoucher):
        return voucher.numbered("V").lines
    return voucher.lines if voucher else ()


@given(side=st.sampled_from(sorted(SETUPS)), columns=work, done=steps)
def test_a_cost_that_was_moved_and_adjusted_ends_at_zero_with_its_reversal(
    side: str, columns: dict[str, Any], done: list[Any]
) -> None:
    setup = SETUPS[side]
    actual = cost(**columns)
    first = posted(actual, setup)
    row, line = as_posted(actual, setup), first.line
    ledger, why = [*lines_of(first.voucher)], set[object]()
    for step in done:
        accounts = row.cost_accounts or {}
        try:
            if isinstance(step, CostSide):
                one = PostedCost(row, line, accounts)
                if may_be_posted(one, step, USPM, setup):
                    made = moved(one, step, USPM, DAY, setup)
                    row = replace(row, cost_accounts=made.accounts)
                    ledger += lines_of(made.voucher)
            else:
                changes, posting_type = step
                adjustment = adjusted(
                    OnJournal(row, line, accounts), changes, USPM, DAY, setup, posting_type=posting_type
                )
                if adjustment:
                    row = replace(row, lineage=adjustment.lineage)
                    ledger += lines_of(adjustment.voucher)
        except Refused as refused:
            why.add(refused.reason)
    assert why <= {PostingFailure.NOT_ADJUSTABLE}
    reversal = posted(cost("-8", name="reversal", **columns), setup, row)
    assert reversal.line.error is None
    assert left([*ledger, *lines_of(reversal.voucher)]) == {}


@given(done=st.lists(adjustments, max_size=6))
def test_a_sale_that_was_adjusted_ends_at_zero_with_its_reversal(done: list[Any]) -> None:
    first = posted(sale(), ACCRUING)
    row = as_posted(sale(), ACCRUING)
    ledger = [*lines_of(first.voucher)]
    for changes, _ in done:
        made = adjusted(OnJournal(row, first.line, {}), changes, USPM, DAY, ACCRUING)
        if made:
            row = replace(row, lineage=made.lineage, accrual=made.accrual)
            ledger += lines_of(made.voucher)
    reversal = posted(sale("-8", name="reversal"), ACCRUING, row)
    assert left([*ledger, *lines_of(reversal.voucher)]) == {}
