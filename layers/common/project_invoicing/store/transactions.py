"""Transactions and batched reads: the requests that every store is built on.

A page transaction has at most 100 writes (DynamoDB's limit), each with its condition, and happens completely or not at
all. A cancelled one says which write lost.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from project_invoicing.chunks import chunks
from project_invoicing.errors import Unavailable
from project_invoicing.store.errors import TransactionCancelled, translated
from project_invoicing.store.items import Expression, Item, is_possible, key, plain_item, typed_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_WRITES = 100
MAX_READS = 100
_MAX_UNCONDITIONAL = 25
_READ_ATTEMPTS = 8
WRITE_ATTEMPTS = 10

Write = dict[str, Any]
"""One entry of TransactWriteItems."""


def put(table: str, item: Mapping[str, Any], *, unless_exists: bool) -> Write:
    """Writes a whole item. Without ``unless_exists`` it replaces: only right under another write's condition."""
    request: Write = {"TableName": table, "Item": typed_item(item)}
    if unless_exists:
        expression = Expression()
        request["ConditionExpression"] = expression.absent("pk")
        request |= expression.aliases() | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    return {"Put": request}


def update(
    table: str,
    pk: str,
    sk: str,
    values: Mapping[str, Any],
    *,
    expected: Mapping[str, Any],
    add: Mapping[str, int] | None = None,
    free_for: Mapping[str, Any] | None = None,
) -> Write:
    """Sets ``values`` (``None`` removes) and adds ``add``, if the item matches ``expected`` (``None``: absent).

    ``free_for``: attributes that must be absent or have this value.
    """
    expression = Expression()
    conditions = [expression.equal(name, value) for name, value in expected.items()]
    conditions += [
        f"({expression.absent(name)} OR {expression.equal(name, value)})" for name, value in (free_for or {}).items()
    ]
    return {
        "Update": {
            "TableName": table,
            "Key": key(pk, sk),
            "UpdateExpression": expression.update(values, add=add),
            "ConditionExpression": " AND ".join(conditions),
            **expression.aliases(),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def delete(table: str, pk: str, sk: str, *, expected: Mapping[str, Any]) -> Write:
    expression = Expression()
    return {
        "Delete": {
            "TableName": table,
            "Key": key(pk, sk),
            "ConditionExpression": expression.all_equal(expected),
            **expression.aliases(),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def transact(client: DynamoDBClient, writes: Sequence[Write]) -> None:
    """Commits all of ``writes`` or none. Raises ``TransactionCancelled`` with the reasons, or ``Unavailable``.

    The SDK adds a request token, so its own retry of a request whose response was lost changes nothing.
    """
    with translated():
        # A write is a plain dict, so that only this room needs the stubs' types of it.
        client.transact_write_items(TransactItems=list(writes))  # type: ignore[arg-type]


def write_one(client: DynamoDBClient, write: Write) -> None:
    """An ``update`` by itself, for half the write units of a transaction. Raises ``ConditionFailed``.

    The SDK may retry it when the response was lost, so its condition has to recognise that.
    """
    with translated():
        client.update_item(**write["Update"])


def write_many(
    client: DynamoDBClient,
    table: str,
    *,
    put: Iterable[Mapping[str, Any]] = (),
    delete: Iterable[tuple[str, str]] = (),
) -> None:
    """Puts items and deletes keys, which must be distinct, without a condition, for one write unit each.

    Only for what is right at any time and in any order. Raises ``Unavailable`` if some stay unwritten.
    """
    requests: list[Any] = [{"PutRequest": {"Item": typed_item(item)}} for item in put]
    requests += [{"DeleteRequest": {"Key": key(*one)}} for one in delete]
    for some in chunks(requests, _MAX_UNCONDITIONAL):
        waiting: Any = {table: some}
        for attempt in range(WRITE_ATTEMPTS):
            with translated():
                waiting = client.batch_write_item(RequestItems=waiting).get("UnprocessedItems")
            if not waiting:
                break
            pause(attempt)
        else:
            raise Unavailable(f"{table} left {len(waiting[table])} writes undone")


def transact_patiently(client: DynamoDBClient, writes: Sequence[Write]) -> None:
    """As ``transact``, retrying while only other transactions are in the way."""
    for attempt in range(WRITE_ATTEMPTS):
        try:
            transact(client, writes)
            return
        except TransactionCancelled as cancelled:
            if lost(cancelled) or attempt == WRITE_ATTEMPTS - 1:
                raise
            pause(attempt)


def transact_what_holds(client: DynamoDBClient, writes: Sequence[Write]) -> bool:
    """Writes those of ``writes`` whose condition holds, each separately. ``False``: others stayed in the way."""
    if not writes:  # DynamoDB refuses an empty transaction
        return True
    for attempt in range(WRITE_ATTEMPTS):
        try:
            transact(client, writes)
        except TransactionCancelled as cancelled:
            gone = set(lost(cancelled))
            writes = [write for position, write in enumerate(writes) if position not in gone]
            if writes and not gone:
                pause(attempt)
            if writes:
                continue
        return True
    return False


def get(client: DynamoDBClient, table: str, pk: str, sk: str) -> Item | None:
    """One item, strongly consistent."""
    if not is_possible(pk, sk):
        return None
    with translated():
        found = client.get_item(TableName=table, Key=key(pk, sk), ConsistentRead=True).get("Item")
    return plain_item(found) if found else None


def get_many(client: DynamoDBClient, table: str, keys: Iterable[tuple[str, str]]) -> Iterator[Item]:
    """The items that exist, in no order, strongly consistent, 100 per request. Keys must be distinct."""
    for _, item in get_across(client, ((table, *one) for one in keys)):
        yield item


def get_across(client: DynamoDBClient, keys: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, Item]]:
    """As ``get_many``, for keys with their tables, and each item with its own."""
    for chunk in chunks((one for one in keys if is_possible(*one[1:])), MAX_READS):
        wanted: dict[str, list[Any]] = {table: [] for table, _, _ in chunk}
        for table, pk, sk in chunk:
            wanted[table].append(key(pk, sk))
        for _ in range(_READ_ATTEMPTS):
            asked: Any = {table: {"Keys": some, "ConsistentRead": True} for table, some in wanted.items()}
            with translated():
                answer: Any = client.batch_get_item(RequestItems=asked)
            for table, items in answer.get("Responses", {}).items():
                for item in items:
                    yield table, plain_item(item)
            wanted = {name: left["Keys"] for name, left in answer.get("UnprocessedKeys", {}).items()}
            if not wanted:
                break
        else:
            raise Unavailable(f"{', '.join(wanted)} left {sum(map(len, wanted.values()))} keys unread")


def query(
    client: DynamoDBClient,
    table: str,
    partition: str | bytes,
    *,
    prefix: str = "",
    first: str = "",
    index: str | None = None,
    names: tuple[str, str] = ("pk", "sk"),
    limit: int | None = None,
) -> Iterator[Item]:
    """The items of a partition in the order of their sort key, page by page as they are consumed.

    ``first`` is the sort key to begin with, among those that consist of ``prefix`` and digits.

    Reads on the table itself are strongly consistent; an index may lag, so whoever reads one must write under a
    condition.
    """
    if isinstance(partition, str) and not is_possible(partition):
        return
    expression = Expression()
    condition = expression.equal(names[0], partition)
    if first:
        last = expression.value(f"{prefix}~")
        condition += f" AND {expression.name(names[1])} BETWEEN {expression.value(first)} AND {last}"
    elif prefix:
        condition += f" AND begins_with({expression.name(names[1])}, {expression.value(prefix)})"
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": condition,
        **expression.aliases(),
        **({"IndexName": index} if index else {"ConsistentRead": True}),
        **({"Limit": limit} if limit else {}),
    }
    yield from _pages(client.query, request, only_one=limit is not None)


def around(
    client: DynamoDBClient, table: str, partition: str, prefix: str, place: int, digits: int
) -> tuple[Item | None, int | None, int | None]:
    """The item that has ``place``, or begins before it, else the first; and the places of the items beside it.

    Sort keys are ``prefix`` and a number of so many ``digits``. At most three requests, strongly consistent.
    """
    until = f"{prefix}{max(0, min(place, 10**digits - 1)):0{digits}d}"
    if not is_possible(partition, until):
        return None, None, None

    def part(from_: str, to: str, limit: int, *, forward: bool) -> list[Item]:
        expression = Expression()
        between = f"BETWEEN {expression.value(from_)} AND {expression.value(to)}"
        condition = f"{expression.equal('pk', partition)} AND {expression.name('sk')} {between}"
        with translated():
            answer = client.query(
                TableName=table,
                KeyConditionExpression=condition,
                **expression.aliases(),
                ConsistentRead=True,
                ScanIndexForward=forward,
                Limit=limit,
            )
        return [plain_item(item) for item in answer["Items"]]

    def number(item: Item) -> int:
        return int(item["sk"].removeprefix(prefix))

    found = part(prefix, until, 2, forward=False)
    here = found[0] if found else None
    later = part(f"{here['sk']}!" if here else prefix, f"{prefix}~", 1 if here else 2, forward=True)
    if here is None:
        return later[0] if later else None, None, number(later[1]) if len(later) > 1 else None
    return here, number(found[1]) if len(found) > 1 else None, number(later[0]) if later else None


def last_until(client: DynamoDBClient, table: str, partition: str, prefix: str, until: str) -> Item | None:
    """The item with the greatest sort key from ``prefix`` up to ``until``, strongly consistent."""
    if not is_possible(partition, until):
        return None
    expression = Expression()
    between = f"{expression.name('sk')} BETWEEN {expression.value(prefix)} AND {expression.value(until)}"
    with translated():
        found = client.query(
            TableName=table,
            KeyConditionExpression=f"{expression.equal('pk', partition)} AND {between}",
            **expression.aliases(),
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=1,
        )["Items"]
    return plain_item(found[0]) if found else None


def scan(
    client: DynamoDBClient,
    table: str,
    *,
    equal: Mapping[str, Any] | None = None,
    containing: tuple[str, str] = ("", ""),
    or_present: str = "",
    present: Sequence[str] = (),
    unlike: Mapping[str, Any] | None = None,
) -> Iterator[Item]:
    """Every item of a table, a page at a time, optionally filtered.

    Matching items have the attributes ``equal``, the text ``containing`` (or the attribute ``or_present``), and one of
    the attributes ``present``; those in ``unlike`` they do not have, or with another value. It reads the whole table
    whatever it returns: for a reconciliation, and for questions that no key answers. Each item is read strongly
    consistently: while others write, the items do not reflect a single moment.
    """
    expression = Expression()
    conditions = [expression.equal(name, value) for name, value in (equal or {}).items()]
    if containing[0]:
        contains = f"contains({expression.name(containing[0])}, {expression.value(containing[1])})"
        conditions.append(f"({contains} OR {expression.present(or_present)})" if or_present else contains)
    if present:
        conditions.append(f"({' OR '.join(expression.present(name) for name in present)})")
    conditions += [f"NOT {expression.equal(name, value)}" for name, value in (unlike or {}).items()]
    request: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
    if conditions:
        request |= {"FilterExpression": " AND ".join(conditions), **expression.aliases()}
    yield from _pages(client.scan, request)


def scan_index(client: DynamoDBClient, table: str, index: str, *, limit: int | None = None) -> Iterator[Item]:
    """Every item of a sparse index, a page at a time, with the attributes that the index has. It may lag.

    ``limit``: so many of them, in one request, if they fit into a page.
    """
    request = {"TableName": table, "IndexName": index, **({"Limit": limit} if limit else {})}
    yield from _pages(client.scan, request, only_one=limit is not None)


def _pages(ask: Callable[..., Any], request: dict[str, Any], *, only_one: bool = False) -> Iterator[Item]:
    """The items of a request, page by page as they are consumed."""
    while True:
        with translated():
            answer = ask(**request)
        for item in answer["Items"]:
            yield plain_item(item)
        if only_one or "LastEvaluatedKey" not in answer:
            return
        request = request | {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def pause(attempt: int) -> None:
    """Waits a short random time before a transaction that collided with another is retried."""
    time.sleep(random.uniform(0, min(0.02 * 2**attempt, 0.5)))  # noqa: S311 - jitter, not a secret


def lost(cancelled: TransactionCancelled) -> list[int]:
    """Positions of the writes whose condition failed; empty when another transaction was merely in the way."""
    return [n for n, reason in enumerate(cancelled.reasons) if reason and reason[0] == "ConditionalCheckFailed"]
