"""The command ``invoicing``, as ``make setup`` writes it: from any folder, with the environment beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local import ROOT


@pytest.fixture(scope="module")
def invoicing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, written twice into an environment that has its packages from this interpreter."""
    folder = tmp_path_factory.mktemp("command") / "venv"
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', "utf-8")
    python.chmod(0o755)
    shutil.copy(ROOT / "requirements-dev.txt", folder / ".installed")
    command = folder / "bin" / "invoicing"
    for _ in range(2):
        made = told(ROOT, "make", f"VENV={folder}", command)
        assert (made.returncode, made.stderr) == (0, "")
    return command


def told(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_it_runs_a_scenario_from_any_folder(invoicing: Path, tmp_path: Path) -> None:
    scenario = ROOT / "events" / "scenarios" / "plain-month"
    for name in ("setup.yaml", "events.jsonl"):
        shutil.copy(scenario / name, tmp_path / name)
    (tmp_path / "local").mkdir()  # what stands in the folder is not imported
    (tmp_path / "local" / "__init__.py").write_text("raise SystemExit('the wrong one')", "utf-8")

    done = told(
        tmp_path,
        *(invoicing, "run", "--setup", "setup.yaml", "--events", "events.jsonl"),
        *("--engine", "moto", "--out", "result.json"),
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "Customer invoices" in done.stdout
    assert (tmp_path / "result.json").read_text("utf-8") == (scenario / "expected.json").read_text("utf-8")


def test_a_mistake_names_what_was_typed(invoicing: Path, tmp_path: Path) -> None:
    by_command = told(tmp_path, invoicing, "explain")
    by_module = told(ROOT, sys.executable, "-m", "local", "explain")

    missing = "the following arguments are required: id; see"
    assert (by_command.returncode, by_module.returncode) == (2, 2)
    assert by_command.stderr == f"invoicing explain: {missing} invoicing explain --help\n"
    assert by_module.stderr == f"python -m local explain: {missing} python -m local explain --help\n"


def test_every_verb_is_there_both_ways(invoicing: Path, tmp_path: Path) -> None:
    by_command = told(tmp_path, invoicing, "--help").stdout
    by_module = told(ROOT, sys.executable, "-m", "local", "--help").stdout

    assert by_command.startswith("usage: invoicing ")
    assert by_module == by_command.replace("usage: invoicing ", "usage: python -m local ", 1)
    for verb in ("run", "demo", "preview", "explain", "reconcile", "map", "redrive", "setup"):
        assert f"\n    {verb}" in by_command
