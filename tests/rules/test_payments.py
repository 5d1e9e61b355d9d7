"""Payments that receivables tells: what is open, and what Dataverse is told of it."""

from __future__ import annotations

from tests.rules.books import Books
from tests.rules.stories import billed

INVOICE = "FTI-00000001"


def pay(books: Books, id: str, version: int = 1, **said: object):
    payment = {"company": "USPM", "settlement_id": id, "version": version, "date": "2026-09-10", "currency": "USD"}
    event = {"time": books.world.at, "detail": {"payment": payment | {"invoice_number": INVOICE} | said}}
    answer = books.call("ledger_answers", event)
    books.world.drain()
    return answer


def test_smoke(books: Books) -> None:
    books.arrive(*billed())
    books.journalise()
    books.post_invoices()
    print(pay(books, "P1", amount="1000"))
    print(pay(books, "P1", amount="1000"))
    print(pay(books, "P2", amount="600"))
    print(pay(books, "P2", 2, canceled=True))
    print(pay(books, "P3", invoice_number="X", amount="5"))
    r = books.result
    print(r["receivables"], [x for x in r["write_back"] if x["entity"] == "invoice"])
