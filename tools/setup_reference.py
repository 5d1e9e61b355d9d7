"""``docs/setup.md``: every key of the finance set-up, printed from the models that check it.

python -m tools.setup_reference > docs/setup.md
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from inspect import cleandoc
from typing import Annotated, Any, Union, get_args, get_origin

import local  # noqa: F401  it puts the layer on the path
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.models.ledger_formats import LedgerFormat
from project_invoicing.setup.models.row import REQUIRED, ColumnOf, SetupRow, bare

INTRODUCTION = """\
# The finance set-up

One document, YAML or JSON, that finance owns and the integration only reads. It is checked whole:
`invoicing setup load FILE` loads it, or says of everything that is wrong where it stands and what would be right.
Every load makes a new immutable version. `events/scenarios/plain-month/setup.yaml` is a complete example; this page is
generated (`make goldens`) from the models that do the checking.

Amounts and rates are written in quotes (`"1.25"`), so that no digit is lost on the way. Keys marked *required* have no
default.
"""


READ_LATER: dict[str, type[SetupRow]] = {"ledger_formats": LedgerFormat}
"""Keys of the document that it holds as written, and the rows that are made of them when they are needed."""


def describe() -> Iterator[str]:
    """The page, line by line."""
    yield INTRODUCTION
    yield "## The document"
    yield ""
    yield from _table(SetupDocument)
    done: set[type[SetupRow]] = set()
    pending = [*_rows(SetupDocument), *READ_LATER.values()]
    while pending:
        row = pending.pop(0)
        if row in done:
            continue
        done.add(row)
        yield ""
        yield f"## {_title(row)}"
        yield ""
        if row.__doc__ and row.__doc__ != SetupRow.__doc__:
            yield cleandoc(row.__doc__).replace("``", "`")
            yield ""
        yield from _table(row)
        pending += _rows(row)


def _table(row: type[SetupRow]) -> Iterator[str]:
    yield "| key | value | default |"
    yield "| --- | --- | --- |"
    for name, column in row.columns().items():
        later = READ_LATER.get(name) if row is SetupDocument else None
        shape = f"name → {_shape(later)}" if later else _shape(bare(column.annotation))
        yield f"| `{column.alias}` | {shape} | {_default(column)} |"


def _default(column: ColumnOf) -> str:
    value = column.default
    if value is REQUIRED:
        return "*required*"
    if isinstance(value, SetupRow):
        return "its own defaults"
    if value is None:
        return "none"
    if value in ({}, [], ""):
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _shape(annotation: Any) -> str:
    """A type in words: ``company -> customer -> [customer]``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _shape(arguments[0])
    if origin in (Union, types.UnionType):
        return _shape(next(option for option in arguments if option is not type(None)))
    if origin is dict:
        return f"{_shape(arguments[0])} → {_shape(arguments[1])}"
    if origin in (list, tuple):
        return f"list of {_shape(arguments[0])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " \\| ".join(f"`{member.value}`" for member in annotation)
    if isinstance(annotation, type) and issubclass(annotation, SetupRow):
        return f"[{_title(annotation)}](#{_title(annotation).replace(' ', '-')})"
    words = {str: "name", bool: "true or false", int: "whole number", Decimal: "decimal", date: "date"}
    return words.get(annotation, "text")


def _title(row: type[SetupRow]) -> str:
    """``FiscalPeriod`` as ``fiscal period``."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in row.__name__).strip()


def _rows(row: type[SetupRow]) -> Iterator[type[SetupRow]]:
    for column in row.columns().values():
        yield from _within(column.annotation)


def _within(annotation: Any) -> Iterator[type[SetupRow]]:
    if isinstance(annotation, type) and issubclass(annotation, SetupRow):
        yield annotation
    for argument in get_args(annotation):
        yield from _within(argument)


if __name__ == "__main__":
    print("\n".join(describe()))
