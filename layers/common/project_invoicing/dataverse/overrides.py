"""How ``TABLE_MAP_OVERRIDES`` changes a table map (its shape: see ``maps``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from project_invoicing.dataverse.table_map import Column, DateBehavior, Direction, TableMap, Transform
from project_invoicing.domain.text import is_bare_date

OVERRIDES_VARIABLE: Final = "TABLE_MAP_OVERRIDES"

_WIDEST: Final = ("1753-01-01", "9899-12-31")


def changed(table_map: TableMap, changes: Mapping[str, Any]) -> TableMap:
    """``table_map`` with ``changes``. Raises ``ValueError`` that says what is valid."""
    where = f"{OVERRIDES_VARIABLE}.{table_map.name}"
    only = table_map.only
    columns = {column.field: column for column in (*table_map.columns, *((only,) if only else ()))}
    known = columns | {column.field: column for column in table_map.optional}
    others = ["custom", "codes", "dates", "date_bounds", *(["factor"] if table_map.factor else [])]
    for field_name, change in changes.items():
        if field_name in others:
            continue
        if field_name not in known:
            there = ", ".join([*known, *others[:-1]]) + f" and {others[-1]}"
            raise ValueError(f"{where}: no field {field_name!r}; there are {there}")
        # Who names a column of their own has it.
        named = _name(change, f"{where}.{field_name}")
        columns[field_name] = replace(known[field_name], column=named, newer=False)
    for field_name, codes in object_in(changes.get("codes", {}), f"{where}.codes").items():
        with_codes = [column.field for column in columns.values() if column.transform is Transform.CODE]
        if field_name not in columns and field_name in known:
            raise ValueError(f"{where}.codes: {field_name} has no column yet; name it with {field_name!r}")
        if field_name not in with_codes:
            raise ValueError(f"{where}.codes: {field_name!r} has no value map; these have: {', '.join(with_codes)}")
        columns[field_name] = _with_codes(columns[field_name], object_in(codes, f"{where}.codes.{field_name}"), where)
    for field_name, behavior in object_in(changes.get("dates", {}), f"{where}.dates").items():
        columns[field_name] = _with_behavior(table_map, columns, field_name, behavior)
    custom = object_in(changes.get("custom", {}), f"{where}.custom")
    if custom and not table_map.takes_custom_columns:
        raise ValueError(f"{where}.custom: this map carries no custom columns")
    for column, name in custom.items():
        field_name = f"custom.{_name(name, f'{where}.custom.{column}')}"
        columns[field_name] = Column(column, field_name, Transform.NAME, limit=255)
    first, last = _dates(table_map, changes.get("date_bounds", {}), where)
    chosen_by = columns.pop(only.field) if only else None
    return replace(
        table_map,
        columns=tuple(columns.values()),
        first_date=first,
        last_date=last,
        only=chosen_by,
        factor=_factor(table_map, changes, where),
    )


def _factor(table_map: TableMap, changes: Mapping[str, Any], where: str) -> Decimal | None:
    if "factor" not in changes:
        return table_map.factor
    factor = changes["factor"]
    if type(factor) is not int or factor < 1:
        raise ValueError(f"{where}.factor must be a whole number from 1, such as 100, not {factor!r}")
    return Decimal(factor)


def _dates(table_map: TableMap, changes: Any, where: str) -> tuple[str, str]:
    """The bounds of a map's dates: at most Dataverse's, less the years that terms of payment may add."""
    given = {"first": table_map.first_date, "last": table_map.last_date, **object_in(changes, f"{where}.date_bounds")}
    fits = set(given) == {"first", "last"} and all(isinstance(day, str) and is_bare_date(day) for day in given.values())
    if not fits or not _WIDEST[0] <= given["first"] <= given["last"] <= _WIDEST[1]:
        between = f"{_WIDEST[0]} to {_WIDEST[1]}, in this order"
        raise ValueError(f"{where}.date_bounds: first and last are dates from {between}")
    return given["first"], given["last"]


def _with_behavior(table_map: TableMap, columns: Mapping[str, Column], field_name: str, behavior: Any) -> Column:
    where = f"{OVERRIDES_VARIABLE}.{table_map.name}.dates"
    dates = [column.field for column in columns.values() if column.behavior]
    if table_map.direction is Direction.TO_DATAVERSE:
        raise ValueError(f"{where}: finance writes calendar dates; the column must be date only in Dataverse")
    if field_name not in dates:
        raise ValueError(f"{where}: {field_name!r} is no date; these are: {', '.join(dates) or 'none'}")
    if behavior not in list(DateBehavior):
        raise ValueError(f"{where}.{field_name} must be one of {', '.join(DateBehavior)}, not {behavior!r}")
    return replace(columns[field_name], behavior=DateBehavior(behavior))


def _with_codes(column: Column, codes: Mapping[str, Any], where: str) -> Column:
    """``column`` whose words have the ``codes`` given instead of those they had."""
    had = column.codes or {}
    words = {str(word): word for word in (*had.values(), *column.words)}
    for code, word in codes.items():
        if not code.isascii() or not code.isdigit() or word not in words:
            raise ValueError(
                f"{where}.codes.{column.field}: {code!r}: {word!r} must be a number and one of {', '.join(words)}"
            )
    kept = {code: word for code, word in had.items() if word not in codes.values()}
    return replace(column, codes={**kept, **{int(code): words[word] for code, word in codes.items()}})


def object_in(value: Any, where: str) -> Mapping[str, Any]:
    """A JSON object of the overrides. Raises ``ValueError`` for what is none."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{where} must be a JSON object")  # noqa: TRY004 (a setting is wrong, not a program)
    return value


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where} must be a name, not {value!r}")
    return value
