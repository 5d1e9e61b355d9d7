"""Documents that are on a page of a batch leave the list of what is ready, whoever is first."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.domain.ledger_batch import BatchId, BatchKind
from project_invoicing.errors import Unavailable
from project_invoicing.store import transactions
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.leaving import Taken, Turn
from project_invoicing.store.transactions import transact, write_many
from tests.books import COMPANY, JUNE, Books, small
from tests.faults import Killed

LEDGER = BatchId(COMPANY, BatchKind.LEDGER, 1)


@pytest.fixture
def books(moto: None) -> Books:
    made = Books()
    made.month()
    return made


def dies_after_its_page(books: Books) -> None:
    with patch.object(Turn, "finish", side_effect=Killed), pytest.raises(Killed):
        books.build()


def test_whoever_takes_documents_next_does_first_what_is_left_of_a_page(books: Books) -> None:
    dies_after_its_page(books)
    batches = books.building().batches
    assert (books.waiting(), batches.batches_with(COMPANY, JOURNAL, "J-1")) == (["FTI-1", "J-1"], {})
    Turn.begin(batches, COMPANY)
    assert books.waiting() == []
    for source, document in ((JOURNAL, "J-1"), (INVOICE, "FTI-1")):
        assert batches.batches_with(COMPANY, source, document) == {"2026-05": LEDGER}
    assert batches.batches_with(COMPANY, JOURNAL, "J-2") == {}
    books.build()
    assert [(one.number, one.documents) for one in books.batches] == [(1, 2)]


def test_a_page_of_any_kind_fails_where_documents_were_taken_since_the_list_was_read(books: Books) -> None:
    batches = books.building().batches
    turn = Turn.begin(batches, COMPANY)
    dies_after_its_page(books)
    listed = list(batches.listed(LEDGER))
    for late in (turn, Turn(batches, COMPANY, 0)):
        with pytest.raises(TransactionCancelled):
            transact(books.client, late.take(Taken(BatchId(COMPANY, BatchKind.RECEIVABLES, 1), 1, "2026-05", listed)))
    Turn.begin(batches, COMPANY)
    with pytest.raises(TransactionCancelled):
        transact(books.client, turn.take(Taken(BatchId(COMPANY, BatchKind.RECEIVABLES, 1), 1, "2026-05", listed)))


def test_one_that_finishes_late_changes_nothing(books: Books) -> None:
    pages: list[tuple[Turn, Taken]] = []
    with patch.object(Turn, "finish", lambda turn, taken: pages.append((turn, taken))):
        books.build()
    books.post(JOURNAL, "J-2", small(7), small(8, JUNE))
    books.build()
    batches = books.building().batches
    before = {document: batches.batches_with(COMPANY, JOURNAL, document) for document in ("J-1", "J-2")}
    for turn, taken in pages:
        turn.finish(taken)
    assert {document: batches.batches_with(COMPANY, JOURNAL, document) for document in before} == before
    assert sorted(before["J-2"]) == ["2026-05", "2026-06"]
    assert books.waiting() == []
    assert sum(one.documents for one in books.batches) == 4


def test_documents_of_several_periods_have_a_write_of_their_own_and_pages_that_have_room_for_them(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3, 103):
        books.post(JOURNAL, f"J-{number:03d}", small(number + 1), small(number + 500, JUNE))
    books.build()
    assert [(one.period, one.documents, one.list_pages) for one in books.batches] == [
        ("2026-05", 102, 2),
        ("2026-06", 100, 2),
    ]
    assert books.waiting() == []


def test_the_reconciliation_compares_no_sums_while_a_page_is_not_finished(books: Books) -> None:
    dies_after_its_page(books)
    report = books.schedule("reconciliation")
    checks = {check["name"]: check for check in report["checks"]}
    assert "run it again" in checks["batch_totals"]["not_checked"]
    assert checks["batch_documents"]["found"] == []


class Busy:
    """A table that takes nothing for some requests."""

    def __init__(self, busy: int) -> None:
        self.busy, self.asked = busy, 0

    def batch_write_item(self, RequestItems: Any) -> dict[str, Any]:  # noqa: N803 - the name in DynamoDB's API
        self.asked += 1
        return {"UnprocessedItems": RequestItems if self.asked <= self.busy else {}}


def test_writes_that_a_busy_table_leaves_undone_are_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "pause", lambda _: None)
    table: Any = Busy(3)
    write_many(table, "any", delete=[("a", str(number)) for number in range(26)])
    assert table.asked == 5
    with pytest.raises(Unavailable, match="left 1 writes undone"):
        write_many(Busy(99), "any", delete=[("a", "b")])  # type: ignore[arg-type]
