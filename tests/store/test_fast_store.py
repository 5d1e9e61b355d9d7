"""The engine of tests/fast_store against two others: random requests, the same answers, the same refusals.

Where they differ for a known reason, ``GAPS`` names it, and both begin anew. Each of these engines has its gaps; what
AWS does was looked up for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from pytest_socket import enable_socket, socket_allow_hosts

from local import engines
from tests.fast_store.client import Engine, answering
from tests.fast_store.requests import TABLE, Requests
from tests.thorough import thorough

if TYPE_CHECKING:
    from tests.store.conftest import Servers

Json = dict[str, Any]

BOTH = ("dynoxide", "ministack")
ASKED = 60


@dataclass(frozen=True)
class Asked:
    operation: str
    params: Json
    ours: Json
    theirs: Json

    def has(self, part: str) -> bool:
        return part in repr(self.params)

    def we_say(self, part: str) -> bool:
        return part in repr(self.ours)

    def they_say(self, part: str) -> bool:
        return part in repr(self.theirs)


@dataclass(frozen=True)
class Gap:
    """Engines that do otherwise than AWS, and where."""

    engines: tuple[str, ...]
    reason: str
    applies: Callable[[Asked], bool]


GAPS = (
    Gap(
        BOTH,
        "they remove a part of what is not there; AWS says that the path is invalid",
        lambda asked: asked.has("REMOVE") and (asked.has("].") or asked.has(".#x") or asked.has("[0]")),
    ),
    Gap(
        BOTH,
        "a transaction that gives an index an empty key is refused by them before its conditions are looked at",
        lambda asked: asked.operation == "transact_write_items" and asked.they_say("empty string value"),
    ),
    Gap(
        BOTH,
        "a key that is not the table's is a reason to one, and nothing to the other, of a transaction of reads",
        lambda asked: asked.operation == "transact_get_items" and asked.ours.get("error") == "ValidationException",
    ),
    Gap(
        ("dynoxide",),
        "it has the key as the old attributes of an item that was not there",
        lambda asked: asked.has("ALL_OLD") and set(asked.theirs.get("Attributes", ())) == {"pk", "sk"},
    ),
    Gap(
        ("dynoxide",),
        "no condition holds that asks for the size of what has none, though it be negated; AWS does not say",
        lambda asked: asked.has("size(") and asked.has("NOT "),
    ),
    Gap(
        ("dynoxide",),
        "it looks for unused names after conditions",
        lambda asked: asked.has("#unused"),
    ),
    Gap(
        ("ministack",),
        "it looks at the keys of indexes before the conditions of a transaction, and names no other reason then",
        lambda asked: asked.operation == "transact_write_items" and asked.they_say("'ValidationError'"),
    ),
    Gap(
        ("ministack",),
        "it does arithmetic with what is no number, and appends to what is no list",
        lambda asked: asked.we_say("ValidationE") and (asked.has(" + :") or asked.has("list_append")),
    ),
    Gap(
        ("ministack",),
        "it adds to what is of another type",
        lambda asked: asked.we_say("ValidationE") and (asked.has("ADD ") or asked.has("DELETE ")),
    ),
    Gap(
        ("ministack",),
        "begins_with of an attribute of another type is an error to it; AWS says that it does not begin so",
        lambda asked: asked.has("begins_with") and asked.they_say("ValidationException"),
    ),
    Gap(
        ("ministack",),
        "its filters see attributes that the index does not have",
        lambda asked: asked.params.get("IndexName") == "blocked" and "FilterExpression" in asked.params,
    ),
    Gap(
        ("ministack",),
        "it has a size for numbers and truth values",
        lambda asked: asked.has("size("),
    ),
)


def plain(part: Any) -> Any:
    """Numbers by their value, and sets without an order."""
    if isinstance(part, list):
        return [plain(one) for one in part]
    if not isinstance(part, dict):
        return part
    if len(part) == 1:
        ((kind, value),) = part.items()
        if kind == "N" and isinstance(value, str):
            return Decimal(value)
        if kind in ("SS", "BS", "NS") and isinstance(value, list):
            return kind, sorted(map(Decimal, value) if kind == "NS" else value)
    return {name: plain(one) for name, one in part.items()}


def by_key(item: Any) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def asked_of(client: Any, operation: str, params: Json) -> Json:
    """An answer, for comparison: the texts of errors are each engine's own, and scans have no order."""
    try:
        answer = getattr(client, operation)(**params)
    except ClientError as error:
        told: Any = error.response
        reasons = [(reason["Code"], plain(reason.get("Item"))) for reason in told.get("CancellationReasons", ())]
        return {
            "error": told["Error"]["Code"],
            "message": told["Error"]["Message"],
            "reasons": reasons,
            "item": plain(told.get("Item")),
        }
    del answer["ResponseMetadata"]
    if operation == "scan" or "IndexName" in params:
        answer["Items"].sort(key=by_key)
    for items in answer["Responses"].values() if operation == "batch_get_item" else ():
        items.sort(key=by_key)
    found: Json = plain(answer)
    return found


def emptied(client: Any) -> None:
    for pk in "pr":
        for sk in "abcd":
            client.delete_item(TableName=TABLE["TableName"], Key={"pk": {"S": pk}, "sk": {"S": sk}})


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.engine) for name in BOTH])
def other(request: pytest.FixtureRequest, servers: Servers) -> Iterator[tuple[str, Any]]:
    enable_socket()
    socket_allow_hosts(["127.0.0.1", "localhost"], allow_unix_socket=True)
    try:
        client = servers(request.param)
    except engines.EngineError as missing:
        pytest.skip(str(missing))
    client.create_table(**TABLE)
    yield request.param, client
    client.delete_table(TableName=TABLE["TableName"])


def test_random_requests_are_answered_alike(other: tuple[str, Any]) -> None:
    name, theirs = other
    engine, outcomes = Engine(), Counter[str]()
    with answering(engine):
        theirs.create_table(**TABLE)
    for seed in range(thorough(8, 100)):
        requests = Requests(seed)
        for number in range(ASKED):
            operation, params = requests.next()
            found = asked_of(theirs, operation, params)
            with answering(engine):
                ours = asked_of(theirs, operation, params)
            outcomes[ours.get("error", "answered")] += 1
            if differing(ours, found):
                asked = Asked(operation, params, ours, found)
                known = [gap for gap in GAPS if name in gap.engines and gap.applies(asked)]
                assert known, (seed, number, asked)
                emptied(theirs)
                with answering(engine):
                    emptied(theirs)
    assert outcomes["answered"] > outcomes.total() / 2
    assert {"ConditionalCheckFailedException", "TransactionCanceledException", "ValidationException"} <= set(outcomes)


def differing(ours: Json, theirs: Json) -> bool:
    return {**ours, "message": ""} != {**theirs, "message": ""}
