"""WB: what Dataverse is told of posted actuals and invoices."""

from __future__ import annotations

import pytest

from project_invoicing.events import INVOICE_POSTED, JOURNAL_POSTED, own_event
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
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


def test_wb_06_the_sales_tax_goes_to_the_billed_actual_and_to_the_invoice(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*billed(quantity="1", price="100", total="100"))
    books.journalise()
    books.post_invoices()
    actual, invoice = books.write_back("work/billed"), books.write_back("inv-1", "invoice")
    assert actual
    assert invoice
    assert (actual["sales_tax_amount"], invoice["sales_tax_amount"]) == ("20.00", "20.00")


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
        "journal": own_event(JOURNAL_POSTED, books.world.at, "again", company="USPM", journal_id="USPM-000001"),
        "invoice": own_event(INVOICE_POSTED, books.world.at, "again", company="USPM", invoice_number="FTI-00000001"),
    }
    books.world.tell("accounting_writeback", events[source])
    assert books.world.result() == before
