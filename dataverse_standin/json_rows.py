"""Rows as the Web API shows them in JSON, and JSON as the values of a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Final, NoReturn

from dataverse_standin.messages import WebApiError
from dataverse_standin.metadata import Column, Kind, Table
from dataverse_standin.rows import Lookup
from project_invoicing.dataverse.values import guid, is_date

FORMATTED: Final = "OData.Community.Display.V1.FormattedValue"
LOOKUP_ENTITY: Final = "Microsoft.Dynamics.CRM.lookuplogicalname"

PAYLOAD: Final = "0x80048d19"
"""The code for a body that does not fit the table."""
VALIDATION: Final = "0x80044331"
URL: Final = "0x0"
"""The code for a query that does not fit the table."""

_TIMES: Final = frozenset({Kind.INSTANT, Kind.ZONELESS})
"""Kinds that are shown and written with a time."""
_INT32: Final = Decimal(2_147_483_647)
_INT64: Final = Decimal(9_223_372_036_854_775_807)

Resolve = Callable[[str], Lookup]
"""The row that a link like ``accounts(<guid>)`` points to; raises ``WebApiError``."""


def etag(row: Mapping[str, Any]) -> str:
    return f'W/"{row["versionnumber"]}"'


def property_name(name: str, column: Column | None, value: object = None) -> str:
    """A look-up has another name in the Web API than in the table."""
    is_lookup = isinstance(value, Lookup) if column is None else column.kind is Kind.LOOKUP
    return f"_{name}_value" if is_lookup else name


def column_name(table: Table, property: str, is_stored: Callable[[str], bool]) -> str:
    """The column behind a property in a query. Raises ``WebApiError`` (400) when there is none.

    ``is_stored`` says whether any row has a column that the table does not declare.
    """
    is_lookup = property.startswith("_") and property.endswith("_value")
    name = property[1:-6] if is_lookup else property
    column = table.columns.get(name)
    if is_stored(name) if column is None else (column.kind is Kind.LOOKUP) == is_lookup:
        return name
    text = f"Could not find a property named '{property}' on type 'Microsoft.Dynamics.CRM.{table.entity}'."
    raise WebApiError(400, URL, text)


def plain(value: Any, column: Column | None) -> Any:
    """A stored value as JSON has it; a look-up is the id alone."""
    if isinstance(value, Lookup):
        return value.id
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        midnight = "T00:00:00Z" if column is not None and column.kind in _TIMES else ""
        return f"{value.isoformat()}{midnight}"
    if isinstance(value, str) and column is not None and column.kind in _TIMES and len(value) == 10:
        return f"{value}T00:00:00Z"
    return value


def shown(
    table: Table, row: Mapping[str, Any], select: Iterable[str] | None, annotations: str | None
) -> dict[str, Any]:
    """``row`` as a JSON object: the columns of ``select`` with the primary id, or all.

    ``annotations`` is a pattern like ``*`` or names with commas between, as in ``odata.include-annotations``.
    """
    names = dict.fromkeys([*table.columns, *row] if select is None else [*select, table.id])
    made: dict[str, Any] = {"@odata.etag": etag(row)}
    for name in names:
        column, value = table.columns.get(name), row.get(name)
        property = property_name(name, column, value)
        for annotation, text in _annotations(column, value) if annotations else ():
            if any(fnmatchcase(annotation, pattern.strip()) for pattern in str(annotations).split(",")):
                made[f"{property}@{annotation}"] = text
        made[property] = plain(value, column)
    return made


def read(table: Table, body: bytes, resolve: Resolve) -> dict[str, Any]:
    """The values that a body writes. Raises ``WebApiError`` (400) with the name of what does not fit."""
    try:
        content = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError) as error:
        _refuse(table, f"the body is not JSON: {error}")
    if not isinstance(content, dict):
        _refuse(table, "the body is not a JSON object")
    values = {}
    for property, value in content.items():
        if property.endswith("@odata.bind"):
            name, found = _bound(table, property, value, resolve)
            values[name] = found
        elif "@" not in property:  # other annotations come back with a row that was read, and mean nothing
            values[property] = _value(table, property, value)
    return values


def _bound(table: Table, property: str, value: Any, resolve: Resolve) -> tuple[str, Lookup | None]:
    navigation = property.removesuffix("@odata.bind")
    # The names of navigation properties differ from those of columns in case only, and those of a look-up with
    # several targets end in the target.
    wanted = {
        name if len(column.targets) == 1 else f"{name}_{target}": (name, target)
        for name, column in table.columns.items()
        for target in column.targets
    }
    if navigation.lower() not in wanted:
        _refuse(table, f"An undeclared property '{navigation}' which only has property annotations in the payload")
    name, target = wanted[navigation.lower()]
    if value is None:
        return name, None
    if not isinstance(value, str):
        _refuse(table, f"{property} is not the link of a row")
    found = resolve(value)
    if found.entity != target:
        _refuse(table, f"{property} points to a row of {found.entity}; it takes {target}")
    return name, found


def _value(table: Table, name: str, value: Any) -> Any:
    column = table.columns.get(name)
    if column is None or not (column.writable or value is None):
        _refuse(table, f"Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.{table.entity}'.")
    if value is None:
        return None
    if column.kind is Kind.LOOKUP:
        _refuse(table, f"'{name}' is a navigation property; write {name}@odata.bind")
    made = _READERS[column.kind](value)
    if made is None:
        _refuse(table, f"Cannot convert the literal '{value}' of '{name}' to the expected type '{column.kind.name}'.")
    if column.length is not None and len(made) > column.length:
        text = (
            f"The length of the '{name}' attribute of the '{table.entity}' entity exceeded the maximum allowed length"
        )
        raise WebApiError(400, VALIDATION, f"A validation error occurred. {text} of '{column.length}'.")
    if column.limit is not None and abs(made) > column.limit:
        text = f"The value of '{name}' on record of type '{table.entity}' is outside the valid range."
        raise WebApiError(400, VALIDATION, f"A validation error occurred. {text}")
    return made


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(limit: Decimal) -> Callable[[Any], int | None]:
    return lambda value: value if type(value) is int and abs(value) <= limit else None


def _decimal(value: Any) -> Decimal | None:
    return Decimal(value) if type(value) in {int, Decimal} else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _date(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 and is_date(value) else None


def _instant(value: Any) -> datetime | None:
    """A time without its zone is refused, and so is a bare date."""
    if not isinstance(value, str) or not is_date(value) or len(value) == 10:
        return None
    moment = datetime.fromisoformat(value)
    return moment.astimezone(UTC) if moment.tzinfo else None


_READERS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    Kind.ID: guid,
    Kind.TEXT: _text,
    Kind.CODE: _whole(_INT32),
    Kind.NUMBER: _whole(_INT32),
    Kind.BIG_NUMBER: _whole(_INT64),
    Kind.DECIMAL: _decimal,
    Kind.MONEY: _decimal,
    Kind.FLAG: _flag,
    Kind.DATE: _date,
    Kind.ZONELESS: _instant,
    Kind.INSTANT: _instant,
}


def _annotations(column: Column | None, value: Any) -> Iterable[tuple[str, str]]:
    if isinstance(value, Lookup):
        if value.name is not None:
            yield FORMATTED, value.name
        yield LOOKUP_ENTITY, value.entity
    elif isinstance(value, bool):
        yield FORMATTED, "Yes" if value else "No"
    elif isinstance(value, Decimal):
        yield FORMATTED, f"{value:,.2f}"
    elif column is not None and value in column.labels:
        yield FORMATTED, column.labels[value]


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _refuse(table: Table, text: str) -> NoReturn:
    raise WebApiError(
        400, PAYLOAD, f"Error identified in Payload provided by the user for Entity :'{table.set_name}': {text}"
    )
