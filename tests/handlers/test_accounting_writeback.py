"""accounting_writeback: what Dataverse is to be told, recorded once for each page of a posted document."""

from __future__ import annotations

import pytest

from project_invoicing.errors import Conflict
from tests.handlers.samples import sample
from tests.rules.books import Books
from tests.rules.stories import billed

JOURNAL = "accounting_writeback/integration-journal-posted"
INVOICE = "accounting_writeback/customer-invoice-posted"


def invoice_posted() -> dict[str, object]:
    event = sample(INVOICE)
    event["detail"]["invoice_number"] = "FTI-00000001"
    return dict(event)


def test_repeated_events_change_nothing(books: Books) -> None:
    books.arrive(*billed())
    books.run("staging_import")
    books.run("journal_posting")
    assert [books.call("accounting_writeback", sample(JOURNAL))["rows"] for _ in range(2)] == [1, 0]
    books.run("staging_import")
    books.run("invoice_posting")
    assert [books.call("accounting_writeback", invoice_posted())["rows"] for _ in range(2)] == [2, 0]
    assert len(books.result["write_back"]) == 3
    assert {update["state"] for update in books.result["write_back"]} == {"pending"}


def test_a_journal_that_is_not_posted_is_told_to_nobody(books: Books) -> None:
    books.arrive(*billed())
    books.run("staging_import")
    with pytest.raises(Conflict, match="not posted yet"):
        books.call("accounting_writeback", sample(JOURNAL))
    assert books.result["write_back"] == []


def test_an_invoice_that_is_not_posted_is_told_to_nobody(books: Books) -> None:
    with pytest.raises(Conflict, match="not posted yet"):
        books.call("accounting_writeback", sample(INVOICE))
