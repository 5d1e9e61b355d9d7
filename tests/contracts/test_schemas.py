"""What others build against is what the program says: the table of our events, the schemas, the samples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from project_invoicing.events import SOURCE
from project_invoicing.use_cases.commands.reading import COMMANDS, command_of
from project_invoicing.use_cases.requests.request import Request
from tests.event_samples import EVENTS, function_samples
from tests.json_schema import problems
from tools import contracts
from tools.contracts import OWN_EVENTS

TYPES = {event.TYPE: event for event in OWN_EVENTS}


def own_samples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every event of ours in the samples, also those that wait on a queue."""
    for name, sample in function_samples().items():
        bodies = [json.loads(record["body"]) for record in sample.get("Records", ()) if "body" in record]
        for event in bodies or [sample]:
            if event.get("source") == SOURCE and event["detail-type"] in TYPES:
                yield name, event


SAMPLES = list(own_samples())


COMMAND_SAMPLES = [
    (name, sample["detail"]) for name, sample in function_samples().items() if name.startswith("document_editing/")
]


def schema(path: str) -> dict[str, Any]:
    return dict(json.loads((EVENTS / "schemas" / path).read_text("utf-8")))


def test_the_table_of_events_is_what_their_classes_say() -> None:
    written = contracts.DOCUMENT.read_text("utf-8")
    assert written == contracts.with_table(written), "run: python -m tools.contracts"


@pytest.mark.parametrize("path", contracts.schemas())
def test_a_schema_is_what_its_class_says(path: str) -> None:
    written = (EVENTS / "schemas" / path).read_text("utf-8")
    assert written == contracts.schemas()[path], "run: python -m tools.contracts"


def test_there_is_no_other_schema() -> None:
    files = {str(file.relative_to(EVENTS / "schemas")) for file in (EVENTS / "schemas").rglob("*.json")}
    assert files == set(contracts.schemas())


@pytest.mark.parametrize(("name", "event"), SAMPLES, ids=[name for name, _ in SAMPLES])
def test_a_sample_of_an_event_of_ours_fits_its_schema_and_its_class(name: str, event: dict[str, Any]) -> None:
    described = schema(f"{event['detail-type']}.json")
    assert list(problems(described, event["detail"])) == []
    assert event["detail"].keys() <= described["properties"].keys()
    again = TYPES[event["detail-type"]].of(event).on_bus(event["time"], "key")
    assert json.dumps(again.detail) == json.dumps(event["detail"])


def test_every_event_that_somebody_waits_for_has_a_sample() -> None:
    assert {event["detail-type"] for _, event in SAMPLES} == {event.TYPE for event in OWN_EVENTS if event.STARTS}


@pytest.mark.parametrize(("name", "detail"), COMMAND_SAMPLES, ids=[name for name, _ in COMMAND_SAMPLES])
def test_a_sample_of_a_command_fits_its_schema_and_its_model(name: str, detail: dict[str, Any]) -> None:
    command = command_of(detail)
    (request,) = detail.values()
    assert list(problems(schema(f"commands/{type(command).__name__}.json"), request)) == []
    assert {command.ACTION: command.model_dump(mode="json", by_alias=True, exclude_unset=True)} == detail


def test_every_command_has_a_sample() -> None:
    assert {type(command_of(detail)) for _, detail in COMMAND_SAMPLES} == set(COMMANDS)


def asked(request: type[Request]) -> list[dict[str, Any]]:
    """What the samples of its function ask by hand."""
    samples = [sample for name, sample in function_samples().items() if name.partition("/")[0] == request.FUNCTION]
    details = [sample["detail"] for sample in samples if str(sample.get("source")).endswith(".manual")]
    return [detail[request.UNDER] for detail in details if request.UNDER in detail] if request.UNDER else details


@pytest.mark.parametrize("request_", contracts.REQUESTS)
def test_a_sample_of_a_request_fits_its_schema_and_its_class(request_: type[Request]) -> None:
    described = schema(f"commands/{request_.__name__}.json")
    assert asked(request_)
    for given in asked(request_):
        assert list(problems(described, given)) == []
        assert request_.of(given).as_detail() == given


def test_a_schema_refuses_what_is_not_as_described() -> None:
    journal = schema("IntegrationJournalPosted.json")
    assert sorted(problems(journal, {"version": 2, "company": "USPM", "line_count": "2"})) == [
        "$ has no journal_id",
        "$.line_count is '2', not integer",
        "$.version is 2, not 1",
    ]
    assert list(problems(schema("StagingImportRequested.json"), {"version": 1}))
    assert list(problems(schema("commands/ResetJournal.json"), {"company": "", "journal_id": "1", "reason": "why"}))
