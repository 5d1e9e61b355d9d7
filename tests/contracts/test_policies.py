"""Each function's role allows what the function does: no local engine would refuse it.

The scenarios are run in this process, and every call to AWS is compared with the policy of the function it came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from botocore.client import BaseClient

from local import ROOT, run
from local.functions import Handlers
from local.template import STACK_NAME, Function
from tests.contracts.cloudformation import FUNCTIONS, name_of, referred, statements

SCENARIOS = sorted((ROOT / "events" / "scenarios").iterdir())
BUSES = {STACK_NAME: "EventBus"}
TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


class Use(NamedTuple):
    """An action on a resource, as policies name them: ``dynamodb:Query`` on ``StagingTable/index/import_queue``."""

    function: str
    action: str
    resource: str


ALLOWED = {
    Use(name_of(function), action, _path)
    for function in FUNCTIONS
    for actions, targets in statements(function)
    for action in actions
    for _path in (referred(target) + str(target.get("Fn::Sub", "")).partition("}")[2] for target in targets)
}


def uses(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The actions, each with its resource, that DynamoDB or EventBridge asks the caller's policy for."""
    match operation:
        case "PutEvents":
            yield from (("events:PutEvents", BUSES[entry["EventBusName"]]) for entry in request["Entries"])
        case "TransactWriteItems":
            for item in request["TransactItems"]:
                ((kind, part),) = item.items()
                yield f"dynamodb:{TRANSACTED[kind]}", part["TableName"]
        case "TransactGetItems":
            yield from (("dynamodb:GetItem", item["Get"]["TableName"]) for item in request["TransactItems"])
        case "BatchGetItem" | "BatchWriteItem":
            yield from ((f"dynamodb:{operation}", table) for table in request["RequestItems"])
        case _:
            index = f"/index/{request['IndexName']}" if "IndexName" in request else ""
            yield f"dynamodb:{operation}", request["TableName"] + index


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[Use]:
    """What the functions ask of AWS from here on."""
    found: set[Use] = set()
    calling: list[str] = []
    call, request = Handlers.call, vars(BaseClient)["_make_api_call"]

    def named(handlers: Handlers, function: Function, event: Mapping[str, Any]) -> Any:
        calling.append(function.name)
        try:
            return call(handlers, function, event)
        finally:
            calling.pop()

    def noted(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        if calling:
            found.update(Use(calling[-1], *use) for use in uses(operation, arguments))
        return request(client, operation, arguments)

    monkeypatch.setattr(Handlers, "call", named)
    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    return found


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda folder: str(folder.name))
def test_a_function_does_only_what_its_role_allows(scenario: Any, used: set[Use]) -> None:
    run.run(run.Options(setup=scenario / "setup.yaml", events=scenario / "events.jsonl", engine="moto"))

    assert used
    assert used - ALLOWED == set()
