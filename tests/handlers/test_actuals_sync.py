"""actuals_sync: a batch of the queue; each row is taken, refused, or fails by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from project_invoicing.dataverse.context import row_events
from project_invoicing.events.own import SetupChanged
from tests.builders import Context, actual, connection, guid
from tests.handlers.samples import sample
from tests.harness import envelope, sqs_batch
from tests.rules.books import Books
from tests.rules.stories import cost


def bodies(*contexts: Context) -> list[str]:
    events = [event for context in contexts for event in row_events(context, "2026-08-27T16:05:00Z")]
    return [json.dumps(envelope(event.detail, event.time, event.detail_type, event.source)) for event in events]


def failed(books: Books, *messages: str) -> list[str]:
    """Which messages of a batch fail, by their position."""
    answer = books.call("actuals_sync", sqs_batch(*messages))
    return [failure["itemIdentifier"].removeprefix("message-") for failure in answer["batchItemFailures"]]


@contextmanager
def no_answer_for(books: Books, *names: str) -> Iterator[None]:
    """DynamoDB does not answer what is written about these rows."""

    def send(params: dict[str, Any], **_: Any) -> None:
        if any(guid(name) in json.dumps(params["Key"]) for name in names):
            raise EndpointConnectionError(endpoint_url="https://dynamodb")

    events: Any = books.world.client.meta.events
    events.register("provide-client-params.dynamodb.UpdateItem", send)
    try:
        yield
    finally:
        events.unregister("provide-client-params.dynamodb.UpdateItem", send)


def test_a_bad_row_is_kept_whole_and_its_neighbours_go_through(books: Books) -> None:
    batch = sample("actuals_sync/bad-row-among-good-ones")
    assert books.call("actuals_sync", batch) == {"batchItemFailures": []}
    bad, good = (json.loads(record["body"])["detail"] for record in batch["Records"])
    assert [row["actual_id"] for row in books.result["staging"]] == [good["id"]]
    assert [(row["id"], row["reason"]) for row in books.result["rejected"]] == [(bad["id"], "unknown_code")]
    assert "msdyn_transactiontypecode" in books.result["rejected"][0]["detail"]
    (told,) = (event for event in books.world.drain() if event.detail_type != SetupChanged.TYPE)
    assert (told.detail_type, told.detail["id"]) == ("ActualRejected", bad["id"])


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"quantity": None, "amount": "800"}, "schema"),
        ({"start": "2026-13-45"}, "schema"),
        ({"price": "2000000000", "quantity": "1"}, "amount_out_of_range"),
        ({"transaction_type": "project_contract"}, "unknown_code"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_by_name(books: Books, columns: dict[str, Any], reason: str) -> None:
    assert failed(books, *bodies(actual("bad", **columns))) == []
    assert [(row["id"], row["reason"]) for row in books.result["rejected"]] == [(guid("bad"), reason)]


def test_only_the_message_that_dynamodb_did_not_answer_is_delivered_again(books: Books) -> None:
    messages = bodies(cost("one"), cost("two"), cost("three"))
    with no_answer_for(books, "two"):
        assert failed(books, *messages) == ["1"]
    assert {row["actual_id"] for row in books.result["staging"]} == {guid("one"), guid("three")}
    assert failed(books, messages[1]) == []
    assert {row["deliveries"] for row in books.result["staging"]} == {1}


def test_a_batch_of_which_everything_fails_says_so_of_each_message(books: Books) -> None:
    with no_answer_for(books, "one", "two"):
        assert failed(books, *bodies(cost("one"), cost("two"))) == ["0", "1"]


@pytest.mark.parametrize("body", ["", "{", "[]", '{"detail-type": "msdyn_actual.Create"}'])
def test_a_body_that_is_no_event_fails_alone(books: Books, body: str) -> None:
    (good,) = bodies(cost("good"))
    assert failed(books, body, good) == ["0"]
    assert [row["actual_id"] for row in books.result["staging"]] == [guid("good")]


def test_a_repeated_message_is_counted_and_changes_nothing(books: Books) -> None:
    (message,) = bodies(cost("work", row_version=7))
    failed(books, message, message)
    (row,) = books.result["staging"]
    assert (row["deliveries"], row["duplicates"]) == (2, 1)


def test_a_connection_between_other_things_than_actuals_is_none_of_ours(books: Books) -> None:
    line = connection("c", "line", "Unbilled Sales", "other", "Cost", type_1="msdyn_journalline")
    assert failed(books, *bodies(line)) == []
    assert books.result["staging"] == books.result["rejected"] == []
