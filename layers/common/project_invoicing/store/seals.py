"""The audit table: the seals of each chain, and where each chain ends.

``SEAL#<chain>`` has one item per seal, ``t`` its text and ``h`` the sha256 of it; nothing writes one again. ``HEADS``
has one item per chain: ``n`` and ``h`` number and hash of its last seal, ``at`` its time, and ``k`` the last one that
is in the bucket. ``BACKFILL`` says how far the items of earlier versions were marked (``store.unsealed``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from project_invoicing.domain.seals import Seal, Stored, hash_of
from project_invoicing.store.errors import ConditionFailed
from project_invoicing.store.items import Item
from project_invoicing.store.transactions import Write, get, put, query, scan, transact, update, write_one

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PREFIX: Final = "SEAL#"
_HEADS: Final = "HEADS"
_BACKFILL: Final = ("BACKFILL", "PROGRESS")

Start = tuple[str, str]
"""The key of the last item of a table that was looked at."""


class Head(NamedTuple):
    """The end of a chain: number, hash and time of its last seal; ``kept``: the last one that is in the bucket."""

    chain: str
    number: int = 0
    hash: str = ""
    at: str = ""
    kept: int = 0


class Seals:
    """Access to the audit table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def heads(self) -> dict[str, Head]:
        """The chains by name, strongly consistent. One request."""
        return {str(item["sk"]): _head(item) for item in query(self.client, self.table, _HEADS)}

    def head(self, chain: str) -> Head:
        item = get(self.client, self.table, _HEADS, chain)
        return _head(item) if item else Head(chain)

    def of(self, chain: str, *, first: int = 1, last: int | None = None) -> Iterator[Stored]:
        """The seals of a chain in their order, up to the ``last`` of them if it is given."""
        beginning = _key(first) if first > 1 else ""
        for item in query(self.client, self.table, PREFIX + chain, first=beginning):
            stored = Stored(int(item["sk"]), str(item["h"]), str(item["t"]))
            if last is not None and stored.number > last:
                return
            yield stored

    def chains(self) -> set[str]:
        """The chains that have a seal, also those whose end is missing: reads the whole table."""
        return {str(item["pk"]).removeprefix(PREFIX) for item in scan(self.client, self.table, present=("t",))}

    def appended(self, seal: Seal) -> list[Write]:
        """The writes of a new seal. They fail if another one was added since the end of the chain was read."""
        text = seal.text
        made = hash_of(text)
        item = {"pk": PREFIX + seal.chain, "sk": _key(seal.number), "h": made, "t": text}
        values = {"n": seal.number, "h": made, "at": seal.sealed_at}
        expected = {"n": seal.number - 1, "h": seal.previous} if seal.number > 1 else {"n": None}
        return [
            put(self.table, item, unless_exists=True),
            update(self.table, _HEADS, seal.chain, values, expected=expected),
        ]

    def kept(self, head: Head, number: int) -> None:
        """The seals up to ``number`` are in the bucket. Another run may have come further."""
        write = update(self.table, _HEADS, head.chain, {"k": number}, expected={"k": head.kept or None})
        with suppress(ConditionFailed):
            write_one(self.client, write)

    def backfilled(self) -> str | None:
        """When everything of earlier versions had been marked; ``None`` before."""
        return (get(self.client, self.table, *_BACKFILL) or {}).get("done")

    def reached(self) -> dict[str, Start | None]:
        """By table whose marking was begun, where to go on; ``None`` for a finished one."""
        found = get(self.client, self.table, *_BACKFILL) or {}
        return {name: (key[0], key[1]) if key else None for name, key in found.get("left", {}).items()}

    def keep_progress(self, reached: dict[str, Start | None], done: str | None = None) -> None:
        """No condition: if an older progress wins, the only cost is some looking twice."""
        left = {name: list(key or ()) for name, key in reached.items()}
        item = {"pk": _BACKFILL[0], "sk": _BACKFILL[1], "left": left, "done": done}
        transact(self.client, [put(self.table, item, unless_exists=False)])


def _head(item: Item) -> Head:
    return Head(str(item["sk"]), int(item["n"]), str(item["h"]), str(item["at"]), int(item.get("k", 0)))


def _key(number: int) -> str:
    return f"{number:09d}"
