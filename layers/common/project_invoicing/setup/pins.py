"""What a step has seen of master data, as text: kept with the document that was computed with it.

A JSON list, one entry for each key that was read: what kind of key, the key, and what was found, nothing if it was
absent. Decimals stay exact, as ``{"$decimal": "1.25"}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple
from datetime import date
from decimal import Decimal
from typing import Any, Final

from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import (
    Children,
    ChildrenKey,
    Key,
    NameKey,
    Part,
    RateKey,
    Rates,
    RowKey,
    Seen,
    SeenName,
    SeenRow,
)
from project_invoicing.domain.money import ExchangeRate

_KINDS: Final[Mapping[type[Key], str]] = {RowKey: "row", NameKey: "name", ChildrenKey: "children", RateKey: "rates"}
_DECIMAL: Final = "$decimal"


def to_text(seen: Mapping[Key, Seen | None]) -> str:
    """The same text for the same answers, in whatever order they were read."""
    entries = [[_KINDS[type(key)], *astuple(key), *_found(found)] for key, found in seen.items()]
    entries.sort(key=lambda entry: entry[:4])
    return json.dumps(entries, default=_json, separators=(",", ":"), ensure_ascii=False)


def from_text(text: str) -> dict[Key, Seen | None]:
    return dict(_entry(*entry) for entry in json.loads(text, object_hook=_value))


def _found(found: Seen | None) -> list[Any]:
    match found:
        case None:
            return []
        case SeenRow():
            version, rest = found.version, [found.deleted, found.company, found.number, found.problem]
            return [[version.number, version.occurred_at, version.content], found.columns, *rest]
        case SeenName():
            return [found.entity, found.id, found.columns, found.finance, found.deleted]
        case Children():
            return [[[*child, columns] for child, columns in found.rows.items()]]
        case Rates():
            return [[[day.isoformat(), str(rate.rate), str(rate.factor)] for day, rate in found.days]]


def _entry(kind: str, *rest: Any) -> tuple[Key, Seen | None]:
    match kind, *rest:
        case "row", entity, id, *found:
            return RowKey(entity, id), _row(entity, id, *found) if found else None
        case "name", part, company, number, *found:
            return NameKey(Part(part), company, number), SeenName(*found) if found else None
        case "children", parent, *found:
            children = {(entity, id): columns for entity, id, columns in found[0]} if found else {}
            return ChildrenKey(parent), Children(children) if found else None
        case "rates", type, from_, to, *found:
            days = ((date.fromisoformat(day), _rate(rate, factor)) for day, rate, factor in found[0]) if found else ()
            return RateKey(type, from_, to), Rates(tuple(days)) if found else None
    raise ValueError(f"{kind} is no kind of master data")


def _row(entity: str, id: str, version: list[Any], columns: Mapping[str, Any], *rest: Any) -> SeenRow:
    return SeenRow(entity, id, RowVersion(*version), columns, *rest)


def _rate(rate: str, factor: str) -> ExchangeRate:
    return ExchangeRate(Decimal(rate), Decimal(factor))


def _json(value: object) -> object:
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _value(read: dict[str, Any]) -> Any:
    return Decimal(read[_DECIMAL]) if read.keys() == {_DECIMAL} else read
