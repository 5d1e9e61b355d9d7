"""The index of the decisions: `python -m tools.decisions > docs/decisions/README.md`.

Each file of `docs/decisions/` is one group. A decision begins with its number and title, then its date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "decisions"
INDEX = FOLDER / "README.md"
DECISION = re.compile(
    r"^## (D-\d{3}) (.+)\n\n"  # number and title
    r"\*(\d{4}-\d{2}-\d{2})(?:\. [^*\n]+)?\*\n\n"  # date, and what has narrowed the decision since
    r"((?:(?!## ).*\n)+)",
    re.MULTILINE,
)
INTRODUCTION = """# Decisions

Choices that were hard, or that the next reader will wonder about. Each one says what, why, what the alternatives were,
and whether it can be undone. The code names a decision by its number, so a search for `D-001` finds what rests on it.

A new decision gets the next free number and goes to the end of its group's file. Numbers are never reused. A decision
that no longer holds stays, cut down to "Replaced by D-…". One that was narrowed says so beside its date. Write this
page again afterwards: `python -m tools.decisions > docs/decisions/README.md`.

| number | decision | date | group |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Decision:
    number: str
    title: str
    date: str
    text: str
    group: str
    file: str

    @property
    def anchor(self) -> str:
        """The anchor that GitHub gives the heading."""
        return re.sub(r"[^\w -]", "", f"{self.number} {self.title}".lower()).replace(" ", "-")


def decisions() -> list[Decision]:
    """All decisions, file by file, in the order in which they are written."""
    return [decision for path in sorted(FOLDER.glob("*.md")) if path != INDEX for decision in _of(path)]


def _of(path: Path) -> Iterator[Decision]:
    text = path.read_text("utf-8")
    group = text.partition("\n")[0].removeprefix("# ")
    for number, title, date, body in DECISION.findall(text):
        yield Decision(number, title, date, body, group, path.name)


def index(all_decisions: list[Decision]) -> str:
    rows = [
        f"| [{one.number}]({one.file}#{one.anchor}) | {one.title} | {one.date} | [{one.group}]({one.file}) |\n"
        for one in sorted(all_decisions, key=lambda one: one.number)
    ]
    return INTRODUCTION + "".join(rows)


if __name__ == "__main__":
    print(index(decisions()), end="")
