"""The pages of integration accounts and of errors, with their files and the repair (IWS)."""

from __future__ import annotations

import csv
import io
from typing import Any
from unittest.mock import patch

from project_invoicing.dataverse.api import Answer
from project_invoicing.domain.codes import DocumentStanding, PostingType, WriteBackState
from project_invoicing.domain.integration_lines import IntegrationBalances, IntegrationLine, LineState
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.reconciliation import Repair
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.reconciliations import Reconciliations
from project_invoicing.store.told_documents import ToldDocuments
from project_invoicing.store.write_backs import PAYMENT, Document, WriteBacks
from project_invoicing.use_cases.reconciliation.integration import NOT_CONNECTED, report_of
from tests.builders import guid
from tests.dataverse import StubbornDataverse, connected
from tests.rules.books import Books
from tests.rules.finance import accounts_without, finance, second_company
from tests.rules.stories import approval, billed, cost
from tests.workspace.person import Person

SCRIPT = "<script>alert(1)</script>"
VENDOR = PostingType.PROCUREMENT_INTEGRATION
SETUP = FinanceSetup(SetupDocument.model_validate(second_company(finance())), 1)


def left(name: str, amount: str, state: LineState, company: str = "USPM", **more: Any) -> IntegrationLine:
    return IntegrationLine(
        company,
        VENDOR,
        state,
        "msdyn_projectvendorinvoiceline",
        guid(name),
        f"{name} {SCRIPT}",
        "PRJ-1",
        None,
        ZERO.__class__(amount),
        ZERO,
        "USD",
        f"why {SCRIPT}",
        **more,
    )


LINES = [
    left("steel", "300", LineState.RECONCILED),
    left("bolts", "500", LineState.MISSING_JOURNAL_LINE, actual_id=guid("a"), repair=Repair.IMPORT),
    left("nuts", "200", LineState.MISSING_ACTUAL),
    left("theirs", "900", LineState.MISSING_ACTUAL, "GBPM", actual_id=guid("b"), repair=Repair.FETCH),
]
ACCOUNTS = [
    {
        "company": company,
        "posting_type": str(VENDOR),
        "account": account,
        "currency": "USD",
        "balance": "-300.00",
        "credited": {"vendor_invoice": "300.00"},
        "actuals": [],
        "more": 0,
    }
    for company, account in (("USPM", "200140"), ("GBPM", "299140"))
]


def reconciled(books: Books, found: IntegrationBalances) -> None:
    report = {
        "at": books.world.at,
        "complete": True,
        "differences": 0,
        "checks": [],
        "integration_accounts": ACCOUNTS,
        "integration_lines": report_of(found, SETUP),
    }
    Reconciliations(books.world.client, books.world.names.dataverse_table).keep(report)


def test_iws_02_iws_04_the_page_shows_our_side_and_what_is_not_reconciled_by_its_reason(books: Books) -> None:
    books.import_staging()
    assert "No reconciliation has run yet" in Person(books).get("/integration").text
    reconciled(books, IntegrationBalances({}, LINES))
    page = Person(books).get("/integration")
    assert "200140 USPM procurement integration vendor invoice 300.00 -300.00 USD" in page.text
    for told in ("✓ reconciled procurement integration USPM 1 300.00 USD", "missing journal line", "1 500.00 USD"):
        assert told in page.text
    assert "<script>alert" not in page.html
    assert page.requests <= 3
    only = Person(books).get("/integration", state="missing_actual", company="USPM").text
    assert "nuts" in only
    assert "bolts" not in only
    rows = list(csv.DictReader(io.StringIO(Person(books).get("/integration/csv").data.decode())))
    assert [(row["state"], row["difference"]) for row in rows] == [
        ("missing_actual", "900.00"),
        ("missing_journal_line", "500.00"),
        ("missing_actual", "200.00"),
    ]
    reconciled(books, IntegrationBalances({}, [], NOT_CONNECTED))
    assert "only our side is known: it is no balance" in Person(books).get("/integration").text


