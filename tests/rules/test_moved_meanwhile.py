"""Master data that moves while an import is at work, at every one of its requests: no line keeps what it had before.

The import reads the contract of a project; the project moves to another, and its event finds no line of it; the import
writes the line with the old contract. What closes this is that the import then reads again what its lines hang on
(D-155).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.store.proposals import Proposals
from project_invoicing.use_cases.staging import import_rows
from tests import master
from tests.builders import Context, guid, proforma
from tests.counting import counted
from tests.faults import overtaken
from tests.rules.books import Books
from tests.rules.finance import finance, second_company
from tests.rules.stories import bill, bills, cost, sale
from tests.rules.test_waking import comes, drafted_line
from tests.thorough import thorough

NewBooks = Callable[[], Books]
LATER: dict[str, Any] = {"message": "Update", "at": "2026-08-29T10:00:00Z"}
OF_TWO: dict[str, Any] = {"project": "PRJ-2", "contract": None, "contract_line": None, "customer": None}
MOVES = {
    "its project, to another contract": master.project("PRJ-2", contract="CTR-GBP", **LATER),
    "its project, to another number": master.project("PRJ-2", number="PRJ-2B", contract="CTR-2", **LATER),
    "its contract, to another number": master.contract("CTR-2", number="CTR-2B", customer="C-001", **LATER),
    "its contract, to another customer": master.contract("CTR-2", customer="C-002", **LATER),
    "its project, to another company": master.project("PRJ-2", contract="CTR-GBP", company="GBPM", **LATER),
}


def prepared(new_books: NewBooks, *contexts: Context) -> Books:
    """PRJ-2 of CTR-2 of customer C-001, and what is to be imported."""
    books = new_books()
    books.use(second_company(finance()))
    comes(books, master.company("USPM"), master.company("GBPM"))
    comes(books, master.contract("CTR-2", customer="C-001"), master.project("PRJ-2", contract="CTR-2"))
    books.arrive(*contexts)
    books.world.unsent()
    return books


def moves(books: Books, row: Context) -> None:
    """It moves, and the import that its event starts has run before anything else happens."""
    books.world.deliver(row)
    for event in books.world.unsent():
        if event.detail_type == "MasterDataChanged":
            books.world.tell("staging_import", event)


def requests_of_import(before: Callable[[], Books]) -> tuple[int, Books]:
    """How many requests it takes in a process that has read the set-up, and the books after it.

    The first import of a process needs more: counted by that one, the last moves would never come.
    """
    for _ in range(2):
        books = before()
        with counted(books.world.client) as usage:
            books.run("staging_import")
    return usage.requests, books


def line_of(books: Books) -> tuple[Any, ...]:
    """Whose the line of the cost is."""
    books._result = None
    company = str(books.row("one")["company"])
    line = drafted_line(books, "one", company)
    return company, line.project, line.contract, line.customer


@pytest.mark.slow
@pytest.mark.parametrize("what", MOVES)
def test_a_line_is_of_whatever_moved_at_any_request_of_its_import(new_books: NewBooks, what: str) -> None:
    def at_request(at: int) -> tuple[Any, ...]:
        books = prepared(new_books, cost("one", **OF_TWO), cost("other"))
        with overtaken(books.world.client, at, lambda: moves(books, MOVES[what])):
            books.run("staging_import")
        return line_of(books)

    usage, books = requests_of_import(lambda: prepared(new_books, cost("one", **OF_TWO), cost("other")))
    moves(books, MOVES[what])
    expected = line_of(books)
    assert expected != ("USPM", "PRJ-2", "CTR-2", "C-001")
    for at in range(1, usage + 1, thorough(2, 1)):
        assert at_request(at) == expected, f"moved before request {at}"


@pytest.mark.slow
def test_a_proposal_is_of_whatever_moved_at_any_request_of_its_import(new_books: NewBooks) -> None:
    of_two = [sale("two/unbilled", **OF_TWO), bill("two/billed", **OF_TWO), bills("two/billed", "two/unbilled")]

    def before() -> Books:
        books = prepared(new_books, sale("two/unbilled", **OF_TWO))
        books.journalise()
        books.arrive(proforma("inv-1", contract="CTR-2"), *of_two[1:])
        return books

    def projects(books: Books) -> list[str | None]:
        proposals = Proposals(books.world.client, books.world.names.proposals_table, ())
        return [line.project for line in proposals.lines(guid("inv-1"))]

    usage, _ = requests_of_import(before)
    renumbered = MOVES["its project, to another number"]
    for at in range(1, usage + 1, thorough(3, 1)):
        books = before()
        with overtaken(books.world.client, at, lambda books=books: moves(books, renumbered)):  # type: ignore[misc]
            books.run("staging_import")
        assert projects(books) == ["PRJ-2B"], f"moved before request {at}"


def test_without_looking_again_a_line_would_keep_the_contract_that_its_project_has_left(new_books: NewBooks) -> None:
    found = set()
    with patch.object(import_rows, "changed_meanwhile", lambda _: []):
        for at in range(1, 40):
            books = prepared(new_books, cost("one", **OF_TWO))
            with overtaken(books.world.client, at, lambda books=books: moves(books, MOVES[next(iter(MOVES))])):  # type: ignore[misc]
                books.run("staging_import")
            found.add(line_of(books)[2])
            if "CTR-2" in found:
                break
    assert "CTR-2" in found
