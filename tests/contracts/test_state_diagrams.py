"""The drawings of the states in docs/architecture.md are those of the code."""

from __future__ import annotations

from tools.state_diagrams import PAGE, drawn, page_with


def test_the_page_has_the_states_as_the_code_has_them() -> None:
    assert PAGE.read_text("utf-8") == page_with(drawn()), "run make goldens"


def test_every_machine_is_drawn() -> None:
    assert drawn().count("stateDiagram-v2") == 8
    assert "draft --> error: failed" in drawn()
