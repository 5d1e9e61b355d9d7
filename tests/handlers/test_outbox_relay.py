"""outbox_relay: from the tables' streams to the bus, and on schedule what the streams missed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from project_invoicing.errors import Unavailable
from project_invoicing.store import outbox
from project_invoicing.store.items import typed_item
from project_invoicing.store.transactions import transact
from tests.handlers.samples import sample
from tests.own_events import journal_posted
from tests.rules.books import Books

AT = "2026-08-31T09:00:00Z"


class Bus:
    """A bus that takes events, but not those whose key has one of ``refuses`` in it, ten a request."""

    def __init__(self) -> None:
        self.refuses: set[str] = set()
        self.took: list[dict[str, Any]] = []
        self.requests = 0

    def put_events(self, **request: Any) -> dict[str, Any]:
        entries = request["Entries"]
        assert len(entries) <= 10
        self.requests += 1
        refused = [any(part in entry["Detail"] for part in self.refuses) for entry in entries]
        self.took += [entry for entry, no in zip(entries, refused, strict=True) if not no]
        answers = [{"ErrorCode": "ThrottlingException"} if no else {"EventId": "1"} for no in refused]
        return {"FailedEntryCount": sum(refused), "Entries": answers}


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch, books: Books) -> Bus:
    made = Bus()
    monkeypatch.setattr("project_invoicing.store.client.event_bridge", lambda: made)
    return made


def record(books: Books, *journals: str, at: str = AT) -> list[dict[str, Any]]:
    """Events about journals in the outbox of their table, and the records that its stream brings of them."""
    table = books.world.names.journals_table
    records = []
    for number, journal in enumerate(journals):
        event = journal_posted(at, f"USPM#{journal}", journal_id=journal)
        write = outbox.record(table, event)
        transact(books.world.client, [write])
        image = write["Put"]["Item"]
        change = {
            "Keys": {name: image[name] for name in ("pk", "sk")},
            "NewImage": image,
            "SequenceNumber": str(number),
        }
        arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}/stream/2026-08-01T00:00:00.000"
        records.append({"eventName": "INSERT", "eventSourceARN": arn, "dynamodb": change})
    return records


def left(books: Books) -> list[str]:
    """The journals whose events are still in the outbox."""
    items = outbox.unsent(books.world.client, books.world.names.journals_table)
    return sorted(outbox.event_of(item).detail["journal_id"] for item in items)


def test_a_streams_records_become_events_with_their_own_time_and_leave_the_outbox(books: Books, bus: Bus) -> None:
    answer = books.call("outbox_relay", {"Records": record(books, "J-1")})
    assert answer == {"batchItemFailures": []}
    assert bus.took == [
        {
            "EventBusName": books.world.names.event_bus_name,
            "Source": "project-invoicing",
            "DetailType": "IntegrationJournalPosted",
            "Time": datetime.fromisoformat(AT),
            "Detail": '{"version":1,"company":"USPM","journal_id":"J-1","line_count":1}',
        }
    ]
    assert left(books) == []


def test_the_sample_of_a_stream_is_relayed(books: Books, bus: Bus) -> None:
    event = sample("outbox_relay/stream")
    for found in event["Records"]:
        found["eventSourceARN"] = found["eventSourceARN"].replace("table/Journals", "table/JournalsTable")
        found["eventSourceARN"] = found["eventSourceARN"].replace("table/Proposals", "table/ProposalsTable")
    assert books.call("outbox_relay", event) == {"batchItemFailures": []}
    assert [entry["DetailType"] for entry in bus.took] == ["IntegrationJournalPosted", "CustomerInvoicePosted"]


def test_what_the_bus_does_not_take_is_delivered_again_by_itself(books: Books, bus: Bus) -> None:
    records = record(books, *(f"J-{n:02d}" for n in range(12)))
    bus.refuses = {"J-03", "J-11"}
    answer = books.call("outbox_relay", {"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "11"}]}
    assert (left(books), bus.requests) == (["J-03", "J-11"], 2)


def test_a_bus_that_does_not_answer_leaves_everything_in_the_outbox(books: Books, bus: Bus) -> None:
    def silent(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://events")

    bus.put_events = silent  # type: ignore[method-assign,assignment]
    records = record(books, "J-1")
    with pytest.raises(Unavailable):
        books.call("outbox_relay", {"Records": records})
    assert left(books) == ["J-1"]


def test_a_repeated_record_is_published_again_and_harms_nothing(books: Books, bus: Bus) -> None:
    """Its first relay died before it took the item out, or after: at least once is what is promised."""
    records = record(books, "J-1")
    for _ in range(2):
        assert books.call("outbox_relay", {"Records": records}) == {"batchItemFailures": []}
    assert len(bus.took) == 2


def test_the_sweep_publishes_what_the_streams_missed_and_leaves_them_what_is_new(books: Books, bus: Bus) -> None:
    scheduled = sample("outbox_relay/scheduled")
    now = scheduled["time"]
    old = "2026-08-01T00:00:00Z"
    record(books, "J-old", at=old)
    record(books, "J-new", at=now)
    assert books.call("outbox_relay", scheduled) == {"published": 1}
    assert (left(books), [entry["Time"] for entry in bus.took]) == (["J-new"], [datetime.fromisoformat(old)])


def test_the_sweep_keeps_what_the_bus_does_not_take(books: Books, bus: Bus) -> None:
    record(books, "J-1", "J-2", at="2026-08-01T00:00:00Z")
    bus.refuses = {"J-2"}
    assert books.call("outbox_relay", sample("outbox_relay/scheduled")) == {"published": 1}
    assert left(books) == ["J-2"]


def test_every_outbox_is_swept(books: Books, bus: Bus) -> None:
    names = books.world.names
    books.arrive()
    for table in (names.staging_table, names.journals_table, names.proposals_table):
        event = journal_posted("2026-08-01T00:00:00Z", table)
        item = outbox.record(table, event)["Put"]["Item"]
        books.world.client.put_item(TableName=table, Item=typed_item({}) | item)
    assert books.call("outbox_relay", sample("outbox_relay/scheduled")) == {"published": 3}
