"""STG-14, STG-17, 99-25: why a row waits, as it says itself or as the header of its proposal tells it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from project_invoicing.domain.actual import Proforma, RowVersion
from project_invoicing.domain.codes import ProposalStatus, StagingState, WaitReason
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.waits import SHOWN_WAITS, Waits
from project_invoicing.rules.waiting import untold, waits_as
from tests.builders import guid
from tests.store_free.actuals import a_row, an_actual

ROW = a_row(an_actual(name="billed"), unbilled="sale")
FIRST = Wait(WaitReason.BILLED_SALES_MISMATCH, "of the whole", None)
OF_SALE = Wait(WaitReason.UNBILLED_SALES_NOT_POSTED, "the sale is not posted", guid("sale"))
SECOND = Wait(WaitReason.ALREADY_BILLED, "another was first", guid("sale"))


def header(*waits: Wait, status: ProposalStatus = ProposalStatus.WAITING) -> Proposal:
    return Proposal(
        Proforma(guid("inv"), RowVersion(1, "", ""), "INV-1"), status, 1, 1, waits=Waits.for_these(waits, frozenset())
    )


def test_a_row_that_says_itself_why_it_waits_is_believed_first() -> None:
    row = replace(ROW, reason=WaitReason.CATEGORY_MISSING, detail="no category")
    assert waits_as(row, header(FIRST)) == Wait(WaitReason.CATEGORY_MISSING, "no category")


@pytest.mark.parametrize(
    ("waits", "told"),
    [
        pytest.param((FIRST, OF_SALE), OF_SALE, id="what names the sale that it bills"),
        pytest.param((FIRST, replace(OF_SALE, actual_id=guid("other"))), FIRST, id="nothing of its own: the first"),
        pytest.param((FIRST, SECOND), FIRST, id="99-25 what names the first of two tells nothing of the row"),
    ],
)
def test_else_its_proposal_tells_why(waits: tuple[Wait, ...], told: Wait) -> None:
    assert waits_as(ROW, header(*waits)) == told


def test_a_row_that_does_not_wait_has_no_reason() -> None:
    assert waits_as(replace(ROW, state=StagingState.POSTED), header(FIRST)) is None
    assert waits_as(ROW, header(FIRST, status=ProposalStatus.READY)) is None
    assert waits_as(ROW, header()) is None
    assert waits_as(ROW, None) is None


def test_a_row_says_itself_what_its_header_does_not_tell() -> None:
    other = a_row(an_actual(name="other"))
    own = {ROW.id: OF_SALE, other.id: Wait(WaitReason.CATEGORY_MISSING, "no category", other.id)}
    assert untold([ROW, other], own, [OF_SALE]) == {other.id: own[other.id]}
    assert untold([ROW, other], {ROW.id: SECOND}, [SECOND]) == {ROW.id: SECOND}
    beyond = [FIRST] * SHOWN_WAITS + [OF_SALE]
    assert untold([ROW], {ROW.id: OF_SALE}, beyond) == {ROW.id: OF_SALE}
