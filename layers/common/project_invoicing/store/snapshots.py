"""The snapshot of a posted invoice as bytes: JSON without what is not given, compressed.

Written once, with the claim. A field that an earlier version did not write has its default.
"""

from __future__ import annotations

import json
import types
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from project_invoicing.domain.invoice_document import Snapshot


def packed(snapshot: Snapshot) -> bytes:
    text = json.dumps(_outward(snapshot), separators=(",", ":"), ensure_ascii=False)
    return zlib.compress(text.encode(), 9)


def unpacked(data: bytes) -> Snapshot:
    found: Snapshot = _inward(Snapshot, json.loads(zlib.decompress(data)))
    return found


def _outward(value: Any) -> Any:
    if is_dataclass(value):
        given = {one.name: (one.default, getattr(value, one.name)) for one in fields(value)}
        return {name: _outward(found) for name, (default, found) in given.items() if _says(found, default)}
    if isinstance(value, tuple):
        return [_outward(one) for one in value]
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def _says(value: Any, default: Any) -> bool:
    """Whether a value is to be written: it is not what a reader assumes."""
    return value not in (None, (), {}) and (default is MISSING or value != default)


def _inward(hint: Any, value: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(one for one in get_args(hint) if one is not type(None))
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return hint(**{name: _inward(hints[name], found) for name, found in value.items() if name in hints})
    if get_origin(hint) is tuple:
        member = get_args(hint)[0]
        return tuple(_inward(member, one) for one in value)
    if hint is date:
        return date.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, (Decimal, Enum)):
        return hint(value)
    return value
