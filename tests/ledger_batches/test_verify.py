"""What is in the bucket is what the list gives; and our ledger against a trial balance of the other side."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from local.cli import main
from project_invoicing import bootstrap
from project_invoicing.domain.account_sums import packed
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.domain.ledger_batch import BatchState
from project_invoicing.errors import Rejected
from project_invoicing.rules.trial_balance import trial_balance
from project_invoicing.store import client
from project_invoicing.store.items import key
from project_invoicing.store.ready import Ready, ReadyDocument
from project_invoicing.use_cases.ledger_batches import files, verify
from project_invoicing.use_cases.ledger_batches.lines import DocumentMissing
from tests.batches import asked
from tests.books import COMPANY, Books, small
from tests.faults import Killed, dying
from tests.harness import TEMPLATE

THEIRS = """account;dimensions;amount
540100;;800.00
540900;;-800.00
115000;Department=D10;1200.00
115000;;-1200.00
405000;Department=D10;-1200.00
405000;;1200.00
130100;;1440.00
401000;;-1200.00
222100;;-240.00
"""


@pytest.fixture
def books(moto: None, monkeypatch: pytest.MonkeyPatch) -> Books:
    made = Books()
    for name, value in TEMPLATE.environment().items():
        monkeypatch.setenv(name, value)
    bootstrap.forget()
    made.month()
    made.build()
    return made


def invoicing(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """Exit code and answer of a command."""
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out or "null")


def test_what_is_in_the_bucket_is_what_the_list_gives(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    asked(books, deliver=FORMAT)
    code, report = invoicing(capsys, "ledger", "verify", "--company", COMPANY)
    assert (code, report) == (0, {"ok": True, "batches": 1, "files": 4, "faults": []})


def test_what_was_altered_or_is_missing_is_named(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    asked(books, deliver=FORMAT)
    books.post(JOURNAL, "J-2", small(7))
    books.build()
    s3, bucket, folder = client.s3(), books.names.ledger_bucket, "ledger/USPM/2026-05/ledger/000001"
    s3.put_object(Bucket=bucket, Key=f"{folder}/lines.csv", Body=b"altered")
    books.client.update_item(
        TableName=books.names.ledger_batches_table,
        Key=key("BATCH#USPM#ledger", "000001"),
        UpdateExpression="SET su = :s",
        ExpressionAttributeValues={":s": {"B": packed({"540100": Decimal("800.00")})}},
    )
    s3.delete_object(Bucket=bucket, Key=f"{folder}/beancount/1/part-0001.beancount")
    code, report = invoicing(capsys, "ledger", "verify")
    assert (code, report["batches"]) == (1, 2)
    assert [(fault["file"], fault["what"].split(" in ")[0].split(" 2")[0][:14]) for fault in report["faults"]] == [
        (None, "its header has"),
        ("lines.csv", "has the sha256"),
        ("beancount/1/part-0001.beancount", "is missing"),
    ]
    assert invoicing(capsys, "ledger", "verify", "2", "--company", COMPANY)[0] == 0
    assert main(["ledger", "verify", "3", "--company", COMPANY]) == 2


def test_a_packed_file_that_was_altered_is_named(
    books: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (files, verify):
        monkeypatch.setattr(module, "LARGE", 1)
    books.post(JOURNAL, "J-2", small(7))
    books.build()
    assert invoicing(capsys, "ledger", "verify", "2", "--company", COMPANY)[1]["files"] == 4
    key = "ledger/USPM/2026-05/ledger/000002/lines.csv.gz"
    client.s3().put_object(Bucket=books.names.ledger_bucket, Key=key, Body=gzip.compress(b"altered"))
    code, report = invoicing(capsys, "ledger", "verify", "2", "--company", COMPANY)
    assert (code, [fault["file"] for fault in report["faults"]]) == (1, ["lines.csv.gz"])


def test_a_document_that_somebody_deleted_is_a_fault_and_does_not_end_the_command(
    books: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.BatchFiles, "again", Mock(side_effect=DocumentMissing("USPM has no invoice FTI-1")))
    code, report = invoicing(capsys, "ledger", "verify", "--company", COMPANY)
    assert (code, report["batches"]) == (1, 1)
    assert [fault["what"] for fault in report["faults"]] == ["USPM has no invoice FTI-1"]


def test_a_document_on_a_page_and_still_on_the_list_counts_once(
    books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    books.post(JOURNAL, "J-2", small(7))
    for at in range(1, 40):
        with suppress(Killed), dying(books.client, at, applied=True):
            books.build()
        if len(books.batches) == 2:
            break
    assert (books.batch(2).state, books.waiting()) == (BatchState.CLAIMING, ["J-2"])
    _, report = compared(capsys, tmp_path, THEIRS)
    found = {row["account"]: row for row in report["accounts"]}
    row = found["540900"]
    assert (row["difference"], [one["voucher"] for one in row["vouchers"]]) == ("7.00", ["PV-00000001", "PV-00000007"])


def test_batches_that_are_made_while_ledgers_are_compared_are_said(
    books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    books.post(JOURNAL, "J-2", small(7))
    of = Ready.of

    def meanwhile(ready: Ready, company: str) -> Iterator[ReadyDocument]:
        monkeypatch.setattr(Ready, "of", of)
        books.build()
        return of(ready, company)

    monkeypatch.setattr(Ready, "of", meanwhile)
    file = tmp_path / "theirs.csv"
    file.write_text(THEIRS)
    words = ("ledger", "compare", str(file), "--company", COMPANY, "--period", "2026-05")
    assert main(list(words)) == 1
    assert "batches of USPM were made meanwhile; run it again" in capsys.readouterr().err


def test_the_same_books_on_both_sides(books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked(books, acknowledge={**SAID, "outcome": "accepted", "external_number": "GJ-1"})
    code, report = compared(capsys, tmp_path, THEIRS)
    assert (code, report["ok"], report["accounts"]) == (0, True, [])


def test_12_what_differs_is_made_up_of_the_voucher_that_was_refused(
    books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = [{"external_id": "USPM:PV-00000002", "message": "closed"}]
    asked(books, acknowledge={**SAID, "outcome": "partly", "external_number": "GJ-1", "errors": refused})
    without = "".join(line for line in THEIRS.splitlines(keepends=True) if "D10" not in line)
    code, report = compared(capsys, tmp_path, without + "999999;A=1;0\n")
    assert code == 1
    assert [
        (row["account"], row["dimensions"], row["difference"], row["unexplained"]) for row in report["accounts"]
    ] == [
        ("115000", "Department=D10", "-1200.00", "0.00"),
        ("405000", "Department=D10", "1200.00", "0.00"),
    ]
    [voucher] = report["accounts"][0]["vouchers"]
    assert voucher == {
        "voucher": "PV-00000002",
        "batch": "USPM-ledger-000001",
        "state": "refused: closed",
        "amount": "1200.00",
    }


def test_what_nothing_explains_is_left_with_the_vouchers_of_that_amount(
    books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(books, acknowledge={**SAID, "outcome": "accepted", "external_number": "GJ-1", "posted_date": "2026-05-31"})
    books.post(JOURNAL, "J-2", small(7))
    theirs = "account,amount\n540100,0\n540900,-800\n115000,0\n405000,0\n130100,1440\n401000,-1200\n222100,-240\n"
    code, report = compared(capsys, tmp_path, theirs)
    rows = {row["account"]: row for row in report["accounts"]}
    assert code == 1
    assert rows["540900"]["vouchers"] == [
        {"voucher": "PV-00000007", "batch": None, "state": "in no batch", "amount": "-7.00"}
    ]
    assert (rows["540900"]["unexplained"], rows["540100"]["unexplained"]) == ("0.00", "-800.00")
    assert [one["voucher"] for one in rows["540100"]["likely"]] == ["PV-00000001"]
    assert rows.keys() == {"540100", "540900"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1 the first line names the columns"),
        ("konto,betrag\n", "line 1 the first line names the columns"),
        ("account,amount\n1000\n", "line 2 has 1 cells, not 2"),
        ("account,amount\n,5\n", "line 2 has no account"),
        ("account,amount\n1000,1.234,56\n", "line 2 has 3 cells, not 2"),
        ("account;amount\n1000;1,5\n", "line 2 has the amount '1,5'; write it as -1250.00"),
        ("account;dimensions;amount\n1000;D10;1\n", "line 2 has the dimensions 'D10'"),
    ],
)
def test_a_trial_balance_that_cannot_be_read_says_where(text: str, problem: str) -> None:
    with pytest.raises(Rejected) as rejected:
        trial_balance(text)
    assert rejected.value.detail.startswith(problem)


def test_a_period_or_a_file_that_is_none_is_said(
    books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "theirs.csv"
    file.write_text("konto\n")
    assert main(["ledger", "compare", str(file), "--company", COMPANY, "--period", "2026-05"]) == 2
    file.write_text(THEIRS)
    assert main(["ledger", "compare", str(file), "--company", COMPANY, "--period", "2031-05"]) == 2
    said = capsys.readouterr().err
    assert "theirs.csv: line 1 the first line names the columns" in said
    assert "--period: USPM has no fiscal period 2031-05" in said


def compared(capsys: pytest.CaptureFixture[str], folder: Path, text: str) -> tuple[int, Any]:
    file = folder / "theirs.csv"
    file.write_text(text)
    return invoicing(capsys, "ledger", "compare", str(file), "--company", COMPANY, "--period", "2026-05")


SAID: Mapping[str, Any] = {"company": COMPANY, "kind": "ledger", "number": 1}
FORMAT: Mapping[str, Any] = {**SAID, "format": "beancount"}