def test_iws_06_a_repair_asks_again_for_what_the_report_misses_and_nobody_repairs_for_another_company(
    books: Books,
) -> None:
    books.use(second_company(finance()))
    reconciled(books, IntegrationBalances({}, LINES))
    sent: list[Any] = []

    class Bus:
        def __init__(self, *_: Any) -> None: ...

        def publish(self, events: list[Any]) -> list[int]:
            sent.extend(events)
            return []

    own = Person(books, companies=("USPM",))
    page = own.get("/integration")
    assert "200140" in page.text
    assert not [one for one in ("theirs", "GBPM", "299140", guid("b")) if one in page.html]
    assert guid("theirs") not in own.get("/integration/csv").data.decode()
    with patch("project_invoicing.bus.Bus", Bus):
        refused = own.send("/integration/repair", actual=guid("b"))
        assert "Nothing was asked for" in refused.text
        assert sent == []
        done = own.send("/integration/repair", actual=guid("a"))
    assert "import again: the import was asked" in done.text
    assert [event.detail["actual_id"] for event in sent] == [guid("a")]
    assert Person(books, roles=("viewer",)).post("/integration/repair", actual=guid("a")).status == 403


def test_iws_07_the_newest_errors_come_first_one_a_document_and_go_once_a_run_succeeds(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("expense_offset")))
    books.arrive(*approval(), cost("trip", transaction_class="expense", resource=None))
    books.journalise()
    books.arrive(cost("lost", category="none"), *billed("y", invoice="inv-9", number="INV-9", total="999"))
    books.world.at = "2026-08-31T14:00:00Z"
    books.import_staging()
    page = Person(books).get("/errors")
    rows = list(csv.DictReader(io.StringIO(Person(books).get("/errors/csv").data.decode())))
    assert {(row["kind"], row["id"]): row["reason"] for row in rows} == {
        ("journal", "USPM-000002"): "ledger_account_missing",
        ("actual", guid("lost")): "reference_missing",
        ("proposal", "INV-9"): "unbilled_sales_not_posted",
    }
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    assert len(rows) == 3
    assert "ledger account missing" in page.text
    assert "Nothing has failed" in Person(books).get("/errors", since="2026-12-01").text

    books.use(finance())
    books.edit("reset", company="USPM", journal_id="USPM-000002")
    books.post_journals()
    after = Person(books).get("/errors/csv").data.decode()
    assert "USPM-000002" not in after
    assert guid("lost") in after


def test_iws_07_what_dataverse_refused_is_one_error_a_document_and_gone_once_it_is_taken(books: Books) -> None:
    refusing = {guid(name): Answer(403, "0x80040220", f"no {SCRIPT}") for name in ("work/cost", "work/unbilled")}
    with connected(StubbornDataverse(refuses=refusing)) as dataverse:
        books.arrive(*approval())
        books.journalise()
        (row,) = shown(books)
        assert (row["kind"], row["id"], row["reason"]) == ("write-back", "USPM-000001", "write_back_failed")
        assert row["detail"].startswith(f"2 rows, refused: {guid('work/cost')}: 403 0x80040220")
        assert row["next"].endswith("invoicing retry-write-back USPM-000001")
        page = Person(books).get("/errors")
        assert "write back failed" in page.text
        assert "<script>alert" not in page.html
        assert guid("work/cost") not in Person(books, companies=("GBPM",)).get("/errors").html

        books.world.schedule("accounting_writeback")  # makes the queue; there is nothing for it
        dataverse.refuses = {guid("work/cost"): Answer(403, "0x80040220", "still no")}
        assert "2 rows" in tried_again(books)
        (row,) = shown(books)
        assert row["detail"].startswith(f"1 row, refused: {guid('work/cost')}")
        dataverse.refuses = {}
        assert "1 row " in tried_again(books)
        assert shown(books) == []


