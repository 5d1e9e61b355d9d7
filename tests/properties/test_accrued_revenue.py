"""ARR: whatever vouchers took back of an accrual, its correction balances, and what follows it is seen."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.domain.accrued_revenue import Part, Taking, imbalance_of, is_symmetric, left_after, left_of
from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.finance_voucher import NewVoucher
from project_invoicing.domain.ledger import ACCRUAL_RECONCILIATION, NO_ORIGIN
from project_invoicing.rules.accrual_corrections import Offset, correction_lines, posted_as
from tests.store_free.test_arr import DAY, accrual

AMOUNTS = st.decimals("-10000", "10000", places=2)
PARTS = st.builds(
    Part,
    st.sampled_from([PostingType.WIP_SALES_VALUE, PostingType.ACCRUED_REVENUE_SALES_VALUE]),
    st.sampled_from(["161300", "161400", "420200"]),
    st.sampled_from(["USD", "GBP"]),
    AMOUNTS,
    AMOUNTS,
)
TAKINGS = st.lists(st.lists(PARTS, max_size=4).map(left_of), min_size=1, max_size=3)


@given(AMOUNTS, TAKINGS, st.lists(PARTS, max_size=3))
def test_arr_07_arr_08_a_correction_balances_and_leaves_nothing(
    amount: Decimal, taken: list[tuple[Part, ...]], later: list[Part]
) -> None:
    accrued = accrual(str(amount))
    takings = [Taking(str(n), "FTI-1", "PV-9", DAY, parts) for n, parts in enumerate(taken)]
    left = left_after(accrued, takings, ())
    lines = correction_lines(left, accrued, Offset("618900"), NO_ORIGIN)
    if not left:
        assert lines == ()
        return
    voucher = NewVoucher("USPM", ACCRUAL_RECONCILIATION, DAY, lines).numbered("ARV-1")
    offset = [line for line in lines if line.posting_type is PostingType.ACCRUED_REVENUE_OFFSET]
    assert bool(offset) is not is_symmetric(left)
    correction = posted_as("ARJ-1", voucher.voucher, lines)
    assert left_after(accrued, takings, [correction]) == ()
    after = [*takings, Taking("later", "FTI-2", "PV-10", DAY, left_of(later))]
    assert set(left_after(accrued, after, [correction])) == set(left_of(later))
    assert imbalance_of(left_after(accrued, after, [correction])) == imbalance_of(left_of(later))
