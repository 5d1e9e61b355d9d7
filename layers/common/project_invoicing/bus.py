"""Publishing on the event bus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.errors import Unavailable
from project_invoicing.events import BusEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

MAX_ENTRIES = 10


def publish(client: EventBridgeClient, bus: str, events: Sequence[BusEvent]) -> list[int]:
    """Puts events on the bus, ten a request, each with its own time. Returns the positions of those that failed.

    Raises ``Unavailable`` when the bus does not answer; then nothing is known of that request's events.
    """
    failed: list[int] = []
    pending = iter(enumerate(events))
    while chunk := list(islice(pending, MAX_ENTRIES)):
        entries: Any = [
            {
                "EventBusName": bus,
                "Source": event.source,
                "DetailType": event.detail_type,
                "Time": event.time,
                "Detail": json.dumps(event.detail, separators=(",", ":")),
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
