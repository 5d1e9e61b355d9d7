"""Scenarios and set-ups are checked whole, and every problem names file, line and field."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.documents import InvalidInput, read_setup
from local.scenario import CallLine, DataverseLine, Line, SetupLine, read_scenario

AT = "2026-08-27T16:05:00Z"
RUNNABLE = ("staging_import", "journal_posting", "invoice_posting")
KINDS = "dataverse, run, edit, delete_lines, reset, replay, intercompany_invoice, setup"
SETUP = """\
companies:
  USPM: {name: Contoso, accounting_currency: USD, time_zone: America/New_York}
currencies:
  USD: {precision: "0.01"}
"""


def lines_of(folder: Path, *texts: str) -> list[Line]:
    path = folder / "events.jsonl"
    path.write_text("\n".join(texts), encoding="utf-8")
    setup = {
        "companies": {"USPM": {"name": "Contoso", "accounting_currency": "USD", "time_zone": "UTC"}},
        "currencies": {"USD": {"precision": "0.01"}},
    }
    return read_scenario(path, RUNNABLE, setup)


def problems_of(folder: Path, *texts: str) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        lines_of(folder, *texts)
    return [problem.removeprefix(f"{folder}/events.jsonl:") for problem in refused.value.problems]


def line(**given: Any) -> str:
    return json.dumps({"at": AT, **given})


def test_each_kind_of_line_is_read(tmp_path: Path) -> None:
    read = lines_of(
        tmp_path,
        line(dataverse={"MessageName": "Create"}),
        "",
        line(run="journal_posting", company="USPM", journal_id="J-1"),
        line(edit={"company": "USPM", "proposal_id": "INV-1", "actual_id": "a", "sales_tax_group": None}),
        line(delete_lines={"company": "USPM", "journal_id": "J-1"}),
        line(reset={"company": "USPM", "journal_id": "J-1"}),
        line(setup={"currencies": {"USD": {"precision": "0.01"}}}),
    )
    calls = [(one.function, one.event()["detail"]) for one in read if isinstance(one, CallLine)]

    assert isinstance(read[0], DataverseLine)
    assert isinstance(read[-1], SetupLine)
    assert calls == [
        ("journal_posting", {"company": "USPM", "journal_id": "J-1"}),
        (
            "document_editing",
            {"edit": {"company": "USPM", "proposal_id": "INV-1", "actual_id": "a", "sales_tax_group": None}},
        ),
        ("document_editing", {"delete_lines": {"company": "USPM", "journal_id": "J-1"}}),
        ("document_editing", {"reset": {"company": "USPM", "journal_id": "J-1"}}),
    ]


def test_a_manual_run_carries_the_time_of_its_line_in_utc(tmp_path: Path) -> None:
    (read,) = lines_of(tmp_path, '{"at": "2026-08-27T12:05:00-04:00", "run": "invoice_posting"}')

    assert isinstance(read, CallLine)
    assert read.event() == {"source": "project-invoicing.manual", "detail-type": "Manual Run", "time": AT, "detail": {}}


def test_numbers_are_exact(tmp_path: Path) -> None:
    (read,) = lines_of(tmp_path, '{"at": "2026-08-27T16:05:00Z", "dataverse": {"n": 0.1}}')

    assert isinstance(read, DataverseLine)
    assert read.dataverse["n"] == Decimal("0.1")


def test_a_line_separator_inside_a_text_does_not_end_the_line(tmp_path: Path) -> None:
    assert len(lines_of(tmp_path, '{"at": "2026-08-27T16:05:00Z", "dataverse": {"s": "a\u2028b\x85c"}}')) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"at"', "1: is not JSON: Expecting ':' delimiter: line 1 column 6 (char 5)"),
        ('{"at": NaN}', "1: is not JSON: NaN is not a number"),
        ("[1]", "1: a line is a JSON object"),
        (line(), f"1: a line has exactly one of {KINDS}; here is none"),
        (line(run="staging_import", reset={}), f"1: a line has exactly one of {KINDS}; here is both run and reset"),
        ('{"run": "staging_import"}', "1: at: is missing"),
        ('{"at": 5, "run": "staging_import"}', "1: at: input should be a valid string, not 5"),
        (line(run="staging_import", when=1), "1: when: is not known here"),
        (
            line(run="staging_imports"),
            f"1: run: 'staging_imports' is no function that runs by itself; use {', '.join(sorted(RUNNABLE))}",
        ),
        (
            line(run="invoice_posting", invoice_date="31.08.2026"),
            "1: invoice_date: write a date as 2026-08-27, not '31.08.2026'",
        ),
        (line(dataverse=[]), "1: dataverse: input should be a valid dictionary, not []"),
        (line(edit={"proposal_id": "INV-1", "actual_id": "a"}), "1: edit.company: is missing"),
        (line(delete_lines={"company": "USPM"}), "1: delete_lines: name one of proposal_id and journal_id"),
        (
            line(reset={"company": "USPM", "journal_id": "J-1", "proposal_id": "INV-1"}),
            "1: reset.proposal_id: is not known here",
        ),
    ],
)
def test_a_bad_line_names_its_number_and_field(tmp_path: Path, text: str, problem: str) -> None:
    assert problems_of(tmp_path, text) == [problem]


@pytest.mark.parametrize("at", ["2026-08-27", "2026-08-27T16:05:00", "yesterday", "0001-01-01T00:00:00+05:00"])
def test_the_clock_is_an_instant_with_a_time_zone(tmp_path: Path, at: str) -> None:
    found = problems_of(tmp_path, json.dumps({"at": at, "run": "staging_import"}))

    assert found == [f"1: at: write an instant as 2026-08-27T16:05:00Z, not {at!r}"]


def test_every_problem_of_every_line_is_told_at_once(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path, line(run="staging_import"), '{"at": 1, "run": "staging_import", "x": 2}', line(run="nothing")
    )

    assert [problem.split(": ")[0] for problem in found] == ["2", "2", "3"]


def test_a_set_up_line_is_checked_together_with_what_was_loaded_before(tmp_path: Path) -> None:
    good = line(setup={"customers": {"USPM": {"C-1": {"name": "Adatum"}}}})
    bad = line(setup={"customers": {"GBPM": {}}})

    assert len(lines_of(tmp_path, good)) == 1
    (problem,) = problems_of(tmp_path, good, bad)
    assert problem.startswith("2: setup.customers.GBPM: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere\.jsonl: No such file"):
        read_scenario(tmp_path / "nowhere.jsonl", RUNNABLE, {})


def setup_problems(folder: Path, text: str, name: str = "setup.yaml") -> list[str]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_setup(path)
    return [problem.removeprefix(f"{folder}/{name}:") for problem in refused.value.problems]


def test_a_problem_of_a_set_up_names_line_and_path_in_yaml_and_json(tmp_path: Path) -> None:
    (in_yaml,) = setup_problems(tmp_path, SETUP.replace("0.01", "abc"))
    document = {"companies": {"USPM": {"name": "A", "accounting_currency": "USD", "time_zone": "UTC"}}}
    in_json = setup_problems(tmp_path, json.dumps({**document, "currencies": {"USD": {}}}, indent="\t"), "setup.json")

    assert in_yaml.startswith("4: currencies.USD.precision: 'abc' ")
    assert in_json == ["10: currencies.USD.precision: is missing and must be given"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("companies:\n  USPM: ]", "2: did not find expected node content"),
        (SETUP + "currencies: {}\n", "5: currencies stands here twice"),
        ("", "1: document: None must be a mapping of keys to values"),
        ("companies: &itself [*itself]\n", "1: is nested too deeply, or contains itself"),
    ],
)
def test_a_set_up_that_cannot_be_read_names_the_line(tmp_path: Path, text: str, problem: str) -> None:
    assert setup_problems(tmp_path, text)[0] == problem


def test_plain_words_of_a_set_up_mean_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "setup.yaml"
    path.write_text(
        SETUP.replace("USPM", "NO")
        + "fiscal_periods:\n  NO: [{start: 2026-08-01, end: 2026-08-31, status: on_hold}]\n"
        + "ledger_posting:\n  NO: [{posting_type: cost, account: 0100}]\n",
        encoding="utf-8",
    )
    document = read_setup(path)

    assert list(document["companies"]) == ["NO"]
    assert document["fiscal_periods"]["NO"][0]["start"] == "2026-08-01"
    assert document["ledger_posting"]["NO"][0]["account"] == "0100"
