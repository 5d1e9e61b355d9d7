"""Lists for people: what is open, posted, waiting and rejected, by company, customer, date and number."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from unittest.mock import patch

import pytest

from local import cli
from operate.list_commands import _cell
from project_invoicing.config import settings
from project_invoicing.errors import Rejected
from project_invoicing.store.list_progress import ListProgress
from project_invoicing.use_cases.lists.asked import FILTERS, Asked, Kind
from project_invoicing.use_cases.lists.fill import fill
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.lists.show import ROWS, page
from tests import master, snapshots
from tests.builders import actual, guid, option, proforma, references
from tests.counting import counted
from tests.rules.books import Books
from tests.rules.finance import TAXED, accounts_without, finance
from tests.rules.stories import IN_POUNDS, approval, bill, billed, cost, sale

ADDED = {"lp", "ls", "lc", "np", "ns"}


def place_of(books: Books) -> ListPlace:
    return ListPlace.read(books.world.client, books.world.names, books.world.at)


def listed(books: Books, kind: Kind, **asked: Any) -> list[dict[str, Any]]:
    """All rows of a list, page by page, each page in three requests at most, five for what waits."""
    place = place_of(books)
    rows: list[dict[str, Any]] = []
    question = Asked(kind, **asked)
    for _ in range(40):
        with counted(books.world.client) as usage:
            found = page(place, question)
        assert asked.get("number") or usage.requests <= (5 if kind is Kind.WAITING else 3)
        assert all(isinstance(row, ROWS[kind]) for row in found.rows)
        rows += map(asdict, found.rows)
        if found.cursor is None:
            return rows
        question = Asked(kind, **{**asked, "cursor": found.cursor})
    raise AssertionError(rows)


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


@pytest.fixture
def month(books: Books) -> Books:
    """A month in pounds with tax, posted and invoiced; one proposal waits, one row waits, one was rejected."""
    books.use(finance(TAXED))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.journalise()
    books.post_invoices()
    books.arrive(proforma(guid("inv-2"), number="INV-2", total="100.00"), sale("lost", project=None, contract=None))
    books.arrive(actual("odd", transaction_type="project_contract"))
    books.import_staging()
    return books


def test_proposals_are_listed_by_status_customer_and_number_with_the_customers_name(month: Books) -> None:
    waiting, posted = listed(month, Kind.PROPOSALS)
    assert (posted["status"], posted["invoice_number"]) == ("posted", "FTI-00000001")
    assert (posted["customer"], posted["customer_name"], posted["currency"]) == ("C-001", "Adatum", "GBP")
    assert (waiting["proposal_id"], waiting["amount"]) == ("INV-2", "100.00")
    assert waiting["reason"] == "billed_sales_mismatch"
    assert listed(month, Kind.PROPOSALS, status="waiting") == [waiting]
    assert listed(month, Kind.PROPOSALS, status="posted") == [posted]
    assert listed(month, Kind.PROPOSALS, status="ready") == []
    assert listed(month, Kind.PROPOSALS, reason="billed_sales_mismatch") == [waiting]
    assert listed(month, Kind.PROPOSALS, customer="C-001") == [waiting, posted]
    assert listed(month, Kind.PROPOSALS, customer="C-001", status="posted") == [posted]
    assert listed(month, Kind.PROPOSALS, customer="C-002") == []
    assert column(listed(month, Kind.PROPOSALS, number=posted["proposal_id"]), "status") == ["posted"]
    assert listed(month, Kind.PROPOSALS, since="2027-01-01") == []


def test_the_proposals_of_a_customer_are_found_whose_row_alone_leads_to_it(books: Books) -> None:
    policy = finance(TAXED)
    policy["references"]["account"] = {}
    books.use(policy)
    books.arrive(master.company("USPM"), master.account("C-001"))
    books.arrive(proforma(guid("inv-2"), number="INV-2", total="100.00"))
    (found,) = page(place_of(books), Asked(Kind.PROPOSALS, customer="C-001")).rows
    assert (asdict(found)["proposal_id"], asdict(found)["customer"]) == ("INV-2", "C-001")
    assert not page(place_of(books), Asked(Kind.PROPOSALS, customer="C-002")).rows


def test_a_proposal_is_listed_while_nobody_knows_whose_it_is(books: Books) -> None:
    books.use(finance())
    books.arrive(proforma(guid("early"), number="INV-3", total="0", contract="nowhere"))
    (row,) = listed(books, Kind.PROPOSALS)
    assert (row["company"], row["proposal_id"], row["status"]) == (None, "INV-3", "waiting")
    (waits,) = listed(books, Kind.WAITING)
    assert (waits["reason"], waits["company"]) == ("reference_missing", None)


def test_a_canceled_proposal_is_in_no_list(books: Books) -> None:
    books.use(finance())
    books.arrive(proforma(guid("p"), number="INV-4", total="0", row_version=1))
    assert len(listed(books, Kind.PROPOSALS)) == 1
    books.arrive(proforma(guid("p"), number="INV-4", total="0", row_version=2, statecode=option(3)))
    assert listed(books, Kind.PROPOSALS) == []
    books.arrive(proforma(guid("p"), number="INV-4", total="0", row_version=3))
    assert column(listed(books, Kind.PROPOSALS), "status") == ["waiting"]


def test_invoices_are_listed_by_date_and_by_customer_with_their_write_back(month: Books) -> None:
    (invoice,) = listed(month, Kind.INVOICES)
    assert (invoice["invoice_number"], invoice["customer_name"]) == ("FTI-00000001", "Adatum")
    assert (invoice["currency"], invoice["write_back"]) == ("GBP", "pending")
    assert listed(month, Kind.INVOICES, customer="C-001") == [invoice]
    assert listed(month, Kind.INVOICES, customer="C-002") == []
    assert listed(month, Kind.INVOICES, number="FTI-00000001") == [invoice]
    assert listed(month, Kind.INVOICES, since="2027-01-01") == []


def test_journals_are_listed_by_status_and_number(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("payroll_allocation")))
    books.arrive(*approval())
    books.journalise()
    failed, posted = sorted(listed(books, Kind.JOURNALS), key=lambda row: str(row["status"]))
    assert (posted["status"], posted["error_journal"]) == ("posted", failed["journal_id"])
    assert (failed["status"], failed["original_journal"]) == ("error", posted["journal_id"])
    assert listed(books, Kind.JOURNALS, status="error") == [failed]
    assert listed(books, Kind.JOURNALS, number=posted["journal_id"]) == [posted]
    books.edit("reset", company="USPM", journal_id=failed["journal_id"])
    assert column(listed(books, Kind.JOURNALS, status="draft"), "journal_id") == [failed["journal_id"]]


def test_vouchers_are_listed_by_date_and_lead_to_their_document_by_key(month: Books) -> None:
    rows = listed(month, Kind.VOUCHERS)
    assert {row["source"] for row in rows} == {"journal", "invoice"}
    assert len({row["voucher"] for row in rows}) == len(rows)
    for row in rows:
        (found,) = listed(month, Kind.VOUCHERS, number=row["voucher"])
        assert found == row
    assert listed(month, Kind.VOUCHERS, limit=1) == rows
    latest = max(column(rows, "date"))
    assert listed(month, Kind.VOUCHERS, since=latest) == [row for row in rows if row["date"] == latest]
    assert listed(month, Kind.VOUCHERS, number="PV-00009999") == []


def test_a_voucher_that_failed_to_post_leads_to_the_journal_where_its_line_is(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("payroll_allocation")))
    books.arrive(*approval())
    books.journalise()
    (failed,) = listed(books, Kind.JOURNALS, status="error")
    (line,) = next(j["lines"] for j in books.world.result()["journals"] if j["journal_id"] == failed["journal_id"])
    (row,) = listed(books, Kind.VOUCHERS, number=line["voucher"])
    assert (row["date"], row["document"]) == (None, failed["journal_id"])


def test_what_waits_says_why_how_much_since_when_and_what_to_do(month: Books) -> None:
    month.world.at = "2026-09-05T13:00:00Z"
    proposal, row = listed(month, Kind.WAITING)
    assert (proposal["kind"], proposal["id"], proposal["amount"], proposal["days"]) == (
        "proposal",
        "INV-2",
        "100.00",
        5,
    )
    assert (row["kind"], row["id"], row["reason"]) == ("actual", guid("lost"), "reference_missing")
    assert (row["what"], row["amount"], row["days"]) == ("unbilled sale (time)", "1600.00", 5)
    assert "references" in row["next"]
    assert listed(month, Kind.WAITING, reason="reference_missing") == [row]
    assert listed(month, Kind.WAITING, number="INV-2") == [proposal]
    assert listed(month, Kind.WAITING, number=guid("lost")) == [row]
    assert listed(month, Kind.WAITING, since="2027-01-01") == []
    assert listed(month, Kind.WAITING, limit=1) == [proposal, row]


def test_rows_that_wait_come_oldest_first_page_by_page_and_each_once(new_books: Callable[[], Books]) -> None:
    """Beside billed sales without a proposal, which come last, and one that came before rows were kept by time."""
    books = new_books()
    world, at = books.world, books.world.at
    books.use(finance())
    arrived: list[tuple[str, str]] = []
    for n, day in enumerate((20, 5, 12, 28, 1, 9, 17, 25, 3, 11, 22, 7)):
        world.at = f"2026-08-{day:02d}T10:00:00Z"
        books.arrive(cost(f"row {n}", project="PRJ-404"))
        books.import_staging()
        arrived.append((world.at, guid(f"row {n}")))
    books.arrive(bill("without a header", invoice="never"))
    world.at = at
    books.import_staging()
    in_order = [id for _, id in sorted(arrived)]
    assert [row["id"] for row in listed(books, Kind.WAITING)] == [*in_order, guid("without a header")]
    for limit in (1, 5):
        assert [row["id"] for row in listed(books, Kind.WAITING, limit=limit)] == [*in_order, guid("without a header")]
    rows = listed(books, Kind.WAITING, company=None, since="2026-08-12")
    assert column(rows, "since")[:-1] == sorted(at for at, _ in arrived if at >= "2026-08-12")
    assert column(rows, "days")[:-1] == sorted(column(rows, "days")[:-1], reverse=True)
    assert [row["id"] for row in listed(books, Kind.WAITING, reason="header_missing")] == [guid("without a header")]


def test_what_was_rejected_is_listed_until_it_is_replayed(month: Books) -> None:
    (row,) = listed(month, Kind.REJECTED)
    assert (row["entity"], row["id"], row["reason"]) == ("msdyn_actual", guid("odd"), "unknown_code")
    assert listed(month, Kind.REJECTED, reason="unknown_code", since="2026-01-01") == [row]
    assert listed(month, Kind.REJECTED, reason="schema") == []
    assert column(listed(month, Kind.REJECTED, number=guid("odd")), "reason") == ["unknown_code"]


def test_a_row_that_turned_out_to_be_invalid_is_listed_until_it_is_revived(books: Books) -> None:
    made = finance()
    made["references"]["transactioncurrency"] |= references(currency=["CHF"])["transactioncurrency"]
    books.use(made)
    books.arrive(sale("francs", currency="CHF"))
    books.import_staging()
    (row,) = listed(books, Kind.REJECTED)
    assert (row["id"], row["reason"]) == (guid("francs"), "currency_unknown")
    assert listed(books, Kind.REJECTED, number=guid("francs")) == [row]
    books.edit("replay", entity="msdyn_actual", id=guid("francs"))
    assert listed(books, Kind.REJECTED) == []


def test_differences_are_those_of_the_last_reconciliation(month: Books) -> None:
    with pytest.raises(Rejected, match="no reconciliation has run"):
        listed(month, Kind.DIFFERENCES)
    month.run("reconciliation")
    rows = listed(month, Kind.DIFFERENCES, limit=1)
    assert rows == listed(month, Kind.DIFFERENCES)
    assert {row["check"] for row in rows} <= {"outbox", "write_back_unfinished"}
    assert listed(month, Kind.DIFFERENCES, reason="balance") == []


def test_a_list_refuses_what_it_does_not_know_and_foreign_cursors(month: Books) -> None:
    place = place_of(month)
    for kind in Kind:
        for name in {"status", "customer", "since", "number", "reason"} - set(FILTERS[kind]):
            given: dict[str, Any] = {name: "2026-08-31"}
            with pytest.raises(Rejected, match="are not listed by"):
                page(place, Asked(kind, **given))
    wrong: list[dict[str, Any]] = [
        {"status": "canceled"},
        {"since": "yesterday"},
        {"company": "NONE"},
        {"limit": 0},
        {"limit": 101},
        {"cursor": "rubbish"},
        {"cursor": "bnVsbA=="},
        {"cursor": Asked(Kind.JOURNALS).cursor_at({"company": "USPM"})},
        {"cursor": Asked(Kind.PROPOSALS, status="ready").cursor_at({"company": "USPM"})},
        {"cursor": Asked(Kind.PROPOSALS).cursor_at({"company": "GONE"})},
        {"cursor": Asked(Kind.PROPOSALS).cursor_at({"company": "USPM", "before": ""})},
    ]
    for one in wrong:
        with pytest.raises(Rejected):
            page(place, Asked(Kind.PROPOSALS, **one))


def forgotten(books: Books) -> snapshots.Tables:
    """Takes what puts items into lists off them, as an earlier version left them; returns how they were."""
    before = snapshots.read(books.world)
    old = {}
    for key, item in before.items():
        rejected = item.get("q", {}).get("S") == "R"
        left = {name for name in item if name in ADDED or (rejected and name in ("q", "qs"))}
        old[key] = {name: value for name, value in item.items() if name not in left}
    snapshots.restore(books.world, before, old)
    progress = {"pk": {"S": "LISTS"}, "sk": {"S": "PROGRESS"}}
    books.world.client.delete_item(TableName=books.world.names.setup_table, Key=progress)
    return before


def test_what_an_earlier_version_stored_comes_into_the_lists_once_and_the_lists_say_until_then(month: Books) -> None:
    progress = ListProgress(month.world.client, month.world.names.setup_table)
    assert progress.complete()
    month.arrive(master.company("USPM"), master.account("acme", number="C-900", name="Acme"))
    before = forgotten(month)
    assert not progress.complete()
    assert listed(month, Kind.PROPOSALS) == []
    (voucher,) = {line["voucher"] for line in month.world.result()["invoices"]}
    assert month.call("explain", {"id": voucher})["found"]  # by reading the ledger
    told: list[tuple[str, int]] = []
    assert fill(place_of(month), lambda *so_far: told.append(so_far)) > 0
    assert snapshots.read(month.world) == before
    assert progress.complete()
    assert [table for table, _ in told] == ["staging", "journals", "proposals", "master_data", "ledger"]
    assert fill(place_of(month), lambda *_: None) == 0


def cli_of(books: Books) -> Any:
    names = {name.upper(): value for name, value in asdict(books.world.names).items() if value}
    return patch.dict(os.environ, names)


def test_the_command_prints_tables_json_and_csv(month: Books, capsys: pytest.CaptureFixture[str]) -> None:
    settings.cache_clear()
    with cli_of(month):
        for kind in set(Kind) - {Kind.DIFFERENCES}:
            assert cli.main(["list", kind]) == 0
            printed = capsys.readouterr()
            assert "INV-" in printed.out or kind not in (Kind.PROPOSALS, Kind.WAITING)
            assert printed.err == ""
        assert cli.main(["list", "proposals", "--json", "--limit", "1"]) == 0
        first = json.loads(capsys.readouterr().out)
        assert (len(first["rows"]), first["filled"]) == (1, True)
        assert cli.main(["list", "proposals", "--json", "--cursor", first["cursor"]]) == 0
        assert [row["status"] for row in json.loads(capsys.readouterr().out)["rows"]] == ["posted"]
        assert cli.main(["list", "invoices", "--csv"]) == 0
        (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
        assert (row["invoice_number"], row["customer_name"]) == ("FTI-00000001", "Adatum")
        assert cli.main(["list", "invoices", "--customer", "C-009"]) == 0
        assert capsys.readouterr().out == "Nothing is listed among invoices with --customer C-009.\n"
        assert cli.main(["list", "differences"]) == 2
        assert "no reconciliation has run" in capsys.readouterr().err
        assert cli.main(["list", "invoices", "--status", "posted"]) == 2
        assert "--status: invoices are not listed by status" in capsys.readouterr().err
        assert cli.main(["list", "invoices", "--company", "NONE"]) == 2
        forgotten(month)
        assert cli.main(["list", "invoices"]) == 0
        assert "run: invoicing fill-lists" in capsys.readouterr().err
        assert cli.main(["fill-lists"]) == 0
        assert "The lists are complete" in capsys.readouterr().out
    settings.cache_clear()


@pytest.mark.parametrize(("text", "cell"), [("=1+1", "'=1+1"), ("-12.50", "-12.50"), ("-a", "'-a"), ("@x", "'@x")])
def test_a_cell_is_no_formula(text: str, cell: str) -> None:
    assert _cell(text) == cell


@pytest.mark.parametrize("kind", [Kind.PROPOSALS, Kind.WAITING, Kind.REJECTED])
def test_a_reason_that_a_list_does_not_know_is_refused_with_those_it_knows(kind: Kind) -> None:
    with pytest.raises(Rejected, match=r"reason is 'nonsense'; those of this list are .*,"):
        Asked(kind, reason="nonsense").checked()
