"""The outbox: events that must not be lost, written with their cause and published by ``outbox_relay``.

Unsent events are in ten partitions of the table whose transaction caused them. Sending an event deletes its item; an
item that is still there has not been sent, or was sent by a relay that died before deleting it. So every event is
delivered at least once, and consumers are idempotent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from project_invoicing.events import SOURCE, BusEvent
from project_invoicing.store.errors import translated
from project_invoicing.store.items import Item, bounded, key, plain_item
from project_invoicing.store.transactions import Write, put, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PARTITIONS: Final = 10
PREFIX: Final = "OUTBOX#"
_KEY: Final = 400


def record(table: str, event: BusEvent) -> Write:
    """The write that joins the transaction of the event's cause.

    It has no condition of its own: the condition of the cause lets the transaction happen once, and the key names the
    event.
    """
    return put(
        table,
        {
            "pk": f"{PREFIX}{crc32(event.key.encode()) % PARTITIONS}",
            "sk": f"{event.time}#{bounded(event.key, _KEY)}",
            "t": event.detail_type,
            "at": event.time,
            "d": json.dumps(event.detail, separators=(",", ":")),
        },
        unless_exists=False,
    )


def inserted(record: Mapping[str, Any]) -> Item:
    """The item that a record of a table's stream brings."""
    return plain_item(record["dynamodb"]["NewImage"])


def event_of(item: Item) -> BusEvent:
    """The event in an outbox item. Raises whatever a malformed item causes."""
    return BusEvent(SOURCE, item["t"], item["at"], json.loads(item["d"]), item["sk"])


def unsent(client: DynamoDBClient, table: str) -> Iterator[Item]:
    """Everything still in the outbox of ``table``, oldest first in each partition."""
    for partition in range(PARTITIONS):
        yield from query(client, table, f"{PREFIX}{partition}")


def published(client: DynamoDBClient, table: str, item: Item) -> None:
    """As ``sent``, for an item as ``unsent`` or a stream returns it."""
    sent(client, table, item["pk"], item["sk"])


def sent(client: DynamoDBClient, table: str, pk: str, sk: str) -> None:
    """Removes a published event. No condition: deleting it twice changes nothing."""
    with translated():
        client.delete_item(TableName=table, Key=key(pk, sk))
