"""From the outbox to the bus: events that the tables' streams bring, and those that they missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from project_invoicing.bus import MAX_BYTES, publish, size_of
from project_invoicing.events import BusEvent
from project_invoicing.store import outbox
from project_invoicing.store.items import Item, readable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient


class TooLargeError(Exception):
    """An event that is too large for the bus."""


SWEEP_AGE = timedelta(minutes=2)
"""Younger events are left to the stream, which is still on its way."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Publishes on ``bus`` what stands in the outboxes of ``tables``."""

    dynamodb: DynamoDBClient
    events: EventBridgeClient
    bus: str
    tables: Sequence[str]

    def relay(self, records: Sequence[dict[str, Any]]) -> list[str]:
        """Publishes the outbox items of stream records (INSERT only, all of one table) and takes them out.

        Returns the sequence numbers of the records whose event the bus did not take. An item that cannot be published
        at all is set aside: it stays in the outbox, and each sweep reports it again.
        """
        found = [(record, outbox.inserted(record)) for record in records]
        due = [(record, item, event) for record, item in found if (event := _publishable(item))]
        failed = set(publish(self.events, self.bus, [event for _, _, event in due]))
        for position, (record, item, _) in enumerate(due):
            if position not in failed:
                outbox.published(self.dynamodb, _table_of(record), item)
        return [due[position][0]["dynamodb"]["SequenceNumber"] for position in sorted(failed)]

    def sweep(self, now: str) -> int:
        """Publishes what has stood in an outbox for longer than the stream takes. Returns how many."""
        oldest = datetime.fromisoformat(now) - SWEEP_AGE
        published = 0
        for table in self.tables:
            found = [(item, event) for item in outbox.unsent(self.dynamodb, table) if (event := _publishable(item))]
            due = [(item, event) for item, event in found if datetime.fromisoformat(event.time) <= oldest]
            failed = set(publish(self.events, self.bus, [event for _, event in due]))
            for position, (item, _) in enumerate(due):
                if position not in failed:
                    outbox.published(self.dynamodb, table, item)
                    published += 1
        return published


def _publishable(item: Item) -> BusEvent | None:
    """The event of an item. Raises for one that the bus cannot take."""
    return readable(_checked, item)


def _checked(item: Item) -> BusEvent:
    event = outbox.event_of(item)
    if datetime.fromisoformat(event.time).tzinfo is None:
        raise ValueError(event.time)
    if size_of(event) > MAX_BYTES:
        raise TooLargeError(event.detail_type)
    return event


def _table_of(record: dict[str, Any]) -> str:
    """The table's name from ``arn:aws:dynamodb:region:account:table/NAME/stream/LABEL``."""
    return str(record["eventSourceARN"]).split("/")[1]
