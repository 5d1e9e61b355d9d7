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

pytestmark = pytest.mark.engine
BEFORE = "2026-08-01T08:00:00Z"


@pytest.fixture(autouse=True)
def _loopback() -> None:
    enable_socket()


def outcome(name: str, folder: Path, every: int, **options: Any) -> Any:
    """The scenario with the rows before its own lines."""
    document = yaml.safe_load((SCENARIOS / name / "setup.yaml").read_text(encoding="utf-8"))
    policy, rows = divided(document, every)
    (folder / "setup.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
    arriving = "".join(f"{to_json({'at': BEFORE, 'dataverse': row})}\n" for row in rows)
    story = (SCENARIOS / name / "events.jsonl").read_text(encoding="utf-8")
    (folder / "events.jsonl").write_text(arriving + story, encoding="utf-8")
    done = run.run(run.Options(folder / "setup.yaml", folder / "events.jsonl", engine="moto", **options))
    assert not done.dead_letters
    return json.loads(json.dumps(done.result))


def expected(name: str) -> Any:
    return json.loads((SCENARIOS / name / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("every", [pytest.param(1, id="rows only"), pytest.param(2, id="mixed")])
@pytest.mark.parametrize("name", ["plain-month", "fixed-rate-contract", "correction"])
def test_a_scenario_comes_out_as_with_its_document_alone(name: str, every: int, tmp_path: Path) -> None:
    assert outcome(name, tmp_path, every) == expected(name)
