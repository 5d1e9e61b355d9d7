"""What arrives from Dataverse is stored as it arrived. A field without a place in the store would be lost silently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, replace
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from project_invoicing.domain.actual import Actual, Proforma, Reference, RowVersion
from project_invoicing.store.proposal_items import proforma_columns, proposal_of
from project_invoicing.store.staging_columns import _NAMES, actual_of, actual_text
from tests.builders import guid

VERSION = RowVersion(7, "2026-08-27T16:05:00.000Z", "a-hash")


def filled(kind: type[Any]) -> Any:
    """An instance in which no field has its default."""
    hints = get_type_hints(kind)
    return kind(**{field.name: _value(field, hints[field.name]) for field in fields(kind)})


def _value(field: Field[Any], hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        hint = next(option for option in get_args(hint) if option is not type(None))
    if hint is RowVersion:
        return VERSION
    if hint is Reference:
        return Reference(
            f"table_of_{field.name}", guid(field.name), "Bob" if field.name in ("resource", "task", "role") else None
        )
    if hint is bool:
        return not field.default
    if hint is Decimal:
        return Decimal("12.50")
    if get_origin(hint) in (dict, Mapping):
        return {"key": "value"}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return list(hint)[-1]
    if hint is str:
        return guid("row") if field.name == "id" else f"2026-08-27 {field.name}"
    raise TypeError(f"{field.name}: say here what a {hint} is filled with")


@pytest.mark.parametrize("name", [field.name for field in fields(Actual) if field.name not in ("id", "version")])
def test_a_field_of_an_actual_comes_back_from_its_stored_text(name: str) -> None:
    whole = filled(Actual)
    alone = replace(whole, **{f.name: _default(f) for f in fields(Actual) if _is_optional(f) and f.name != name})
    read = actual_of(alone.id, VERSION, actual_text(alone))
    assert getattr(read, name) == getattr(whole, name)


def _is_optional(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def test_short_names_of_columns_are_not_taken_twice() -> None:
    assert len(set(_NAMES.values())) == len(_NAMES)


def test_a_proforma_comes_back_from_its_stored_columns() -> None:
    dates = {"invoice_date": "2026-08-31", "due_date": "2026-09-30", "accounting_date": "2026-08-31"}
    whole = replace(filled(Proforma), **dates)
    references = {
        f.name: replace(value, name=None)
        for f in fields(Proforma)
        if isinstance(value := getattr(whole, f.name), Reference)
    }
    whole = replace(whole, **references)
    item = {"pk": f"PROPOSAL#{whole.id}", "sk": "H", "st": "waiting", "ch": 1, "dl": 1}
    stored = {name: value for name, value in (item | proforma_columns(whole)).items() if value is not None}
    assert proposal_of(stored, frozenset()).proforma == whole
