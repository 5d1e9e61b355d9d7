"""Publishing on the event bus."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.errors import Unavailable
from project_invoicing.events import BusEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

MAX_ENTRIES = 10
MAX_BYTES = 256 * 1024
"""Of a request, and so of an event. AWS takes 1 MB since January 2026, though not everywhere; no row comes near it."""
_TIME_BYTES = 14
"""What EventBridge counts for the time of an entry."""


@dataclass(frozen=True, slots=True)
class Bus:
    """The bus that a function publishes on."""

    client: EventBridgeClient
    name: str

    def publish(self, events: Sequence[BusEvent]) -> list[int]:
        """As ``publish``; what the bus did not take at once is tried once more."""
        failed = publish(self.client, self.name, events)
        again = publish(self.client, self.name, [events[position] for position in failed])
        return [failed[position] for position in again]


def publish(client: EventBridgeClient, bus: str, events: Sequence[BusEvent]) -> list[int]:
    """Puts events on the bus, as many a request as it takes, each with its own time. Positions of those that failed.

    Raises ``Unavailable`` when the bus does not answer; then nothing is known of that request's events.
    """
    failed: list[int] = []
    for chunk in _requests(events):
        entries: Any = [
            {
                "EventBusName": bus,
                "Source": event.source,
                "DetailType": event.detail_type,
                "Time": event.time,
                "Detail": _detail(event),
            }
            for _, event in chunk
        ]
        try:
            answer = client.put_events(Entries=entries)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"the event bus did not take {len(entries)} events: {error}") from error
        if answer["FailedEntryCount"]:
            failed += [at for (at, _), entry in zip(chunk, answer["Entries"], strict=True) if "ErrorCode" in entry]
    return failed


def size_of(event: BusEvent) -> int:
    """What the bus counts for an event, in bytes."""
    return _TIME_BYTES + sum(len(part.encode()) for part in (event.source, event.detail_type, _detail(event)))


def _requests(events: Sequence[BusEvent]) -> Iterator[list[tuple[int, BusEvent]]]:
    """The events with their positions, cut where a request is full."""
    chunk: list[tuple[int, BusEvent]] = []
    filled = 0
    for at, event in enumerate(events):
        size = size_of(event)
        if chunk and (len(chunk) == MAX_ENTRIES or filled + size > MAX_BYTES):
            yield chunk
            chunk, filled = [], 0
        chunk.append((at, event))
        filled += size
    if chunk:
        yield chunk


def _detail(event: BusEvent) -> str:
    return json.dumps(event.detail, separators=(",", ":"))
