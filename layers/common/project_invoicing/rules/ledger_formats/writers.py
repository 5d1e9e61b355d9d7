"""The files that formats make: one writer a part, an entry at a time, so that memory does not grow with the batch."""

from __future__ import annotations

import csv
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from project_invoicing.domain.ledger_batch import LedgerLine
from project_invoicing.rules.ledger_formats.cells import (
    FIELD,
    Cell,
    Figure,
    Look,
    Pairs,
    cells,
    dimension_cells,
    plain,
    readers,
)
from project_invoicing.rules.ledger_formats.refusals import Unwritable
from project_invoicing.setup.models.ledger_formats import FormatColumn, FormatFile, LedgerFormat

Row = list[tuple[str, Cell]]


class Writer(ABC):
    """Makes the text of a part: ``head``, each ``entry``, ``tail``. Each look of an entry is one of its lines."""

    def __init__(self, format: LedgerFormat) -> None:
        self.format = format
        self._lines = readers(format, format.line_columns)
        self._entries = readers(format, format.entry_columns)
        self._heads = readers(format, format.head_columns)

    def head(self, first: Look) -> str:  # noqa: ARG002
        """What comes before the first entry."""
        return ""

    @abstractmethod
    def entry(self, looks: list[Look]) -> str:
        """Raises ``Unwritable``."""

    def tail(self) -> str:
        """What comes behind the last entry."""
        return ""

    def headers(self) -> str:
        """The text of the part's second file, that of its headers; empty where the format has none."""
        return ""

    def _line(self, look: Look) -> Row:
        return [*cells(look, self._lines), *dimension_cells(look)]

    def _of_entry(self, look: Look) -> Row:
        return cells(look, self._entries)


