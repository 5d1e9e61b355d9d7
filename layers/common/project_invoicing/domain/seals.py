"""Seals: what was posted and what people did, hashed in a chain per company. Pure (D-135, D-136).

A seal is a text that is never written again. Seal n of a chain names the sha256 of the text of seal n - 1 and of each
entry that it seals: a page of the ledger, or an entry of a history. Whoever has the texts and the items can compute all
of it again with nothing but JSON and sha256; ``docs/audit.md`` says how.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, NamedTuple

FORM: Final = 1
"""How entries and seals are written. Seals of an older form stay as they are, and are read by its rules."""
STACK: Final = "-"
"""The chain of what belongs to no company: table maps, set-ups, master data."""
PLACES: Final = frozenset({"lp", "ls", "se", "sp", "ua"})
"""Attributes that are no part of an entry: its places in indexes, and which seal holds it. They are in no hash.

A later version that gives stored entries another such attribute takes a new name and adds it here.
"""
LATE_AFTER: Final = 3600
"""Seconds after which something that is not sealed yet is a fault."""

_FIELDS: Final = ("chain", "count", "entries", "form", "from", "previous", "seal", "sealed_at", "to", "without")


class Entry(NamedTuple):
    """What a seal says of one sealed item: the table's kind (``ledger`` …), its key, and the sha256 of its text."""

    table: str
    pk: str
    sk: str
    hash: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.table, self.pk, self.sk


class End(NamedTuple):
    """The last seal of a chain, as somebody has it."""

    chain: str
    number: int
    hash: str


class Stored(NamedTuple):
    """The text of a seal, and the number and the hash that it is stored with."""

    number: int
    hash: str
    text: str


@dataclass(frozen=True, slots=True)
class Seal:
    """``previous`` is the sha256 of the seal before, empty for the first.

    ``first`` and ``last``: when what it seals was done, at the earliest and at the latest, ISO 8601 in UTC.
    """

    chain: str
    number: int
    sealed_at: str
    previous: str
    first: str
    last: str
    entries: tuple[Entry, ...]
    without: tuple[str, ...] = tuple(sorted(PLACES))
    form: int = FORM

    @property
    def text(self) -> str:
        """The seal as it is stored and hashed: JSON with sorted keys, without spaces."""
        return json_text(
            {
                "chain": self.chain,
                "count": len(self.entries),
                "entries": [list(entry) for entry in self.entries],
                "form": self.form,
                "from": self.first,
                "previous": self.previous,
                "seal": self.number,
                "sealed_at": self.sealed_at,
                "to": self.last,
                "without": list(self.without),
            }
        )


def made(
    chain: str, number: int, sealed_at: str, previous: str, span: tuple[str, str], entries: Iterable[Entry]
) -> Seal:
    """A new seal. Its entries stand in the order of their keys, whatever the order in which they were found."""
    return Seal(chain, number, sealed_at, previous, *span, tuple(sorted(entries)))


def parsed(text: str) -> Seal:
    """The seal that a text is. Raises ``ValueError`` for a text that this code could not have written."""
    try:
        found = json.loads(text)
        fields = [found[name] for name in _FIELDS]
        chain, count, listed, form, first, previous, number, sealed_at, last, without = fields
        entries = tuple(Entry(*map(str, one)) for one in listed)
        seal = Seal(chain, number, sealed_at, previous, first, last, entries, tuple(without), form)
    except (KeyError, TypeError) as error:
        raise ValueError(f"is no seal: {type(error).__name__} {error}") from error
    if form != FORM:
        raise ValueError(f"has form {form}, and this version knows {FORM}")
    if seal.text != text or count != len(entries):
        raise ValueError("is not written as a seal is")
    return seal


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def item_hash(item: Mapping[str, Any]) -> str:
    """The sha256 of an item with plain values: of its text as DynamoDB's JSON, without ``PLACES``."""
    return hash_of(json_text({name: _typed(value) for name, value in item.items() if name not in PLACES}))


def json_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, (int, Decimal)):
        return {"N": _number(Decimal(value))}
    if isinstance(value, bytes):
        return {"B": b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {"M": {name: _typed(member) for name, member in value.items()}}
    if isinstance(value, Sequence):
        return {"L": [_typed(member) for member in value]}
    raise TypeError(f"an item cannot hold {type(value).__name__}")


def _number(value: Decimal) -> str:
    """Exact, without an exponent and without zeros at the end: one number has one text."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"", "-0"} else text


def is_late(since: str, at: str) -> bool:
    """Whether what waits since then should have been sealed by ``at``. What names no time should have been, too."""
    try:
        return (datetime.fromisoformat(at) - datetime.fromisoformat(since)).total_seconds() > LATE_AFTER
    except (TypeError, ValueError):
        return True


def place_of(chain: str, number: int) -> str:
    """What a sealed item says of its seal."""
    return f"{chain}#{number}"


def seal_at(place: str) -> tuple[str, int]:
    """Chain and number of ``place_of``; number 0 for a text that is none."""
    chain, _, number = place.rpartition("#")
    return chain, int(number) if number.isascii() and number.isdigit() else 0
