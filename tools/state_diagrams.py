"""Draws the state machines of ``domain/states.py`` into docs/architecture.md: `python -m tools.state_diagrams`.

What does not change a state is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from local import ROOT
from project_invoicing.domain.correction_journal import CORRECTIONS
from project_invoicing.domain.states import (
    APPROVALS,
    BATCHES,
    JOURNALS,
    MAPS,
    PROPOSALS,
    ROWS,
    VENDOR_INVOICES,
    StateMachine,
)

PAGE: Final = ROOT / "docs" / "architecture.md"
_BEGIN: Final = "<!-- Drawn by python -m tools.state_diagrams; do not edit. -->\n"
_END: Final = "<!-- The drawings end here. -->\n"


def drawn() -> str:
    """The diagrams, one a machine, in Mermaid."""
    machines = (ROWS, JOURNALS, PROPOSALS, APPROVALS, VENDOR_INVOICES, MAPS, BATCHES, CORRECTIONS)
    return "\n".join("\n".join(_diagram(machine)) + "\n" for machine in machines)


def _diagram(machine: StateMachine[Any, Any]) -> Iterator[str]:
    yield f"A {machine.thing}:"
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield "    direction LR"
    yield f"    [*] --> {next(iter(machine.transitions))[0]}"
    for before, after in dict.fromkeys((state, after) for (state, _), after in machine.transitions.items()):
        verbs = [verb for (state, verb), then in machine.transitions.items() if (state, then) == (before, after)]
        if before != after:
            yield f"    {before} --> {after}: {', '.join(verbs)}"
    yield "```"


def page_with(drawings: str) -> str:
    """The page with these drawings in their place."""
    marked = re.compile(f"{re.escape(_BEGIN)}.*{re.escape(_END)}", re.DOTALL)
    page = PAGE.read_text("utf-8")
    if not marked.search(page):
        raise ValueError(f"{PAGE.name} has no place for the drawings")
    return marked.sub(lambda _: f"{_BEGIN}\n{drawings}\n{_END}", page)


def main() -> None:
    PAGE.write_text(page_with(drawn()), "utf-8")


if __name__ == "__main__":
    main()
