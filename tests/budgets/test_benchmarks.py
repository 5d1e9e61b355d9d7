"""The benchmark still runs, and measures what it says; its figures are for people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import pages
from benchmarks.cold_start import packages_of

pytestmark = pytest.mark.engine

LINES = 12


@pytest.mark.slow
def test_every_benchmark_but_the_cold_starts_runs_and_gives_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmarks, "SWEPT", LINES)
    monkeypatch.setattr(benchmarks, "WRITTEN_BACK", LINES)
    monkeypatch.setattr(benchmarks, "PROJECTS", (2, LINES))
    monkeypatch.setattr(benchmarks, "LOADED", LINES)
    monkeypatch.setattr(benchmarks, "LINES_OF_PAGES", LINES)
    monkeypatch.setattr(pages, "REPETITIONS", 1)
    names = [name for name in benchmarks.BENCHMARKS if not name.startswith("cold-start")]
    file = tmp_path / "figures.json"
    assert benchmarks.main(["--lines", str(LINES), "--json", str(file), "--only", *names]) == 0
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert list(figures) == ["machine", *names]
    assert figures["cpu"]["record"] > 0
    steps = {name: step for kind in names if kind != "cpu" for name, step in figures[kind].items() if name != "row"}
    assert all(step["seconds"] > 0 and step["cpu"] > 0 for step in steps.values())
    assert all(step["requests"] or step["asked"] for step in steps.values())
    assert steps[f"explain invoice, {LINES}"]["requests"] > 10
    assert steps[f"post invoice, {LINES}"]["write_units"] > LINES
    assert steps[f"sweep, {LINES}"]["asked"] == 3
    assert steps[f"write-back, {LINES}"]["asked"] == 2
    few, many = (steps[f"import journals of {number} projects, 1000"] for number in (2, LINES))
    assert few["requests"] == many["requests"]


def test_the_costs_of_imports_are_added_up_by_package() -> None:
    said = """import time: self [us] | cumulative | imported package
import time:       300 |        300 |       botocore.compat
import time:       200 |        500 |     botocore
import time:      1000 |       1500 |   project_invoicing.bus
"""
    assert packages_of(said) == {"botocore": 500, "project_invoicing": 1000}
