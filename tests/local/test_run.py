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

import pytest
from pytest_socket import enable_socket

from local import ROOT, deployed, engines, run
from local.cli import main
from local.functions import Handlers
from local.template import Function
from operate.documents import read_setup
from project_invoicing.dataverse.maps import OVERRIDES_VARIABLE, table_maps
from tests.waiting import becomes

MONTH = ROOT / "events" / "scenarios" / "plain-month"
LOCAL = [sys.executable, "-m", "local"]
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


def test_the_result_has_what_dataverse_is_told_of_documents_where_columns_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = ROOT / "events" / "scenarios" / "short-form"
    document = read_setup(scenario / "setup.yaml")
    address = {"street": "1 Main Street", "city": "Springfield", "postal_code": "01101", "country": "US"}
    document["companies"]["USPM"]["document"] = {"legal_name": "Contoso", "address": address, "tax_id": "US-1"}
    for customer in document["customers"]["USPM"].values():
        customer.update(address=address, tax_id="US-2")
    setup = tmp_path / "setup.json"
    setup.write_text(json.dumps(document, default=str), encoding="utf-8")
    monkeypatch.setenv(OVERRIDES_VARIABLE, json.dumps({"invoices_write_back": {"document_state": "cr1_state"}}))
    table_maps.cache_clear()

    made = run.run(run.Options(setup=setup, events=scenario / "events.jsonl", engine="moto")).result
    table_maps.cache_clear()

    told = [one for one in made["write_back"] if "document_state" in one["values"]]
    assert {(one["values"]["document_state"], one["state"]) for one in told} == {("ready", "pending")}
    assert sorted(one["values"]["document_link"] for one in told) == sorted(
        f"USPM/{one['invoice_date'][:4]}/{one['invoice_number']}/invoice.pdf" for one in made["invoices"]
    )


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
        (["--out", SETUP], "setup.yaml is read by this run, and would be lost; name another file"),
        (["--out", "/proc/result.json"], "--out: /proc/result.json cannot be written: "),
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
        (["run", "--setup", SETUP, "--events", EVENTS, "--engine", "aws"], "--engine: invalid choice: 'aws'"),
        (["explain", ""], "argument id: is empty; name one"),
        (["reconcile", "--stack-prefix", "", "--last"], "argument --stack/--stack-prefix: is empty; name one"),
        (["reconcile", "--repair", " "], "argument --repair: is empty; name one"),
        (["redrives"], "invalid choice: 'redrives' (choose from 'run', 'serve', 'demo', "),
        ([], "the following arguments are required: COMMAND; see invoicing --help"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_in_words(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert complaint in sentence


def test_a_terminal_of_few_letters_gets_what_it_can_show() -> None:
    """The dots under a long table are not in ASCII."""
    command = [sys.executable, "-m", "local", "run", "--setup", SETUP, "--events", EVENTS, "--engine", "moto"]
    variables = {**os.environ, "PYTHONIOENCODING": "ascii"}

    told = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, check=False)

    assert (told.returncode, told.stderr) == (0, b"")
    assert b"Customer invoices" in told.stdout


def test_a_reader_who_has_enough_gets_no_stack_trace() -> None:
    """``python -m local … | head -1``: the answer of a question is one text, that of a run many."""
    imports = "import sys; from local import cli; from operate import explain; "
    answer = imports + "explain.run = lambda *_: {'found': ['x' * 100_000]}; "
    question = [sys.executable, "-c", answer + "sys.exit(cli.main(['explain', 'x', '--json', '--stack', 'x']))"]
    scenario = [sys.executable, "-m", "local", "run", "--setup", SETUP, "--events", EVENTS, "--engine", "moto"]

    for command in (question, scenario):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            assert running.stdout
            assert running.stderr
            running.stdout.close()
            assert running.stderr.read() == b""
        assert running.returncode == 141


def test_help_for_a_reader_who_has_enough_and_a_disk_that_is_full_get_no_stack_trace() -> None:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    ways: dict[str, Any] = {"cwd": ROOT, "env": buffered, "stderr": subprocess.PIPE}
    with subprocess.Popen([*LOCAL, "--help"], stdout=subprocess.PIPE, **ways) as helping:
        assert helping.stdout
        assert helping.stderr
        helping.stdout.close()
        assert helping.stderr.read() == b""
    assert helping.returncode == 141

    with Path("/dev/full").open("w", encoding="utf-8") as full:
        told = subprocess.run([*LOCAL, "--help"], stdout=full, check=False, **ways)
    assert (told.returncode, told.stderr) == (1, b"python -m local: [Errno 28] No space left on device\n")


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


def test_a_scenario_in_which_nothing_happens_has_an_empty_result(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text('{"at": "2026-08-27T16:05:00Z", "run": "staging_import"}\n', encoding="utf-8")

    outcome = run.run(run.Options(setup=Path(SETUP), events=events, engine="moto"))

    assert not any(outcome.result.values())
    assert outcome.result["refused"] == []


def played(folder: Path, *lines: dict[str, Any]) -> run.Outcome:
    """What comes of the lines after those of the plain month."""
    events = folder / "events.jsonl"
    more = "".join(json.dumps({"at": "2026-09-01T09:00:00Z", **line}) + "\n" for line in lines)
    events.write_text(Path(EVENTS).read_text(encoding="utf-8") + more, encoding="utf-8")
    return run.run(run.Options(setup=Path(SETUP), events=events, engine="moto"))


def test_every_refusal_of_a_step_is_in_the_result_in_the_order_of_the_steps(tmp_path: Path) -> None:
    proposal = {"company": "USPM", "proposal_id": "INV-0001"}

    refused = played(
        tmp_path,
        {"run": "invoice_posting", "proposal_id": "INV-0001"},
        {"run": "invoice_posting"},
        {"run": "journal_posting"},
        {"run": "journal_posting", "journal_id": "USPM-000001"},
        {"edit": {**proposal, "due_date": "2026-10-01"}},
        {"delete_lines": proposal},
        {"delete_lines": {"company": "USPM", "journal_id": "USPM-000001"}},
        {"reset": {"company": "USPM", "journal_id": "USPM-000001"}},
        {"replay": {"entity": "msdyn_actual", "id": "no such row"}},
        {"intercompany_invoice": {"company": "USPM", "borrower": "USPM", "from": "2026-08-01", "to": "2026-08-31"}},
    ).result["refused"]

    assert [(one["action"], one["company"], one["document"], one["reason"]) for one in refused] == [
        ("invoice_posting", "USPM", "INV-0001", "already_posted"),
        ("invoice_posting", None, None, "lines_missing"),
        ("journal_posting", "USPM", "USPM-000001", "already_posted"),
        ("edit", "USPM", "INV-0001", "already_posted"),
        ("delete_lines", "USPM", "INV-0001", "already_posted"),
        ("delete_lines", "USPM", "USPM-000001", "already_posted"),
        ("reset", "USPM", "USPM-000001", "schema"),
        ("replay", None, "no such row", "schema"),
        ("intercompany_invoice", "USPM", None, "schema"),
    ]
    assert {one["at"] for one in refused} == {"2026-09-01T09:00:00Z"}
    assert all(one["detail"] for one in refused)
    assert all(list(one) == ["at", "action", "company", "document", "reason", "detail"] for one in refused)


def test_a_scenario_moves_what_is_posted_and_its_result_has_the_vouchers(tmp_path: Path) -> None:
    month = run.run(run.Options(setup=Path(SETUP), events=Path(EVENTS), engine="moto")).result
    cost = next(one for one in month["staging"] if one["transaction_type"] == "cost" and one["voucher"])
    asked = {"company": "USPM", "actual_ids": [cost["actual_id"]], "dimensions": {"CostCenter": "999"}}
    made = played(
        tmp_path,
        {"post_costs": {"company": "USPM", "to": "balance", "costs": {"actual_id": cost["actual_id"]}}},
        {"adjust_accounting": asked},
    ).result
    assert [(one["action"], one["document"], one["reason"]) for one in made["refused"]] == [
        ("post_costs", cost["actual_id"], "invoiced")
    ]
    vouchers = [one["voucher"] for one in made["vouchers"] if one["source"] == "adjust_accounting"]
    assert vouchers == ["AAV-000001"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            {"run": "journal_posting", "journal_id": "USPM-00001"},
            "journal_id: there is no journal 'USPM-00001'; did you mean USPM-000001",
        ),
        (
            {"run": "journal_posting", "company": "GBPM", "original_journal": "USPM-000001"},
            "original_journal: 'USPM-000001' is a journal of USPM, not of GBPM",
        ),
        (
            {"reset": {"company": "USPM", "journal_id": "J-1"}},
            "reset.journal_id: there is no journal 'J-1'; known: USPM-000001",
        ),
        (
            {"edit": {"company": "GBPM", "proposal_id": "INV-0001", "due_date": None}},
            "edit.proposal_id: 'INV-0001' is a proposal of USPM, not of GBPM",
        ),
        ({"run": "staging_import", "proposal_id": "IC-1"}, "proposal_id: there is no proposal 'IC-1'; known: INV-0001"),
    ],
)
def test_a_step_that_names_a_document_which_is_not_there_ends_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: dict[str, Any], problem: str
) -> None:
    """Numbers of journals and of proposals between companies are drawn as the scenario runs."""
    setup, events, out = tmp_path / "setup.yaml", tmp_path / "events.jsonl", tmp_path / "result.json"
    gbpm = "companies:\n  GBPM: {name: Contoso UK, accounting_currency: USD, time_zone: Europe/London}\n"
    setup.write_text(Path(SETUP).read_text(encoding="utf-8").replace("companies:\n", gbpm), encoding="utf-8")
    month = Path(EVENTS).read_text(encoding="utf-8")
    billed = {"company": "GBPM", "borrower": "USPM", "from": "2026-08-01", "to": "2026-08-31"}
    lines = [{"intercompany_invoice": billed}, line]
    more = "".join(json.dumps({"at": "2026-09-01T09:00:00Z", **one}) + "\n" for one in lines)
    events.write_text(month + more, encoding="utf-8")

    asked = ["run", "--engine", "moto", "--setup", str(setup), "--events", str(events), "--out", str(out)]

    assert main(asked) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"{events}:{len(month.splitlines()) + 2}: {problem}")
    assert sentence.endswith("(the run ended here)")
    assert not out.exists()


