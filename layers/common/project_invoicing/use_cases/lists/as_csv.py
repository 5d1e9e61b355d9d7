"""Rows as a file with a line of names; a spreadsheet shows every text as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would compute a text that begins like this."""


def csv_of(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    is_number = value[0] == "-" and value[1:].replace(".", "", 1).isdigit()
    return value if is_number else f"'{value}"
