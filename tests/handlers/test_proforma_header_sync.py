"""proforma_header_sync: a confirmed proforma becomes the header of a proposal."""

from __future__ import annotations

import pytest

from project_invoicing.errors import Unavailable
from project_invoicing.events.own import SetupChanged
from tests.builders import guid, proforma
from tests.handlers.samples import sample
from tests.rules.books import Books
from tests.rules.finance import REFERENCES, finance
from tests.store import tables


def test_a_confirmed_proforma_is_told_to_the_bus_once(books: Books) -> None:
    books.use(finance())
    event = sample("proforma_header_sync/invoice-confirmed")
    for _ in range(2):
        books.call("proforma_header_sync", event)
    (told,) = (event for event in books.world.drain() if event.detail_type != SetupChanged.TYPE)
    assert (told.detail_type, told.time) == ("InvoiceProposalCreated", event["time"])
    assert told.detail == {
        "version": 1,
        "company": "USPM",
        "proposal_id": "INV-0001",
        "invoice_id": event["detail"]["id"],
    }


def test_a_proforma_without_a_number_is_refused_and_kept(books: Books) -> None:
    books.use(finance())
    assert [answer["outcome"] for answer in books.world.deliver(proforma("inv-1", number=None))] == ["rejected"]
    assert [(row["entity"], row["id"], row["reason"]) for row in books.result["rejected"]] == [
        ("invoice", guid("inv-1"), "schema")
    ]


def test_a_proforma_of_an_unknown_contract_waits_for_the_reference(books: Books) -> None:
    books.use(finance(references={**REFERENCES, "salesorder": {}}))
    books.arrive(proforma("inv-1"))
    books.import_staging()
    assert (books.proposal()["company"], books.reasons()) == (None, ["reference_missing"])
    books.use(finance())
    books.import_staging()
    assert (books.proposal()["company"], books.reasons()) == ("USPM", ["billed_sales_mismatch"])


def test_without_a_set_up_the_event_is_tried_again_later(books: Books) -> None:
    books.use(finance())
    for item in tables.contents(books.world.client, books.world.names.setup_table):
        key = {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}
        books.world.client.delete_item(TableName=books.world.names.setup_table, Key=key)
    with pytest.raises(Unavailable, match="invoicing setup load"):
        books.world.deliver(proforma("inv-1"))