def test_a_proposal_whose_proforma_comes_later_is_refused_and_the_run_goes_on(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    early = '{"at": "2026-08-01T00:00:00Z", "run": "invoice_posting", "proposal_id": "INV-0001"}\n'
    events.write_text(early + Path(EVENTS).read_text(encoding="utf-8"), encoding="utf-8")

    made = run.run(run.Options(setup=Path(SETUP), events=events, engine="moto")).result

    assert [(one["document"], one["reason"]) for one in made["refused"]] == [("INV-0001", "header_missing")]
    assert len(made["invoices"]) == 1


def test_a_refusal_is_printed_with_its_detail_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = tmp_path / "events.jsonl"
    again = '{"at": "2026-09-01T00:00:00Z", "run": "invoice_posting", "proposal_id": "INV-0001"}\n'
    events.write_text(Path(EVENTS).read_text(encoding="utf-8") + again, encoding="utf-8")

    assert main(["run", "--setup", SETUP, "--events", str(events), "--engine", "moto"]) == 0

    printed = " ".join(capsys.readouterr().out.split())
    assert "invoice_posting INV-0001 already_posted: proposal INV-0001 was posted as invoice FTI-0" in printed
    assert "already_posted: nothing: it is posted" in printed


@pytest.mark.engine
def test_ctrl_c_ends_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local", "run", "--setup", SETUP, "--events", EVENTS]
    variables = {**os.environ, "TMPDIR": str(tmp_path)}
    # A shell has its background jobs ignore Ctrl-C, and what they start inherits it; what is handled here is not.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        while running.poll() is None and not list(tmp_path.iterdir()):
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=30)

    assert running.returncode == 130
    assert not errors
    # An engine whose start was interrupted is ended by its leash, which nobody waits for.
    assert becomes(lambda: not list(tmp_path.iterdir()))


