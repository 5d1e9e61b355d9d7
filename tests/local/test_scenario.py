"""Scenarios and set-ups are checked whole, and every problem names file, line and field."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.scenario import read_scenario
from local.scenario_lines import CallLine, DataverseLine, Line, SetupLine
from operate.documents import read_setup
from operate.invalid_input import InvalidInput
from tests.builders import guid, proforma

AT = "2026-08-27T16:05:00Z"
RUNNABLE = ("staging_import", "journal_posting", "invoice_posting")
KINDS = (
    "dataverse, approve, confirm, run, edit, edit_master_data, delete_lines, submit_proposal, approve_proposal, "
    "reject_proposal, request_changes, recall_proposal, reset_approval, reset, replay, intercompany_invoice, "
    "intercompany_lines, post_vendor_invoices, answer_vendor_invoice, post_costs, adjust_accounting, correct_tags, "
    "create_accrual_journal, edit_accrual_journal, remove_accrual_lines, post_accrual_journal, acknowledge, "
    "deliver, payment, setup"
)
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
    return read_scenario(path, RUNNABLE, setup).lines


def problems_of(folder: Path, *texts: str) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        lines_of(folder, *texts)
    return [problem.removeprefix(f"{folder}/events.jsonl:") for problem in refused.value.problems]


def line(**given: Any) -> str:
    return json.dumps({"at": AT, **given})


def brought(number: str) -> Any:
    """The context of a proforma with this number, as JSON has it."""
    return json.loads(json.dumps(proforma(number, number=number), default=str))


def test_each_kind_of_line_is_read(tmp_path: Path) -> None:
    read = lines_of(
        tmp_path,
        line(dataverse=brought("INV-1")),
        "",
        line(run="journal_posting", company="USPM", journal_id="J-1"),
        line(edit={"company": "USPM", "proposal_id": "INV-1", "actual_id": guid("a"), "sales_tax_group": None}),
        line(edit_master_data={"part": "customers", "company": "USPM", "number": "C-1", "columns": {"group": None}}),
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
            {"edit": {"company": "USPM", "proposal_id": "INV-1", "actual_id": guid("a"), "sales_tax_group": None}},
        ),
        (
            "document_editing",
            {"edit_master_data": {"part": "customers", "company": "USPM", "number": "C-1", "columns": {"group": None}}},
        ),
        ("document_editing", {"delete_lines": {"company": "USPM", "journal_id": "J-1"}}),
        ("document_editing", {"reset": {"company": "USPM", "journal_id": "J-1"}}),
    ]


def test_a_manual_run_carries_the_time_of_its_line_in_utc(tmp_path: Path) -> None:
    (read,) = lines_of(tmp_path, '{"at": "2026-08-27T12:05:00-04:00", "run": "invoice_posting"}')

    assert isinstance(read, CallLine)
    assert read.event() == {"source": "project-invoicing.manual", "detail-type": "Manual Run", "time": AT, "detail": {}}


def test_a_scheduled_run_is_what_the_schedule_sends(tmp_path: Path) -> None:
    (read,) = lines_of(tmp_path, line(run="staging_import", scheduled=True))

    assert isinstance(read, CallLine)
    sent = read.event()
    assert (read.function, read.named()) == ("staging_import", {})
    assert (sent["source"], sent["detail-type"], sent["time"], sent["detail"]) == (
        "aws.events",
        "Scheduled Event",
        AT,
        {},
    )


def test_numbers_are_exact(tmp_path: Path) -> None:
    (read,) = lines_of(tmp_path, '{"at": "2026-08-27T16:05:00Z", "dataverse": {"n": 0.1}}')

    assert isinstance(read, DataverseLine)
    assert read.dataverse["n"] == Decimal("0.1")


def test_a_line_separator_inside_a_text_does_not_end_the_line(tmp_path: Path) -> None:
    assert len(lines_of(tmp_path, '{"at": "2026-08-27T16:05:00Z", "dataverse": {"s": "a\u2028b\x85c"}}')) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"at"', "1: is not JSON: expecting ':' delimiter (column 6)"),
        ('{"at": "2026', "1: is not JSON: the quote that opens in column 8 is not closed"),
        (
            '{"at": "20\t26"}',
            r"1: is not JSON: a tab or another control character in a text (column 11); write it as \t or \u0000",
        ),
        ('{"at": 1} {}', "1: is not JSON: something follows the end of the JSON (column 11)"),
        ("\ufeff\ufeff{}", "1: is not JSON: a byte order mark in the middle of the file"),
        ('{"at": "a", "run": "staging_import", "at": "b"}', "1: at is here twice"),
        (line(edit={"company": "USPM"})[:-2] + ', "company": "X"}}', "1: company is here twice"),
        (
            "[" * 100_000,
            "1: is a JSON array; a scenario has a JSON object on each line, without brackets and commas around them",
        ),
        ('{"a":' * 100_000, "1: is not JSON: it is nested too deeply"),
        ('{"at": NaN}', "1: is not JSON: NaN is not a number"),
        ("1", "1: a line is a JSON object"),
        (
            "[]",
            "1: is a JSON array; a scenario has a JSON object on each line, without brackets and commas around them",
        ),
        ('{\n"at": 1\n}', "1: is a JSON object over several lines; a scenario has a whole one on each line"),
        ("", "1: is empty; a scenario has a JSON object on each line"),
        (" \n\n", "1: is empty; a scenario has a JSON object on each line"),
        (line(), f"1: a line has exactly one of {KINDS}; here is none"),
        (line(run="staging_import", reset={}), f"1: a line has exactly one of {KINDS}; here is both run and reset"),
        ('{"run": "staging_import"}', "1: at: is missing"),
        ('{"at": 5, "run": "staging_import"}', "1: at: input should be a valid string, not 5"),
        (line(run="staging_import", when=1), "1: when: is not known here"),
        (
            line(run="staging_imports"),
            f"1: run: 'staging_imports' is not a function that a line can run; use {', '.join(sorted(RUNNABLE))}",
        ),
        (
            line(run="invoice_posting", invoice_date="31.08.2026"),
            "1: invoice_date: write a date as 2026-08-27, not '31.08.2026'",
        ),
        (
            line(run="journal_posting", scheduled=True, company="USPM"),
            "1: what is scheduled runs for everything; leave company out",
        ),
        (line(dataverse=[]), "1: dataverse: input should be a valid dictionary, not []"),
        (line(edit={"proposal_id": "INV-1", "actual_id": guid("a")}), "1: edit.company: is missing"),
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


def test_time_never_goes_back(tmp_path: Path) -> None:
    again = '{"at": "2026-08-27T12:05:00-04:00", "run": "staging_import"}'
    before = '{"at": "2026-08-27T18:04:59+02:00", "run": "staging_import"}'
    assert len(lines_of(tmp_path, line(run="staging_import"), again)) == 2

    found = problems_of(tmp_path, line(run="staging_import"), "", before, again)

    assert found == [f"3: at: 2026-08-27T16:04:59Z is before {AT} of line 1; the clock of a scenario never goes back"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (line(run="staging_import", company="USP"), "company: there is no company 'USP'; did you mean USPM?"),
        (line(reset={"company": "DE", "journal_id": "J"}), "reset.company: there is no company 'DE'; known: USPM"),
        (
            line(intercompany_invoice={"company": "USPM", "borrower": "UPSM", "from": "x", "to": "y"}),
            "intercompany_invoice.borrower: there is no company 'UPSM'; did you mean USPM?",
        ),
        (
            line(run="invoice_posting", proposal_id="INV-001"),
            "proposal_id: there is no proposal 'INV-001'; did you mean INV-0001 or INV-0002?",
        ),
        (
            line(delete_lines={"company": "USPM", "proposal_id": "I" * 200}),
            f"delete_lines.proposal_id: there is no proposal '{'I' * 99}…; known: INV-0001, INV-0002",
        ),
    ],
)
def test_what_is_unknown_is_told_with_the_names_that_are_near(tmp_path: Path, text: str, problem: str) -> None:
    """A proposal is known as soon as any line brings its proforma: what comes late is for the step to refuse."""
    first = line(dataverse=brought("INV-0001"))
    later = line(dataverse=brought("INV-0002"))

    assert problems_of(tmp_path, first, text, later) == [f"2: {problem}"]
    assert len(lines_of(tmp_path, line(run="invoice_posting", proposal_id="INV-0002"), first, later)) == 3


def test_a_company_is_known_once_a_line_has_loaded_it(tmp_path: Path) -> None:
    company = {"name": "Contoso", "accounting_currency": "USD", "time_zone": "UTC"}
    loaded = line(setup={"companies": {"USPM": company, "GBPM": company}})
    used = line(run="staging_import", company="GBPM")

    assert len(lines_of(tmp_path, loaded, used)) == 2
    assert problems_of(tmp_path, used, loaded) == ["1: company: there is no company 'GBPM'; known: USPM"]


def test_a_proposal_between_companies_is_known_when_it_is_made(tmp_path: Path) -> None:
    billed = line(intercompany_invoice={"company": "USPM", "borrower": "USPM", "from": "x", "to": "y"})
    posted = line(run="invoice_posting", proposal_id="USPM-IC-1")

    assert len(lines_of(tmp_path, billed, posted)) == 2
    assert problems_of(tmp_path, posted, billed) == [
        "1: proposal_id: there is no proposal 'USPM-IC-1'; there is none at all"
    ]


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
        (SETUP + "currencies: {}\n", "5: currencies is here twice"),
        ("", "1: is empty; a set-up has companies and currencies at least"),
        ("# nothing\n", "1: is empty; a set-up has companies and currencies at least"),
        (SETUP.replace("  USD", "\tUSD"), "4: a tab, where YAML takes only blanks"),
        (SETUP.replace("  USD: {", "  USD:\n\t{"), "5: a tab, where YAML takes only blanks"),
        (SETUP.replace('0.01"', "0.01"), "4: the quote that opens here is not closed"),
        (SETUP.replace("name: Contoso", 'name: "Contoso'), "2: the quote that opens here is closed only in line 4"),
        (SETUP + 'x: "\x01"\n', "5: the character #x0001 is not allowed in YAML"),
        (
            SETUP + "x: !!timestamp x\n",
            "5: could not determine a constructor for the tag 'tag:yaml.org,2002:timestamp'",
        ),
        (SETUP + "x: !!bool x\n", "1: 'x'"),
        (SETUP + "---\na: b\n", "5: expected a single document in the stream, but found another document"),
        ("companies: " + "[" * 5000, "2: did not find expected node content"),
        ("companies: &itself [*itself]\n", "1: is nested too deeply, or contains itself"),
    ],
)
def test_a_set_up_that_cannot_be_read_names_the_line(tmp_path: Path, text: str, problem: str) -> None:
    assert setup_problems(tmp_path, text)[0] == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"companies": {},\n"currencies": {},\n\t"currencies": {}}', "3: currencies is here twice"),
        ('{"companies": [{"a": 1},\n{"b": 1, "a": 1, "b": 2}]}', "2: b is here twice"),
        ('{"companies": {},\n"currencies: {}\n}', "2: the quote that opens in column 1 is not closed"),
        ("", "1: is empty; a set-up has companies and currencies at least"),
        ("[]", "1: document: [] must be a mapping of keys to values"),
    ],
)
def test_a_set_up_in_json_that_cannot_be_read_names_the_line(tmp_path: Path, text: str, problem: str) -> None:
    assert setup_problems(tmp_path, text, "setup.json")[0].startswith(problem)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("companies".encode("utf-16"), "1: is UTF-16 text; save it as UTF-8"),
        (b"companies:\n  # \xfc", "2: is not UTF-8 text: byte 0xfc in it; save it as UTF-8"),
    ],
)
def test_a_text_that_is_not_utf_8_names_the_line(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "setup.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        read_setup(path)
    assert refused.value.problems == [f"{path}:{problem}"]


def test_a_byte_order_mark_at_the_beginning_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "setup.yaml"
    path.write_bytes(SETUP.encode("utf-8-sig"))
    assert list(read_setup(path)["companies"]) == ["USPM"]


def test_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is a folder; name a file"):
        read_setup(tmp_path)


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
