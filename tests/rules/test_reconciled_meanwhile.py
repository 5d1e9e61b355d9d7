"""Something is corrected, moved or adjusted while the reconciliation reads, at every one of its requests.

Its tables are read one after the other, so it may see the voucher of a correction and not the row that it changed, or
the other way round. It never takes that for a difference: what cannot be compared is not checked, and the next run
compares it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from project_invoicing.use_cases.reconciliation.run import Outcome, Reconciliation
from tests import snapshots
from tests.builders import guid
from tests.counting import counted
from tests.faults import overtaken
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import cost, sale
from tests.rules.test_accrued_revenue import ACCRUED_BY_FIXED, left_behind, make, post, stores
from tests.rules.test_adjusted_accounting import adjust
from tests.rules.test_posted_costs import post as move
from tests.thorough import thorough

NOT_QUIET = "something was posted while the tables were read; run it again"
BY_MOMENT = {"accruals", "moved", "retainers", "between_companies"}
"""The checks that compare what was read at different moments."""

Found = set[tuple[str, str, str]]

HAPPENS: dict[str, Callable[[Books], object]] = {
    "a correction of accrued revenue": lambda books: post(books)["vouchers"],
    "a moved cost": lambda books: move(books, "balance", costs={"actual_id": guid("work/cost")})["posted"],
    "an adjusted cost": lambda books: adjust(books, guid("work/cost"))["adjusted"],
    "an adjusted sale": lambda books: adjust(books, guid("work/unbilled"))["adjusted"],
}


def reconciled(books: Books) -> Outcome:
    """One run, without Dataverse, which knows nothing of what happens here."""
    return Reconciliation(stores(books), None, books.world.at, lambda: True).run()


def found(outcome: Outcome) -> Found:
    """Of a correction, what it is about and by how much: the words say whether it is on a journal."""
    return {(name, one.id, str(one.amount)) for name, check in outcome.checks.items() for one in check.found}


@pytest.mark.slow
@pytest.mark.parametrize("what", HAPPENS)
def test_what_happens_at_any_request_of_a_reconciliation_is_no_difference(books: Books, what: str) -> None:
    happens = HAPPENS[what]
    left_behind(books, "one", document=finance(ACCRUED_BY_FIXED))
    books.arrive(cost("work/cost"), sale("work/unbilled"))
    books.journalise()
    make(books)
    before, world = snapshots.read(books.world), books.world
    left = found(reconciled(books))
    with counted(world.client) as usage:
        reconciled(books)
    assert happens(books), "it is posted"
    after = snapshots.read(world)
    afterwards = found(reconciled(books))
    unchecked = 0
    for at in range(1, usage.requests + 1, thorough(6, 1)):
        snapshots.restore(world, after, before)
        with overtaken(world.client, at, lambda: happens(books)):
            outcome = reconciled(books)
        seen = found(outcome)
        not_checked = {name for name, check in outcome.checks.items() if check.not_checked == NOT_QUIET}
        assert not_checked in (set(), BY_MOMENT)
        said = [{one for one in whole if one[0] not in not_checked} for whole in (left, afterwards)]
        assert seen in said, f"before request {at} of {usage.requests}"
        assert found(reconciled(books)) == afterwards
        unchecked += bool(not_checked)
    assert unchecked, "some of them came while the tables were read"
