"""Publishing: as many events a request as the bus takes, by number and by size; what failed is known by its place."""

from __future__ import annotations

import json
from typing import Any

from project_invoicing.bus import MAX_BYTES, Bus, publish, size_of
from project_invoicing.events import BusEvent


class EventBridge:
    """Takes everything but the details in ``refused``, each as often as it says."""

    def __init__(self, refused: dict[int, int] | None = None) -> None:
        self.refused = dict(refused or {})
        self.requests: list[list[int]] = []
        self.sizes: list[int] = []

    def put_events(self, *, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803  as boto3 has it
        numbers = [json.loads(entry["Detail"])["number"] for entry in Entries]
        self.requests.append(numbers)
        parts = ("Source", "DetailType", "Detail")
        self.sizes.append(sum(14 + sum(len(entry[part].encode()) for part in parts) for entry in Entries))
        answers = []
        for number in numbers:
            left = self.refused.get(number, 0)
            self.refused[number] = left - 1
            answers.append({"ErrorCode": "InternalFailure"} if left > 0 else {"EventId": "1"})
        return {"FailedEntryCount": sum("ErrorCode" in one for one in answers), "Entries": answers}


def events(count: int, length: int = 0) -> list[BusEvent]:
    return [
        BusEvent("dataverse", "é.Create", "2026-08-31T09:00:00Z", {"number": n, "text": "ü" * length}, str(n))
        for n in range(count)
    ]


def test_ten_events_go_in_one_request() -> None:
    client: Any = EventBridge()
    assert publish(client, "bus", events(23)) == []
    assert [len(numbers) for numbers in client.requests] == [10, 10, 3]


def test_a_request_is_never_larger_than_the_bus_takes() -> None:
    client: Any = EventBridge()
    some = events(12, length=12_000)
    assert publish(client, "bus", some) == []
    assert [number for numbers in client.requests for number in numbers] == list(range(12))
    assert max(client.sizes) <= MAX_BYTES
    assert sum(client.sizes) == sum(map(size_of, some))
    assert len(client.requests) == 4


def test_what_fails_is_tried_once_more_and_named_by_its_position() -> None:
    client: Any = EventBridge({3: 1, 14: 2})
    assert Bus(client, "bus").publish(events(20)) == [14]
    assert client.requests[2:] == [[3, 14]]


def test_nothing_to_publish_asks_nothing() -> None:
    client: Any = EventBridge()
    assert Bus(client, "bus").publish([]) == []
    assert client.requests == []
