"""invoicing document …: the function asked from the command line, and what a run writes into files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from local import ROOT, run
from local.cli import main
from operate.documents import read_setup
from operate.invoice_document_commands import filled_in
from tests.handlers.test_invoice_documents import ADDRESS, COMPANY, House
from tests.harness import World
from tests.operate.test_verbs import Lambda, environment
from tests.posted import NUMBER

SCENARIO = ROOT / "events" / "scenarios" / "plain-month"


@pytest.fixture
def house(moto: None, monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(World(), asks=True)
    real, functions = boto3.client, Lambda(made.world)
    monkeypatch.setattr(
        boto3, "client", lambda name, **more: functions if name in ("lambda", "sts") else real(name, **more)
    )
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return made


def command(house: House, *words: str) -> int:
    """Gives a command in an environment that names the stack ``trial``."""
    named = house.world.names
    names = {name.upper(): value for name in dir(named) if name.endswith("_table") and (value := getattr(named, name))}
    with environment({**names, "EVENT_BUS_NAME": "trial"}):
        return main(list(words))


def say(house: House, capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert command(house, *words, "--json") == code, capsys.readouterr()
    return json.loads(capsys.readouterr().out)


def test_what_is_missing_of_a_month_is_made_shown_and_written_to_a_file(
    house: House, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert say(house, capsys, "document", NUMBER, code=2)["outcome"].startswith("refused: there is no document")

    made = say(house, capsys, "document", "all", "--month", "2026-08")
    file = tmp_path / "invoice.html"
    shown = say(house, capsys, "document", NUMBER, "--format", "html", "--out", str(file))

    assert [one["invoice_number"] for one in made["made"]] == [NUMBER]
    assert (shown["copy"], shown["file"]) == (False, str(file))
    assert file.read_bytes() == house.objects()[f"{COMPANY}/2026/{NUMBER}/invoice.html"]
    assert say(house, capsys, "document", "make", NUMBER)["state"] == "ready"


def test_what_became_of_the_mail_is_said_with_the_document_and_in_the_list(
    house: House, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    say(house, capsys, "document", "make", NUMBER)
    assert "mail" not in say(house, capsys, "document", NUMBER, "--out", str(tmp_path / "a.pdf"))
    say(house, capsys, "document", "resend", NUMBER, "--to", "ap@customer.example")

    assert command(house, "document", NUMBER, "--out", str(tmp_path / "b.pdf")) == 0

    assert "\nmail 1 to ap@customer.example, asked for 20" in (said := capsys.readouterr().out), said
    assert said.rstrip().endswith(": sent")
    for months, found in ((("--from-month", "2026-08", "--to-month", "2026-08"), 1), (("--to-month", "2026-07"), 0)):
        rows = say(house, capsys, "list", "invoices", "--customer", "Adatum", *months)["rows"]
        assert [(row["document"], row["mail"]) for row in rows] == [("ready", "sent")] * found


def test_files_are_attached_and_a_number_that_is_not_there_is_no_valid_input(
    house: House, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sheet, empty = tmp_path / "hours.csv", tmp_path / "empty.csv"
    sheet.write_text("day,hours\n")
    empty.touch()

    (attached,) = say(house, capsys, "document", "attach", NUMBER, str(sheet))

    assert attached["outcome"] == "attached"
    assert command(house, "document", "attach", NUMBER, str(empty)) == 2
    assert command(house, "document", "show", "FTI-99999999") == 2
    assert command(house, "document", "all", "--month", "August") == 2


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("document FTI-1 --open", "document show FTI-1 --open"),
        ("document show FTI-1", "document show FTI-1"),
        ("document all --month 2026-09", "document all --month 2026-09"),
        ("document --help", "document --help"),
        ("document", "document"),
        ("explain document FTI-1", "explain document FTI-1"),
    ],
)
def test_a_number_after_the_word_is_shown(typed: str, meant: str) -> None:
    assert filled_in(typed.split()) == meant.split()


@pytest.mark.parametrize("asks", [True, False], ids=["asked for", "not asked for"])
def test_a_run_writes_the_documents_of_its_invoices(tmp_path: Path, *, asks: bool) -> None:
    setup = read_setup(SCENARIO / "setup.yaml")
    if asks:
        setup["companies"][COMPANY]["document"] = {"legal_name": "Contoso", "address": ADDRESS, "tax_id": "US-1"}
        for customer in setup["customers"][COMPANY].values():
            delivery = {"channel": "mail", "address": "ap@customer.example"}
            customer |= {"address": ADDRESS, "tax_id": "US-2", "delivery": delivery}
    written = tmp_path / "setup.json"
    written.write_text(json.dumps(setup, default=str))
    options = run.Options(setup=written, events=SCENARIO / "events.jsonl", engine="moto", files=tmp_path / "files")

    outcome = run.run(options)

    numbers = [one["invoice_number"] for one in outcome.result["invoices"]]
    folder = tmp_path / "files" / "invoices" / COMPANY
    assert numbers
    assert {file.name for file in folder.iterdir()} == {f"{one}.{kind}" for one in numbers for kind in ("pdf", "html")}
    assert (folder / f"{numbers[0]}.pdf").read_bytes().startswith(b"%PDF-")
    mails = {file.name for file in (tmp_path / "files" / "mail" / COMPANY).glob("*")}
    assert mails == ({f"{one}-1.eml" for one in numbers} if asks else set())
    assert outcome.dead_letters == []


def test_a_document_is_mailed_again_by_a_person(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert say(house, capsys, "document", "resend", NUMBER, code=2)["outcome"].startswith("refused: ")
    say(house, capsys, "document", "make", NUMBER)
    assert "no address for mails" in say(house, capsys, "document", "resend", NUMBER, code=2)["outcome"]

    sent = say(house, capsys, "document", "resend", NUMBER, "--to", "ap@customer.example")

    assert (sent["outcome"], sent["address"]) == ("sent", "ap@customer.example")
    assert sent["actor"]
    (mail,) = [data for key, data in house.objects().items() if key == f"outbox/mail/{COMPANY}/{NUMBER}-1.eml"]
    assert b"To: ap@customer.example" in mail
