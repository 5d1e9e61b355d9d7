"""Every night the ledger is compared with the batches in which it left (reference tests 10 and 12)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.account_sums import MOST_BYTES, packed, unpacked
from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.store.items import key
from project_invoicing.store.ready_progress import Progress, ReadyProgress
from project_invoicing.store.transactions import put, transact
from tests.batches import asked
from tests.books import COMPANY, JUNE, V3, Books, entries, small

SAID: dict[str, Any] = {"company": COMPANY, "kind": "ledger", "number": 1}
NAMES = ("batch_documents", "batch_totals", "batch_answers")


@pytest.fixture
def books(moto: None) -> Books:
    made = Books((f"parameters.{COMPANY}.ledger", {"schedule": "daily", "answer_hours": 24}))
    made.month()
    progress = ReadyProgress(made.client, made.names.ledger_batches_table)
    transact(made.client, [progress.write(Progress(done=made.at))])
    return made


def found(books: Books, at: str | None = None) -> dict[str, list[str]]:
    """What the checks of batches find, by check."""
    books.at = at or books.at
    report = books.schedule("reconciliation")
    checks = {check["name"]: check for check in report["checks"]}
    assert [checks[name]["checked"] for name in NAMES] == [True, True, True]
    return {name: [one["detail"] for one in checks[name]["found"]] for name in NAMES if checks[name]["found"]}


def test_what_waits_and_what_is_accepted_is_no_difference(books: Books) -> None:
    books.build()
    books.post(JOURNAL, "J-2", small(7))
    assert found(books) == {}
    asked(books, acknowledge={**SAID, "outcome": "accepted", "external_number": "GJ-1"})
    assert found(books, "2026-06-03T12:00:00Z") == {}


def test_12_what_is_open_is_said_with_its_amount_and_its_voucher(books: Books) -> None:
    books.build()
    refused = [{"external_id": "USPM:PV-00000002", "message": "closed"}]
    asked(books, acknowledge={**SAID, "outcome": "partly", "external_number": "GJ-1", "errors": refused})
    assert found(books) == {"batch_answers": ["1 of its 3 vouchers are not accepted: USPM:PV-00000002: closed"]}
    report = books.schedule("reconciliation")
    [check] = [one for one in report["checks"] if one["name"] == "batch_answers"]
    assert check["amounts"] == {"USD": "1200.00"}


def test_13_both_periods_agree_after_a_credit_note_in_june(books: Books) -> None:
    books.build()
    back = [(one.account, f"{-one.amount:f}") for one in V3]
    books.post(INVOICE, "FTC-1", entries("PV-00000004", *back, day=JUNE, customer="C-001"))
    books.build()
    assert [(one.period, one.lines) for one in books.batches] == [("2026-05", 9), ("2026-06", 5)]
    assert found(books) == {}


def test_10_an_answer_that_does_not_come_or_names_another_period_is_said(books: Books) -> None:
    books.build()
    late = found(books, "2026-06-05T04:00:00Z")
    assert late == {"batch_answers": ["is ready and has had no answer for more than 24 hours"]}
    asked(books, acknowledge={**SAID, "outcome": "accepted", "external_number": "JE-1", "posted_date": "2026-06-01"})
    assert found(books) == {"batch_answers": ["was posted there on 2026-06-01, which is not of 2026-05"]}


def test_a_document_on_no_list_and_sums_that_differ_are_said(books: Books) -> None:
    books.build()
    ready = books.post(JOURNAL, "J-2", small(7))
    table = books.names.ledger_batches_table
    books.client.delete_item(TableName=table, Key=key("READY#USPM", ready.key))
    books.client.update_item(
        TableName=table,
        Key=key("BATCH#USPM#ledger", "000001"),
        UpdateExpression="SET #a = :a",
        ExpressionAttributeNames={"#a": "at"},
        ExpressionAttributeValues={":a": {"L": [{"S": "4639.00"}, {"S": "4640.00"}]}},
    )
    assert found(books) == {
        "batch_documents": ["is posted, in no batch of 2026-05, and does not wait for one"],
        "batch_totals": ["its ledger batches have a debit of 4639.00, their documents one of 4640.00"],
    }


def header(books: Books, number: int, change: str, **value: Any) -> None:
    books.client.update_item(
        TableName=books.names.ledger_batches_table,
        Key=key("BATCH#USPM#ledger", f"{number:06d}"),
        UpdateExpression=change,
        ExpressionAttributeNames={"#a": "su"},
        **value,
    )


def test_08_sums_by_account_that_are_not_those_of_the_ledger_are_said(books: Books) -> None:
    books.build()
    books.post(JOURNAL, "J-2", small(7))
    books.build()
    sums = unpacked(books.batch(1).account_sums or b"")
    assert sums == {account: amount for account, amount in of_lines(books, 1).items() if amount}
    wrong = packed({**sums, "540100": sums["540100"] - 9, "999999": Decimal("9.00")})
    header(books, 1, "SET #a = :a", ExpressionAttributeValues={":a": {"B": wrong}})
    report = books.schedule("reconciliation")
    [check] = [one for one in report["checks"] if one["name"] == "batch_totals"]
    both = "USPM-ledger-000001, USPM-ledger-000002"
    here = sums["540100"] + of_lines(books, 2).get("540100", Decimal(0))
    assert [(one["entity"], one["id"], one["amount"], one["detail"]) for one in check["found"]] == [
        (
            *("account", "540100", "-9.00"),
            f"2026-05: its ledger batches have {here - 9:f}, their documents {here:f}; {both}",
        ),
        ("account", "999999", "9.00", f"2026-05: its ledger batches have 9.00, their documents 0; {both}"),
    ]


def test_a_period_with_a_batch_of_an_earlier_version_is_counted_and_not_compared_by_account(books: Books) -> None:
    books.build()
    books.post(JOURNAL, "J-2", small(7))
    books.build()
    header(books, 1, "REMOVE #a")
    header(books, 2, "SET #a = :a", ExpressionAttributeValues={":a": {"B": packed({"540100": Decimal(1)})}})
    report = books.schedule("reconciliation")
    [check] = [one for one in report["checks"] if one["name"] == "batch_totals"]
    assert (check["found"], check["counts"]) == ([], {"ledger batches without sums by account": 1})


def test_sums_by_account_stay_far_below_the_size_of_an_item() -> None:
    accounts = {f"{number}": Decimal(number * 7919 % 99_991_357).scaleb(-2) for number in range(100_000, 102_000)}
    kept = packed(accounts)
    assert kept is not None
    assert len(kept) <= MOST_BYTES
    assert unpacked(kept) == accounts
    assert packed({f"{number}": Decimal(number * 7919).scaleb(-2) for number in range(100_000, 120_000)}) is None


def of_lines(books: Books, number: int) -> dict[str, Decimal]:
    made: dict[str, Decimal] = {}
    for line in books.lines(books.batch(number)):
        made[line["account"]] = made.get(line["account"], Decimal(0)) + Decimal(line["accounting_amount"])
    return made


def test_a_company_whose_batches_are_not_made_is_said(books: Books) -> None:
    assert found(books, "2026-06-04T02:30:00Z") == {
        "batch_documents": ["2 documents wait for a batch, and none was made for a day"]
    }


def test_a_number_that_is_left_out_is_said(books: Books) -> None:
    books.build()
    books.post(JOURNAL, "J-2", small(7))
    books.build()
    books.client.delete_item(TableName=books.names.ledger_batches_table, Key=key("BATCH#USPM#ledger", "000001"))
    assert found(books)["batch_totals"][:2] == [
        "comes after number 0: a number is left out",
        "is number 2 of 2026-05 after number 0",
    ]


def test_an_event_about_a_batch_that_nobody_published_is_said(books: Books) -> None:
    books.build()
    table = books.names.ledger_batches_table
    for at, mark in (("2026-06-01T12:00:00Z", "x"), (books.at, "y")):
        event = {"at": at, "t": "LedgerBatchReady", "d": "{}"}
        where = {"pk": "OUTBOX#3", "sk": f"{at}#LedgerBatchReady#{mark}"}
        transact(books.client, [put(table, where | event, unless_exists=True)])
    report = books.schedule("reconciliation")
    [check] = [one for one in report["checks"] if one["name"] == "outbox"]
    assert [one["id"] for one in check["found"]] == ["2026-06-01T12:00:00Z#LedgerBatchReady#x"]
