"""The engine's capacity figures against DynamoDB's published rules (Developer Guide, "Capacity unit consumption").

A write costs a unit for each kilobyte of the item, the larger of before and after; in a transaction twice that. An
index costs a write where its copy of the item appears, changes or goes away, and two where its key changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.counting import counted
from tests.harness import World

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.engine

ITEM = {"pk": {"S": "1"}, "sk": {"S": "A"}}
QUEUED = {"q": {"S": "0"}, "qs": {"S": "J"}}
NAMES_AND_KEYS = len("pk1skAa")


@pytest.fixture
def table(stack: World) -> str:
    stack.client.delete_item(TableName=stack.names.staging_table, Key=ITEM)
    return stack.names.staging_table


def text(item_size: int) -> dict[str, Any]:
    """An attribute that makes ``ITEM`` so many bytes large."""
    return {"a": {"S": "x" * (item_size - NAMES_AND_KEYS)}}


def written(
    client: DynamoDBClient, table: str, update: str, values: dict[str, Any], *, transaction: bool = False
) -> list[float]:
    """Units of table and index of one update."""
    request: Any = {"TableName": table, "Key": ITEM, "UpdateExpression": update}
    if values:
        request["ExpressionAttributeValues"] = {f":{name}": value for name, value in values.items()}
    with counted(client) as usage:
        if transaction:
            client.transact_write_items(TransactItems=[{"Update": request}])
        else:
            client.update_item(**request)
    assert usage.requests == 1
    return [usage.written[table], usage.written[f"{table}/import_queue"]]


@pytest.mark.parametrize(("size", "units"), [(1024, 1), (1025, 2), (2048, 2), (2049, 3)])
def test_each_kilobyte_begun_is_a_unit_and_two_in_a_transaction(
    stack: World, table: str, size: int, units: int
) -> None:
    assert written(stack.client, table, "SET a = :a", text(size)) == [units, 0]
    assert written(stack.client, table, "SET b = :b REMOVE a", {"b": text(size)["a"]}, transaction=True) == [
        2 * units,
        0,
    ]


def test_an_update_costs_the_larger_of_before_and_after(stack: World, table: str) -> None:
    stack.client.put_item(TableName=table, Item=ITEM | text(3000))
    assert written(stack.client, table, "SET a = :a", text(100)) == [3, 0]


def test_an_index_costs_a_write_when_its_item_appears_changes_or_goes_and_two_when_its_key_changes(
    stack: World, table: str
) -> None:
    stack.client.put_item(TableName=table, Item=ITEM | text(900))
    assert written(stack.client, table, "SET q = :q, qs = :qs", QUEUED) == [1, 1]
    assert written(stack.client, table, "SET b = :b", {"b": {"S": "y"}}) == [1, 1]
    assert written(stack.client, table, "SET qs = :qs", {"qs": {"S": "K"}}) == [1, 2]
    assert written(stack.client, table, "REMOVE q, qs", {}, transaction=True) == [2, 1]
    assert written(stack.client, table, "SET b = :b", {"b": {"S": "z"}}) == [1, 0]


def test_reads_are_counted_beside(stack: World, table: str) -> None:
    stack.client.put_item(TableName=table, Item=ITEM | text(4096))
    with counted(stack.client) as usage:
        stack.client.get_item(TableName=table, Key=ITEM, ConsistentRead=True)
        stack.client.get_item(TableName=table, Key=ITEM)
    assert (usage.read_units, usage.write_units, usage.requests, usage.writes) == (1.5, 0, 2, 0)
