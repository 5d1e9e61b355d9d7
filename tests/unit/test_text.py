"""Texts for people and from others."""

from __future__ import annotations

import pytest

from project_invoicing.domain.text import number_of


@pytest.mark.parametrize(
    ("number", "nouns", "said"),
    [
        (0, ("document",), "0 documents"),
        (1, ("document",), "1 document"),
        (2, ("entry", "entries"), "2 entries"),
        (1, ("entry is", "entries are"), "1 entry is"),
    ],
)
def test_one_is_said_as_one(number: int, nouns: tuple[str, ...], said: str) -> None:
    assert number_of(number, *nouns) == said
