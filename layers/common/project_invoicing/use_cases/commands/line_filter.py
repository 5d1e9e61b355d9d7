"""Which lines of a document an edit of several lines is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Protocol

from pydantic import BeforeValidator, WithJsonSchema

from project_invoicing.use_cases.commands.command import wrong

FIELDS: Final[Mapping[str, str]] = {
    "actual_id": "actual_id",
    "line_number": "line_number",
    "kind": "kind",
    "class": "transaction_class",
    "category": "category",
    "project": "project",
    "contract": "contract",
    "contract_line": "contract_line",
    "resource": "resource",
    "sales_tax_group": "sales_tax_group",
    "item_sales_tax_group": "item_sales_tax_group",
}
"""What lines can be chosen by, and the attribute of a line that has it."""


class Line(Protocol):
    """What the lines of journals and proposals have in common."""

    @property
    def line_number(self) -> int: ...

    @property
    def actual_id(self) -> str: ...


def _filter(value: object) -> dict[str, list[str | None]]:
    if not isinstance(value, dict):
        raise wrong(f'lines are chosen as {{}} for all, or as {{"item_sales_tax_group": "FULL"}}, not {value!r}')
    if unknown := [name for name in value if name not in FIELDS]:
        raise wrong(f"lines are not chosen by {unknown[0]}; what they are chosen by: {', '.join(FIELDS)}")
    return {name: _wanted(name, one) for name, one in value.items()}


def _wanted(name: str, value: object) -> list[str | None]:
    """The values that fit, as texts; ``None`` stands for a line that has none."""
    values = value if isinstance(value, list) else [value]
    if not all(one is None or (isinstance(one, str | int) and not isinstance(one, bool)) for one in values):
        raise wrong(f"lines.{name} is a text, a list of texts, or null, not {value!r}")
    texts = [None if one is None else str(one).strip() for one in values]
    return [one.strip("{}").lower() if one and name == "actual_id" else one for one in texts]


LineFilter = Annotated[
    dict[str, list[str | None]],
    BeforeValidator(_filter),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {name: {"type": ["string", "integer", "array", "null"]} for name in FIELDS},
            "additionalProperties": False,
        }
    ),
]


def fits(line: Line, wanted: Mapping[str, Iterable[str | None]]) -> bool:
    """Whether a line has one of the wanted values in every field; an empty filter fits all."""
    return all(_value(line, name) in values for name, values in wanted.items())


def _value(line: Line, name: str) -> str | None:
    value: Any = getattr(line, FIELDS[name])
    return None if value is None else str(value)


def ranges(numbers: Iterable[int]) -> str:
    """Line numbers as a person writes them: ``1-3, 7``."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def values_before(lines: Iterable[Line], names: Iterable[str]) -> dict[str, Any]:
    """What these lines had: the value that all share, else the line numbers by value."""
    listed, found = list(lines), {}
    for name in names:
        by_value: dict[str, list[int]] = {}
        values = [getattr(line, name) for line in listed]
        for line, value in zip(listed, values, strict=True):
            by_value.setdefault("none" if value is None else str(value), []).append(line.line_number)
        found[name] = values[0] if len(by_value) == 1 else {key: ranges(at) for key, at in by_value.items()}
    return found
