"""BB-03, BB-06: billed sales of the time before finance began."""

from __future__ import annotations

import pytest

from project_invoicing.domain.codes import WaitReason
from project_invoicing.domain.refusals import Wait
from tests.setups import finance_setup
from tests.store_free.proposing import a_row, planned

BEGAN = finance_setup(("parameters.USPM.beginning_balance_date", "2026-07-31"))


@pytest.mark.parametrize("day", ["2026-07-31", "2026-01-01"])
def test_bb_03_a_billed_sale_of_the_beginning_balances_is_on_no_proposal_and_says_so(day: str) -> None:
    found = planned(a_row(start=day), setup=BEGAN)
    detail = f"{day} is not after the beginning balances of 2026-07-31"
    assert (found.waits, found.lines) == ([Wait(WaitReason.BEGINNING_BALANCE, detail, "billed")], [])


def test_bb_06_the_day_after_the_beginning_balances_is_billed() -> None:
    found = planned(a_row(start="2026-08-01"), setup=BEGAN)
    assert (found.waits, len(found.lines)) == ([], 1)
