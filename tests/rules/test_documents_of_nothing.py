"""99-24, INV-19, INV-22: a voucher that is named anywhere is in the ledger, and what has no line draws no number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import guid, proforma
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import bill, billed, bills, cost, reverses, sale
from tests.rules.test_explain import explained, happened, of_number
from tests.rules.test_reconciliation import Side

COMPLIMENTARY: dict[str, Any] = {"billing_type": "complimentary"}
"""Work whose line property shows it on the invoice."""
FREE: dict[str, Any] = {"billing_type": "non_chargeable"}
"""Work that is not shown."""


@pytest.fixture
def side(books: Books) -> Side:
    books.use(finance(TAXED))
    return Side(books)


def named(books: Books) -> Iterator[str]:
    """Every voucher that staging, an invoice or a write-back names."""
    for kind in ("staging", "invoices"):
        yield from (row["voucher"] for row in books.result[kind] if row["voucher"])
    yield from (told["values"]["voucher"] for told in books.result["write_back"] if told["values"].get("voucher"))


def posted(side: Side, *messages: Any) -> Books:
    """What is in the books once everything is posted and written back; nothing in them contradicts the rest."""
    side.arrive(*messages)
    books = side.books
    books.journalise()
    books.import_staging()
    books.post_invoices()
    assert set(named(books)) <= {voucher["voucher"] for voucher in books.result["vouchers"]}
    assert all(voucher["lines"] for voucher in books.result["vouchers"])
    side.write_back()
    assert side.differences() == {}
    return books


def test_an_invoice_over_nothing_draws_no_voucher(side: Side) -> None:
    books = posted(side, *billed(total="0", **COMPLIMENTARY))
    invoice = books.invoice()
    assert (invoice["invoice_number"], invoice["total"], invoice["voucher"]) == ("FTI-00000001", "0.00", None)
    assert books.row("work/billed")["voucher"] is None
    assert books.write_back("work/billed") == {
        "accounting_amount": "0.00",
        "exchange_rate": "1",
        "sales_tax_amount": "0.00",
    }
    assert "without a ledger entry" in happened(of_number(books, "FTI-00000001"))
    assert "the invoice comes to nothing" in happened(explained(books, "work/billed"))
    assert books.proposal()["status"] == "posted"


def test_a_proposal_without_a_line_to_show_is_posted_without_an_invoice(side: Side) -> None:
    books = posted(side, *billed(total="0", **FREE))
    proposal = books.proposal()
    assert (proposal["status"], proposal["lines"], proposal["total"]) == ("posted", [], "0.00")
    assert books.result["invoices"] == books.result["vouchers"] == []
    row = books.row("work/billed")
    assert (row["state"], row["voucher"], row["proposal_id"]) == ("posted", None, "INV-0001")
    assert books.write_back("inv-1", "invoice") is None
    assert "was posted without an invoice" in happened(of_number(books, "INV-0001"))

    books.post_invoices(proposal_id="INV-0001")
    assert books.reasons() == ["already_posted"]
    more = billed("more", invoice="inv-2", number="INV-0002")
    books = posted(side, *more)
    assert books.invoice("INV-0002")["invoice_number"] == "FTI-00000001"


def test_a_preview_of_nothing_has_no_voucher(side: Side) -> None:
    side.arrive(*billed(total="0", **COMPLIMENTARY))
    side.books.journalise()
    side.books.import_staging()
    (preview,) = side.books.world.edit("preview", proposal_id="INV-0001")["previews"]
    assert (preview["voucher"], preview["invoice"]["voucher"], preview["refused"]) == (None, None, None)


def test_lines_that_cancel_stay_in_the_voucher(side: Side) -> None:
    """What was billed is credited and billed again as it was: nothing is owed, and the ledger has both."""
    books = posted(side, *billed())
    again = [
        bill("work/credited", "-8", invoice="inv-2"),
        reverses("work/credited", "work/billed"),
        sale("again/unbilled"),
        bill("again/billed", invoice="inv-2"),
        bills("again/billed", "again/unbilled"),
        proforma("inv-2", number="INV-0002", total="0", has_corrections=True),
    ]
    books = posted(side, *again)
    invoice = books.invoice("INV-0002")
    assert (invoice["total"], invoice["sales_tax"]) == ("0.00", "0.00")
    lines = books.voucher(invoice["voucher"])
    assert ("invoiced_revenue", "-1600.00", "-1600.00") in lines
    assert ("invoiced_revenue", "1600.00", "1600.00") in lines


def test_a_sale_that_accrues_nothing_names_no_voucher(side: Side) -> None:
    books = posted(side, sale("free", **FREE))
    row = books.row("free")
    assert (row["state"], row["voucher"], row["accounting_amount"]) == ("posted", None, "1600.00")
    assert "posted without a ledger entry" in explained(books, "free")["headline"]
    told = books.write_back("free")
    assert told == {"accounting_amount": "1600.00", "exchange_rate": "1", "sales_tax_amount": "0.00"}


def test_a_cost_of_nothing_names_no_voucher(side: Side) -> None:
    books = posted(side, cost("nothing", price="0"), cost("work"))
    assert books.row("nothing")["voucher"] is None
    assert books.row("work")["voucher"] is not None
    assert len({line["voucher"] for line in books.journal_lines()}) == 2  # INV-19: each line keeps its own number


def test_rows_and_invoices_that_an_older_version_posted_are_no_difference(side: Side) -> None:
    """They name the voucher of their line although the ledger has none."""
    books = posted(side, sale("free", **FREE), cost("work"))
    (line,) = [line for line in books.journal_lines() if line["actual_id"] == guid("free")]
    side.put("free", vo=line["voucher"])
    side.dataverse.change("msdyn_actual", "free", msdyn_vouchernumber=line["voucher"])
    assert side.differences() == {}


def test_a_row_in_the_ledger_that_has_lost_its_voucher_is_found(side: Side) -> None:
    posted(side, cost("work"))
    side.put("work", vo=None)
    found = [difference.detail for difference in side.differences()["staging_states"]]
    assert found == ["is posted into the ledger, but has no voucher (INV-22)"]
