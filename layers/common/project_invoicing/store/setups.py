"""Versions of the finance set-up in the Setup table.

A version is one document, compressed and cut into items under ``SETUP#<version>``, with its head beside them; the item
``SETUP`` is a copy of the newest head. One transaction writes all of it, so a version exists completely or not at all.
Versions never change: posting names the one it was computed with and can read it again. The event that waiting rows
depend on goes into the table's outbox in the same transaction.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Conflict, Rejected, Unavailable
from project_invoicing.events.own import SetupChanged
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import history as histories
from project_invoicing.store import outbox
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.items import Item
from project_invoicing.store.transactions import get, put, query, transact, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.actor import Actor
    from project_invoicing.domain.history import HistoryEntry

_CURRENT = ("SETUP", "CURRENT")
_CHUNK_BYTES = 300 * 1024
_MAX_BYTES = 3_600 * 1024
"""DynamoDB takes 4 MB per transaction; the remainder holds keys and names."""
_KEPT = 4

_parsed: dict[tuple[int, str], FinanceSetup] = {}
"""The last versions this process read, by number and digest: two tables can have a version of the same number."""


class Current(NamedTuple):
    """The current version. ``one_list``: the first was loaded by a version that had one list of a company (D-160)."""

    setup: FinanceSetup
    one_list: bool


class NotLoaded(Unavailable):
    """No set-up was ever loaded."""


def load(client: DynamoDBClient, table: str, document: Mapping[str, Any], at: str, who: Actor | None = None) -> int:
    """Writes a set-up document as the next version, as of ``at`` (ISO 8601), and returns its number.

    That ``who`` did it, and which of its keys changed, is kept in the same transaction. Raises ``Rejected`` with every
    problem of the document, one per line; ``Conflict`` when another load was faster.
    """
    head = get(client, table, *_CURRENT)
    before = json.loads(_text(client, table, head)) if head else {}
    return _write(client, table, document, at, who, head, before)


def merge(client: DynamoDBClient, table: str, partial: Mapping[str, Any], at: str, who: Actor | None = None) -> int:
    """As ``load``, with the keys of ``partial`` replacing those of the current version."""
    head = get(client, table, *_CURRENT)
    before = json.loads(_text(client, table, head)) if head else {}
    return _write(client, table, {**before, **partial}, at, who, head, before)


def history(client: DynamoDBClient, table: str) -> Iterator[HistoryEntry]:
    """Who loaded which version, oldest first. Versions that were loaded by 0.3.0 or before have no entry."""
    return histories.of(client, table, _CURRENT[0])


def current(client: DynamoDBClient, table: str) -> FinanceSetup:
    """The current version: one small read, plus the document itself if this process has not read it yet."""
    return read(client, table).setup


def read(client: DynamoDBClient, table: str) -> Current:
    """As ``current``, with what its head says of the stack."""
    head = get(client, table, *_CURRENT)
    if head is None:
        raise NotLoaded(f"{table} holds no set-up; load one with: invoicing setup load FILE")
    return Current(_finance_setup(client, table, head), head.get("one_list", False))


def version(client: DynamoDBClient, table: str, number: int) -> FinanceSetup:
    """The version that a document was computed with. Raises ``Unavailable`` when the table does not have it."""
    head = get(client, table, *_head(number))
    if head is None:
        raise Unavailable(f"{table} has no version {number} of the set-up")
    return _finance_setup(client, table, head)


def _head(number: int) -> tuple[str, str]:
    return (f"SETUP#{number}", "HEAD")


def _finance_setup(client: DynamoDBClient, table: str, head: Item) -> FinanceSetup:
    known = (head["version"], head["digest"])
    if known not in _parsed:
        document = SetupDocument.read(json.loads(_text(client, table, head)))
        while len(_parsed) >= _KEPT:
            del _parsed[next(iter(_parsed))]
        _parsed[known] = FinanceSetup(document, head["version"])
    return _parsed[known]


def _text(client: DynamoDBClient, table: str, head: Item) -> bytes:
    chunks = query(client, table, _head(head["version"])[0], prefix="CHUNK#")
    return zlib.decompress(b"".join(chunk["data"] for chunk in chunks))


def _write(
    client: DynamoDBClient,
    table: str,
    document: Mapping[str, Any],
    at: str,
    who: Actor | None,
    before: Item | None,
    replaced: Mapping[str, Any],
) -> int:
    from project_invoicing.setup.problems import problems, taken_out  # noqa: PLC0415  the functions only read, and start without it

    if wrong := problems(document) or taken_out(replaced, document):
        raise Rejected(RejectReason.SCHEMA, "\n".join(wrong), entity="set-up")
    data = zlib.compress(json.dumps(document, default=str, separators=(",", ":")).encode())
    if len(data) > _MAX_BYTES:
        raise Rejected(
            RejectReason.TOO_LARGE,
            f"{len(data)} bytes compressed, and {_MAX_BYTES} is the most; leave out references that are no longer used",
            entity="set-up",
        )
    number = before["version"] + 1 if before else 1
    partition, head_name = _head(number)
    head = {"version": number, "digest": blake2b(data, digest_size=16).hexdigest(), "at": at}
    chunks = [data[start : start + _CHUNK_BYTES] for start in range(0, len(data), _CHUNK_BYTES)]
    of_stack = {} if before else {"one_list": True}
    expected = {"version": before["version"] if before else None}
    writes = [update(table, *_CURRENT, {**head, **of_stack}, expected=expected)]
    writes.append(put(table, {"pk": partition, "sk": head_name, **head}, unless_exists=True))
    if before is None:
        # Imported late: whoever only reads a set-up starts without it.
        from project_invoicing.store.list_progress import nothing_to_do  # noqa: PLC0415

        writes.append(nothing_to_do(table, at))
    writes.append(histories.entry(table, _CURRENT[0], _loaded(number, document, replaced, at, who)))
    writes.append(outbox.record(table, SetupChanged(setup_version=number).on_bus(at, str(number))))
    for position, chunk in enumerate(chunks, start=1):
        item = {"pk": partition, "sk": f"CHUNK#{position:03d}", "data": chunk}
        writes.append(put(table, item, unless_exists=True))
    try:
        transact(client, writes)
    except TransactionCancelled as lost:
        raise Conflict("another load of the set-up was faster; load it again") from lost
    return number


def _loaded(
    number: int, document: Mapping[str, Any], before: Mapping[str, Any], at: str, who: Actor | None
) -> HistoryEntry:
    """The entry of a load: the versions, which stay readable for ever, and the keys in which they differ."""
    from project_invoicing.domain.actor import person  # noqa: PLC0415  only a load has an entry
    from project_invoicing.domain.history import Done, HistoryEntry  # noqa: PLC0415

    now = json.loads(json.dumps(document, default=str))
    changed = sorted(key for key in {*now, *before} if now.get(key) != before.get(key))
    told = {"version": number, "changed": ", ".join(changed)}
    return HistoryEntry(at, who or person(None), Done.LOADED, {"version": number - 1 or None}, told)
