"""STG-12, STG-13: rows wait some minutes and are then looked up in Dataverse, here a register in memory."""

from __future__ import annotations

import pytest

from project_invoicing.errors import Unavailable
from tests.builders import guid
from tests.dataverse import StubbornDataverse, connected
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.journals.cases import Register, billing, register, stored
from tests.rules.stories import approval, cost, sale

FIVE_MINUTES = ("parameters.USPM.prevalidation_minutes", 5)
SENT = "2026-08-27T16:05:00Z"


@pytest.fixture
def validating(books: Books) -> Books:
    books.use(finance(FIVE_MINUTES))
    return books


def test_stg_12_a_row_waits_five_minutes(validating: Books) -> None:
    validating.arrive(cost("cost", at=SENT), sale("sale", at=SENT))
    validating.world.at = "2026-08-27T16:09:59Z"
    with register(dataverse := Register()):
        validating.import_staging()
    assert dataverse.asked == []
    for name in ("cost", "sale"):
        row = stored(validating, name)
        assert (row.state, row.reason) == ("pending", "not_prevalidated")
        assert row.detail == "is validated 5 minutes after it was sent, from 2026-08-27T16:10:00Z on"

    validating.world.at = "2026-08-27T16:10:00Z"
    with register(dataverse):
        validating.import_staging()
    assert dataverse.asked == [{guid("cost"), guid("sale")}]
    assert (validating.state("cost"), validating.state("sale")) == ("imported", "imported")


def test_stg_12_a_proposal_waits_for_its_young_rows(validating: Books) -> None:
    validating.arrive(*approval())
    validating.journalise()
    validating.arrive(*billing("work", total="1600"))
    validating.world.at = "2026-08-27T16:06:00Z"
    validating.import_staging()
    assert (validating.state("work/billed"), validating.reasons()) == ("pending", ["not_prevalidated"])
    validating.world.at = "2026-08-31T14:00:00Z"
    validating.import_staging()
    assert validating.proposal()["status"] == "ready"


def test_stg_12_a_company_without_prevalidation_asks_nobody(books: Books) -> None:
    books.arrive(cost("work", at=SENT))
    books.world.at = SENT
    with register(dataverse := Register()):
        books.import_staging()
    assert (books.state("work"), dataverse.asked) == ("imported", [])


def test_stg_13_a_row_that_was_rolled_back_is_invalid_and_never_a_line(validating: Books) -> None:
    validating.arrive(cost("gone"), cost("there"))
    for _ in range(2):
        with register(Register("gone")):
            validating.import_staging()
    assert (validating.state("gone"), validating.state("there")) == ("invalid", "imported")
    assert stored(validating, "gone").detail == (
        "Dataverse does not have this actual: the transaction that sent it was rolled back"
    )
    assert [line["actual_id"] for line in validating.journal_lines()] == [guid("there")]


def test_stg_13_a_billed_row_that_was_rolled_back_is_on_no_proposal(validating: Books) -> None:
    validating.arrive(*approval(), *approval("more"))
    validating.journalise()
    validating.arrive(*billing("work", "more", total="1600"))
    with register(Register("more/billed")):
        validating.import_staging()
    assert validating.state("more/billed") == "invalid"
    assert [line["actual_id"] for line in validating.proposal()["lines"]] == [guid("work/billed")]
    assert validating.proposal()["status"] == "ready"


def test_while_dataverse_cannot_be_asked_nothing_is_imported_and_nothing_lost(validating: Books) -> None:
    validating.arrive(cost("work"))
    with register(Register(reachable=False)), pytest.raises(Unavailable):
        validating.import_staging()
    assert validating.state("work") == "pending"
    validating.import_staging()
    assert validating.state("work") == "imported"


def test_stg_13_a_dataverse_that_is_connected_is_asked_for_the_ids(validating: Books) -> None:
    validating.arrive(cost("kept", at=SENT), cost("rolled-back", at=SENT))
    validating.world.at = "2026-08-27T16:10:00Z"
    with connected(StubbornDataverse(absent={guid("rolled-back")})):
        validating.import_staging()
    assert (validating.state("kept"), validating.state("rolled-back")) == ("imported", "invalid")
