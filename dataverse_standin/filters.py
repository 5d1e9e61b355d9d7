"""``$filter`` and ``$orderby``: the part of OData that the integration asks for, as predicates and sort keys.

    msdyn_amount gt 100.50 and (_msdyn_invoice_value eq <guid> or msdyn_invoice eq null)
    Microsoft.Dynamics.CRM.In(PropertyName='msdyn_actualid',PropertyValues=['…','…'])

Anything else is refused with 400, as Dataverse refuses what it cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final, NoReturn

from dataverse_standin.json_rows import URL, plain
from dataverse_standin.messages import WebApiError
from dataverse_standin.metadata import BEHAVIORS, Column, Kind, Table
from dataverse_standin.rows import Lookup
from project_invoicing.dataverse.values import guid, is_date, sortable_instant

Predicate = Callable[[Mapping[str, Any]], bool]
ColumnName = Callable[[str], str]
"""The column behind a property; raises ``WebApiError``."""

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})
    | (?P<date>\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][\w.]*)
    | (?P<sign>[(),=\[\]])
    )""",
    re.VERBOSE | re.ASCII,
)
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": eq,
    "ne": ne,
    "gt": gt,
    "ge": ge,
    "lt": lt,
    "le": le,
}
_CONSTANTS: Final[Mapping[str, object]] = {"null": None, "true": True, "false": False}
_IN: Final = "Microsoft.Dynamics.CRM.In"
_MOST_NESTED: Final = 100


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def predicate(table: Table, text: str, column_name: ColumnName) -> Predicate:
    """Whether a row matches the ``$filter`` ``text``. Raises ``WebApiError`` (400) where it cannot be read."""
    return _Parser(table, text, column_name).whole()


def ordered(table: Table, rows: list[dict[str, Any]], text: str, column_name: ColumnName) -> list[dict[str, Any]]:
    """``rows`` by ``$orderby``; no value comes first, and last where it is descending."""
    for part in reversed(text.split(",")):
        property, *direction = part.split() or [""]
        if direction not in ([], ["asc"], ["desc"]):
            _refuse(text, f"{part.strip()!r} is no property with asc or desc")
        rows = sorted(rows, key=_by(table, column_name(property)), reverse=direction == ["desc"])
    return rows


class _Parser:
    """Recursive descent over the tokens: or, and, one comparison."""

    def __init__(self, table: Table, text: str, column_name: ColumnName) -> None:
        self._table = table
        self._text = text
        self._column_name = column_name
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Predicate:
        made = self._either()
        if self._peek().kind != "end":
            _refuse(self._text, f"{self._peek().text!r} was not expected")
        return made

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._taken("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._one()]
        while self._taken("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def _one(self) -> Predicate:
        if self._taken("("):
            self._depth += 1
            if self._depth > _MOST_NESTED:
                _refuse(self._text, "it is nested too deep")
            made = self._either()
            self._expect(")")
            self._depth -= 1
            return made
        property = self._next("word")
        return self._in() if property == _IN else self._comparison(property)

    def _comparison(self, property: str) -> Predicate:
        name = self._column_name(property)
        operator = self._next("word")
        if operator not in _COMPARISONS:
            _refuse(self._text, f"{operator!r} is none of {', '.join(_COMPARISONS)}")
        token = self._peek()
        self._at += 1
        column = self._table.columns.get(name)
        wanted = self._literal(token, name, column)
        compare = _COMPARISONS[operator]

        def holds(row: Mapping[str, Any]) -> bool:
            value = _comparable(row.get(name), column)
            if value is None or wanted is None:
                # As in SQL, a column without a value is neither greater nor less; a query may ask whether it has one.
                return operator in {"eq", "ne"} and compare(value, wanted)
            try:
                return compare(value, wanted)
            except TypeError:
                _refuse(self._text, f"{token.text!r} and '{name}' have incompatible types")

        return holds

    def _in(self) -> Predicate:
        self._expect("(")
        self._named("PropertyName")
        name = self._column_name(_unquoted(self._next("text")))
        self._expect(",")
        self._named("PropertyValues")
        self._expect("[")
        values = [_unquoted(self._next("text"))]
        while self._taken(","):
            values.append(_unquoted(self._next("text")))
        self._expect("]")
        self._expect(")")
        column = self._table.columns.get(name)
        wanted = {guid(value) or value.lower() for value in values}
        return lambda row: str(plain(row.get(name), column)).lower() in wanted and row.get(name) is not None

    def _literal(self, token: _Token, name: str, column: Column | None) -> Any:
        if token.kind == "word" and token.text in _CONSTANTS:
            value: Any = _CONSTANTS[token.text]
            kinds = {Kind.FLAG} if value is not None else set(Kind)
        elif token.kind == "text":
            value, kinds = _unquoted(token.text).lower(), {Kind.TEXT}
        elif token.kind == "guid":
            value, kinds = token.text.lower(), {Kind.ID, Kind.LOOKUP}
        elif token.kind == "number":
            value, kinds = Decimal(token.text), {Kind.CODE, Kind.NUMBER, Kind.BIG_NUMBER, Kind.DECIMAL, Kind.MONEY}
        elif token.kind == "date" and is_date(token.text):
            value, kinds = _moment(token.text), set(BEHAVIORS)
        else:
            _refuse(self._text, f"{token.text!r} is no value")
        if column is not None and column.kind not in kinds:
            _refuse(self._text, f"{token.text!r} and '{name}' ({column.kind.name}) have incompatible types")
        return value

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _taken(self, text: str) -> bool:
        token = self._peek()
        found = token.kind in {"word", "sign"} and token.text == text
        self._at += found
        return found

    def _expect(self, sign: str) -> None:
        if not self._taken(sign):
            _refuse(self._text, f"{sign!r} was expected before {self._peek().text!r}")

    def _named(self, name: str) -> None:
        self._expect(name)
        self._expect("=")

    def _next(self, kind: str) -> str:
        token = self._peek()
        if token.kind != kind:
            _refuse(self._text, f"{token.text!r} was not expected")
        self._at += 1
        return token.text


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            _refuse(text, f"cannot be read at {text[at:].strip()[:20]!r}")
        found.append(_Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return [*found, _Token("end", "the end")]


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _comparable(value: Any, column: Column | None) -> Any:
    """A stored value in the form that literals have. Texts are compared without case, as Dataverse does."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, Lookup):
        return value.id
    if isinstance(value, date) or (column is not None and column.kind in BEHAVIORS):
        return _moment(str(plain(value, column)))
    return value.lower()


def _moment(text: str) -> str:
    return sortable_instant(f"{text}T00:00:00Z" if len(text) == 10 else text) or text


def _by(table: Table, name: str) -> Callable[[Mapping[str, Any]], tuple[bool, Any]]:
    column = table.columns.get(name)

    def key(row: Mapping[str, Any]) -> tuple[bool, Any]:
        value = row.get(name)
        return value is not None, 0 if value is None else _comparable(value, column)

    return key


def _refuse(text: str, problem: str) -> NoReturn:
    raise WebApiError(400, URL, f"Invalid query {text!r}: {problem}")
