"""The document of an invoice: kept when it is posted, and out of reach of whatever changes afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.domain.invoice_document import (
    Address,
    Contact,
    Corrected,
    InvoiceDocument,
    LineTax,
    Named,
    TaxCategory,
)
from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.domain.refusals import Refused
from project_invoicing.store.invoices import SNAPSHOT, partition
from project_invoicing.store.items import key
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.invoice_documents.read import DocumentStores, draft_document, posted_document
from project_invoicing.use_cases.invoices import saga
from project_invoicing.use_cases.master_data.set_columns import set_columns
from project_invoicing.use_cases.setups import SetupVersions
from tests.builders import lookup, proforma
from tests.faults import TRANSACTION, Killed, dying
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import bill, billed, reverses

pytestmark = pytest.mark.usefixtures("document_bucket")
ADDRESS = {"street": "1 Main Street", "city": "Springfield", "postal_code": "62701", "country": "US"}
HAS_ADDRESS = ("customers.USPM.C-001.address", ADDRESS)
WORK: dict[str, Any] = {
    "msdyn_task": lookup("msdyn_projecttask", "task-1", "Design"),
    "msdyn_resourcecategory": lookup("bookableresourcecategory", "role-1", "Developer"),
    "msdyn_unit": lookup("uom", "hour", "Hour"),
}
BILLED_TO: dict[str, Any] = {"billto_name": "Adatum Corp.", "billto_line1": "2 Side Street", "billto_country": "USA"}


def asking(*values: tuple[str, Any], **document: Any) -> dict[str, Any]:
    """Contoso asks for documents and charges 20 %."""
    made = finance(TAXED, *values)
    made["companies"]["USPM"]["document"] = {
        "legal_name": "Contoso Inc.",
        "address": ADDRESS,
        "tax_id": "US-1",
        "bank_accounts": [{"account_number": "4711", "bank": "First"}, {"currency": "EUR", "account_number": "4712"}],
        "texts": {"en": {"closing": "Thank you."}},
        "unit_codes": {"Hour": "HUR", "Day": "DAY"},
        **document,
    }
    made["sales_tax"]["codes"]["VAT20"]["category"] = "S"
    return made


def stores(books: Books) -> DocumentStores:
    client, names = books.world.client, books.world.names
    setups = SetupVersions.read(client, names.setup_table, names.master_data_table, on_demand=True)
    proposals = Proposals(client, names.proposals_table, calendar_dates("invoices"))
    return DocumentStores(proposals, Staging(client, names.staging_table), setups)


def posted(books: Books, number: str = "INV-0001") -> InvoiceDocument:
    found = posted_document(stores(books), "USPM", books.invoice(number)["invoice_number"])
    assert found
    return found


def ready(books: Books, **more: Any) -> None:
    """Two works are on a proposal; what is billed has task, role and unit."""
    story = billed("a", "b", total="3200", **WORK)
    books.arrive(proforma("inv-1", number="INV-0001", total="3200", **BILLED_TO, **more), *story[1:])
    books.journalise()
    books.import_staging()


def test_the_document_says_what_was_posted(books: Books) -> None:
    books.use(asking())
    ready(books, name="September")
    preview = draft_document(stores(books), header(books), books.world.at)
    books.post_invoices()
    document = posted(books)
    assert (document.seller.name, document.seller.address.city, document.seller.tax_id) == (
        "Contoso Inc.",
        "Springfield",
        "US-1",
    )
    assert (document.buyer.id, document.buyer.name) == ("C-001", "Adatum Corp.")
    assert document.buyer.address == Address(street="2 Side Street", country_text="USA")
    assert [one.account_number for one in document.bank_accounts] == ["4711"]
    assert document.presentation.texts.closing == "Thank you."
    (tax,) = document.taxes
    assert (tax.base, tax.tax, tax.percent) == (Decimal(3200), Decimal(640), Decimal(20))
    assert tax.category is TaxCategory.STANDARD
    line = document.lines[0]
    assert (line.unit, line.unit_code, line.date) == ("Hour", "HUR", date(2026, 8, 27))
    assert (line.task and line.task.name, line.role and line.role.name) == ("Design", "Developer")
    assert line.taxes == (LineTax(tax.code, Decimal(20)),)
    assert (line.project, line.category) == (Named("PRJ-1"), Named("Labor"))
    assert (document.proforma, document.missing) == ("INV-0001", ())
    assert preview == replace(document, invoice_number=None)


def header(books: Books) -> Any:
    found = stores(books).proposals.numbered("USPM", "INV-0001")
    assert found
    return found


def test_nothing_that_changes_later_reaches_it(books: Books) -> None:
    books.use(asking())
    ready(books)
    books.post_invoices()
    before = posted(books)
    books.arrive(proforma("inv-1", number="INV-0001", total="3200", billto_name="Somebody Else", row_version=99))
    books.use(
        asking(
            ("customers.USPM.C-001", {"name": "Renamed", "address": ADDRESS, "language": "de"}),
            legal_name="Other Inc.",
            unit_codes={"Hour": "DAY"},
            texts={"en": {"closing": "Bye."}},
        )
    )
    assert posted(books) == before


def test_a_credit_note_names_the_invoice_that_it_corrects(books: Books) -> None:
    books.use(asking())
    ready(books)
    books.post_invoices()
    books.arrive(
        proforma("inv-2", number="INV-0002", total="-1600", has_corrections=True, **BILLED_TO),
        bill("a/credited", "-8", "200", invoice="inv-2"),
        reverses("a/credited", "a/billed"),
    )
    books.import_staging()
    books.post_invoices()
    number = books.invoice()["invoice_number"]
    credit = posted(books, "INV-0002")
    assert credit.is_credit_note
    assert credit.corrects == (Corrected(number, posted(books).invoice_date),)
    assert [line.takes_back for line in credit.lines] == [number]


def test_an_invoice_from_before_says_what_is_missing(books: Books) -> None:
    books.use(asking())
    ready(books)
    books.post_invoices()
    whole = posted(books)
    forget(books, books.invoice()["invoice_number"])
    books.use(asking(("companies.USPM.name", "Renamed")))
    document = posted(books)
    assert {"seller.address", "buyer.address", "bank_accounts", "taxes.category"} <= set(document.missing)
    assert (document.seller.name, document.seller.address, document.seller.contact) == ("Contoso", Address(), Contact())
    assert (document.buyer.name, document.bank_accounts) == ("Adatum", ())
    assert [replace(one, category=TaxCategory.STANDARD) for one in document.taxes] == list(whole.taxes)
    assert [replace(line, unit_code="HUR") for line in document.lines] == list(whole.lines)


def forget(books: Books, number: str) -> None:
    client, table = books.world.client, books.world.names.proposals_table
    client.delete_item(TableName=table, Key=key(partition("USPM", number), SNAPSHOT))


def test_a_posting_that_an_earlier_version_began_goes_on_with_its_pages(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.use(asking(HAS_ADDRESS))
    works = [f"work-{n}" for n in range(5)]
    books.arrive(*billed(*works, total="8000"))
    books.journalise()
    books.import_staging()
    monkeypatch.setattr(saga, "PAGE_LINES", 3)
    with dying(books.world.client, 1, applied=True, operation=TRANSACTION), pytest.raises(Killed):
        books.run("invoice_posting")
    number = header(books).invoice_number
    forget(books, number)
    monkeypatch.setattr(saga, "PAGE_LINES", 2)  # and three where there is no snapshot
    books.post_invoices()
    assert [line.number for line in posted(books).lines] == [1, 2, 3, 4, 5]
    assert [books.state(f"{work}/billed") for work in works] == ["posted"] * 5


def test_a_proposal_waits_for_what_its_document_needs_until_it_is_there(books: Books) -> None:
    lacking = asking()
    del lacking["companies"]["USPM"]["document"]["address"]
    books.use(lacking)
    books.arrive(*billed())
    books.journalise()
    books.import_staging()
    (wait,) = books.proposal()["waiting_for"]
    assert wait["reason"] == "document_incomplete"
    assert "companies.USPM.document.address.country" in wait["detail"]
    assert "customers.USPM.C-001.address.country" in wait["detail"]
    books.use(asking(HAS_ADDRESS))
    books.world.drain()
    assert books.proposal()["status"] == "ready"


def test_finances_own_columns_end_the_wait_for_a_customers_address(books: Books) -> None:
    books.use(asking())
    books.arrive(*billed())
    books.journalise()
    books.import_staging()
    assert books.reasons() == ["document_incomplete"]
    master = MasterData(books.world.client, books.world.names.master_data_table)
    name = NameKey(Part.CUSTOMERS, "USPM", "C-001")
    assert [one.changed for one in set_columns(master, [(name, {"address": ADDRESS})], books.world.at)] == [True]
    books.world.drain()
    (proposal,) = books.world.result()["proposals"]
    assert proposal["status"] == "ready"
    books.post_invoices()
    assert posted(books).buyer.address.city == "Springfield"


def test_a_ready_proposal_draws_no_number_before_its_document_is_complete(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*billed())
    books.journalise()
    books.import_staging()
    books.use(asking())
    books.post_invoices()
    assert books.reasons() == ["document_incomplete"]
    assert books.result["invoices"] == []
    with pytest.raises(Refused):
        draft_document(stores(books), header(books), books.world.at)
