"""The command as a person runs it: its exit codes, what it prints, what it writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from pytest_socket import enable_socket

from local import ROOT, deployed, engines, run
from local.cli import main
from local.functions import Handlers
from local.template import Function
from project_invoicing.store import client

MONTH = ROOT / "events" / "scenarios" / "plain-month"
SETUP, EVENTS = str(MONTH / "setup.yaml"), str(MONTH / "events.jsonl")


@pytest.fixture(autouse=True)
def _loopback() -> None:
    enable_socket()


def test_the_result_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "result.json"

    code = main(["run", "--setup", SETUP, "--events", EVENTS, "--engine", "moto", "--out", str(out)])
    printed = capsys.readouterr()

    assert code == 0
    assert json.loads(out.read_text(encoding="utf-8")) == json.loads((MONTH / "expected.json").read_text("utf-8"))
    for title in ("Journals", "Invoice proposals", "Customer invoices", "Vouchers", "To be written back"):
        assert title in printed.out
    assert not printed.err


def test_what_is_not_valid_is_told_and_nothing_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "running", lambda name: pytest.fail("an engine was started"))
    events = tmp_path / "events.jsonl"
    events.write_text('{"run": "staging_import"}\n{"at": 1}\n', encoding="utf-8")

    assert main(["run", "--setup", SETUP, "--events", str(events)]) == 2
    assert [line.partition(": ")[0] for line in capsys.readouterr().err.splitlines()] == [f"{events}:1", f"{events}:2"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--deployed", "--engine", "moto"], "--deployed: only ministack runs functions"),
        (["--out", "nowhere/result.json"], "--out: there is no folder nowhere"),
        (["--out", str(MONTH)], "plain-month is a folder; name a file"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    options: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--setup", SETUP, "--events", EVENTS, *options]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["run", "--setup", SETUP, "--events", EVENTS, "--duplicate", "-1"],
            "write a whole number, 0 or more, not '-1'",
        ),
        (["demo", "--lost", "200"], "write a percentage from 0 to 100, not '200'"),
        (["reconcile", "--last", "--repair", "all"], "--repair: not allowed with argument --last"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_in_words(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "INV-0001"],
        ["preview", "INV-0001"],
        ["reconcile"],
        ["map", "list"],
        ["setup", "load", SETUP, "--table", "none"],
    ],
)
def test_what_aws_refuses_is_a_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with engines.running("moto"):
        client.forget()
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        stack = [] if "setup" in arguments else ["--stack-prefix", "none"]

        assert main([*arguments, *stack]) == 1
    assert "AWS: You must specify a region. (set AWS_REGION and credentials" in capsys.readouterr().err
    client.forget()


def test_a_terminal_of_few_letters_gets_what_it_can_show() -> None:
    """The dots under a long table are not in ASCII."""
    command = [sys.executable, "-m", "local", "run", "--setup", SETUP, "--events", EVENTS, "--engine", "moto"]
    variables = {**os.environ, "PYTHONIOENCODING": "ascii"}

    told = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, check=False)

    assert (told.returncode, told.stderr) == (0, b"")
    assert b"Customer invoices" in told.stdout


def test_a_reader_who_has_enough_gets_no_stack_trace() -> None:
    """``python -m local … | head -1``: the answer of a question is one text, that of a run many."""
    answer = "import sys; from local import cli, explain; explain.run = lambda *_: {'found': ['x' * 100_000]}; "
    question = [sys.executable, "-c", answer + "sys.exit(cli.main(['explain', 'x', '--json']))"]
    scenario = [sys.executable, "-m", "local", "run", "--setup", SETUP, "--events", EVENTS, "--engine", "moto"]

    for command in (question, scenario):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            assert running.stdout
            assert running.stderr
            running.stdout.close()
            assert running.stderr.read() == b""
        assert running.returncode == 1


def test_a_defect_of_a_function_is_shown_and_the_command_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = Handlers.call

    def broken(handlers: Handlers, function: Function, event: Mapping[str, Any]) -> Any:
        if function.name == "accounting_writeback":
            raise ZeroDivisionError("a [bold] defect")
        return call(handlers, function, event)

    monkeypatch.setattr(Handlers, "call", broken)

    assert main(["run", "--setup", SETUP, "--events", EVENTS, "--engine", "moto"]) == 1
    printed = capsys.readouterr()
    assert "Dead letters" in printed.out
    assert "ZeroDivisionError: a [bold] defect" in printed.out
    assert "CustomerInvoicePosted USPM INV-0001" in printed.out


def test_a_context_whose_row_cannot_be_made_out_is_kept_as_rejected(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text('{"at": "2026-08-27T16:05:00Z", "dataverse": {"MessageName": "Create"}}\n', encoding="utf-8")

    outcome = run.run(run.Options(setup=Path(SETUP), events=events, engine="moto"))

    assert [rejected["reason"] for rejected in outcome.result["rejected"]] == ["schema"]


def test_an_empty_scenario_has_an_empty_result(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text("", encoding="utf-8")

    outcome = run.run(run.Options(setup=Path(SETUP), events=events, engine="moto"))

    assert not any(outcome.result.values())


@pytest.mark.engine
def test_ctrl_c_ends_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local", "run", "--setup", SETUP, "--events", EVENTS]
    variables = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        while running.poll() is None and not list(tmp_path.iterdir()):
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=30)

    assert running.returncode == 130
    assert not errors
    assert not list(tmp_path.iterdir())


@pytest.mark.engine
@pytest.mark.slow
def test_the_deployed_stack_gives_the_same_result() -> None:
    if missing := [tool for tool in deployed.NEEDED if not tool.exists()]:
        pytest.skip(f"{missing[0].relative_to(ROOT)} is not there; make build-check installs it")

    outcome = run.run(run.Options(setup=Path(SETUP), events=Path(EVENTS), deployed=True))

    assert outcome.result == json.loads((MONTH / "expected.json").read_text(encoding="utf-8"))
    assert outcome.dead_letters == []
