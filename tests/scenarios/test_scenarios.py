"""Every scenario in ``events/scenarios`` comes out as its golden file says, on each engine and in any order.

``make goldens`` writes the golden files again; a change of theirs is a change of what accountants see.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_socket import enable_socket

from local import engines, run
from tests.scenario_samples import SCENARIOS, STORIES, map_text, options_of, setup_text, story_text
from tests.thorough import thorough

NAMES = sorted(path.name for path in SCENARIOS.iterdir() if path.is_dir())
IN_EACH_RUN = [name for name in NAMES if name != "quarter"]
"""The quarter takes a quarter of a minute; ``test_quarter`` plays it in each run, in another order."""


@pytest.fixture(autouse=True)
def _loopback() -> None:
    enable_socket()


def expected(name: str) -> Any:
    return json.loads((SCENARIOS / name / "expected.json").read_text(encoding="utf-8"))


def outcome(name: str, **options: Any) -> Any:
    done = run.run(options_of(SCENARIOS / name, **options))
    assert not done.dead_letters
    return json.loads(json.dumps(done.result))


def without_deliveries(result: Any) -> Any:
    """The result without what counts how often something came."""
    rows = [{k: v for k, v in row.items() if k not in ("deliveries", "duplicates")} for row in result["staging"]]
    return {**result, "staging": rows}


@pytest.mark.parametrize("name", NAMES)
def test_files_are_those_of_the_stories(name: str) -> None:
    assert (SCENARIOS / name / "setup.yaml").read_text(encoding="utf-8") == setup_text(name)
    assert (SCENARIOS / name / "events.jsonl").read_text(encoding="utf-8") == story_text(STORIES[name])
    maps = SCENARIOS / name / "map.json"
    assert (maps.read_text(encoding="utf-8") if maps.exists() else None) == map_text(name)


@pytest.mark.engine
@pytest.mark.parametrize("name", thorough(IN_EACH_RUN, NAMES))
def test_scenario_has_its_golden_result(name: str) -> None:
    assert outcome(name) == expected(name)


@pytest.mark.engine
@pytest.mark.parametrize("engine", ["moto", "dynoxide"])
def test_every_engine_gives_the_same_result(engine: str) -> None:
    try:
        found = outcome("quantity-cut", engine=engine)
    except engines.EngineError as missing:
        pytest.skip(f"there is no dynoxide for every platform, and none without npm: {missing}")
    assert found == expected("quantity-cut")


@pytest.mark.engine
@pytest.mark.parametrize(
    ("name", "seed"),
    thorough(
        [("plain-month", 1), ("quantity-cut", 2), ("correction", 3), ("moved-costs", 4)],
        [(name, seed) for name in NAMES for seed in (1, 2, 3)],
    ),
)
def test_neither_order_nor_repetition_changes_the_result(name: str, seed: int) -> None:
    found = outcome(name, engine="moto", shuffle=seed, duplicate=2)

    assert without_deliveries(found) == without_deliveries(expected(name))
    rows = [row for row in found["staging"] if row["state"] != "skipped"]
    assert all(row["duplicates"] >= 2 for row in rows)
