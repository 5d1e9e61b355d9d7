"""The short form of scenario lines: the same books as the rows that the stand-in makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dataverse_standin.messages import to_json
from local import ROOT, run
from local.scenario import Scenario, read_scenario
from local.scenario_lines import DataverseLine
from operate.documents import read_setup
from operate.invalid_input import InvalidInput
from tests import master
from tests.builders import guid
from tests.builders import to_json as context_json
from tests.setups import document

SCENARIO = ROOT / "events" / "scenarios" / "short-form"
SETUP, EVENTS = SCENARIO / "setup.yaml", SCENARIO / "events.jsonl"
AT = "2026-08-27T16:05:00Z"


def read(path: Path, setup: Any = None) -> Scenario:
    return read_scenario(path, ["staging_import", "journal_posting", "invoice_posting"], setup or read_setup(SETUP))


def written(tmp_path: Path, *lines: Any) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def refused(tmp_path: Path, *lines: Any) -> list[str]:
    with pytest.raises(InvalidInput) as invalid:
        read(written(tmp_path, *lines))
    return [problem.partition("events.jsonl:")[2] for problem in invalid.value.problems]


def approve(**keys: Any) -> Any:
    return {"at": AT, "approve": {"project": "PRJ-1", "hours": 8, "price": 200, "cost": 100, **keys}}


def test_the_books_are_those_of_the_rows_in_the_long_form(tmp_path: Path) -> None:
    scenario = read(EVENTS)
    assert not any("approve" in line.model_fields_set for line in scenario.lines)
    long = tmp_path / "long.jsonl"
    with long.open("w", encoding="utf-8") as file:
        for line in scenario.lines:
            given = {"at": line.at, "dataverse": line.dataverse} if isinstance(line, DataverseLine) else None
            file.write(f"{to_json(given or line.model_dump(exclude_none=True, exclude_unset=True))}\n")
    assert sum("dataverse" in text for text in long.read_text("utf-8").splitlines()) > 10
    results = [
        json.dumps(run.run(run.Options(setup=SETUP, events=events, engine="moto")).result) for events in (EVENTS, long)
    ]
    assert results[0] == results[1]
    assert json.loads(results[0]) == json.loads((SCENARIO / "expected.json").read_text("utf-8"))


def test_names_lead_to_rows_that_the_scenario_brought_before(tmp_path: Path) -> None:
    setup = document(references={}, projects={}, contracts={}, contract_lines={}, customers={})
    rows = [
        master.currency("USD"),
        master.company("USPM"),
        master.account("C-7"),
        master.contract("CTR-7", customer="C-7"),
        master.project("PRJ-7"),
        master.contract_line("CTR-7-1", contract="CTR-7", project="PRJ-7"),
    ]
    lines = [{"at": AT, "dataverse": json.loads(context_json(row))} for row in rows]
    path = written(tmp_path, *lines, approve(project="PRJ-7", currency="USD"))
    made = [line for line in read(path, setup).lines if isinstance(line, DataverseLine)][len(rows) :]
    text = "".join(to_json(line.dataverse) for line in made)
    assert [line.dataverse["PrimaryEntityName"] for line in made].count("msdyn_actual") == 2
    for id in (guid("PRJ-7"), guid("CTR-7"), guid("C-7")):
        assert id in text


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (approve(colour="red"), "approve.colour: is not known here; approve knows project, price, kind, hours"),
        (approve(project="PRJ-9"), "approve.project: there is no project that references or rows lead to 'PRJ-9'"),
        (approve(resource="Nobody"), "approve.resource: there is no resource that references or rows lead to"),
        (approve(currency="GBP"), "approve.currency: contract CTR-1 is in USD, not in GBP"),
        (approve(hours=None), "approve: say how many hours"),
        (approve(price=None), "approve: say the price of one unit"),
        (approve(kind="expense"), "approve: hours are for time; write quantity"),
        (approve(kind="travel"), "approve.kind: input should be 'time', 'expense'"),
        (approve(hours="eight"), 'approve.hours: write a figure as "8.5" or 8.5'),
        (approve(hours="8.123"), "approve: quantity 8.123 has more than 2 decimals; round it"),
        ({"at": AT, "confirm": "INV-0001"}, "confirm.proposal: nothing was approved that is not billed yet"),
        ({"at": AT, "confirm": {"proposal": "INV-1", "colour": 1}}, "confirm.colour: is not known here; confirm knows"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, line: Any, problem: str) -> None:
    (told,) = refused(tmp_path, line)
    assert told.startswith(f"1: {problem}")


def test_work_of_two_contracts_is_confirmed_by_name_and_once(tmp_path: Path) -> None:
    both = [approve(), approve(project="PRJ-2", kind="fee", hours=None)]
    (told,) = refused(tmp_path, *both, {"at": AT, "confirm": "INV-0001"})
    assert "CTR-1, CTR-2 have work to bill; write " in told
    named = {"at": AT, "confirm": {"proposal": "INV-0001", "contract": "CTR-2"}}
    (told,) = refused(tmp_path, *both, named, named)
    assert "INV-0001 was confirmed before" in told
