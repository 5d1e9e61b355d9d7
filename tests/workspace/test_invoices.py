"""The pages of posted invoices and of vouchers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from project_invoicing.domain.codes import DocumentStanding, WriteBackState
from project_invoicing.store.told_documents import ToldDocuments
from project_invoicing.store.write_backs import Document, WriteBacks
from tests.posted import posted_invoice, put, scanned
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import IN_POUNDS, approval, billed, confirmation, correction_to_six
from tests.workspace.browsing import Browser

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

ADDRESS = "/invoice?company=USPM&number=FTI-00000001"


@pytest.fixture
def posted(books: Books) -> Books:
    """An invoice in pounds with tax."""
    books.use(finance(TAXED))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.journalise()
    books.post_invoices()
    return books


def test_an_invoice_shows_its_tax_its_voucher_and_what_dataverse_refused(posted: Books) -> None:
    ann = Browser(posted)
    listed = ann.get("/invoices?customer=C-001")
    assert listed.usage.requests <= 4  # three for the list, and the version of the set-up
    page = ann.get(listed.link("/invoice?"))
    assert "Customer Adatum C-001" in page.main
    assert "Total 1 920.00 GBP" in page.main
    assert "VAT20 1 600.00 GBP 320.00 GBP 440.86 USD" in page.main
    header: dict[str, AttributeValueTypeDef] = {"pk": {"S": "INVOICE#USPM#FTI-00000001"}, "sk": {"S": "H"}}
    client, table = posted.world.client, posted.world.names.proposals_table
    assert client.get_item(TableName=table, Key=header)["Item"]["tn"] == {"S": '{"VAT20": "1600"}'}
    client.update_item(TableName=table, Key=header, UpdateExpression="REMOVE tn")  # as an earlier version has posted it
    assert "VAT20 1 600" in ann.get(ADDRESS).main  # all lines are on the page
    assert "Total GBP GBP 3 520.00 3 520.00 4 725.18 4 725.18" in page.main
    assert "Not done yet" in page.main
    assert page.rel("up") == "/invoices?customer=C-001"
    assert "posted" in ann.get(page.link("/proposals/")).main

    store = WriteBacks(posted.world.client, posted.world.names.staging_table)
    at_work = store.take(Document("invoice", "USPM", "FTI-00000001"), posted.world.at)
    assert at_work
    assert store.finish(at_work, WriteBackState.FAILED, "a plug-in <b>said</b> no", posted.world.at)
    failed = ann.get(ADDRESS)
    assert "Some of it failed." in failed.main
    assert "Dataverse about the invoice itself: a plug-in <b>said</b> no" in failed.main
    assert "<b>said" not in failed.body
    for nowhere in ("/invoice", "/invoice?company=USPM&number=X", "/invoice?company=NONE&number=FTI-00000001"):
        assert ann.get(nowhere).status == 404


def test_an_invoice_says_what_dataverse_was_told_of_its_document(posted: Books) -> None:
    ann, store = Browser(posted), ToldDocuments(posted.world.client, posted.world.names.staging_table)
    assert "the document" not in ann.get(ADDRESS).main
    begun = store.begin("USPM", "FTI-00000001", posted.world.at, "key", DocumentStanding.READY)
    assert "Dataverse is still to be told of the document as ready." in ann.get(ADDRESS).main
    assert store.end(begun, WriteBackState.FAILED, refused=(posted.world.at, "a plug-in <b>said</b> no"))
    failed = ann.get(ADDRESS)
    assert "Dataverse about the document: a plug-in <b>said</b> no" in failed.main
    assert "<b>said" not in failed.body
    again = store.begin("USPM", "FTI-00000001", posted.world.at, "key", DocumentStanding.SENT)
    assert not store.end(begun, WriteBackState.DONE)
    assert store.end(again, WriteBackState.DONE)
    assert "Dataverse knows the document as sent." in ann.get(ADDRESS).main


def test_a_credit_note_leads_to_what_it_corrects_and_back(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*approval())
    books.journalise()
    books.arrive(*confirmation())
    books.journalise()
    books.post_invoices()
    books.arrive(*correction_to_six())
    books.journalise()
    books.post_invoices()
    ann = Browser(books)
    note = ann.get(ADDRESS.replace("FTI-00000001", "FTI-00000002"))
    assert "Credit note FTI-00000002" in note.main
    assert "It corrects FTI-00000001 ." in note.main
    corrected = ann.get(note.link("number=FTI-00000001"))
    assert "credited by proposal INV-0002 ." in corrected.main
    assert "Open proposal INV-0002" in ann.get(corrected.link("id=INV-0002")).main


def test_vouchers_are_listed_and_lead_to_their_documents(posted: Books) -> None:
    ann = Browser(posted)
    listed = ann.get("/vouchers?company=USPM")
    assert listed.usage.requests <= 3
    opened = [link for link in listed.links if link.startswith("/voucher?")]
    assert len(opened) == 3
    first = ann.get(opened[0])
    assert "4 725.18 4 725.18" in first.main
    assert "FTI-00000001" in ann.get(first.link("/invoice?")).main
    second = ann.get(str(first.rel("next")))
    assert "Journal USPM-000001" in second.main
    assert second.rel("prev") == opened[0]
    assert ann.get("/voucher?company=USPM&number=PV-00000099").status == 404


def test_an_invoice_of_many_lines_costs_no_more_requests(books: Books) -> None:
    ann = Browser(books)
    actuals = posted_invoice(books.world, 1)
    few = ann.get(ADDRESS)
    table = books.world.names
    assert (few.status, len(actuals)) == (200, 1)
    many_pages(books, table.proposals_table)
    many = ann.get(ADDRESS)
    assert many.usage.requests <= few.usage.requests
    assert "page=2" in many.link("page=2")
    assert ann.get(many.link("page=2")).usage.requests <= few.usage.requests


def many_pages(books: Books, table: str) -> None:
    """The invoice's page of lines, 112 times."""
    page = next(i for i in scanned(books.world, table) if i["pk"].startswith("INVOICE#") and i["sk"].startswith("L#"))
    put(books.world, table, (page | {"sk": f"L#{n:06d}"} for n in range(1, 113)))


def test_an_invoice_is_found_by_the_name_of_its_customer_and_by_month(posted: Books) -> None:
    ann, number = Browser(posted), "FTI-00000001"
    month = posted.invoice()["invoice_date"][:7]
    for query in ("customer=adat", "customer=ADATUM", "customer=C-001", f"from_month={month}&to_month={month}"):
        listed = ann.get(f"/invoices?{query}")
        assert number in listed.main, query
        assert listed.usage.requests <= 7
        assert ann.get(listed.link("/invoice?")).rel("up") == f"/invoices?{query}"
    for query in ("customer=datum", "customer=Nobody", "from_month=2030-01", "to_month=2020-12"):
        page = ann.get(f"/invoices?{query}")
        assert number not in page.main, query
        assert "No invoice is like that." in page.main
    assert number not in ann.get(f"/invoices?from_month={month}&to_month=2020-12").main
    for wrong in ("2026-13", "2026-8", "August", "0000-01"):
        assert ann.get(f"/invoices?to_month={wrong}").status == 400


def test_the_page_says_that_a_credit_note_comes_from_dataverse(posted: Books) -> None:
    page = Browser(posted).get(ADDRESS)
    assert (
        "a credit note comes from Dataverse. Open invoice INV-0001 in Dataverse, choose Correct this invoice"
        in page.main
    )
    assert "INV-0001" in Browser(posted).get(page.link("/proposals?company=USPM&customer=C-001")).main
