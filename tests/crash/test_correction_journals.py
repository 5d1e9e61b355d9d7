"""Correction journals die at every request, are made and posted again, and have one effect."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from project_invoicing.use_cases.accrued_revenue import journals as making
from tests.crash.death import Step
from tests.faults import TRANSACTION, Killed, dying
from tests.harness import World
from tests.rules.books import Books, before_transaction
from tests.rules.test_accrued_revenue import OF, accrued, left, left_behind, lines

pytestmark = pytest.mark.engine

ANN = {"actor": "ann@contoso.example"}
ONE = {**OF, **ANN, "journal_id": "ARJ-000001"}
NEW = {**OF, **ANN, "voucher_date": "2026-08-31"}


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "PAGE_LINES", 1)


def asks(action: str, **request: Any) -> Callable[[World], object]:
    return lambda world: world.edit(action, **request)


def by_schedule(world: World) -> object:
    return world.schedule("journal_posting")


@pytest.fixture
def books(empty: World) -> Books:
    """Two imbalances, and a journal of them has two pages."""
    made = Books(empty)
    left_behind(made, "one", "two")
    return made


@pytest.mark.slow
def test_arr_10_a_journal_is_made_once_wherever_it_dies(books: Books) -> None:
    create = asks("create_accrual_journal", **NEW)
    step = Step(books.world, create, create)
    assert step.dies_at_every_request() > 0
    step.is_overtaken_at_every_request()
    assert [line.line_number for line in lines(books)] == [1, 2]


@pytest.mark.slow
def test_arr_13_the_schedule_finishes_a_journal_whose_making_died(books: Books) -> None:
    books.world.edit("create_accrual_journal", **NEW, scheduled=True)
    Step(books.world, by_schedule, by_schedule).dies_after_every_transaction()
    assert [line.line_number for line in lines(books)] == [1, 2]


@pytest.mark.slow
def test_arr_14_every_line_is_posted_once_wherever_it_dies(books: Books) -> None:
    books.world.edit("create_accrual_journal", **NEW)
    post = asks("post_accrual_journal", **ONE)
    step = Step(books.world, post, post)
    assert step.dies_at_every_request() > 0
    step.meets_another_transaction_everywhere()
    step.hears_no_answer_at_first()
    step.is_overtaken_at_every_request()
    assert [line.voucher for line in lines(books)] == ["ARV-00000001", "ARV-00000002"]
    assert (left(books), accrued(books)) == ({}, {})


@pytest.mark.slow
def test_arr_14_a_run_goes_on_where_another_one_has_died_meanwhile(books: Books) -> None:
    books.world.edit("create_accrual_journal", **NEW)
    post = asks("post_accrual_journal", **ONE)

    def dies() -> None:
        with dying(books.world.client, 1, applied=True, operation=TRANSACTION), suppress(Killed):
            post(books.world)

    with before_transaction(books, 0, dies):
        post(books.world)
    assert [line.voucher for line in lines(books)] == ["ARV-00000001", "ARV-00000002"]


@pytest.mark.slow
def test_arr_13_the_schedule_goes_on_with_a_posting_that_died(books: Books) -> None:
    books.world.edit("create_accrual_journal", **NEW)
    books.world.edit("post_accrual_journal", **ONE, scheduled=True)
    Step(books.world, by_schedule, by_schedule).dies_after_every_transaction()
    assert (left(books), accrued(books)) == ({}, {})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("action", "request_"),
    [
        ("edit_accrual_journal", {"description": "August", "voucher_date": "2026-08-30"}),
        ("edit_accrual_journal", {"offset_account": "618900", "lines": [1, 2]}),
        ("remove_accrual_lines", {"lines": [1, 2]}),
        ("remove_accrual_lines", {}),
    ],
)
def test_what_changes_a_draft_dies_anywhere_and_has_one_effect(
    books: Books, action: str, request_: dict[str, Any]
) -> None:
    books.world.edit("create_accrual_journal", **NEW)
    run = asks(action, **ONE, **request_)
    assert Step(books.world, run, run).dies_at_every_request() > 0
