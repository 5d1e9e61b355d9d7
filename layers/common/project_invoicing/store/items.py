"""DynamoDB items and expressions: plain values in, typed attribute values out, every name aliased."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final, TypeVar

from project_invoicing.domain.text import HALF, whole
from project_invoicing.set_aside import Defect, guarded

T = TypeVar("T")

PK_BYTES: Final = 2048
SK_BYTES: Final = 1024
"""DynamoDB's size limits for a partition key and a sort key."""

Item = dict[str, Any]
"""An item with plain Python values."""


def typed(value: Any) -> dict[str, Any]:
    """A plain value as an attribute value. Numbers are Decimal or int; a float is a ``TypeError``."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, Decimal)):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": {name: typed(member) for name, member in value.items() if member is not None}}
    if isinstance(value, (list, tuple)):
        return {"L": [typed(member) for member in value]}
    if isinstance(value, bytes):
        return {"B": value}
    raise TypeError(f"DynamoDB cannot hold {type(value).__name__}: {value!r}")


def typed_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """A whole item as attribute values, without the names whose value is ``None``."""
    return {name: typed(value) for name, value in item.items() if value is not None}


def plain(attribute: Mapping[str, Any]) -> Any:
    """The plain value of an attribute value. Numbers come back as int when whole, else Decimal."""
    ((kind, value),) = attribute.items()
    if kind == "N":
        number = Decimal(value)
        return int(number) if number == number.to_integral_value() else number
    if kind == "M":
        return {name: plain(member) for name, member in value.items()}
    if kind == "L":
        return [plain(member) for member in value]
    return value


def plain_item(item: Mapping[str, Any]) -> Item:
    return {name: plain(value) for name, value in item.items()}


def readable(read: Callable[[Item], T], item: Item) -> T | None:
    """``read(item)``; ``None`` for an item that this code cannot read, which is set aside by its key.

    A newer version may have written it, or someone in the console: it stays as it is (D-074).
    """
    found = guarded("item", f"{item['pk']} {item['sk']}", read, item)
    return None if isinstance(found, Defect) else found


def bounded(text: str, limit: int = 100) -> str:
    """Foreign text as part of a key. Text that is too long or has half a surrogate pair gets a hash instead."""
    if len(text) <= limit and not HALF.search(text):
        return text
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()
    return f"{whole(text[: limit - 17])}~{digest}"


def is_possible(pk: str, sk: str = "-") -> bool:
    """Whether an item can have this key. A person's input may exceed every limit or not be valid text."""
    if HALF.search(pk + sk):
        return False
    return 0 < len(pk.encode()) <= PK_BYTES and 0 < len(sk.encode()) <= SK_BYTES


class Expression:
    """Collects the aliases of one request: ``#0`` for names, ``:0`` for values."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def name(self, attribute: str) -> str:
        alias = self._names.get(attribute)
        if alias is None:
            alias = self._names[attribute] = f"#{len(self._names)}"
        return alias

    def value(self, value: Any) -> str:
        alias = f":{len(self._values)}"
        self._values[alias] = typed(value)
        return alias

    def equal(self, attribute: str, value: Any) -> str:
        """``attribute`` has ``value``; ``None`` means that it is absent."""
        if value is None:
            return self.absent(attribute)
        return f"{self.name(attribute)} = {self.value(value)}"

    def absent(self, attribute: str) -> str:
        return f"attribute_not_exists({self.name(attribute)})"

    def present(self, attribute: str) -> str:
        return f"attribute_exists({self.name(attribute)})"

    def all_equal(self, expected: Mapping[str, Any]) -> str:
        return " AND ".join(self.equal(name, value) for name, value in expected.items())

    def update(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        first: Mapping[str, Any] | None = None,
        add: Mapping[str, int] | None = None,
        remove: Iterable[str] = (),
    ) -> str:
        """An update expression. ``first`` sets only what is absent; a ``None`` among ``values`` removes."""
        values = values or {}
        sets = [f"{self.name(n)} = {self.value(v)}" for n, v in values.items() if v is not None]
        sets += [
            f"{(alias := self.name(n))} = if_not_exists({alias}, {self.value(v)})"
            for n, v in (first or {}).items()
            if v is not None
        ]
        adds = [f"{self.name(n)} {self.value(v)}" for n, v in (add or {}).items()]
        removes = [self.name(n) for n in [*remove, *(n for n, v in values.items() if v is None)]]
        clauses = [
            f"{verb} {', '.join(parts)}" for verb, parts in (("SET", sets), ("ADD", adds), ("REMOVE", removes)) if parts
        ]
        return " ".join(clauses)

    def aliases(self) -> dict[str, Any]:
        """The request's ``ExpressionAttributeNames`` and ``-Values``, without empty ones (DynamoDB refuses those)."""
        used: dict[str, Any] = {}
        if self._names:
            used["ExpressionAttributeNames"] = {alias: name for name, alias in self._names.items()}
        if self._values:
            used["ExpressionAttributeValues"] = self._values
        return used


def key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
