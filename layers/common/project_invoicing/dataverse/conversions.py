"""A value of Dataverse as a value of ours, as its column of the table map says, or why it does not fit. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from project_invoicing.dataverse.row_events import shown
from project_invoicing.dataverse.table_map import Column, DateBehavior, TableMap, Transform
from project_invoicing.dataverse.values import plain_instant
from project_invoicing.domain.actual import Reference
from project_invoicing.domain.calendar import calendar_date
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.text import decimal, guid, is_date, whole

_SHOWN: Final = 80
_NAME: Final = 255
"""Characters of the name that a look-up may carry; what is longer is cut."""
_ENTITY: Final = 128
_DECIMAL_PLACES: Final = 10
"""The most that Dataverse stores in a decimal column."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""No number and no code has one of these, and they would be part of keys and file names."""

Convert = Callable[[Any], Any]


class UnfitError(Exception):
    """A value that its column does not take."""

    def __init__(self, reason: RejectReason, problem: str) -> None:
        self.reason = reason
        self.problem = problem


def converter(column: Column, table_map: TableMap) -> Convert:
    """What turns a value of ``column`` into ours, or raises ``UnfitError``."""
    match column.transform:
        case Transform.CODE:
            return _codes(column)
        case Transform.DECIMAL:
            return _decimals(column)
        case Transform.LOOKUP:
            return _lookups(column)
        case Transform.TEXT | Transform.NAME:
            return _texts(column)
        case Transform.DATE:
            return _dates(table_map, column)
        case Transform.FLAG:
            return _flag
        case Transform.GUID:
            return _guid


def _codes(column: Column) -> Convert:
    words = dict(column.codes or {})
    spoken = {str(word): word for word in column.words}
    known = ", ".join([*(f"{code} {word}" for code, word in words.items()), *spoken])

    def convert(value: Any) -> str | None:
        if spoken and type(value) is str:
            if not value.strip():
                return None
            word = spoken.get("_".join(value.lower().replace("-", " ").split()))
        else:
            word = words.get(value) if type(value) is int else None
        if word is None:
            problem = f"{said(value)} is unknown; known are {known}. Correct the row, or add the code to the table map"
            raise UnfitError(RejectReason.UNKNOWN_CODE, problem)
        return word

    return convert


def _decimals(column: Column) -> Convert:
    highest = Decimal(column.limit if column.limit is not None else "Infinity")
    lowest = -highest

    def convert(value: Any) -> Decimal:
        if type(value) is str:
            number = decimal(value)
        elif type(value) is int or (type(value) is Decimal and value.is_finite()):
            number = Decimal(value)
        else:
            number = None
        if number is None:
            raise UnfitError(RejectReason.SCHEMA, f"is {said(value)}, not a decimal number; correct the row")
        if not lowest <= number <= highest:
            problem = f"is {said(value)}, outside ±{highest:,}; correct the row"
            raise UnfitError(RejectReason.AMOUNT_OUT_OF_RANGE, problem)
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -_DECIMAL_PLACES and round(number, _DECIMAL_PLACES) != number:
            problem = f"is {said(value)}, with more than {_DECIMAL_PLACES} decimal places; round it in the row"
            raise UnfitError(RejectReason.SCHEMA, problem)
        return number

    return convert


def _lookups(column: Column) -> Convert:
    default_entity = column.entity or ""

    def convert(value: Any) -> Reference:
        if type(value) is dict:
            row_id = guid(value.get("id"))
            if row_id is not None:
                return Reference(_entity(value.get("entity") or default_entity), row_id, _name(value.get("name")))
        elif (row_id := guid(value)) is not None:
            return Reference(default_entity, row_id)
        raise UnfitError(
            RejectReason.SCHEMA, f"is {said(value)}, not a look-up with the GUID of a row; correct the row"
        )

    return convert


def _entity(value: Any) -> str:
    if isinstance(value, str) and len(value) <= _ENTITY:
        return str(whole(value))
    raise UnfitError(RejectReason.SCHEMA, f"leads to {said(value)}, not to a table; correct the row")


def _name(value: Any) -> str | None:
    return str(whole(value))[:_NAME] if isinstance(value, str) else None


def _texts(column: Column) -> Convert:
    limit = int(column.limit) if column.limit is not None else None

    def convert(value: Any) -> str | None:
        if type(value) is dict:
            value = value.get("name") or value.get("id")
        elif type(value) is bool:
            value = "true" if value else "false"
        text = whole(str(value).strip())
        if limit is not None and len(text) > limit:
            if column.exact:
                problem = f"has {len(text)} characters, and {limit} is the most; correct the row"
                raise UnfitError(RejectReason.SCHEMA, problem)
            text = text[:limit]
        if column.exact and _CONTROL.search(text):
            raise UnfitError(RejectReason.SCHEMA, f"is {said(text)}, with control characters; correct the row")
        if not text and column.required:
            raise UnfitError(RejectReason.SCHEMA, "is blank; fill it in")
        return text or None

    return convert


def _dates(table_map: TableMap, column: Column) -> Convert:
    first, last = table_map.first_date, table_map.last_date
    calendar = column.behavior is DateBehavior.CALENDAR

    def convert(value: Any) -> str:
        if type(value) is not str or not is_date(value):
            problem = f"is {said(value)}, not a date in ISO 8601 or /Date(…)/; correct the row"
            raise UnfitError(RejectReason.SCHEMA, problem)
        if not first <= value[:10] <= last:
            raise UnfitError(RejectReason.SCHEMA, f"is {value}, not a date {between(table_map)}")
        return calendar_date(value).isoformat() if calendar else plain_instant(value)

    return convert


def between(table_map: TableMap) -> str:
    return f"from {table_map.first_date} to {table_map.last_date}; correct the row, or the dates of the table map"


def said(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) and len(str(value)) <= _SHOWN else shown(value)


def _flag(value: Any) -> bool:
    if type(value) is bool or (type(value) is int and value in (0, 1)):
        return bool(value)
    raise UnfitError(RejectReason.SCHEMA, f"is {said(value)}, not true or false; correct the row")


def _guid(value: Any) -> str:
    row_id = guid(value)
    if row_id is None:
        raise UnfitError(RejectReason.SCHEMA, f"is {said(value)}, not the GUID of a row; correct the row")
    return row_id
