"""WB: what Dataverse is told of posted actuals and invoices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.dataverse import maps
from tests.builders import actual, guid
from tests.dataverse import StubbornDataverse, connected
from tests.harness import TEMPLATE
from tests.own_events import invoice_posted, journal_posted
from tests.rules.books import Books
from tests.rules.stories import FIXED_RATE, approval, billed, confirmation


def test_wb_01_wb_04_a_posted_journal_tells_of_each_of_its_actuals(books: Books) -> None:
    books.arrive(*approval("julia", "4", unit_cost="120", price="250", **FIXED_RATE))
    books.journalise()
    sales = books.row("julia/unbilled")
    assert (sales["accounting_amount"], sales["exchange_rate"], sales["voucher"]) == ("1250.00", "1.25", "PV-00000002")
    assert books.write_back("julia/unbilled") == {
        "accounting_amount": "1250.00",
        "exchange_rate": "1.25",
        "voucher": "PV-00000002",
        "sales_tax_amount": "0.00",
    }
    assert books.write_back("julia/cost") == {
        "accounting_amount": "480.00",
        "exchange_rate": "1",
        "voucher": "PV-00000001",
        "sales_tax_amount": "0.00",
    }


def test_wb_02_wb_05_wb_07_a_posted_invoice_tells_of_its_actuals_and_of_itself(books: Books) -> None:
    books.arrive(*billed("julia", quantity="4", price="250", total="1000", **FIXED_RATE))
    books.journalise()
    books.post_invoices(proposal_id="INV-0001", invoice_date="2026-08-30")
    billed_row = {name: books.row("julia/billed")[name] for name in ("accounting_amount", "exchange_rate", "voucher")}
    assert billed_row == {"accounting_amount": "1250.00", "exchange_rate": "1.25", "voucher": "PV-00000002"}
    assert books.write_back("julia/billed") == billed_row | {"sales_tax_amount": "0.00"}
    assert books.write_back("inv-1", "invoice") == {
        "invoice_number": "FTI-00000001",
        "invoice_date": "2026-08-30",
        "status": "posted",
        "sales_tax_amount": "0.00",
    }


def test_wb_03_wb_11_nothing_else_is_written_back(books: Books) -> None:
    books.arrive(*approval(), *confirmation())
    books.journalise()
    books.post_invoices()
    told = {(update["entity"], update["id"]) for update in books.result["write_back"]}
    posted = ("work/cost", "work/unbilled", "work/billed")
    assert told == {("invoice", guid("inv-1")), *(("msdyn_actual", guid(name)) for name in posted)}
    assert books.row("work/reversal")["voucher"] is None


@pytest.mark.parametrize("source", ["journal", "invoice"])
def test_wb_10_repeated_delivery_leaves_one_value(books: Books, source: str) -> None:
    books.arrive(*billed())
    books.journalise()
    books.post_invoices()
    before = books.result
    events = {
        "journal": journal_posted(books.world.at, "again"),
        "invoice": invoice_posted(books.world.at, "again"),
    }
    books.world.tell("accounting_writeback", events[source])
    assert books.world.result() == before


def test_wb_03_wb_11_skip_02_skip_03_dataverse_gets_the_actuals_of_posted_documents_and_no_other(books: Books) -> None:
    """The reversal of a confirmation and the cost of lent work are skipped, and one row cannot be imported."""
    lent = actual("lent", transaction_type="cost", price="100", skip_sync=True)
    elsewhere = actual("elsewhere", transaction_type="cost", price="100", project="unknown")
    with connected(StubbornDataverse()) as dataverse:
        books.arrive(*approval(), *confirmation(), lent, elsewhere)
        books.journalise()
        books.post_invoices()
    posted = ("work/cost", "work/unbilled", "work/billed")
    assert set(dataverse.values()) == {("invoice", guid("inv-1")), *(("msdyn_actual", guid(name)) for name in posted)}
    assert {update["state"] for update in books.result["write_back"]} == {"done"}


@pytest.fixture
def journal_voucher_as_external_reference() -> Iterator[str]:
    """The organization keeps the voucher in the column that Dataverse has for it, and the settings say so."""
    column = "msdyn_externalreferenceid"
    environments: list[Any] = [function.environment for function in TEMPLATE.functions]
    overrides = {maps.OVERRIDES_VARIABLE: json.dumps({"actuals_write_back": {"voucher": column}})}
    with ExitStack() as until_end:
        for environment in environments:
            until_end.enter_context(patch.dict(environment, overrides))
        maps.table_maps.cache_clear()
        yield column
    maps.table_maps.cache_clear()


def test_wb_13_the_voucher_goes_to_the_column_that_the_organization_keeps_it_in(
    books: Books, journal_voucher_as_external_reference: str
) -> None:
    with connected(StubbornDataverse()) as dataverse:
        books.arrive(*approval())
        books.journalise()
    columns = dataverse.values()["msdyn_actual", guid("work/cost")]
    assert columns[journal_voucher_as_external_reference] == "PV-00000001"
    assert "msdyn_vouchernumber" not in columns