@pytest.mark.engine
@pytest.mark.slow
def test_the_deployed_stack_gives_the_same_result() -> None:
    if missing := [tool for tool in deployed.NEEDED if not tool.exists()]:
        pytest.skip(f"{missing[0].relative_to(ROOT)} is not there; make build-check installs it")

    outcome = run.run(run.Options(setup=Path(SETUP), events=Path(EVENTS), deployed=True))

    assert outcome.result == json.loads((MONTH / "expected.json").read_text(encoding="utf-8"))
    assert outcome.dead_letters == []


def test_a_payment_is_a_line_and_the_result_says_what_is_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ROOT / "events" / "scenarios" / "fixed-rate-contract"
    (invoice,) = json.loads((folder / "expected.json").read_text("utf-8"))["invoices"]
    paid = {
        "company": "USPM",
        "settlement_id": "P-1",
        "version": 1,
        "date": "2026-09-10",
        "currency": invoice["currency"],
    }
    paid |= {"invoice_number": "FTI-00000001", "amount": "1.00"}
    lines = [
        {"at": "2026-09-10T08:00:00Z", "payment": paid},
        {"at": "2026-09-11T08:00:00Z", "payment": paid | {"version": 2, "amount": invoice["total"]}},
        {"at": "2026-09-12T08:00:00Z", "payment": paid},
        {"at": "2026-09-13T08:00:00Z", "payment": paid | {"settlement_id": "P-2", "invoice_number": "FTI-9"}},
    ]
    events, out = tmp_path / "events.jsonl", tmp_path / "result.json"
    text = "\n".join(json.dumps(line) for line in lines)
    events.write_text(f"{(folder / 'events.jsonl').read_text('utf-8').rstrip()}\n{text}\n", encoding="utf-8")
    shuffled = ["--shuffle", "3", "--duplicate", "1"]
    assert (
        main(["run", "--setup", SETUP, "--events", str(events), "--engine", "moto", "--out", str(out), *shuffled]) == 0
    )
    made, expected = json.loads(out.read_text("utf-8")), json.loads((folder / "expected.json").read_text("utf-8"))
    (row,) = made["receivables"]
    assert (row["open"], row["standing"], row["settlements"][0]["version"]) == ("0.00", "paid", 2)
    assert [(one["action"], one["document"], one["reason"]) for one in made["refused"]] == [
        ("payment", "FTI-9", "unknown_invoice")
    ]
    told = [one for one in made["write_back"] if one not in expected["write_back"]]
    values = {"status": "invoice_paid", "state": "paid", "reason": "complete", "amount_due": "0.00"}
    assert [(one["values"], one["state"]) for one in told] == [(values, "pending")]
    assert made["vouchers"] == expected["vouchers"], "nothing is posted for a payment"
    assert capsys.readouterr().err == ""
