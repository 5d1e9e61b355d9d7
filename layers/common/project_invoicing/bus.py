"""Publishing on the event bus."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.events import BusEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

MAX_ENTRIES = 10
MAX_BYTES = 256 * 1024
"""Limit of a request, and so of an event. AWS takes 1 MB, but not everywhere; no row comes near it (D-042)."""
_TIME_BYTES = 14
"""The bytes that EventBridge counts for the time of an entry."""


@dataclass(frozen=True, slots=True)
class Bus:
    """The bus that a function publishes on."""

    client: EventBridgeClient
    name: str

    def publish(self, events: Sequence[BusEvent]) -> list[int]:
        """As ``publish``, and tries once more for events that the bus did not take the first time."""
        failed = publish(self.client, self.name, events)
        again = publish(self.client, self.name, [events[position] for position in failed])
        return [failed[position] for position in again]


def publish(client: EventBridgeClient, bus: str, events: Sequence[BusEvent]) -> list[int]:
    """Puts events on the bus in as few requests as possible, each with its own time. Returns the positions that failed.

    Raises ``Unavailable`` when the bus does not answer; which events of that request arrived is then unknown.
    """
    failed: list[int] = []
    for first, entries in _requests(bus, events):
        try:
            answer = client.put_events(Entries=entries)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"the event bus did not take {len(entries)} events: {error}") from error
        if answer["FailedEntryCount"]:
            failed += [at for at, entry in enumerate(answer["Entries"], start=first) if "ErrorCode" in entry]
    return failed


def fitting(events: Iterable[BusEvent]) -> tuple[list[BusEvent], list[tuple[Rejected, dict[str, Any]]]]:
    """Splits row events into those the bus can take and details of those that are too large, each with a refusal."""
    fit, large = [], []
    for event in events:
        size, detail = size_of(event), event.detail
        if size <= MAX_BYTES:
            fit.append(event)
            continue
        problem = f"the row has {size} bytes, and the bus takes {MAX_BYTES}; shorten its texts"
        large.append((Rejected(RejectReason.TOO_LARGE, problem, entity=detail["entity"], id=detail["id"]), detail))
    return fit, large


def size_of(event: BusEvent) -> int:
    """The size of an event in bytes, as the bus counts it."""
    return _size(_entry("", event))


def _requests(bus: str, events: Sequence[BusEvent]) -> Iterator[tuple[int, list[Any]]]:
    """The entries of each request with the position of its first event. A request ends when it is full."""
    entries: list[Any] = []
    first = filled = 0
    for event in events:
        entry = _entry(bus, event)
        size = _size(entry)
        if entries and (len(entries) == MAX_ENTRIES or filled + size > MAX_BYTES):
            yield first, entries
            first, entries, filled = first + len(entries), [], 0
        entries.append(entry)
        filled += size
    if entries:
        yield first, entries


def _entry(bus: str, event: BusEvent) -> dict[str, Any]:
    return {
        "EventBusName": bus,
        "Source": event.source,
        "DetailType": event.detail_type,
        # The SDK would parse text with dateutil, which takes longer than everything else about an event (D-055).
        "Time": datetime.fromisoformat(event.time),
        "Detail": json.dumps(event.detail, separators=(",", ":")),
    }


def _size(entry: Mapping[str, Any]) -> int:
    return _TIME_BYTES + sum(len(entry[part].encode()) for part in ("Source", "DetailType", "Detail"))
