"""What one event, one row of a message or one item does wrong stops no other: webhook, sweep, outbox, paused maps."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from project_invoicing.bus import Bus as RealBus
from project_invoicing.dataverse import context as contexts
from project_invoicing.dataverse import found_rows
from project_invoicing.dataverse.odata import found_row
from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected
from project_invoicing.store import client
from project_invoicing.store.items import typed_item
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.outbox.relay import Relay
from project_invoicing.use_cases.table_maps import catch_up
from tests import site
from tests.builders import actual, guid, to_json


class Bus:
    """Takes everything and keeps it."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def put_events(self, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803 - as boto3 names it
        self.sent += Entries
        return {"FailedEntryCount": 0, "Entries": [{} for _ in Entries]}


UNREADABLE = [
    {"d": "no json"},
    {"at": "yesterday"},
    {"at": "2026-08-01T00:00:00"},
    {"t": None},
    {"d": json.dumps({"text": "x" * 300_000})},
]


def outbox_item(number: int, **values: Any) -> dict[str, Any]:
    item = {"pk": f"OUTBOX#{number % 10}", "sk": f"2026-08-01T00:00:00Z#{number}", "t": "X", "d": "{}"}
    return typed_item(item | {"at": "2026-08-01T00:00:00Z"} | values)


@pytest.mark.parametrize("broken", UNREADABLE)
def test_an_item_of_the_outbox_that_cannot_be_published_stays_there_and_stops_no_other(broken: dict[str, Any]) -> None:
    with site.running() as stack:
        dynamodb, table = client.dynamodb(), stack.names.staging_table
        for number in range(12):
            dynamodb.put_item(TableName=table, Item=outbox_item(number, **(broken if number == 3 else {})))
        bus = Bus()
        relay = Relay(dynamodb, bus, "bus", [table])  # type: ignore[arg-type]
        assert relay.sweep("2026-08-31T00:00:00Z") == 11
        assert len(bus.sent) == 11
        (left,) = stack.items(table, "OUTBOX#")
        assert left["sk"].endswith("#3")
        records = [
            {
                "eventSourceARN": f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}/stream/x",
                "dynamodb": {"NewImage": outbox_item(number, **values), "SequenceNumber": str(number)},
            }
            for number, values in ((3, broken), (4, {}))
        ]
        assert relay.relay(records) == []
        assert len(bus.sent) == 12


def version(quantity: str) -> Any:
    return actual("a", quantity=quantity, row_version=None, at="2026-08-27T16:05:00Z")


def staged(order: tuple[str, ...], *, paused: bool) -> Any:
    with site.running() as stack:
        if paused:
            stack.map("pause", reason="x")
        stack.send(*(version(quantity) for quantity in (*order, order[0])))
        if paused:
            assert len(stack.items(stack.names.dataverse_table, "KEPT#")) == 2
            stack.map("resume")
            assert stack.items(stack.names.dataverse_table, "KEPT#") == []
        (row,) = [item for item in stack.items(stack.names.staging_table, "") if "a" in item]
        return row["a"], row["h"]


def test_a_pause_keeps_two_versions_of_one_moment_in_any_order() -> None:
    running = {staged(order, paused=False) for order in permutations(("8", "6"))}
    paused = {staged(order, paused=True) for order in permutations(("8", "6"))}
    assert len(running) == 1
    assert paused == running


def test_a_kept_event_that_cannot_be_read_stays_and_the_others_are_delivered() -> None:
    with site.running() as stack:
        stack.map("pause", reason="x")
        stack.send(actual("a"))
        broken = {
            "pk": "KEPT#actuals",
            "sk": "2026-01-01#x",
            "source": "dataverse",
            "type": "x",
            "at": "?",
            "detail": "{}",
        }
        client.dynamodb().put_item(TableName=stack.names.dataverse_table, Item=typed_item(broken))
        assert stack.map("resume")["delivered"] == 1
        assert list(stack.staged()) == [guid("a")]


def test_a_row_of_a_message_that_cannot_be_read_is_kept_and_the_others_are_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = contexts._row

    def row(entity: str, row_id: str | None, target: Any, images: list[Any]) -> Any:
        if "bad" in json.dumps(target, default=str):
            raise KeyError("a text")
        return real(entity, row_id, target, images)

    monkeypatch.setattr(contexts, "_row", row)
    message = {**actual("good"), "MessageName": "CreateMultiple", "PostEntityImages": []}
    targets = [
        next(pair["value"] for pair in actual(name, description=name)["InputParameters"] if pair["key"] == "Target")
        for name in ("good", "bad")
    ]
    message["InputParameters"] = [{"key": "Targets", "value": {"Entities": targets}}]
    with site.running() as stack:
        status, answer = stack.post(to_json(message))
        stack.stack.drain()
        assert (status, answer["published"], answer["rejected"]) == (200, 1, 1)
        assert list(stack.staged()) == [guid("good")]
        (rejected,) = stack.result()["rejected"]
        assert rejected["reason"] == RejectReason.SCHEMA
        assert "cannot be read (KeyError)" in rejected["detail"]
        assert "a text" not in rejected["detail"]


def test_half_a_character_goes_through_the_webhook_and_is_said() -> None:
    halves = to_json(actual("a", description="work @@ done")).replace("@@", "\\ud83d")
    with site.running() as stack:
        assert stack.post(halves)[0] == 200
        stack.stack.drain()
        (row,) = stack.result()["staging"]
        assert row["note"].endswith("replaced by U+FFFD")
        answer = stack.stack.invoke(
            "explain", {"source": "x", "detail-type": "x", "time": stack.at, "detail": {"id": guid("a")}}
        )
        assert answer["found"][0]["facts"]["description"] == "work \ufffd done"
        assert answer["found"][0]["facts"]["note"] == row["note"]


def test_an_event_with_half_a_character_can_be_kept_and_replayed() -> None:
    with site.running() as stack:
        staging = Staging(client.dynamodb(), stack.names.staging_table)
        refused = Rejected("schema", "is wrong", entity="msdyn_actual\ud83d", id="\ude00" * 3000)
        staging.reject(refused, {"id": "\ud83d", "row": {"x": "\ud83d"}}, stack.at)
        ((_, event),) = staging.rejected(refused.entity, refused.id)
        assert event["row"]["x"] == "\ud83d"
        (kept,) = stack.items(stack.names.staging_table, "REJECTED#")
        assert len(kept["pk"].encode()) < 700


def test_a_row_of_the_sweep_that_no_bus_takes_is_kept_and_the_page_goes_on() -> None:
    found = found_row("msdyn_actual", {"msdyn_actualid": guid("large"), "msdyn_description": "x" * 300_000})
    good = found_row("msdyn_actual", {"msdyn_actualid": guid("good")})
    bus, kept = Bus(), []

    class Staging:
        def reject(self, rejected: Rejected, event: Any, at: str) -> None:
            del event, at
            kept.append((rejected.reason, rejected.id))

    run = catch_up.CatchUp(None, None, None, Staging(), RealBus(bus, "bus"), site.NOW, lambda: True)  # type: ignore[arg-type]
    run._publish([found_rows.event_of(one, site.NOW) for one in (found, good)])
    assert kept == [("too_large", guid("large"))]
    assert [json.loads(entry["Detail"])["id"] for entry in bus.sent] == [guid("good")]
