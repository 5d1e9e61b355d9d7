"""All items of all tables: to compare what two runs left, and to put a stack back to where it was."""

from __future__ import annotations

from itertools import islice
from typing import Any

from tests.harness import World

Tables = dict[tuple[str, str, str], dict[str, Any]]
"""Items as DynamoDB gives them, by table, partition key and sort key."""

_BATCH = 25


def read(world: World, *tables: str) -> Tables:
    """What is in these tables, else in all but the set-up's, which no step writes."""
    return {
        (name, item["pk"]["S"], item["sk"]["S"]): item
        for name in tables or _names(world)
        for page in world.client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        for item in page["Items"]
    }


def documents(world: World) -> Tables:
    """As ``read``, without master data."""
    return read(world, *(name for name in _names(world) if name != world.names.master_data_table))


def restore(world: World, now: Tables, before: Tables) -> None:
    """Turns tables that hold ``now`` back into ``before``."""
    changed = [key for key in now.keys() | before.keys() if now.get(key) != before.get(key)]
    writes = ((key[0], _write(key, before.get(key))) for key in changed)
    while batch := list(islice(writes, _BATCH)):
        requests: dict[str, Any] = {}
        for name, request in batch:
            requests.setdefault(name, []).append(request)
        left = world.client.batch_write_item(RequestItems=requests)["UnprocessedItems"]
        assert not left


def _write(key: tuple[str, str, str], item: dict[str, Any] | None) -> dict[str, Any]:
    _, pk, sk = key
    return {"PutRequest": {"Item": item}} if item else {"DeleteRequest": {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}}}


def clear(world: World) -> None:
    restore(world, read(world), {})


def _names(world: World) -> tuple[str, ...]:
    names = world.names
    documents = (names.staging_table, names.journals_table, names.proposals_table, names.ledger_table)
    return (*documents, names.master_data_table, names.audit_table, names.ledger_batches_table)
