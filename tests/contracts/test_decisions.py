"""Decisions are numbered, dated and complete, and every number that is cited is one of them."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

import pytest

from local import ROOT
from tools.decisions import DECISION, FOLDER, INDEX, Decision, decisions, index

CITED = re.compile(r"\bD-\d{3}\b")
ONE_FILE = re.compile(r"\bdecisions\.md\b")


@pytest.fixture(scope="module")
def found() -> list[Decision]:
    return decisions()


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Every document and source of the project, by its path."""
    tops = [top for top in ROOT.iterdir() if not top.name.startswith(".") or top.name in {".ci", ".github"}]
    paths = [path for top in tops for path in ([top] if top.is_file() else top.rglob("*"))]
    return {
        str(path.relative_to(ROOT)): path.read_text("utf-8")
        for path in paths
        if path.is_file() and (path.suffix in {".md", ".py", ".yaml", ".yml", ".toml"} or path.name == "Makefile")
    }


def test_every_heading_in_the_groups_is_a_decision_with_a_number_and_a_date(found: list[Decision]) -> None:
    headings = [
        line.removeprefix("## ")
        for path in sorted(FOLDER.glob("*.md"))
        if path != INDEX
        for line in path.read_text("utf-8").splitlines()
        if line.startswith("## ")
    ]

    assert headings == [f"{decision.number} {decision.title}" for decision in found], "see docs/decisions/README.md"


def test_numbers_are_unique_without_gaps_and_rise_within_each_group(found: list[Decision]) -> None:
    numbers = sorted(decision.number for decision in found)

    assert numbers == [f"D-{number:03}" for number in range(1, len(found) + 1)]
    assert [(a.number, b.number) for a, b in pairwise(found) if a.file == b.file and a.number > b.number] == []


def test_dates_are_dates_and_rise_with_the_numbers(found: list[Decision]) -> None:
    dates = [date.fromisoformat(decision.date) for decision in sorted(found, key=lambda decision: decision.number)]

    assert dates == sorted(dates)


def test_every_decision_says_what_else_there_was_and_whether_it_can_be_undone(found: list[Decision]) -> None:
    kept = [decision for decision in found if not decision.text.startswith("Replaced by D-")]

    assert [
        decision.number for decision in kept if not {"**Alternatives:**", "**Undo:**"} <= set(decision.text.split())
    ] == []


def test_the_index_does_not_drift(found: list[Decision]) -> None:
    assert INDEX.read_text("utf-8") == index(found), "run: python -m tools.decisions > docs/decisions/README.md"


def test_every_decision_that_is_cited_exists(found: list[Decision], texts: dict[str, str]) -> None:
    numbers = {decision.number for decision in found}
    cited = {path: set(CITED.findall(text)) for path, text in texts.items()}

    assert {path: sorted(those - numbers) for path, those in cited.items() if those - numbers} == {}


def test_nothing_refers_to_the_one_file_that_held_all_decisions(texts: dict[str, str]) -> None:
    assert [path for path, text in texts.items() if ONE_FILE.search(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "## D-1 A title\n\n*2026-11-29*\n\nText.\n",
        "## D-001 A title\n\nText.\n",
        "## D-001 A title\n\n*today*\n\nText.\n",
        "## A title\n\n*2026-11-29*\n\nText.\n",
    ],
)
def test_a_heading_without_number_or_date_is_no_decision(text: str) -> None:
    assert DECISION.findall(text) == []