def test_iws_07_an_invoice_that_dataverse_refuses_for_itself_and_its_payments_is_one_error(books: Books) -> None:
    no = Answer(403, "0x80040220", "no")
    with connected(StubbornDataverse(refuses={guid("inv-1"): no})):
        books.arrive(*approval(), *billed())
        books.journalise()
        books.post_invoices()
        (row,) = shown(books)
    assert (row["id"], row["detail"][:36]) == ("FTI-00000001", "its own row, refused: 403 0x80040220")
    documents = WriteBacks(books.world.client, books.world.names.staging_table)
    payment = Document(PAYMENT, "USPM", "FTI-00000001")
    assert documents.note_payments(payment, 1, books.world.at)
    later, tomorrow = "2099-01-01T10:00:00Z", "2099-01-02T10:00:00Z"
    assert documents.told_payments(payment, 1, WriteBackState.FAILED, "locked", (later, tomorrow))
    (row,) = shown(books)
    assert (row["at"], row["detail"]) == (later, "what is open of it, refused: locked")
    told = ToldDocuments(documents.client, documents.table)
    begun = told.begin("USPM", "FTI-00000001", later, "key", DocumentStanding.READY)
    assert told.end(begun, WriteBackState.FAILED, refused=("2099-02-01T10:00:00Z", "no such column"))
    (row,) = shown(books)
    assert row["detail"] == "how far its document is, refused: no such column"
    again = told.begin("USPM", "FTI-00000001", later, "key", DocumentStanding.READY)
    assert [row["at"] for row in shown(books)] == [later]
    assert told.end(again, WriteBackState.DONE)
    assert documents.told_payments(payment, 1, WriteBackState.DONE, None, None)
    (row,) = shown(books)
    assert row["detail"].startswith("its own row, refused")


def test_iws_07_and_wfl_06_a_proposal_that_nobody_may_approve_is_an_error_until_it_is_out_of_approval(
    books: Books,
) -> None:
    alone = (("parameters.USPM.approval", True), ("parameters.USPM.approvers", ["ann"]))
    books.use(finance(*alone))
    books.arrive(*approval(), *billed())
    books.journalise()
    assert shown(books) == []
    header = {"company": "USPM", "proposal_id": "INV-0001", "actor": "ann"}
    assert books.edit("submit_proposal", **header) == "submitted"
    (row,) = shown(books)
    assert (row["kind"], row["id"], row["reason"]) == ("proposal", "INV-0001", "approval_stuck")
    assert (row["at"], row["detail"][:16]) == (books.world.at, "submitted by ann")
    assert "administrator" in row["next"]
    assert shown(books, since="2026-12-01") == []
    books.use(finance(alone[0], ("parameters.USPM.approvers", ["ann", "bob"])))
    assert shown(books) == []
    books.use(finance(*alone))
    assert books.edit("reset_approval", **header, comment="nobody is left") == "draft"
    assert shown(books) == []


def test_iws_07_the_newest_hundred_are_shown_and_the_others_counted(books: Books) -> None:
    documents = WriteBacks(books.world.client, books.world.names.staging_table)
    for number in range(102):
        begun = documents.take(Document(JOURNAL, "USPM", f"USPM-{number:06d}"), books.world.at)
        assert begun
        at = f"2026-08-{number % 28 + 1:02d}T10:{number % 60:02d}:00Z"
        assert documents.finish(begun, WriteBackState.FAILED, "no", at)
    books.import_staging()
    rows = shown(books)
    assert len(rows) == 100
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    assert rows[-1]["at"] == "2026-08-01T10:28:00Z"  # the two before it are the oldest
    assert "There are more" in Person(books).get("/errors").text


def shown(books: Books, **query: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(Person(books).get("/errors/csv", **query).data.decode())))


def tried_again(books: Books) -> str:
    asked = {"retry": {"company": "USPM", "journal_id": "USPM-000001", "actor": "ann"}}
    answer = books.world.call("accounting_writeback", {"time": books.world.at, "detail": asked})
    books.world.work("accounting_writeback")
    return str(answer["outcome"])


def test_iws_07_what_is_older_than_ninety_days_is_not_kept(books: Books) -> None:
    books.arrive(cost("lost", category="none"))
    books.import_staging()
    assert guid("lost") in Person(books).get("/errors").html
    books.world.at = "2026-12-15T09:00:00Z"
    assert "Nothing has failed" in Person(books).get("/errors").text
