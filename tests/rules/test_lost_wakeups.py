"""Master data that comes while an import is at work, at every one of its requests: nothing waits for what is there.

The import reads that a project is absent; the project comes, and its event finds no row that waits for it; the import
stores that the rows wait. What closes this is that the import then reads again what blocks them (D-100).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.use_cases.staging import import_rows
from tests import master
from tests.builders import Context
from tests.counting import counted
from tests.faults import Killed, dying, overtaken
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import billed, cost, sale
from tests.thorough import thorough

UNKNOWN = {"project": "PRJ-2"}
NO_CONTRACT: dict[str, Any] = {"contract": None, "contract_line": None, "customer": None}
PROJECT = master.project("PRJ-2", contract="CTR-1")


def project_comes(books: Books, row: Context = PROJECT) -> None:
    """The project arrives, and the import that its event starts has run before anything else happens."""
    books.world.deliver(row)
    for event in books.world.unsent():
        if event.detail_type == "MasterDataChanged":
            books.world.tell("staging_import", event)


CASES: dict[str, list[Context]] = {
    "a cost and a sale": [cost("one", **UNKNOWN), sale("two", **UNKNOWN), cost("known")],
    "a proposal": billed(**UNKNOWN),
}


def prepared(new_books: Callable[[], Books], contexts: list[Context], document: dict[str, Any] | None = None) -> Books:
    books = new_books()
    books.use(document or finance())
    books.arrive(master.company("USPM"), *contexts)
    books.world.unsent()
    return books


def waits_for_something_there(books: Books) -> list[str]:
    books._result = None
    reasons = [str(row["reason"]) for row in books.result["staging"] if row["state"] == "pending"]
    reasons += [str(wait["reason"]) for one in books.result["proposals"] for wait in one["waiting_for"]]
    return [reason for reason in reasons if reason in ("reference_missing", "exchange_rate_missing")]


@pytest.mark.parametrize("case", CASES)
def test_nothing_waits_for_what_came_at_any_request_of_the_import(new_books: Callable[[], Books], case: str) -> None:
    contexts = CASES[case]
    books = prepared(new_books, contexts)
    with counted(books.world.client) as usage:
        books.run("staging_import")
    for at in range(1, usage.requests + 1, thorough(3, 1)):
        books = prepared(new_books, contexts)
        with overtaken(books.world.client, at, lambda books=books: project_comes(books)):  # type: ignore[misc]
            books.run("staging_import")
        assert waits_for_something_there(books) == [], f"came before request {at}"


def test_nothing_waits_for_a_number_that_a_row_took_at_any_request_of_the_import(
    new_books: Callable[[], Books],
) -> None:
    """The policy names the contract of the project by its number (D-125)."""
    contract = master.contract("CTR-9", customer="C-001")
    contexts = [master.project("PRJ-2"), cost("one", project="PRJ-2", **NO_CONTRACT)]

    def before() -> Books:
        document = finance(("projects.PRJ-2", {"company": "USPM", "contract": "CTR-9"}))
        return prepared(new_books, contexts, document)

    books = before()
    with counted(books.world.client) as usage:
        books.run("staging_import")
    for at in range(1, usage.requests + 1, thorough(4, 1)):
        books = before()
        with overtaken(books.world.client, at, lambda books=books: project_comes(books, contract)):  # type: ignore[misc]
            books.run("staging_import")
        assert waits_for_something_there(books) == [], f"came before request {at}"


def test_without_looking_again_a_row_would_wait_for_what_is_there(new_books: Callable[[], Books]) -> None:
    contexts = CASES["a cost and a sale"]
    requests, lost = 40, 0
    with patch.object(import_rows, "changed_since", lambda *_: frozenset()):
        for at in range(1, requests):
            books = prepared(new_books, contexts)
            with overtaken(books.world.client, at, lambda books=books: project_comes(books)):  # type: ignore[misc]
                books.run("staging_import")
            lost += bool(waits_for_something_there(books))
            if lost:
                break
    assert lost


@pytest.mark.parametrize("case", ["a cost and a sale", "a proposal"][: thorough(1, 2)])
def test_an_import_that_dies_at_any_request_of_waking_is_completed_by_the_event_that_comes_again(
    new_books: Callable[[], Books], case: str
) -> None:
    contexts = CASES[case]

    def told(books: Books) -> None:
        (event,) = events
        books.world.tell("staging_import", event)

    for at in range(1, 60):
        for applied in (False, True):
            books = prepared(new_books, contexts)
            books.run("staging_import")
            books.world.deliver(PROJECT)
            events = [event for event in books.world.unsent() if event.detail_type == "MasterDataChanged"]
            try:
                with dying(books.world.client, at, applied=applied):
                    told(books)
            except Killed:
                told(books)
                assert waits_for_something_there(books) == [], f"died at request {at}"
                continue
            assert waits_for_something_there(books) == []
            return
    raise AssertionError("waking needs more requests than expected")
