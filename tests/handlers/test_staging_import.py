"""staging_import: on schedule, by hand, and when a journal was posted."""

from __future__ import annotations

import pytest

from tests.builders import guid
from tests.handlers.samples import sample
from tests.rules.books import Books
from tests.rules.stories import billed, cost

POSTED = "staging_import/integration-journal-posted"


def test_the_schedule_imports_everything(books: Books) -> None:
    books.arrive(cost("one"), cost("two"), *billed())
    report = books.call("staging_import", sample("staging_import/scheduled"))
    assert report == {"journal_lines": 3, "proposals_ready": 0, "waiting": 1}


def test_a_posted_journal_imports_the_proposals_that_waited_for_it_and_nothing_else(books: Books) -> None:
    books.arrive(*billed())
    books.import_staging()
    books.arrive(cost("later"))
    books.run("journal_posting")
    report = books.call("staging_import", sample(POSTED))
    assert report == {"journal_lines": 0, "proposals_ready": 1, "waiting": 0}
    assert (books.proposal()["status"], books.state("later")) == ("ready", "pending")
    assert books.call("staging_import", sample(POSTED))["proposals_ready"] == 0


def test_another_journal_does_not_look_at_proposals_that_wait_for_the_first(books: Books) -> None:
    books.arrive(*billed())
    books.import_staging()
    event = sample(POSTED)
    event["detail"]["journal_id"] = "USPM-000099"
    assert books.call("staging_import", event) == {"journal_lines": 0, "proposals_ready": 0, "waiting": 0}


@pytest.mark.parametrize("name", ["one", "two"])
def test_one_actual_can_be_imported_by_hand(books: Books, name: str) -> None:
    books.arrive(cost("one"), cost("two"))
    books.import_staging(actual_id=guid(name))
    assert [line["actual_id"] for line in books.journal_lines()] == [guid(name)]


def test_what_does_not_exist_imports_nothing(books: Books) -> None:
    books.arrive(cost("one"))
    for scope in ({"actual_id": guid("no such")}, {"proposal_id": "INV-404"}):
        report = books.run("staging_import", **scope)
        assert report == {"journal_lines": 0, "proposals_ready": 0, "waiting": 0}
