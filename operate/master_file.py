"""Files with finance's own columns of master data, YAML, JSON or CSV, and values as they are typed.

    customers:
      USPM:
        C-001: {sales_tax_group: DOM, on_hold: false, dimensions: {CostCenter: "007"}}
    products:
      P-100: {item_sales_tax_group: GOODS}

    part,company,number,sales_tax_group,dimensions.CostCenter
    customers,USPM,C-001,DOM,007

An empty cell leaves a column as it is, and ``null`` takes it back.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from operate.documents import parsed, read_text, written_lines
from operate.invalid_input import InvalidInput
from project_invoicing.domain.finance_columns import COLUMNS
from project_invoicing.domain.master_data import GLOBAL, NameKey, Part
from project_invoicing.domain.text import whole

_WORDS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}
_TEXT_COLUMNS: Final = ("part", "company", "number")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file, or a line typed, says of one name; ``where`` is file and line."""

    where: str
    key: NameKey
    columns: Mapping[str, Any]


def typed(assignments: list[str]) -> dict[str, Any]:
    """``column=value`` as a mapping. ``dimensions.CostCenter=007`` is an entry of ``dimensions``."""
    columns: dict[str, Any] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InvalidInput([f"{text!r}: write column=value, such as sales_tax_group=DOM"])
        _put(columns, name.strip(), value.strip(), text)
    return columns


def read(path: Path) -> list[Entry]:
    """The entries of a file, in its order. Raises ``InvalidInput`` with the line of each problem."""
    text = read_text(path)
    entries = list(_csv(path, text) if path.suffix.lower() == ".csv" else _tree(path, text))
    if not entries:
        raise InvalidInput([f"{path}: names nothing; it has lines of {', '.join(COLUMNS)}"])
    first: dict[NameKey, str] = {}
    for entry in entries:
        if entry.key in first:
            name = f"{entry.key.part} {entry.key.company} {entry.key.number}".replace("  ", " ")
            raise InvalidInput([f"{entry.where}: {name} is here twice; it is in {first[entry.key]} too"])
        first[entry.key] = entry.where
    return entries


def part_named(text: str, where: str) -> Part:
    """Raises ``InvalidInput`` for what is no part that finance has columns of."""
    if text in list(COLUMNS):
        return Part(text)
    raise InvalidInput([f"{where}: {text!r} is none of {', '.join(COLUMNS)}"])


def _put(columns: dict[str, Any], name: str, value: Any, where: str) -> None:
    whole_name, dot, rest = name.partition(".")
    if not dot:
        if name in columns:
            raise InvalidInput([f"{where}: {name} is here twice"])
        columns[name] = _WORDS.get(value, value)
        return
    inner = columns.setdefault(whole_name, {})
    if not isinstance(inner, dict) or rest in inner:
        raise InvalidInput([f"{where}: {name} is here twice"])
    inner[rest] = value


def _csv(path: Path, text: str) -> Iterator[Entry]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        if missing := [name for name in _TEXT_COLUMNS if name not in header]:
            raise InvalidInput([f"{path}:1: the first line names the columns; {', '.join(missing)} is missing"])
        if twice := [name for name in header if header.count(name) > 1]:
            raise InvalidInput([f"{path}:1: {twice[0] or 'a column without a name'} is here twice"])
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield _line(f"{path}:{lines.line_num}", header, cells)
    except csv.Error as error:
        raise InvalidInput([f"{path}:{lines.line_num}: {error}"]) from None


def _line(where: str, header: list[str], cells: list[str]) -> Entry:
    if len(cells) != len(header):
        raise InvalidInput([f"{where}: has {len(cells)} cells, and the first line names {len(header)} columns"])
    given = {name: str(whole(cell.strip())) for name, cell in zip(header, cells, strict=True)}
    columns: dict[str, Any] = {}
    for name, value in given.items():
        if name not in _TEXT_COLUMNS and value:
            _put(columns, name, value, where)
    if not given["number"]:
        raise InvalidInput([f"{where}: number is empty"])
    return Entry(where, NameKey(part_named(given["part"], where), given["company"], given["number"]), columns)


def _tree(path: Path, text: str) -> Iterator[Entry]:
    document = parsed(path, text, "it names customers, projects … with their columns")
    lines = written_lines(text)

    def where(*keys: str) -> str:
        return f"{path}:{lines(keys)}"

    for name, content in _mapping(document, f"{path}:1").items():
        part = part_named(name, where(name))
        by_company = {"": content} if part in GLOBAL else _mapping(content, where(name))
        for company, rows in by_company.items():
            keys = (name, company) if company else (name,)
            for number, columns in _mapping(rows, where(*keys)).items():
                at = where(*keys, number)
                yield Entry(at, NameKey(part, company, number), _mapping(columns, at))


def _mapping(value: object, where: str) -> dict[str, Any]:
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return value
    raise InvalidInput([f"{where}: {value!r} must be a mapping of keys to values; names are texts, in quotes"])
