"""invoicing ledger build, list and show, and what a scenario writes into files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest

from local import ROOT, run
from local.cli import main
from operate import ledger_commands, stack_tables
from project_invoicing.use_cases.ledger_batches import build
from tests.books import COMPANY, JUNE, MONTHS, Books, small
from tests.operate.test_verbs import Lambda, environment
from tests.rules.finance import finance

SCENARIO = ROOT / "events" / "scenarios" / "plain-month"


@pytest.fixture
def books(moto: None, monkeypatch: pytest.MonkeyPatch) -> Books:
    made = Books()
    real, functions = boto3.client, Lambda(made)
    monkeypatch.setattr(
        boto3, "client", lambda name, **more: functions if name in ("lambda", "sts") else real(name, **more)
    )
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return made


def command(books: Books, *words: str) -> int:
    """Gives a command in an environment that names the stack ``trial``."""
    tables = ("setup", "ledger_batches")
    names = {f"{name}_table".upper(): str(getattr(books.names, f"{name}_table")) for name in tables}
    with environment({**names, "EVENT_BUS_NAME": "trial"}):
        return main(list(words))


def say(books: Books, capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert command(books, *words, "--json") == code, capsys.readouterr()
    return json.loads(capsys.readouterr().out)


def test_a_batch_is_made_listed_and_shown(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    books.month()
    books.post("journal", "J-9", small(9, JUNE))
    assert say(books, capsys, "ledger", "list")["waiting"] == {COMPANY: 3}
    answer = say(books, capsys, "ledger", "build", "--company", COMPANY, "--kind", "ledger")
    assert [(one["number"], one["period"]) for one in answer["batches"]] == [(1, "2026-05"), (2, "2026-06")]

    listed = say(books, capsys, "ledger", "list", "--limit", "1")
    assert [(one["number"], one["state"], one["debit"]) for one in listed["batches"]] == [(2, "ready", "9.00")]
    assert (listed["waiting"], listed["held"]) == ({}, [])
    shown = say(books, capsys, "ledger", "show", "1")
    assert shown == say(books, capsys, "ledger", "show", "USPM-ledger-000001")
    assert (shown["manifest_sha256"], shown["folder"]) == (
        books.batch(1).manifest_sha256,
        "ledger/USPM/2026-05/ledger/000001/",
    )
    assert [one["document"] for one in shown["listed"]] == ["FTI-1", "J-1"]
    assert shown["history"][0]["who"] == "assumed-role/Accountants/ann@contoso.example"

    for words in (("build",), ("list",), ("show", "1")):
        capsys.readouterr()
        assert command(books, "ledger", *words) == 0
        assert capsys.readouterr().out.strip()


def test_an_empty_list_says_whether_there_is_nothing_or_nothing_like_what_was_asked(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, told in (
        ((), "There is no batch yet; make one with: invoicing ledger build"),
        (("--company", COMPANY, "--kind", "ledger"), "There is no batch with --company USPM --kind ledger."),
    ):
        assert command(books, "ledger", "list", *words) == 0
        assert capsys.readouterr().out.splitlines()[-1] == told


def test_what_is_wrong_has_an_exit_code_and_a_sentence(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (
        (("show", "7"), "there is no batch USPM-ledger-000007; USPM has none of kind ledger"),
        (("show", "seven"), "seven is no batch; write its id"),
        (("list", "--company", "XX"), "--company: there is no company 'XX'; known: USPM"),
        (("build", "--company", "XX"), "--company: there is no company 'XX'; known: USPM"),
    ):
        capsys.readouterr()
        assert command(books, "ledger", *words) == ledger_commands.NOT_VALID
        assert told in capsys.readouterr().err
    books.post("journal", "J\t1", small(1))
    answer = say(books, capsys, "ledger", "build", code=1)
    assert answer["held"][0]["reason"] == "source_id has a control character: 'J\\t1'"
    assert say(books, capsys, "ledger", "list")["held"] == answer["held"]


def test_loading_a_set_up_says_what_the_periods_that_it_closes_leave_behind(
    books: Books, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    books.set_up(("parameters.USPM.ledger", {"schedule": "daily"}))
    books.month()
    closed = finance(fiscal_periods={COMPANY: [MONTHS[0] | {"status": "closed"}, *MONTHS[1:]]})
    (tmp_path / "setup.json").write_text(json.dumps(closed, default=str), "utf-8")
    answer = say(books, capsys, "setup", "load", str(tmp_path / "setup.json"))
    [warning] = answer["warnings"]
    assert warning.startswith("USPM: 2026-05-01 to 2026-05-31 is closed, and 2 posted documents are in no batch")
    assert warning.endswith(": invoice FTI-1, journal J-1")


def test_a_set_up_with_another_accounting_currency_is_refused_until_everything_has_left(
    books: Books, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    books.month()
    other = finance(("companies.USPM.accounting_currency", "GBP"), fiscal_periods={COMPANY: MONTHS})
    file = tmp_path / "setup.json"
    file.write_text(json.dumps(other, default=str), "utf-8")
    assert command(books, "setup", "load", str(file)) == ledger_commands.NOT_VALID
    told = " ".join(capsys.readouterr().err.split())
    assert "companies.USPM.accounting_currency: USD cannot become GBP while 2 posted documents are in no batch" in told
    assert "invoice FTI-1, journal J-1" in told

    left = iter([True, True])
    with patch.object(build, "DOCUMENTS", 1):
        books.building(lambda: next(left, False)).run(books.asked())
    assert command(books, "setup", "load", str(file)) == ledger_commands.NOT_VALID
    told = " ".join(capsys.readouterr().err.split())
    assert "1 posted document is in no batch" in told
    assert "and 1 batch is not sealed: USPM-ledger-000001; have them leave first: invoicing ledger build" in told

    books.build()
    assert say(books, capsys, "setup", "load", str(file))["version"] == 2
    books.post("journal", "J-2", small(7))
    books.build()
    assert [(one.accounting_currency, one.state) for one in books.batches] == [("USD", "ready"), ("GBP", "ready")]


def test_a_set_up_table_that_is_named_leads_to_the_batches_of_its_stack(
    books: Books, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    books.set_up(("parameters.USPM.ledger", {"schedule": "daily"}))
    books.month()
    closes, recoins = tmp_path / "closes.json", tmp_path / "recoins.json"
    closed = finance(fiscal_periods={COMPANY: [MONTHS[0] | {"status": "closed"}, *MONTHS[1:]]})
    closes.write_text(json.dumps(closed, default=str), "utf-8")
    other = finance(("companies.USPM.accounting_currency", "GBP"), fiscal_periods={COMPANY: MONTHS})
    recoins.write_text(json.dumps(other, default=str), "utf-8")

    def load(file: Path) -> tuple[int, str]:
        capsys.readouterr()
        with environment({"SETUP_TABLE": "", "LEDGER_BATCHES_TABLE": ""}):
            code = main(["setup", "load", str(file), "--table", books.names.setup_table])
        return code, " ".join("".join(capsys.readouterr()).split())

    assert stack_tables.stack_of("trial-SetupTable-1A2B") == "trial"
    with (
        patch.object(stack_tables, "stack_of", return_value="trial"),
        patch.object(stack_tables, "named", side_effect=lambda stack, *_: {"trial": books.names}[stack]),
    ):
        code, told = load(recoins)
        assert (code, "while 2 posted documents are in no batch" in told) == (ledger_commands.NOT_VALID, True)
        code, told = load(closes)
        assert (code, "is closed, and 2 posted documents are in no batch" in told) == (0, True)
    unknown = "anything has not left for the general ledger cannot be found out: set LEDGER_BATCHES_TABLE"
    code, told = load(recoins)
    assert (code, unknown in told) == (ledger_commands.NOT_VALID, True)
    again = finance(fiscal_periods={COMPANY: [one | {"status": "closed"} for one in MONTHS]})
    closes.write_text(json.dumps(again, default=str), "utf-8")
    code, told = load(closes)
    assert (code, unknown in told) == (0, True)


def test_a_scenario_makes_batches_and_writes_their_files(tmp_path: Path) -> None:
    events = (SCENARIO / "events.jsonl").read_text("utf-8")
    line = {"at": "2026-10-01T04:00:00Z", "run": "ledger_export", "company": "USPM", "kind": "ledger"}
    (tmp_path / "events.jsonl").write_text(f"{events}{json.dumps(line)}\n", "utf-8")
    files = tmp_path / "files"
    made = run.run(run.Options(SCENARIO / "setup.yaml", tmp_path / "events.jsonl", "moto", files=files))

    assert made.result["batches"] == [
        {
            "company": "USPM",
            "period": "2026-08",
            "kind": "ledger",
            "number": 1,
            "documents": 4,
            "lines": 21,
            "debit": "15461.10",
            "credit": "15461.10",
            "state": "ready",
            "external_number": None,
            "deliveries": 0,
        }
    ]
    there = sorted(file.relative_to(files).as_posix() for file in (files / "ledger").rglob("*") if file.is_file())
    assert there == [
        f"ledger/USPM/2026-08/ledger/000001/{name}" for name in ("lines.csv", "lines.jsonl", "manifest.json")
    ]
