"""Checks rows of the set-up when they come in, by pydantic. Whoever only reads what was checked does not load this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, core_schema

from project_invoicing.setup.models.row import REQUIRED, SetupRow

Row = TypeVar("Row", bound=SetupRow)

_adapters: dict[type[SetupRow], TypeAdapter[Any]] = {}


def checked(row: type[Row], document: object) -> Row:
    """The row that is written as ``document``. Raises ``ValidationError`` with all that is wrong."""
    if row not in _adapters:
        _adapters[row] = TypeAdapter(row)
    found: Row = _adapters[row].validate_python(document)
    return found


def schema(row: type[SetupRow], handler: GetCoreSchemaHandler) -> CoreSchema:
    """The shape of a row: a mapping of its columns and nothing else, that keeps to the checks of the row."""
    fields = {
        name: core_schema.typed_dict_field(
            handler.generate_schema(column.annotation),
            required=column.default is REQUIRED,
            validation_alias=column.alias,
        )
        for name, column in row.columns().items()
    }
    return core_schema.no_info_wrap_validator_function(
        _making(row), core_schema.typed_dict_schema(fields, extra_behavior="forbid")
    )


def _making(row: type[SetupRow]) -> Callable[[Any, Callable[[Any], dict[str, Any]]], SetupRow]:
    def made(value: Any, columns_of: Callable[[Any], dict[str, Any]]) -> SetupRow:
        if isinstance(value, row):
            return value
        one = row(**columns_of(value))
        for check in row.CHECKS:
            check(one)
        return one

    return made
