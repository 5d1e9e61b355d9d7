"""What is posted comes onto the list of what is ready to leave for a general ledger, and what a batch gets of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from benchmarks import business
from local import cli
from project_invoicing.config import settings
from project_invoicing.domain.ledger import INVOICE, JOURNAL, VENDOR_INVOICE
from project_invoicing.domain.ledger_batch import LedgerLine, PayableLine, ReceivableLine, TaxOfDocument
from project_invoicing.store.items import key
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.ready import Ready, ReadyDocument, lender_and_number, vendor_document
from project_invoicing.store.ready_progress import ReadyProgress
from project_invoicing.store.transactions import put, scan, transact
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.ledger_batches.fill import ReadyFill
from project_invoicing.use_cases.ledger_batches.lines import BatchLines, DocumentMissing
from tests.builders import guid, proforma
from tests.claims import claimed
from tests.counting import counted
from tests.divided import divided
from tests.earlier_ledger import as_earlier_versions_wrote_it
from tests.faults import TRANSACTION, overtaken
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.invoices.test_intercompany_invoices import AUGUST, between_companies, sold
from tests.rules.stories import IN_POUNDS, approval, bill, billed, cost, reverses

NEVER: dict[str, Any] = {"billing_type": "complimentary"}
WORKED = date(2026, 8, 27)
INVOICED = date(2026, 8, 31)


def listed(books: Books, company: str = "USPM") -> list[ReadyDocument]:
    return list(ready(books).of(company))


def ready(books: Books) -> Ready:
    return Ready(books.world.client, books.world.names.ledger_batches_table)


def lines_of(books: Books) -> BatchLines:
    stores = Stores.read(books.world.client, books.world.names)
    return BatchLines(stores.journals, stores.proposals, stores.ledger, stores.setups)


@pytest.fixture
def month(books: Books) -> Books:
    """The plain month of the reference, but for its prices: a cost, an accrual, and an invoice with tax."""
    books.use(finance(TAXED, ("customers.USPM.C-001.terms_of_payment", "N30")))
    books.arrive(*approval(), *billed())
    books.journalise()
    books.post_invoices()
    return books


def of(books: Books, source: str, document: str) -> list[LedgerLine]:
    return list(lines_of(books).ledger_lines(source, "USPM", document))


def test_what_is_posted_is_on_the_list_once_under_its_first_accounting_date(month: Books) -> None:
    assert listed(month) == [
        ReadyDocument("USPM", JOURNAL, "USPM-000001", WORKED, WORKED),
        ReadyDocument("USPM", INVOICE, "FTI-00000001", INVOICED, INVOICED),
    ]
    assert [one.key for one in listed(month)] == ["2026-08-27#journal#USPM-000001", "2026-08-31#invoice#FTI-00000001"]


def test_a_journal_of_several_periods_is_listed_with_its_first_and_its_last_date(books: Books) -> None:
    books.use(finance(("parameters.USPM.journal_period", "all")))
    books.arrive(cost("late", start="2026-08-31", document_date="2026-08-31"), cost("early"))
    books.journalise()
    (document,) = listed(books)
    assert (document.first, document.last, document.done) == (WORKED, INVOICED, ())
    transact(ready(books).client, [ready(books).done_with(document, "2026-08")])
    (document,) = listed(books)
    assert document.done == ("2026-08",)
    transact(ready(books).client, [ready(books).taken(document)])
    assert listed(books) == []


def test_each_line_of_the_plain_month_says_customer_contract_actual_and_document_date(month: Books) -> None:
    lines = of(month, JOURNAL, "USPM-000001") + of(month, INVOICE, "FTI-00000001")
    assert sum(line.amount for line in lines) == 0
    assert [(line.voucher[-1], line.line, line.posting_type, int(line.amount)) for line in lines] == [
        ("1", 1, "cost", 800),
        ("1", 2, "payroll_allocation", -800),
        ("2", 1, "wip_sales_value", 1600),
        ("2", 2, "accrued_revenue_sales_value", -1600),
        ("3", 1, "invoiced_revenue", -1600),
        ("3", 2, "wip_sales_value", -1600),
        ("3", 3, "accrued_revenue_sales_value", 1600),
        ("3", 4, "sales_tax_payable", -320),
        ("3", 5, "customer_balance", 1920),
    ]
    actuals = [guid("work/cost")] * 2 + [guid("work/unbilled")] * 2 + [guid("work/billed")] * 5
    assert [line.actual_id for line in lines] == actuals
    assert [line.document_date for line in lines] == [WORKED] * 4 + [INVOICED] * 5
    assert {line.contract for line in lines} == {"CTR-1"}
    assert {line.customer for line in lines} == {"C-001"}
    assert [line.sales_tax_base for line in lines if line.sales_tax_code] == [Decimal("-1600.00")]
    assert [line.sales_tax_base for line in lines if not line.sales_tax_code] == [None] * 8
    assert {line.accounting_currency for line in lines} == {"USD"}
    assert lines[-1].external_id == "USPM:PV-00000003:5"


def test_a_line_of_several_actuals_names_none_and_a_credit_takes_its_base_back(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*billed("one", "two", total="3200"))
    books.journalise()
    books.post_invoices()
    revenue, *_, tax, owed = of(books, INVOICE, "FTI-00000001")
    assert (revenue.amount, revenue.actual_id, revenue.contract) == (Decimal("-3200.00"), None, "CTR-1")
    assert (tax.actual_id, tax.sales_tax_base, tax.amount) == (None, Decimal("-3200.00"), Decimal("-640.00"))
    assert (owed.customer, owed.actual_id) == ("C-001", None)


@pytest.mark.parametrize("columns", [{}, IN_POUNDS], ids=["dollars", "pounds"])
def test_what_an_earlier_version_wrote_brings_the_same_lines(books: Books, columns: dict[str, Any]) -> None:
    books.use(finance(TAXED))
    total = "1600" if not columns else "3200"
    works = ("work",) if not columns else ("work", "more")
    books.arrive(*approval(**columns), *billed(*works, total=total, **columns))
    books.journalise()
    books.post_invoices()
    documents = [(one.source, one.document) for one in listed(books)]
    assert len(documents) == 2
    before = [line for one in documents for line in of(books, *one)]
    as_earlier_versions_wrote_it(books.world)
    assert [line for one in documents for line in of(books, *one)] == before
    assert {line.customer for line in before} == {"C-001"}


def test_a_journal_that_leaves_no_room_for_the_list_is_finished_by_itself(books: Books) -> None:
    """Ninety lines with master data of their own, some of which fail: the first transaction has all of 100 writes."""
    document = business.finance(journal_period="months", auto_open_period=False)
    document["fiscal_periods"]["USPM"] = [{"start": "2026-08-04", "end": "2026-12-31", "status": "open"}]
    policy, master_rows = divided(document)
    books.use(policy)
    books.arrive(*master_rows, *business.Work(lines=45, days=5).worked)
    books.import_staging()
    with counted(books.world.client) as usage:
        books.run("journal_posting")
    assert [len(journal["lines"]) for journal in books.result["journals"]] == [72, 18]
    assert usage.operations[TRANSACTION] == 2
    assert [one.document for one in listed(books)] == ["USPM-000001"]


def test_what_comes_to_nothing_is_not_listed(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*billed(total="0", **NEVER))
    books.journalise()
    books.post_invoices()
    assert books.invoice()["voucher"] is None
    assert listed(books) == []


def test_a_customer_invoice_as_a_receivable(month: Books) -> None:
    assert lines_of(month).receivable("USPM", "FTI-00000001") == ReceivableLine(
        company="USPM",
        invoice_number="FTI-00000001",
        document_type="invoice",
        corrects=None,
        customer="C-001",
        invoice_date=INVOICED,
        accounting_date=INVOICED,
        due_date=date(2026, 9, 30),
        terms_of_payment="N30",
        currency="USD",
        subtotal=Decimal("1600.00"),
        sales_tax=Decimal("320.00"),
        total=Decimal("1920.00"),
        voucher="PV-00000003",
        taxes=(TaxOfDocument("VAT20", Decimal("1600.00"), Decimal("320.00")),),
    )
    with pytest.raises(DocumentMissing, match="USPM has no invoice FTI-9"):
        lines_of(month).receivable("USPM", "FTI-9")


def test_a_credit_note_says_which_invoice_it_corrects(month: Books) -> None:
    month.arrive(
        bill("work/credit", "-8", invoice="inv-2"),
        reverses("work/credit", "work/billed"),
        proforma("inv-2", number="INV-0002", total="-1600"),
    )
    month.journalise()
    month.import_staging()
    month.post_invoices()
    credit = lines_of(month).receivable("USPM", "FTI-00000002")
    assert (credit.document_type, credit.corrects, credit.total) == ("credit_note", "FTI-00000001", Decimal("-1920.00"))
    assert credit.taxes == (TaxOfDocument("VAT20", Decimal("-1600.00"), Decimal("-320.00")),)
    (tax,) = [line for line in of(month, INVOICE, "FTI-00000002") if line.sales_tax_code]
    assert (tax.amount, tax.sales_tax_base) == (Decimal("320.00"), Decimal("1600.00"))


@pytest.mark.parametrize("lender", ["GB#PM", "100%", "%23", "A/B: C"])
def test_the_id_of_a_vendor_invoice_says_which_lender_whatever_its_code(lender: str) -> None:
    number = f"{lender}-0001"
    assert lender_and_number(vendor_document(lender, number)) == (lender, number)


def test_the_borrowers_vendor_invoice_is_listed_beside_the_lenders_and_is_a_payable(books: Books) -> None:
    books.use(between_companies())
    books.arrive(sold())
    books.journalise()
    assert books.edit("intercompany_invoice", **AUGUST) == "created IC-000001"
    books.post_invoices()
    number = books.invoice("IC-000001")["invoice_number"]
    assert [(one.source, one.document) for one in listed(books, "GBPM")] == [
        (JOURNAL, "USPM-000001"),
        (INVOICE, number),
    ]
    (payable,) = listed(books)
    assert payable == ReadyDocument("USPM", VENDOR_INVOICE, vendor_document("GBPM", number), INVOICED, INVOICED)
    assert lender_and_number(payable.document) == ("GBPM", number)
    assert lines_of(books).payable("USPM", "GBPM", number) == PayableLine(
        company="USPM",
        invoice_number=number,
        document_type="invoice",
        vendor="V-GBPM",
        lender="GBPM",
        invoice_date=INVOICED,
        accounting_date=INVOICED,
        due_date=date(2026, 9, 14),
        currency="USD",
        subtotal=Decimal("1200.00"),
        sales_tax=Decimal("0.00"),
        total=Decimal("1200.00"),
    )
    with pytest.raises(DocumentMissing, match="GBPM has no vendor invoice"):
        lines_of(books).payable("GBPM", "GBPM", number)

    before = listed(books), listed(books, "GBPM")
    as_earlier_versions_wrote_it(books.world)
    assert filling(books, "USPM", "GBPM").run(lambda *_: None) == 3
    assert (listed(books), listed(books, "GBPM")) == before


# --- what was posted before -------------------------------------------------------------------------------------------


def filling(books: Books, *companies: str) -> ReadyFill:
    stores, names = Stores.read(books.world.client, books.world.names), books.world.names
    client, table = books.world.client, names.ledger_batches_table
    progress = ReadyProgress(client, table)
    of = companies or ("USPM",)
    written = (LedgerBatches(client, table), Ready(client, table), progress)
    return ReadyFill(stores.journals, stores.proposals, stores.ledger, *written, of, books.world.at)


def test_what_was_posted_before_comes_onto_the_list_once_oldest_first(month: Books) -> None:
    before = listed(month)
    as_earlier_versions_wrote_it(month.world)
    month.arrive(*approval("unfinished"))
    month.import_staging()
    told: list[tuple[str, int]] = []
    assert filling(month).run(lambda *so_far: told.append(so_far)) == 2
    assert told == [("journals of USPM", 1), ("invoices of USPM", 2)]
    assert listed(month) == before

    transact(ready(month).client, [ready(month).taken(one) for one in before])
    assert filling(month).run(lambda *_: None) == 0
    assert listed(month) == []
    assert filling(month).run(lambda *_: None, again=True) == 2
    assert listed(month) == before


def test_a_stack_that_has_posted_before_fills_its_list_and_sends_each_document_once(
    month: Books, ledger_bucket: None
) -> None:
    world = month.world
    as_earlier_versions_wrote_it(world)
    assert world.run("ledger_export")["batches"] == []
    assert filling(month).run(lambda *_: None) == 2
    [batch] = world.run("ledger_export")["batches"]
    assert (batch["number"], batch["documents"], listed(month)) == (1, 2, [])

    assert filling(month).run(lambda *_: None, again=True) == 0
    assert world.run("ledger_export")["batches"] == []


def test_what_a_batch_has_or_what_is_listed_already_stays_as_it_is(month: Books) -> None:
    journal, invoice = listed(month)
    claim = claimed("USPM", JOURNAL, journal.document)
    transact(
        ready(month).client,
        [
            put(ready(month).table, claim, unless_exists=True),
            ready(month).taken(journal),
            ready(month).done_with(invoice, "2026-08"),
        ],
    )
    (left,) = listed(month)
    assert filling(month).run(lambda *_: None) == 0
    assert listed(month) == [left]


def taken_by_a_batch(books: Books) -> None:
    """As building a batch does it: what is listed is claimed, and leaves the list."""
    of = ready(books)
    for one in listed(books):
        claim = claimed(one.company, one.source, one.document)
        transact(of.client, [put(of.table, claim, unless_exists=True), of.taken(one)])


def test_a_fill_that_is_overtaken_puts_nothing_back_that_a_batch_has_taken_since(month: Books) -> None:
    """At every request of it, another fill lists the documents, and a batch takes them."""

    def meanwhile() -> None:
        filling(month).run(lambda *_: None)
        taken_by_a_batch(month)

    with counted(month.world.client) as usage:
        filling(month).run(lambda *_: None, again=True)
    for at in range(1, usage.requests + 1):
        as_earlier_versions_wrote_it(month.world)
        with overtaken(month.world.client, at, meanwhile):
            filling(month).run(lambda *_: None)
        taken_by_a_batch(month)
        claims = [item for item in scan(ready(month).client, ready(month).table) if item["pk"].startswith("IN#")]
        assert (listed(month), len(claims)) == ([], 2)


def test_the_command_fills_the_lists_that_it_reads_first(
    month: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, names = listed(month), month.world.names
    as_earlier_versions_wrote_it(month.world)
    month.world.client.delete_item(TableName=names.setup_table, Key=key("LISTS", "PROGRESS"))
    for name, value in asdict(names).items():
        monkeypatch.setenv(name.upper(), value)
    settings.cache_clear()
    assert cli.main(["ledger", "fill", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"listed": 2}
    assert "ledger: 0 so far" in printed.err
    assert "invoices of USPM: 2 so far" in printed.err
    assert listed(month) == before
    assert cli.main(["ledger", "fill", "--again"]) == 0
    assert capsys.readouterr().out == "0 documents are ready to leave now that were not before.\n"
