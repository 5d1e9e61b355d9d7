"""The fields of a row, read from its bus event by a table map, and the refusal of what the map does not take."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from typing import Any

from project_invoicing.dataverse.conversions import Convert, UnfitError, between, converter, said
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.dataverse.table_map import Column, TableMap
from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.text import sortable_instant
from project_invoicing.errors import Rejected


def read(table_map: TableMap, event: RowEvent) -> dict[str, Any]:
    """Field -> value by the map, with the row's ``id`` and ``version``."""
    if event.entity != table_map.entity:
        problem = f"is {said(event.entity)}, not {table_map.entity}"
        raise rejected(RejectReason.SCHEMA, problem, "entity", event)
    if table_map.only:
        _check_choice(table_map.only, event)
    names, steps, has_groups = _plan(table_map)
    given = list(map(event.row.get, names))
    fields: dict[str, Any] = {}
    for value, (field, convert, required, default) in zip(given, steps, strict=True):
        if value is not None:
            try:
                fields[field] = convert(value)
            except UnfitError as unfit:
                raise rejected(unfit.reason, unfit.problem, column_of(table_map, field), event) from None
        elif required:
            raise missing(table_map, field, event)
        else:
            fields[field] = default
    fields["id"] = event.id
    content = blake2b(repr(given).encode(), digest_size=8).hexdigest()
    fields["version"] = RowVersion(event.row_version, occurred_at(table_map, event), content)
    return _grouped(fields) if has_groups else fields


def is_chosen(table_map: TableMap, row: Mapping[str, Any]) -> bool:
    """Whether the map is meant for a row.

    One without a value in the column that says so is taken, and so is one with a value that is no code: ``read``
    refuses it, so that somebody hears of it.
    """
    only = table_map.only
    value = row.get(only.column) if only else None
    if only is None or not _is_code(value):
        return True
    return value in only.codes if only.codes is not None else value in (True, 1)


def _is_code(value: Any) -> bool:
    return type(value) in (int, bool)


def _check_choice(only: Column, event: RowEvent) -> None:
    value = event.row.get(only.column)
    if value is not None and not _is_code(value):
        raise rejected(RejectReason.SCHEMA, f"is {said(value)}, not a code; correct the row", only.column, event)


@cache
def _plan(table_map: TableMap) -> tuple[tuple[str, ...], tuple[tuple[str, Convert, bool, Any], ...], bool]:
    """The columns to be read; for each its field, conversion, required, default; whether fields are in dictionaries."""
    steps = tuple(
        (column.field, converter(column, table_map), column.required, column.default) for column in table_map.columns
    )
    return tuple(column.column for column in table_map.columns), steps, any("." in field for field, *_ in steps)


def _grouped(fields: Mapping[str, Any]) -> dict[str, Any]:
    """``{"bill_to.city": "York"}`` as ``{"bill_to": {"city": "York"}}``; entries without a value are left out."""
    grouped: dict[str, Any] = {}
    for field, value in fields.items():
        group, dot, entry = field.partition(".")
        if not dot:
            grouped[field] = value
        elif value is not None:
            grouped.setdefault(group, {})[entry] = value
    return grouped


def occurred_at(table_map: TableMap, event: RowEvent) -> str:
    moment = sortable_instant(event.occurred_at)
    if moment is None or not table_map.first_date <= moment[:10] <= table_map.last_date:
        problem = f"is {said(event.occurred_at)}, not a date and time in ISO 8601 {between(table_map)}"
        raise rejected(RejectReason.SCHEMA, problem, "occurred_at", event)
    return moment


def column_of(table_map: TableMap, field: str) -> str:
    return next(column.column for column in table_map.columns if column.field == field)


def missing(table_map: TableMap, field: str, event: RowEvent) -> Rejected:
    image = "pre image" if event.deleted else "post image"
    problem = f"has no value; fill it in, and register the step with a {image} of all columns"
    return rejected(RejectReason.SCHEMA, problem, column_of(table_map, field), event)


def rejected(reason: RejectReason, problem: str, field: str, event: RowEvent) -> Rejected:
    return Rejected(reason, f"{field} {problem}", entity=event.entity, id=event.id, field=field)
