"""What makes moto quicker for the tests changes no answer, no table and no stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local import engines
from project_invoicing.store import transactions
from project_invoicing.store.items import Expression, key
from project_invoicing.store.transactions import delete, get_many, put, query, scan, update
from tests import quick_moto
from tests.harness import TEMPLATE
from tests.store import tables

Request = Callable[[Any, str], Any]
INDEXES = [
    index
    for table in TEMPLATE.tables
    for index in table.request.get("GlobalSecondaryIndexes", ())
    if table.id == "StagingTable"
]
HASH, RANGE = (one["AttributeName"] for one in INDEXES[0]["KeySchema"])


def item(sk: str, **values: Any) -> dict[str, Any]:
    return {"pk": "p", "sk": sk, **values}


def transacted(*writes: Callable[[str], Any]) -> Request:
    return lambda client, table: client.transact_write_items(TransactItems=[write(table) for write in writes])


def updated(sk: str, values: dict[str, Any], **more: Any) -> Request:
    def request(client: Any, table: str) -> Any:
        made = update(table, "p", sk, values, **{"expected": {}, **more})["Update"]
        if not made["ConditionExpression"]:
            del made["ConditionExpression"]
        return client.update_item(**made, ReturnValues="ALL_NEW")

    return request


def by_expression(sk: str, expression: str, names: dict[str, str], values: dict[str, Any]) -> Request:
    return lambda client, table: client.update_item(
        TableName=table,
        Key=key("p", sk),
        UpdateExpression=expression,
        ExpressionAttributeNames=names,
        **({"ExpressionAttributeValues": values} if values else {}),
    )


def first_set(client: Any, table: str) -> Any:
    expression = Expression()
    text = expression.update({"n": 5}, first={"m": 1, "k": 2}, add={"count": 1}, remove=["gone"])
    return client.update_item(
        TableName=table, Key=key("p", "a"), UpdateExpression=text, **expression.aliases(), ReturnValues="UPDATED_NEW"
    )


def read(table: str, sk: str) -> dict[str, Any]:
    return {"Get": {"TableName": table, "Key": key("p", sk)}}


REQUESTS: list[Request] = [
    transacted(
        lambda table: put(table, item("a", n=1, **{HASH: "one", RANGE: "2"}), unless_exists=True),
        lambda table: put(table, item("b", data=b"\x00\xff", **{HASH: "one", RANGE: "1"}), unless_exists=True),
        lambda table: put(table, item("c", map={"B": "text", "list": [1, "two", True]}), unless_exists=True),
    ),
    updated("a", {"n": 2, "gone": "x"}, expected={"n": 1}),
    updated("a", {"n": 2, "gone": "x"}, expected={"n": 1}),
    updated("new", {"n": 3}, add={"count": 2}),
    updated("newer", {"n": 3}, add={"count": 2}),
    updated("new", {"n": None}, free_for={"n": 3}, add={"count": 2}),
    updated("new", {"n": None}, free_for={"n": 3}, add={"count": 2}),
    first_set,
    first_set,
    transacted(
        lambda table: update(table, "p", "a", {"n": 9}, expected={"n": 5}),
        lambda table: delete(table, "p", "b", expected={"n": 4711}),
        lambda table: put(table, item("never"), unless_exists=True),
    ),
    transacted(
        lambda table: update(table, "p", "a", {"n": 9}, expected={"n": 5}),
        lambda table: update(table, "p", "a", {"n": 10}, expected={"n": 5}),
    ),
    transacted(
        lambda table: update(table, "p", "a", {"n": 9}, expected={"n": 5}),
        lambda table: put(table, item("d"), unless_exists=True),
    ),
    # What is refused
    by_expression("a", "SET #0 = :0", {"#0": "pk"}, {":0": {"S": "q"}}),
    by_expression("a", "SET #0 = :0, #0 = :0", {"#0": "n"}, {":0": {"N": "1"}}),
    by_expression("a", "ADD #0 :0", {"#0": "n"}, {":0": {"N": "1"}}),
    by_expression("b", "ADD #0 :0", {"#0": "data"}, {":0": {"N": "1"}}),
    by_expression("a", "SET #0 = :0", {"#0": "n", "#1": "unused"}, {":0": {"N": "1"}}),
    by_expression("a", "SET #0 = :0", {"#0": "n"}, {":0": {"S": "x" * 410_000}}),
    by_expression("a", "SET #0 = :0", {"#0": "n"}, {":0": {"S": "x"}}),
    by_expression("a", "SET #0 = :0", {"#0": "n"}, {":0": {"S": "x" * 410_000}}),
    by_expression("a", "SET #0 = :0", {"#0": HASH}, {":0": {"S": "two"}}),
    by_expression("a", "SET #0 = :0", {"#0": HASH}, {":0": {"S": ""}}),
    by_expression("a", "SET #0 = :0", {"#0": HASH}, {":0": {"S": "one"}}),
    by_expression("a", "ADD #0 :0", {"#0": "n"}, {":0": {"N": "1"}}),
    by_expression("a", "SET #0 = :0", {"#0": "n"}, {":0": {"N": "1"}}),
    by_expression("a", "ADD #0 :0", {"#0": "n"}, {":0": {"N": "1"}}),
    by_expression("a", "ADD #0 :0", {"#0": "n"}, {":0": {"S": "1"}}),
    by_expression("a", "SET #0 = :0", {"#0": "n"}, {":0": {"NULL": True}}),
    by_expression("a", "SET #0 = :0", {"#0": "n"}, {":0": {"L": []}}),
    by_expression("a", "SET #0 = :0", {"#0": "n"}, {":0": {"N": "not a number"}}),
    by_expression("a", "SET #0 = :0", {"#0": "n"}, {":0": {"SS": []}}),
    by_expression("a", "SET #0 = :0", {"#0": "n"}, {":0": {"S": "x"}, ":1": {"S": "unused"}}),
    transacted(
        lambda table: update(table, "p", "a", {HASH: ""}, expected={}, free_for={"no": 1}),
        lambda table: put(table, item("never"), unless_exists=True),
    ),
    by_expression("c", "SET #0.#1 = :0 REMOVE #0.#2[0]", {"#0": "map", "#1": "B", "#2": "list"}, {":0": {"N": "1"}}),
    lambda client, table: client.put_item(TableName=table, Item={"pk": {"S": ""}, "sk": {"S": "x"}}),
    lambda client, table: client.put_item(TableName=table, Item={"pk": {"N": "1"}, "sk": {"S": "x"}}),
    lambda client, table: client.get_item(TableName="nowhere", Key=key("p", "a")),
    lambda client, table: client.get_item(TableName=table, Key={"pk": {"S": "p"}}),
    lambda client, table: client.put_item(TableName=table, Item={**key("p", "x"), "t": {"S": "x" * 410_000}}),
    # What is read
    lambda client, table: client.get_item(TableName=table, Key=key("p", "a"), ReturnConsumedCapacity="INDEXES"),
    lambda client, table: client.get_item(TableName=table, Key=key("p", "nothing")),
    lambda client, table: list(query(client, table, "p")),
    lambda client, table: list(query(client, table, "p", prefix="n")),
    lambda client, table: list(query(client, table, "p", prefix="", first="b")),
    lambda client, table: list(query(client, table, "q")),
    lambda client, table: list(query(client, table, "p", limit=2)),
    lambda client, table: client.query(**page(table, 2, ScanIndexForward=False)),
    lambda client, table: client.query(**page(table, 2, ExclusiveStartKey=key("p", "b"))),
    lambda client, table: list(query(client, table, "one", index=INDEXES[0]["IndexName"], names=(HASH, RANGE))),
    lambda client, table: list(query(client, table, "two", index=INDEXES[0]["IndexName"], names=(HASH, RANGE))),
    lambda client, table: list(transactions.scan_index(client, table, INDEXES[0]["IndexName"])),
    lambda client, table: list(scan(client, table)),
    lambda client, table: list(scan(client, table, present=["count", "data"])),
    lambda client, table: list(get_many(client, table, [("p", "a"), ("p", "b"), ("p", "nothing")])),
    lambda client, table: client.transact_get_items(TransactItems=[read(table, "a"), read(table, "nothing")]),
    # What goes
    lambda client, table: client.batch_write_item(
        RequestItems={table: [{"PutRequest": {"Item": key("q", "1")}}, {"DeleteRequest": {"Key": key("p", "new")}}]}
    ),
    transacted(lambda table: delete(table, "p", "b", expected={"data": b"\x00\xff"})),
    lambda client, table: client.delete_item(TableName=table, Key=key("p", "c"), ReturnValues="ALL_OLD"),
    lambda client, table: list(scan(client, table)),
]


def page(table: str, limit: int, **more: Any) -> dict[str, Any]:
    expression = Expression()
    condition = expression.equal("pk", "p")
    return {"TableName": table, "KeyConditionExpression": condition, **expression.aliases(), "Limit": limit, **more}


def answers(client: Any, table: str) -> Iterator[Any]:
    for request in REQUESTS:
        try:
            answer = request(client, table)
        except ClientError as error:
            answer = error.response
        if isinstance(answer, dict):
            answer.pop("ResponseMetadata")
        yield answer


def changes(stream: str) -> Iterator[Any]:
    """What a stream says of each change. moto says twice that an update has made an item, first without its values."""
    streams = boto3.client("dynamodbstreams")
    (shard,) = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    place = streams.get_shard_iterator(StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    for record in streams.get_records(ShardIterator=place)["Records"]:
        changed = record["dynamodb"]
        if changed.get("NewImage") != changed["Keys"]:
            yield record["eventName"], changed["Keys"], changed.get("OldImage"), changed.get("NewImage")


def told() -> tuple[list[Any], list[Any]]:
    """The answers and the stream of a moto of its own."""
    with engines.running("moto"):
        client: Any = boto3.client("dynamodb")
        table = tables.create(client, only="StagingTable").staging_table
        found = list(answers(client, table))
        return found, list(changes(client.describe_table(TableName=table)["Table"]["LatestStreamArn"]))


@pytest.fixture(scope="module")
def by_moto() -> tuple[list[Any], list[Any]]:
    with quick_moto.as_it_comes():
        return told()


@pytest.mark.parametrize("time", ["first", "again"])
def test_answers_and_changes_are_motos_own(by_moto: tuple[list[Any], list[Any]], time: str) -> None:
    """The second time, it has seen each expression before."""
    found, changed = told()
    for number, (answer, expected) in enumerate(zip(found, by_moto[0], strict=True)):
        assert answer == expected, f"request {number}"
    assert changed == by_moto[1]


def test_most_requests_are_answered() -> None:
    """The comparison compares something: refusals are those that are meant."""
    refused = [answer["Error"]["Code"] for answer in told()[0] if isinstance(answer, dict) and "Error" in answer]
    assert len(refused) == 17
