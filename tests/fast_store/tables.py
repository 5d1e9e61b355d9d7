"""Tables and their indexes in memory: sorted partitions, what they weigh, and what a lagging replica still shows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from random import Random
from typing import Any, Final

from tests.fast_store.values import Failure, Item, Unfit, Value, invalid, kind_of, order

Key = tuple[Any, ...]
"""The key of an item in its table, as values that can be compared."""
Place = tuple[Any, ...]
"""Where an item stands in its partition: its sort key, if there is one, then its key in the table."""

_PK_BYTES: Final = 2048
_SK_BYTES: Final = 1024
ITEM_BYTES: Final = 400 * 1024


@dataclass
class Lag:
    """How replicas and indexes lag: each item that changed a while ago may still be seen as it was.

    Two reads that follow each other may see different states, the later one an older state.
    """

    random: Random
    chance: float
    changes: int = 30
    """After so many writes, everybody sees an item as it is."""


@dataclass(frozen=True)
class Named:
    """A key schema: the names of the key's attributes, the partition's first."""

    names: tuple[str, ...]

    @staticmethod
    def of(schema: Sequence[Mapping[str, str]]) -> Named:
        by_kind = {part["KeyType"]: part["AttributeName"] for part in schema}
        return Named(tuple(by_kind[kind] for kind in ("HASH", "RANGE") if kind in by_kind))

    def key(self, item: Mapping[str, Value]) -> Key:
        return tuple(order(item[name]) for name in self.names)


@dataclass
class Range:
    """What a query asks of sort keys. ``begins``: with ``low``."""

    low: Any = None
    high: Any = None
    without_low: bool = False
    without_high: bool = False
    begins: bool = False

    def slice(self, places: Sequence[Place]) -> tuple[int, int]:
        left, right = 0, len(places)
        if self.low is not None:
            left = (bisect_right if self.without_low else bisect_left)(places, self.low, key=_first)
        if self.begins:
            prefix = self.low
            right = bisect_left(places, True, left, key=lambda place: not place[0].startswith(prefix))
        elif self.high is not None:
            right = (bisect_left if self.without_high else bisect_right)(places, self.high, key=_first)
        return left, right


def _first(place: Place) -> Any:
    return place[0]


class Partition:
    def __init__(self) -> None:
        self.places: list[Place] = []
        self.items: dict[Place, Item] = {}

    def put(self, place: Place, item: Item) -> None:
        if place not in self.items:
            insort(self.places, place)
        self.items[place] = item

    def drop(self, place: Place) -> None:
        if self.items.pop(place, None) is not None:
            del self.places[bisect_left(self.places, place)]


class Shelf:
    """The items of a table, or those of an index."""

    def __init__(self, named: Named, table: Named, projection: Callable[[Item], Item]) -> None:
        self.named, self.table, self._projection = named, table, projection
        self.partitions: dict[Any, Partition] = {}
        self._hashes: list[tuple[bytes, Any]] = []
        self._past: dict[Key, list[tuple[int, Item | None]]] = {}

    def holds(self, item: Item | None) -> Item | None:
        """What this shelf has of an item: nothing, if the item lacks a part of its key."""
        if item is None or any(name not in item for name in self.named.names):
            return None
        return self._projection(item)

    def place(self, item: Mapping[str, Value]) -> tuple[Any, Place]:
        hashed, *rest = self.named.key(item)
        return hashed, (*rest, *self.table.key(item)) if self.named is not self.table else tuple(rest)

    def change(self, key: Key, before: Item | None, after: Item | None, moment: int, lag: Lag | None) -> None:
        old, new = self.holds(before), self.holds(after)
        if old == new:
            return
        if lag is not None:
            self._past.setdefault(key, []).append((moment, old))
        if old is not None:
            hashed, place = self.place(old)
            self.partitions[hashed].drop(place)
        if new is not None:
            hashed, place = self.place(new)
            self._partition(hashed).put(place, new)

    def _partition(self, hashed: Any) -> Partition:
        found = self.partitions.get(hashed)
        if found is None:
            found = self.partitions[hashed] = Partition()
            insort(self._hashes, (digest(hashed), hashed))
        return found

    def partition(self, hashed: Any, moment: int, lag: Lag | None) -> Partition:
        """A partition as a reader sees it."""
        old = self._seen(moment, lag)
        if not old:
            return self.partitions.get(hashed, _NOTHING)
        return self._as_seen(hashed, old)

    def everything(self, moment: int, lag: Lag | None) -> Iterator[tuple[bytes, Place, Item]]:
        """In the order of a scan, which is none that anybody may rely on."""
        old = self._seen(moment, lag)
        hashes = self._hashes
        if old:
            more = {self.place(item)[0] for item in old.values() if item is not None} - self.partitions.keys()
            hashes = sorted([*hashes, *((digest(hashed), hashed) for hashed in more)])
        for hash_, hashed in hashes:
            partition = self._as_seen(hashed, old) if old else self.partitions[hashed]
            for place in partition.places:
                yield hash_, place, partition.items[place]

    def _as_seen(self, hashed: Any, old: Mapping[Key, Item | None]) -> Partition:
        found, view = self.partitions.get(hashed, _NOTHING), Partition()
        for place in found.places:
            shown = found.items[place]
            if self.table.key(shown) not in old:
                view.put(place, shown)
        for item in old.values():
            if item is not None and self.place(item)[0] == hashed:
                view.put(self.place(item)[1], item)
        return view

    def _seen(self, moment: int, lag: Lag | None) -> dict[Key, Item | None]:
        """The items that this reader sees as they were."""
        found: dict[Key, Item | None] = {}
        if lag is None:
            return found
        for key, past in list(self._past.items()):
            recent = [(replaced, item) for replaced, item in past if replaced > moment - lag.changes]
            if not recent:
                del self._past[key]
                continue
            self._past[key] = recent
            if lag.random.random() < lag.chance:
                found[key] = lag.random.choice(recent)[1]
        return found


_NOTHING: Final = Partition()


def digest(hashed: Any) -> bytes:
    """Where a partition stands in a scan."""
    return md5(repr(hashed).encode(), usedforsecurity=False).digest()


@dataclass
class Table:
    name: str
    request: Mapping[str, Any]
    named: Named
    kinds: Mapping[str, str]
    """The types of key attributes, those of indexes too."""
    items: Shelf
    indexes: dict[str, Shelf]
    stream: list[dict[str, Any]] | None = None
    """What a stream tells of each change, in order."""

    @staticmethod
    def of(request: Mapping[str, Any]) -> Table:
        named = Named.of(request["KeySchema"])
        indexes = {}
        for index in request.get("GlobalSecondaryIndexes", ()):
            own = Named.of(index["KeySchema"])
            indexes[index["IndexName"]] = Shelf(own, named, _projection(index["Projection"], named, own))
        if request.get("LocalSecondaryIndexes"):
            raise NotImplementedError("local indexes, which the product has none of")
        return Table(
            name=request["TableName"],
            request=request,
            named=named,
            kinds={one["AttributeName"]: one["AttributeType"] for one in request["AttributeDefinitions"]},
            items=Shelf(named, named, lambda item: item),
            indexes=indexes,
            stream=[] if request.get("StreamSpecification", {}).get("StreamEnabled") else None,
        )

    def key(self, given: Mapping[str, Value]) -> Key:
        """The key that a request names. Raises for another than the table's."""
        if set(given) != set(self.named.names):
            raise invalid("The provided key element does not match the schema")
        self.check_key(given)
        return self.named.key(given)

    def check_key(self, given: Mapping[str, Value]) -> None:
        for name, most in zip(self.named.names, (_PK_BYTES, _SK_BYTES), strict=False):
            if name not in given:
                raise invalid(f"One or more parameter values were invalid: Missing the key {name} in the item")
            if kind_of(given[name]) != self.kinds[name]:
                raise invalid(f"One or more parameter values were invalid: Type mismatch for key {name}")
            _check_bytes(name, given[name], most)

    def check_indexed(self, item: Mapping[str, Value]) -> None:
        """A value that an index is to sort has to have its type, and to be something."""
        for index, shelf in self.indexes.items():
            for name, most in zip(shelf.named.names, (_PK_BYTES, _SK_BYTES), strict=False):
                if name in self.named.names or name not in item:
                    continue
                if kind_of(item[name]) != self.kinds[name]:
                    told = f"Type mismatch for Index Key {name} IndexName: {index}"
                    raise Unfit(f"One or more parameter values were invalid: {told}")
                _check_bytes(name, item[name], most)

    def get(self, key: Key) -> Item | None:
        partition = self.items.partitions.get(key[0])
        return partition.items.get(key[1:]) if partition else None

    def shelf(self, index: str | None) -> Shelf:
        if index is None:
            return self.items
        if index not in self.indexes:
            raise invalid(f"The table does not have the specified index: {index}")
        return self.indexes[index]

    def write(self, key: Key, after: Item | None, moment: int, lag: Lag | None) -> None:
        before = self.get(key)
        for shelf in (self.items, *self.indexes.values()):
            shelf.change(key, before, after, moment, lag)
        if self.stream is not None and before != after:
            self.stream.append(self._change(before, after, moment))

    def _change(self, before: Item | None, after: Item | None, moment: int) -> dict[str, Any]:
        of: Any = after or before
        images = {"NewImage": after, "OldImage": before}
        view = self.request["StreamSpecification"]["StreamViewType"]
        shown = {"NEW_IMAGE": ("NewImage",), "OLD_IMAGE": ("OldImage",), "KEYS_ONLY": ()}.get(view, tuple(images))
        return {
            "eventName": "INSERT" if before is None else "REMOVE" if after is None else "MODIFY",
            "dynamodb": {
                "Keys": {name: of[name] for name in self.named.names},
                **{name: images[name] for name in shown if images[name] is not None},
                "SequenceNumber": str(moment),
                "StreamViewType": view,
            },
        }


def _projection(projection: Mapping[str, Any], table: Named, index: Named) -> Callable[[Item], Item]:
    if projection["ProjectionType"] == "ALL":
        return lambda item: item
    kept = (*table.names, *index.names, *projection.get("NonKeyAttributes", ()))
    return lambda item: {name: item[name] for name in kept if name in item}


def _check_bytes(name: str, value: Value, most: int) -> None:
    held = value[kind_of(value)]
    size = len(held.encode() if isinstance(held, str) else held)
    if size == 0:
        told = "The AttributeValue for a key attribute cannot contain an empty value"
        raise invalid(f"One or more parameter values are not valid. {told}. Key: {name}")
    if size > most:
        raise invalid(f"One or more parameter values were invalid: Size of {name} has exceeded its maximum of {most}")


def missing(name: str) -> Failure:
    return Failure("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
