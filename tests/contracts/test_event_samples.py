"""The samples in ``events/`` are what Dataverse sends, and what a function reads out of them is what was sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from project_invoicing.dataverse.context import parse_json, row_events
from project_invoicing.dataverse.mapping import to_actual, to_connection, to_proforma
from project_invoicing.dataverse.maps import MASTER_TABLES
from project_invoicing.dataverse.master_rows import to_master_row
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.table_maps.receive import message_of
from tests.event_samples import DATAVERSE, EVENTS, bus_events, function_samples, samples

READERS: dict[str, Callable[[RowEvent], Any]] = {
    **dict.fromkeys(MASTER_TABLES, to_master_row),
    "msdyn_actual": to_actual,
    "msdyn_transactionconnection": to_connection,
    "invoice": to_proforma,
}


def sample(name: str) -> Any:
    return parse_json((EVENTS / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("path", samples())
def test_a_sample_is_the_one_that_is_described(path: str) -> None:
    assert (EVENTS / path).read_text("utf-8") == samples()[path], "run: python -m tests.event_samples"


def test_there_is_no_other_sample() -> None:
    files = {str(file.relative_to(EVENTS)) for file in EVENTS.glob("*/*.json") if file.parent.name != "schemas"}

    assert files == set(samples())


@pytest.mark.parametrize("name", sorted(set(DATAVERSE) - {"actual-bad"}))
def test_a_dataverse_sample_is_read_by_its_map(name: str) -> None:
    for event in row_events(sample(f"dataverse/{name}"), "2026-08-31T09:00:00Z"):
        assert READERS[event.detail["entity"]](RowEvent.read(event.detail)) is not None


def test_the_bad_sample_is_refused_for_its_type() -> None:
    [event] = row_events(sample("dataverse/actual-bad"), "2026-08-31T09:00:00Z")

    with pytest.raises(Rejected) as caught:
        to_actual(RowEvent.read(event.detail))
    assert (caught.value.reason, caught.value.field) == ("unknown_code", "msdyn_transactiontypecode")


def test_the_header_sync_is_called_with_what_dataverse_sent() -> None:
    assert sample("proforma_header_sync/invoice-confirmed") == bus_events("invoice-confirmed")[0]


@pytest.mark.parametrize("name", [name for name in samples() if name.startswith("dataverse_webhook/")])
def test_a_sample_of_the_webhook_is_read_as_a_message(name: str) -> None:
    message = message_of(sample(name.removesuffix(".json")))

    assert message.time == "2026-08-31T08:30:00Z"
    assert set(message.headers) >= {"x-webhook-key", "content-type"}
    if not name.endswith("not-json.json"):
        assert parse_json(message.body)["MessageName"] in {"Create", "Update", "Delete", "CreateMultiple"}


def test_the_queue_holds_bus_events_of_rows() -> None:
    batches = {name: event for name, event in function_samples().items() if name.startswith("actuals_sync/")}

    for name in batches:
        for record in sample(name)["Records"]:
            body = json.loads(record["body"])
            assert body["source"] == "dataverse"
            assert body["detail-type"] == f"{body['detail']['entity']}.{body['detail']['message']}"
