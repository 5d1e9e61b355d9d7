"""The month is the same whether its master data stands in the set-up document or arrives row by row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_socket import enable_socket

from local import run
from tests.builders import to_json
from tests.divided import divided
from tests.scenario_samples import SCENARIOS
from tests.thorough import thorough

pytestmark = pytest.mark.engine
BEFORE = "2026-08-01T08:00:00Z"


@pytest.fixture(autouse=True)
def _loopback() -> None:
    enable_socket()


def outcome(name: str, folder: Path, every: int, *, late: bool = False, **options: Any) -> Any:
    """The scenario with the rows before its own lines, or ``late``: after its first import, which nothing repeats."""
    document = yaml.safe_load((SCENARIOS / name / "setup.yaml").read_text(encoding="utf-8"))
    policy, rows = divided(document, every)
    (folder / "setup.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
    story = (SCENARIOS / name / "events.jsonl").read_text(encoding="utf-8").splitlines()
    first_run = next(number for number, line in enumerate(story, start=1) if "dataverse" not in json.loads(line))
    at, place = (json.loads(story[first_run - 1])["at"], first_run) if late else (BEFORE, 0)
    story[place:place] = [to_json({"at": at, "dataverse": row}) for row in rows]
    (folder / "events.jsonl").write_text("\n".join(story), encoding="utf-8")
    done = run.run(run.Options(folder / "setup.yaml", folder / "events.jsonl", engine="moto", **options))
    assert not done.dead_letters
    return json.loads(json.dumps(done.result))


def expected(name: str) -> Any:
    return json.loads((SCENARIOS / name / "expected.json").read_text(encoding="utf-8"))


def without_deliveries(result: Any) -> Any:
    """The result without what counts how often something came."""
    rows = [{k: v for k, v in row.items() if k not in ("deliveries", "duplicates")} for row in result["staging"]]
    return {**result, "staging": rows}


@pytest.mark.parametrize("every", [pytest.param(1, id="rows only"), pytest.param(2, id="mixed")])
@pytest.mark.parametrize("name", ["plain-month", "fixed-rate-contract", "correction"][: thorough(2, 3)])
def test_a_scenario_comes_out_as_with_its_document_alone(name: str, every: int, tmp_path: Path) -> None:
    assert outcome(name, tmp_path, every) == expected(name)


@pytest.mark.parametrize("seed", [None, 1, 2][: thorough(2, 3)])
def test_what_waited_for_rows_is_imported_when_they_arrive_and_not_by_a_later_run(
    seed: int | None, tmp_path: Path
) -> None:
    found = outcome("plain-month", tmp_path, every=1, late=True, shuffle=seed)
    assert without_deliveries(found) == without_deliveries(expected("plain-month"))


@pytest.mark.parametrize(("name", "seed"), [("plain-month", 1), ("correction", 2)])
def test_rows_that_arrive_after_their_actuals_make_the_same_books(name: str, seed: int, tmp_path: Path) -> None:
    found = outcome(name, tmp_path, every=1, shuffle=seed, duplicate=1)
    assert without_deliveries(found) == without_deliveries(expected(name))
