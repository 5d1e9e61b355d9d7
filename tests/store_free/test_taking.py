"""99-25: an actual is continued once, and what comes second waits and says what came first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from project_invoicing.domain.codes import StagingState, TransactionClass, TransactionType, WaitReason
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.taking import Takers
from tests.builders import guid
from tests.rules.finance import finance
from tests.store_free.actuals import a_row, an_actual, looked_up

SETUP = looked_up(finance())


def row(name: str, **links: Any) -> StagedRow:
    return a_row(an_actual(TransactionType.BILLED_SALES, name=name), **links)


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
        f"actual {other.id} takes back {guid('billed')}, which is taken back by actual {one.id} for 1600.00 USD, "
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
    assert wait.detail.endswith("for 1600.00 USD, line 3 of journal USPM-000001, posted with voucher PV-7")


def test_inv_11_inv_14_what_is_taken_by_one_that_cannot_be_read_is_taken() -> None:
    late = row("late", original="sale")
    wait = Takers({guid("sale"): guid("gone")}, {}).second(late, {}, SETUP)
    assert wait
    assert (wait.reason, wait.actual_id) == (WaitReason.ALREADY_CREDITED, guid("gone"))
    assert wait.detail.endswith(f"which is taken back by actual {guid('gone')}")


def test_ret_11_a_retainer_may_be_taken_back_in_parts() -> None:
    asked: dict[str, StagedRow] = {}
    for name in ("one", "other"):
        back = a_row(
            an_actual(TransactionType.BILLED_SALES, name=name, transaction_class=TransactionClass.RETAINER),
            original="retainer",
        )
        assert Takers({guid("retainer"): guid("somebody")}).second(back, asked, SETUP) is None
    assert asked == {}
