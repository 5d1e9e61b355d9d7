"""Questions that no key of the import answers: a line by its number, documents by a voucher, the last report."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from project_invoicing.config import Settings
from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.ledger import Voucher, VoucherLine
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger, entries
from project_invoicing.store.reconciliations import Reconciliations
from project_invoicing.store.staged_rows import readable_row
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import scan, transact
from tests.store.test_documents import a_journal_line

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def a_voucher(number: str) -> Voucher:
    def line(account: str, amount: int) -> VoucherLine:
        return VoucherLine(account, PostingType.COST, "USD", Decimal(amount), Decimal(amount), Decimal(1))

    return Voucher(number, "USPM", date(2026, 8, 27), "journal", "J-1", (line("1", 100), line("2", -100)))


def test_a_journals_line_is_found_on_its_page_by_its_number(journals: Journals) -> None:
    pages = ([a_journal_line(1), a_journal_line(2)], [a_journal_line(91), a_journal_line(93)])
    transact(journals.client, [journals.page("USPM", "J-1", list(page)) for page in pages])
    for number in (1, 2, 91, 93):
        found = journals.line("USPM", "J-1", number, f"actual-{number}")
        assert found
        assert (found[0].line_number, found[1]) == (number, False)
    assert journals.line("USPM", "J-1", 2, "actual-91") is None
    assert journals.line("USPM", "J-2", 1, "actual-1") is None


def test_documents_are_found_by_a_whole_voucher_number(journals: Journals, ledger: Ledger) -> None:
    writes = [journals.page("USPM", f"J-{number}", [a_journal_line(number)]) for number in (1, 11)]
    writes += [ledger.page("journal", "USPM", f"J-{n}", 1, entries(a_voucher(f"PV-{n}"))) for n in (1, 11)]
    transact(journals.client, writes)
    assert journals.with_voucher("PV-1") == [("USPM", "J-1")]
    assert ledger.documents_with("PV-1") == [("journal", "USPM", "J-1")]
    assert ledger.documents_with("PV-2") == []


def test_the_report_that_is_kept_is_the_one_of_the_latest_run(dynamodb: DynamoDBClient, names: Settings) -> None:
    kept = Reconciliations(dynamodb, names.setup_table)
    assert kept.last() is None
    for at in ("2026-09-01T02:30:00Z", "2026-09-03T02:30:00Z", "2026-09-02T02:30:00Z"):
        kept.keep({"at": at, "differences": 0})
    assert kept.last() == {"at": "2026-09-03T02:30:00Z", "differences": 0}


def test_a_scan_reads_every_page_of_a_table_or_what_is_asked_of_it(staging: Staging) -> None:
    big = "x" * 100_000
    for number in range(15):  # more than one page of 1 MB
        item = {"pk": {"S": f"k{number}"}, "sk": {"S": "A"}, "n": {"N": str(number % 2)}, "t": {"S": big}}
        staging.client.put_item(TableName=staging.table, Item=item)
    assert {item["pk"] for item in scan(staging.client, staging.table)} == {f"k{number}" for number in range(15)}
    assert len(list(scan(staging.client, staging.table, equal={"n": 1}))) == 7


def test_a_row_that_is_broken_is_no_row_and_stops_nobody() -> None:
    assert readable_row({"pk": "a", "sk": "A", "a": "{", "st": "pending"}) is None
    assert readable_row({"pk": "a", "sk": "A"}) is None
