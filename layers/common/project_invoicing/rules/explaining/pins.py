"""The master data that a document was computed with, as it was kept when it was begun. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from project_invoicing.domain.master_data import SeenName
from project_invoicing.rules.explaining.explanation import SHOWN, Explanation
from project_invoicing.setup.master_view import MasterView

_REFERENCE: Final = 2
"""The length of a look-up without a name: table and id."""


def say_pins(explanation: Explanation, pins: str | None) -> None:
    """Says what each kept name stood for. ``pins`` is the view as text; nothing is said where none was kept."""
    names = list(MasterView.of(pins).names()) if pins else []
    for key, seen in names[:SHOWN]:
        of = f" of {key.company}" if key.company else ""
        explanation.facts[f"computed with {key.part} {key.number}{of}"] = "; ".join(_layers(seen))
    if len(names) > SHOWN:
        explanation.facts["computed with more"] = f"{len(names) - SHOWN} names of master data"


def _layers(seen: SeenName) -> Iterator[str]:
    if seen.finance:
        yield f"finance's own {_columns(seen.finance)}"
    if seen.id:
        yield f"{seen.entity} {seen.id}{' (deleted)' if seen.deleted else ''}: {_columns(seen.columns)}"


def _columns(columns: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in sorted(columns.items()) if value is not None)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and len(value) >= _REFERENCE:
        return str(value[-1])  # the name of what a look-up leads to, else its id
    return str(value)
