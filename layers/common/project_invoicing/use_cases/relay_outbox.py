"""From the outbox to the bus: what the tables' streams bring, and what they missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from project_invoicing.bus import publish
from project_invoicing.store import outbox

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient

SWEEP_AGE = timedelta(minutes=2)
"""What is younger is left to the stream, which is on its way."""


def relay(
    dynamodb: DynamoDBClient, events: EventBridgeClient, bus: str, records: Sequence[dict[str, Any]]
) -> list[str]:
    """Publishes the outbox items of stream records (INSERT only, all of one table) and takes them out.

    Returns the sequence numbers of the records whose event the bus did not take.
    """
    images = [record["dynamodb"]["NewImage"] for record in records]
    failed = set(publish(events, bus, [outbox.event_of_image(image) for image in images]))
    for position, (record, image) in enumerate(zip(records, images, strict=True)):
        if position not in failed:
            outbox.sent(dynamodb, _table_of(record), image["pk"]["S"], image["sk"]["S"])
    return [records[position]["dynamodb"]["SequenceNumber"] for position in sorted(failed)]


def sweep(dynamodb: DynamoDBClient, events: EventBridgeClient, bus: str, tables: Sequence[str], now: str) -> int:
    """Publishes what has stood in the outbox of these tables for longer than the stream takes. Returns how many."""
    oldest = datetime.fromisoformat(now) - SWEEP_AGE
    published = 0
    for table in tables:
        items = [item for item in outbox.unsent(dynamodb, table) if datetime.fromisoformat(item["at"]) <= oldest]
        failed = set(publish(events, bus, [outbox.event_of(item) for item in items]))
        for position, item in enumerate(items):
            if position not in failed:
                outbox.sent(dynamodb, table, item["pk"], item["sk"])
                published += 1
    return published


def _table_of(record: dict[str, Any]) -> str:
    """The table's name from ``arn:aws:dynamodb:region:account:table/NAME/stream/LABEL``."""
    return str(record["eventSourceARN"]).split("/")[1]
