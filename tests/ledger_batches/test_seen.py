"""What people see of ledger batches: in explanations and in lists."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.rules.explaining.explanation import Explanation
from project_invoicing.store import client
from project_invoicing.use_cases.explain.batches import say_where
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.lists.asked import Asked, Kind
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.lists.show import page
from tests.batches import asked
from tests.books import COMPANY, Books, small

SAID = {"company": COMPANY, "kind": "ledger", "number": 1}


@pytest.fixture
def books(moto: None) -> Books:
    made = Books((f"parameters.{COMPANY}.ledger", {"schedule": "daily"}))
    made.month()
    return made


def where(books: Books, source: str, document: str, voucher: str | None = None) -> Explanation:
    made = Explanation(source, document, COMPANY, "")
    say_where(Stores.read(client.dynamodb(), books.names), made, source, COMPANY, document, voucher)
    return made


def rows(books: Books, kind: Kind, **filters: Any) -> list[Any]:
    """Every row of a list, page by page."""
    found: list[Any] = []
    question = Asked(kind, limit=1, **filters)
    for _ in range(40):
        place = ListPlace.read(client.dynamodb(), books.names, "2026-06-03T04:00:00Z")
        one = page(place, question)
        found += one.rows
        if one.cursor is None:
            return found
        question = Asked(kind, limit=1, cursor=one.cursor, **filters)
    raise AssertionError("a list without an end")


def test_a_document_says_its_batch_and_a_voucher_what_became_of_it(books: Books) -> None:
    assert where(books, JOURNAL, "J-1").facts == {"general ledger": "in no batch yet"}
    books.build()
    told = "batch USPM-ledger-000001 of 2026-05, 0 deliveries"
    assert where(books, JOURNAL, "J-1").facts == {"general ledger": f"{told}: ready"}
    refused = [{"external_id": "USPM:PV-00000002", "message": "period closed"}]
    asked(books, acknowledge={**SAID, "outcome": "partly", "external_number": "GJ-1", "errors": refused})
    accepted = where(books, JOURNAL, "J-1", "PV-00000001")
    assert (accepted.facts, accepted.next) == ({"general ledger": f"{told}: accepted as GJ-1"}, [])
    other = where(books, JOURNAL, "J-1", "PV-00000002")
    assert other.facts == {"general ledger": f"{told}: refused: period closed"}
    assert other.next[0].startswith("refused_there: put right what the other ledger names")
    assert where(books, INVOICE, "FTI-1", "PV-00000003").facts == {"general ledger": f"{told}: accepted as GJ-1"}
    asked(books, deliver={**SAID, "format": "beancount"})
    asked(books, acknowledge={**SAID, "outcome": "unknown"})
    assert where(books, JOURNAL, "J-1").next[0].startswith("unanswered: ask the other ledger")


def test_what_the_general_ledger_does_not_have_is_listed(books: Books) -> None:
    found = rows(books, Kind.UNEXPORTED)
    assert [(row.kind, row.id, row.reason, row.days) for row in found] == [
        (INVOICE, "FTI-1", "in_no_batch", 5),
        (JOURNAL, "J-1", "in_no_batch", 5),
    ]
    assert [(row.kind, row.id, row.reason) for row in rows(books, Kind.WAITING)] == [
        (INVOICE, "FTI-1", "in_no_batch"),
        (JOURNAL, "J-1", "in_no_batch"),
    ]
    books.build()
    books.post(JOURNAL, "J-2", small(7))
    asked(books, acknowledge={**SAID, "outcome": "partly", "errors": [{"external_id": "USPM:PV-00000002"}]})
    batch, document = rows(books, Kind.UNEXPORTED)
    assert (batch.kind, batch.id, batch.reason) == ("batch", "USPM-ledger-000001", "refused_there")
    assert (batch.vouchers, batch.amount, batch.currency) == (1, "1200.00", "USD")
    assert (document.kind, document.id) == (JOURNAL, "J-2")
    assert [row.id for row in rows(books, Kind.WAITING, reason="refused_there")] == ["USPM-ledger-000001"]
    asked(books, acknowledge={**SAID, "outcome": "accepted"})
    assert [row.id for row in rows(books, Kind.UNEXPORTED)] == ["J-2"]


def test_where_nobody_makes_batches_nothing_waits_for_one(books: Books) -> None:
    books.set_up()
    assert rows(books, Kind.WAITING) == []
    assert len(rows(books, Kind.UNEXPORTED)) == 2
    assert where(books, JOURNAL, "J-1").facts == {}
