"""JSON Schema, as much of it as our schemas use; a keyword that is not known here is an error, never passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TEXTS = frozenset({"$schema", "$defs", "title", "description", "default", "format"})
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def problems(schema: Mapping[str, Any], value: Any, at: str = "$") -> Iterator[str]:
    """What is wrong with ``value``, each with where it stands."""
    for keyword, wanted in schema.items():
        if keyword not in _TEXTS:
            yield from _CHECKS[keyword](schema, wanted, value, at)


def _type(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    kinds = [wanted] if isinstance(wanted, str) else wanted
    fits = (isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool)) for kind in kinds)
    if not any(fits):
        yield f"{at} is {value!r}, not {' or '.join(kinds)}"


def _const(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if value != wanted:
        yield f"{at} is {value!r}, not {wanted!r}"


def _enum(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if value not in wanted:
        yield f"{at} is {value!r}, not one of {wanted}"


def _pattern(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(value, str) and not re.search(wanted, value):
        yield f"{at} is {value!r}, which is not {wanted}"


def _length(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(value, str) and len(value) < wanted:
        yield f"{at} is {value!r}, which is too short"


def _longest(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(value, str) and len(value) > wanted:
        yield f"{at} is {value!r}, which is too long"


def _fewest(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(value, list) and len(value) < wanted:
        yield f"{at} has {len(value)} entries, which is fewer than {wanted}"


def _most(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(value, list) and len(value) > wanted:
        yield f"{at} has {len(value)} entries, which is more than {wanted}"


def _required(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{at} has no {name}" for name in wanted if name not in value)


def _properties(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name in wanted.keys() & value.keys():
            yield from problems(wanted[name], value[name], f"{at}.{name}")


def _additional(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, dict) or wanted is True:
        return
    for name in value.keys() - schema.get("properties", {}).keys():
        yield from problems(wanted, value[name], f"{at}.{name}") if wanted else [f"{at} has {name}, which is unknown"]


def _one_of(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if sum(not list(problems(one, value, at)) for one in wanted) != 1:
        yield f"{at} is {value!r}, which is not exactly one of {wanted}"


def _any_of(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if all(list(problems(one, value, at)) for one in wanted):
        yield f"{at} is {value!r}, which is none of {wanted}"


def _items(schema: Mapping[str, Any], wanted: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(value, list):
        for position, one in enumerate(value):
            yield from problems(wanted, one, f"{at}[{position}]")


_CHECKS = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "pattern": _pattern,
    "minLength": _length,
    "maxLength": _longest,
    "minItems": _fewest,
    "maxItems": _most,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "oneOf": _one_of,
    "anyOf": _any_of,
}
