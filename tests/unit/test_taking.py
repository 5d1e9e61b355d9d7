"""99-25: how many lines fit into a transaction, and what comes second."""

from __future__ import annotations

from dataclasses import replace

import pytest

from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.mapping import to_actual
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.codes import ConnectionRole, StagingState, WaitReason
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.taking import Takers
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.staging.taking import ROOM, fitting
from tests.builders import guid
from tests.rules.finance import finance
from tests.rules.stories import bill

SETUP = FinanceSetup(SetupDocument.model_validate(finance()), 1)


def row(name: str, **links: str) -> StagedRow:
    (event,) = row_events(bill(name), "2026-08-31T13:00:00Z")
    linked = {ConnectionRole(role): guid(target) for role, target in links.items()}
    return StagedRow(to_actual(RowEvent.read(event.detail)), StagingState.PENDING, 1, 1, links=linked)


@pytest.mark.parametrize(
    ("taking", "pages"),
    [
        pytest.param([True] * 100, [48, 48, 4], id="each takes something"),
        pytest.param([False] * 100, [90, 10], id="none does"),
        pytest.param([False] * 80 + [True] * 20, [88, 12], id="some do"),
        pytest.param([], [], id="none at all"),
    ],
)
def test_a_page_has_as_many_lines_as_their_writes_have_room_for(taking: list[bool], pages: list[int]) -> None:
    found = list(fitting(taking, 90, ROOM, lambda takes: "x" if takes else None))
    assert [len(page) for page in found] == pages
    assert [one for page in found for one in page] == taking


def test_what_is_free_or_its_own_may_be_taken_and_nothing_else() -> None:
    first, twin, other = row("first", unbilled="sale"), row("twin", unbilled="sale"), row("other", unbilled="free")
    asked: dict[str, StagedRow] = {}
    taken = Takers({guid("sale"): first.id}, {})
    assert taken.second(first, asked, SETUP) is None
    assert taken.second(other, asked, SETUP) is None
    assert taken.second(row("without"), asked, SETUP) is None
    wait = taken.second(twin, asked, SETUP)
    assert wait
    assert (wait.reason, wait.actual_id) == (WaitReason.ALREADY_BILLED, first.id)
    assert wait.detail == f"actual {twin.id} bills {guid('sale')}, which is billed by actual {first.id}"


def test_of_two_in_one_import_the_first_that_asks_has_it() -> None:
    asked: dict[str, StagedRow] = {}
    one, other = row("one", original="billed"), row("other", original="billed")
    assert Takers().second(one, asked, SETUP) is None
    wait = Takers().second(other, asked, SETUP)
    assert wait
    assert wait.reason is WaitReason.ALREADY_CREDITED
    assert wait.detail == (
        f"actual {other.id} takes back {guid('billed')}, which is taken back by actual {one.id} over 1600.00 USD, "
        "which waits beside it"
    )


def test_the_first_is_named_with_its_line_and_voucher() -> None:
    first = replace(
        row("first", original="sale"),
        journal_id="USPM-000001", line_number=3, voucher="PV-7", state=StagingState.POSTED,
    )  # fmt: skip
    wait = Takers({guid("sale"): first.id}, {first.id: first}).second(row("late", unbilled="sale"), {}, SETUP)
    assert wait
    assert wait.reason is WaitReason.ALREADY_CREDITED
    assert wait.detail.endswith("over 1600.00 USD, line 3 of journal USPM-000001, posted with voucher PV-7")