class _Echo:
    """A file for ``csv`` that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _names(columns: Iterable[FormatColumn]) -> list[str]:
    return list(dict.fromkeys(column.name for column in columns))


class CsvWriter(Writer):
    """A line a row under one row of names; headers of documents, where there are any, in a second file."""

    def __init__(self, format: LedgerFormat) -> None:
        super().__init__(format)
        self._csv = csv.writer(_Echo(), delimiter=format.delimiter, lineterminator="\n")
        self._columns = [*_names(format.line_columns), *format.dimension_columns.values()]
        self._header_columns = _names(format.entry_columns)
        self._headers: list[str] = []

    def head(self, first: Look) -> str:  # noqa: ARG002
        return self._text(self._columns)

    def entry(self, looks: list[Look]) -> str:
        if self._header_columns:
            self._headers.append(self._row(self._header_columns, self._of_entry(looks[0])))
        return "".join(self._row(self._columns, self._line(look)) for look in looks)

    def headers(self) -> str:
        return self._text(self._header_columns) + "".join(self._headers) if self._header_columns else ""

    def _row(self, names: list[str], row: Row) -> str:
        values = dict(row)
        return self._text([str(values.get(name, "")) for name in names])

    def _text(self, values: list[str]) -> str:
        return str(self._csv.writerow(values))


def _json(value: Any) -> str:
    """Compact JSON in which a figure keeps its digits: no float is ever made of it."""
    match value:
        case Figure():
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case dict():
            return "{" + ",".join(f"{json.dumps(name)}:{_json(member)}" for name, member in value.items()) + "}"
        case _:
            return "[" + ",".join(_json(member) for member in value) + "]"


def _tree(row: Row, pairs: Mapping[str, list[str]]) -> dict[str, Any]:
    """Nested objects of what is not empty: dots in names lead into them. ``pairs``: the names in its lists."""
    tree: dict[str, Any] = {}
    for name, cell in row:
        if not cell:
            continue
        *path, last = name.split(".")
        node = tree
        for step in path:
            node = node.setdefault(step, {})
        node[last] = cell if isinstance(cell, str) else _listed(cell, pairs[name])
    return tree


def _listed(cell: Pairs, names: list[str]) -> list[dict[str, str]]:
    return [{names[0]: key, names[1]: value} for key, value in cell]


class JsonLinesWriter(Writer):
    """A line, or an entry with its lines, a row."""

    def __init__(self, format: LedgerFormat) -> None:
        super().__init__(format)
        self._pairs = {column.name: column.pair for column in format.line_columns if column.pair is not None}

    def entry(self, looks: list[Look]) -> str:
        rows = [_tree(self._line(look), self._pairs) for look in looks]
        if self.format.nesting.lines:
            rows = [self._whole(looks[0], rows)]
        return "".join(f"{_json(row)}\n" for row in rows)

    def _whole(self, look: Look, lines: list[dict[str, Any]]) -> dict[str, Any]:
        tree = _tree(self._of_entry(look), self._pairs)
        return {**tree, str(self.format.nesting.lines): lines}


class JsonWriter(JsonLinesWriter):
    """One object a part, with the list of its entries."""

    def __init__(self, format: LedgerFormat) -> None:
        super().__init__(format)
        self._between = ""

    def head(self, first: Look) -> str:
        head = _tree(cells(first, self._heads), {})
        named = "".join(f"{json.dumps(name)}:{_json(value)}," for name, value in head.items())
        return "{" + named + json.dumps(self.format.nesting.envelope[0]) + ":["

    def entry(self, looks: list[Look]) -> str:
        text = self._between + super().entry(looks).rstrip("\n").replace("\n", ",\n")
        self._between = ",\n"
        return text

    def tail(self) -> str:
        return "]}\n"


class XmlWriter(Writer):
    """One message a part: the envelope, its head, an element an entry."""

    def head(self, first: Look) -> str:
        nesting = self.format.nesting
        spaces = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in nesting.namespaces.items())
        outer = [f"<{name}{spaces if place == 0 else ''}>" for place, name in enumerate(nesting.envelope)]
        holder = ET.Element("head")
        for name, cell in cells(first, self._heads):
            _put(holder, name, cell)
        inner = "".join(ET.tostring(element, encoding="unicode") for element in holder)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + "".join(outer) + inner + "\n"

    def entry(self, looks: list[Look]) -> str:
        nesting = self.format.nesting
        root = ET.Element(str(nesting.entry))
        for name, cell in self._of_entry(looks[0]):
            _put(root, name, cell)
        place = root if nesting.lines is None else _found(root, nesting.lines)
        for kind, element in nesting.line.items():
            for look in looks:
                if look.kind is kind:
                    line = ET.SubElement(place, element)
                    for name, cell in self._line(look):
                        _put(line, name, cell)
        if missing := {look.kind for look in looks} - nesting.line.keys():
            raise Unwritable("nesting.line", ", ".join(sorted(missing)), "has no element in the format")
        return ET.tostring(root, encoding="unicode") + "\n"

    def tail(self) -> str:
        return "".join(f"</{name}>" for name in reversed(self.format.nesting.envelope)) + "\n"


def _put(element: ET.Element, name: str, cell: Cell) -> None:
    """Sets the element at a dotted path, or its attribute; what is empty leaves no element."""
    if not cell or not isinstance(cell, str):
        return
    path, _, attribute = name.partition("@")
    for step in path.split("."):
        element = _found(element, step)
    if attribute:
        element.set(attribute, cell)
    else:
        element.text = cell


def _found(element: ET.Element, name: str) -> ET.Element:
    found = element.find(name)
    return ET.SubElement(element, name) if found is None else found


_CODE: Final = re.compile(r"[A-Z0-9][A-Za-z0-9-]*", re.ASCII)
_COMMODITY: Final = re.compile(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]", re.ASCII)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class BeancountWriter(Writer):
    """A book for beancount: exact amounts in accounting currency, the document's own as metadata (D-173)."""

    def __init__(self, format: LedgerFormat) -> None:
        super().__init__(format)
        self._opened: dict[str, str] = {}
        self._since: date | None = None

    def head(self, first: Look) -> str:
        line = _ledger(first)
        self._since = line.accounting_date
        currency = _quoted(line.accounting_currency)
        return f'option "title" {_quoted(str(first.batch))}\noption "operating_currency" {currency}\n'

    def entry(self, looks: list[Look]) -> str:
        named = {name: str(cell) for name, cell in self._of_entry(looks[0])}
        payee, narration = (_quoted(named.pop(name, "")) for name in ("payee", "narration"))
        first = _ledger(looks[0])
        self._since = min(self._since or first.accounting_date, first.accounting_date)
        texts = [f"\n{first.accounting_date.isoformat()} * {payee} {narration}\n", *self._metadata("  ", named.items())]
        for look in looks:
            line = _ledger(look)
            account = self._account(look)
            self._opened[account] = self._commodity(line.accounting_currency)
            texts.append(f"  {account}  {plain(line.accounting_amount)} {line.accounting_currency}\n")
            texts += self._metadata("    ", ((name, str(cell)) for name, cell in self._line(look)))
        return "".join(texts)

    def tail(self) -> str:
        """Accounts are opened at the end, when all are known: their order in the file means nothing to beancount."""
        if not self.format.opens or self._since is None:
            return ""
        opened = sorted(self._opened.items())
        return "\n" + "".join(f"{self._since.isoformat()} open {account} {currency}\n" for account, currency in opened)

    def _account(self, look: Look) -> str:
        code = str(_ACCOUNT(look))
        begins = max((start for start in self.format.roots if code.startswith(start)), key=len, default=None)
        if begins is None:
            raise Unwritable("account", code, "has no root account in roots; add what it begins with")
        if not _CODE.fullmatch(code):
            raise Unwritable("account", code, "is no account name there: give it another in tables.accounts")
        return f"{self.format.roots[begins]}:{code}"

    def _commodity(self, currency: str) -> str:
        if not _COMMODITY.fullmatch(currency):
            raise Unwritable("accounting_currency", currency, "is no commodity there: capitals and digits only")
        return currency

    def _metadata(self, indent: str, named: Iterable[tuple[str, str]]) -> list[str]:
        return [f"{indent}{name}: {_quoted(text)}\n" for name, text in named if text]


_ACCOUNT: Final = FIELD["account"]


def _ledger(look: Look) -> LedgerLine:
    if not isinstance(look.line, LedgerLine):
        raise TypeError(f"{look.batch} has a line of another kind")
    return look.line


WRITERS: Final[Mapping[FormatFile, type[Writer]]] = {
    FormatFile.CSV: CsvWriter,
    FormatFile.JSONL: JsonLinesWriter,
    FormatFile.JSON: JsonWriter,
    FormatFile.XML: XmlWriter,
    FormatFile.BEANCOUNT: BeancountWriter,
}
