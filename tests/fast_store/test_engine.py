"""What the fast store does that no other engine here does, or that random requests do not reach."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from local import engines
from project_invoicing.errors import Conflict
from project_invoicing.store import client as product
from project_invoicing.store import transactions
from project_invoicing.store.items import key
from project_invoicing.store.transactions import put, query, transact, update
from tests.fast_store.client import Engine, Failure, Lag, Wire, answering, running
from tests.fast_store.engine import cancelled
from tests.store import tables


class Clock:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(clock: Clock) -> Iterator[Engine]:
    with running(Engine(clock)) as made:
        yield made


@pytest.fixture
def client(engine: Engine) -> Any:
    """The product's own, which repeats requests."""
    product.forget()
    return product.dynamodb()


@pytest.fixture
def table(client: Any) -> str:
    return tables.create(client, only="StagingTable").staging_table


def item(sk: str, **values: Any) -> dict[str, Any]:
    return {"pk": "p", "sk": sk, **values}


def stored(engine: Engine, table: str) -> dict[str, Any]:
    """The plain attribute ``n`` of each item, by sort key, as the engine itself has it."""
    found = engine.tables[table].items.everything(0, None)
    return {one["sk"]["S"]: int(one["n"]["N"]) for _, _, one in found}


def refused(code: str, ask: Any, **params: Any) -> Any:
    with pytest.raises(ClientError) as raised:
        ask(**params)
    assert raised.value.response["Error"]["Code"] == code
    return raised.value.response


class Faulty(Wire):
    """Does to each request what is next in ``faults``: refuses it, or loses its answer."""

    def __init__(self, *faults: Failure | str) -> None:
        self.faults = list(faults)

    def before(self, operation: str, asked: Any) -> None:
        if self.faults and isinstance(self.faults[0], Failure):
            failure = self.faults.pop(0)
            assert isinstance(failure, Failure)
            raise failure

    def after(self, operation: str, asked: Any, answer: Any) -> None:
        if self.faults and self.faults[0] == "lost":
            self.faults.pop(0)
            raise ReadTimeoutError(endpoint_url="https://there")


# --- tokens ---


def test_a_lost_answer_is_asked_for_again_and_the_transaction_is_done_once(
    engine: Engine, client: Any, table: str
) -> None:
    engine.wire = Faulty("lost", "lost")
    transact(client, [update(table, "p", "a", {}, add={"n": 1}, expected={"pk": None})])
    assert stored(engine, table) == {"a": 1}
    assert engine.requests["TransactWriteItems"] == 3


def test_a_single_write_whose_answer_is_lost_meets_itself(engine: Engine, client: Any, table: str) -> None:
    engine.wire = Faulty("lost")
    made = put(table, item("a", n=1), unless_exists=True)["Put"]
    refused("ConditionalCheckFailedException", client.put_item, **made)
    assert stored(engine, table) == {"a": 1}


def test_a_token_is_good_for_one_transaction_and_for_ten_minutes(
    engine: Engine, client: Any, table: str, clock: Clock
) -> None:
    def ask(amount: int) -> None:
        writes = [update(table, "p", "a", {}, add={"n": amount}, expected={}, free_for={"x": 1})]
        client.transact_write_items(TransactItems=writes, ClientRequestToken="token")

    ask(1)
    ask(1)
    assert stored(engine, table) == {"a": 1}
    refused("IdempotentParameterMismatchException", lambda: ask(2))
    clock.at += 601
    ask(2)
    assert stored(engine, table) == {"a": 3}


def test_a_transaction_that_was_cancelled_may_be_done_by_the_same_token(
    engine: Engine, client: Any, table: str
) -> None:
    def ask() -> None:
        writes = [update(table, "p", "b", {"n": 2}, expected={"n": 1})]
        client.transact_write_items(TransactItems=writes, ClientRequestToken="token")

    refused("TransactionCanceledException", ask)
    client.put_item(**put(table, item("b", n=1), unless_exists=True)["Put"])
    ask()
    assert stored(engine, table) == {"b": 2}


# --- what is injected ---


def test_the_sdk_repeats_what_is_throttled_and_gives_up_in_the_end(engine: Engine, client: Any, table: str) -> None:
    busy = Failure("ProvisionedThroughputExceededException", "slow down")
    engine.wire = Faulty(busy)
    assert client.get_item(TableName=table, Key=key("p", "a"))["ResponseMetadata"]["HTTPStatusCode"] == 200
    engine.wire = Faulty(*[busy] * 50)
    refused("ProvisionedThroughputExceededException", client.get_item, TableName=table, Key=key("p", "a"))


def test_a_conflict_of_transactions_changes_nothing(engine: Engine, client: Any, table: str) -> None:
    engine.wire = Faulty(cancelled([{"Code": "None"}, {"Code": "TransactionConflict"}]))
    writes: Any = [put(table, item(sk, n=1), unless_exists=True) for sk in "ab"]
    with pytest.raises(Conflict):
        transact(client, writes)
    assert stored(engine, table) == {}
    transact(client, writes)
    assert stored(engine, table) == {"a": 1, "b": 1}


# --- lag ---


def queued(client: Any, table: str) -> list[str]:
    return [one["sk"] for one in query(client, table, "0", index="import_queue", names=("q", "qs"))]


def test_an_index_shows_what_went_and_misses_what_came_but_not_for_ever(
    engine: Engine, client: Any, table: str
) -> None:
    engine.lag = Lag(Random(1), 0.5, changes=10)  # noqa: S311
    transact(client, [put(table, item("gone", q="0", qs="1", n=1), unless_exists=True)])
    for _ in range(10):
        client.put_item(**put(table, item("other", n=1), unless_exists=False)["Put"])
    assert queued(client, table) == ["gone"]
    gone = update(table, "p", "gone", {"q": None, "qs": None}, expected={"q": "0"})
    transact(client, [gone, put(table, item("new", q="0", qs="2", n=1), unless_exists=True)])
    seen = {tuple(queued(client, table)) for _ in range(50)}
    assert seen == {("gone",), ("gone", "new"), ("new",), ()}
    consistent = client.get_item(TableName=table, Key=key("p", "gone"), ConsistentRead=True)["Item"]
    assert "q" not in consistent
    for _ in range(10):
        client.put_item(**put(table, item("other", n=1), unless_exists=False)["Put"])
    assert {tuple(queued(client, table)) for _ in range(20)} == {("new",)}


def test_a_lagging_read_is_repeated_by_its_seed(engine: Engine, client: Any, table: str) -> None:
    def seen(seed: int) -> list[list[str]]:
        engine.lag = Lag(Random(seed), 0.5)  # noqa: S311
        for n in range(4):
            client.put_item(**put(table, item(f"{seed}-{n}", q=str(seed), qs=str(n)), unless_exists=True)["Put"])
        engine.lag.random = Random(7)  # noqa: S311
        found = []
        for _ in range(5):
            page = query(client, table, str(seed), index="import_queue", names=("q", "qs"))
            found.append([one["qs"] for one in page])
        return found

    first = seen(1)
    assert len({tuple(one) for one in first}) > 1
    engine.tables.clear()
    tables.create(client, only="StagingTable")
    assert first == seen(1)


def test_only_reads_that_are_not_consistent_lag(engine: Engine, client: Any, table: str) -> None:
    engine.lag = Lag(Random(1), 1.0)  # noqa: S311
    client.put_item(**put(table, item("a", n=1), unless_exists=True)["Put"])
    assert "Item" not in client.get_item(TableName=table, Key=key("p", "a"))
    assert "Item" in client.get_item(TableName=table, Key=key("p", "a"), ConsistentRead=True)
    assert list(transactions.scan(client, table)) == [item("a", n=1)]


# --- limits ---


def test_an_item_has_400_kilobytes_names_and_all(client: Any, table: str) -> None:
    full = 400 * 1024 - len("pkpskaan1") - 1
    client.put_item(**put(table, item("a", a="x" * (full - 2), n=1), unless_exists=True)["Put"])
    one_more = put(table, item("b", a="x" * (full + 2), n=1), unless_exists=True)["Put"]
    assert "Item size" in refused("ValidationException", client.put_item, **one_more)["Error"]["Message"]
    grown = update(table, "p", "a", {"b": "y" * 9}, expected={"n": 1})
    refused("ValidationException", client.update_item, **grown["Update"])
    answer = refused("TransactionCanceledException", client.transact_write_items, TransactItems=[grown])
    assert [reason["Code"] for reason in answer["CancellationReasons"]] == ["ValidationError"]


def test_a_transaction_has_a_hundred_items_and_four_megabytes(engine: Engine, client: Any, table: str) -> None:
    def writes(number: int, text: str = "") -> list[Any]:
        return [put(table, item(f"{n:03}", a=text, n=1), unless_exists=False) for n in range(number)]

    client.transact_write_items(TransactItems=writes(100))
    refused("ValidationException", client.transact_write_items, TransactItems=writes(101))
    refused("ValidationException", client.transact_write_items, TransactItems=writes(11, "x" * 390_000))
    assert len(stored(engine, table)) == 100


def test_a_batch_has_25_writes_and_a_hundred_reads(client: Any, table: str) -> None:
    puts = [{"PutRequest": {"Item": key("p", f"{n:03}")}} for n in range(26)]
    refused("ValidationException", client.batch_write_item, RequestItems={table: puts})
    client.batch_write_item(RequestItems={table: puts[:25]})
    keys = [key("p", f"{n:03}") for n in range(101)]
    refused("ValidationException", client.batch_get_item, RequestItems={table: {"Keys": keys}})
    found = client.batch_get_item(RequestItems={table: {"Keys": keys[:100]}})["Responses"][table]
    assert len(found) == 25


def test_a_page_has_a_megabyte_and_a_limit_ends_it_without_a_look_further(client: Any, table: str) -> None:
    for n in range(4):
        client.put_item(**put(table, item(str(n), a="x" * 300_000), unless_exists=True)["Put"])
    asked = {"TableName": table, "KeyConditionExpression": "pk = :0", "ExpressionAttributeValues": {":0": {"S": "p"}}}
    page = client.query(**asked)
    assert page["Count"] == 3
    rest = client.query(**asked, ExclusiveStartKey=page["LastEvaluatedKey"])
    assert (rest["Count"], "LastEvaluatedKey" in rest) == (1, False)
    last = client.query(**asked, ExclusiveStartKey=page["LastEvaluatedKey"], Limit=1)
    assert client.query(**asked, ExclusiveStartKey=last["LastEvaluatedKey"])["Items"] == []


@pytest.mark.parametrize("number", ["1" * 39, "1E126", "1E-131", "NaN", " 1", "0x1", "1_0", "٣"])
def test_a_number_has_38_digits_and_a_range(client: Any, table: str, number: str) -> None:
    refused("ValidationException", client.put_item, TableName=table, Item=key("p", "a") | {"n": {"N": number}})


@pytest.mark.parametrize(
    ("given", "kept"), [("1" * 38, "1" * 38), ("1.50", "1.5"), ("-0", "0"), ("1E+3", "1000"), ("0.0E9", "0")]
)
def test_a_number_is_kept_exactly(client: Any, table: str, given: str, kept: str) -> None:
    client.put_item(TableName=table, Item=key("p", "a") | {"n": {"N": given}})
    assert client.get_item(TableName=table, Key=key("p", "a"))["Item"]["n"] == {"N": kept}


def test_a_sum_of_39_digits_is_refused_and_not_rounded(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item=key("p", "a") | {"n": {"N": "9" * 38}})
    grown = update(table, "p", "a", {}, add={"n": 2}, expected={"pk": "p"})
    refused("ValidationException", client.update_item, **grown["Update"])


@pytest.mark.parametrize(
    "condition",
    ["((pk = :0))", "pk = pk", "pk == :0", "status = :0", "pk = :0 AND", "size(pk, sk) = :0", "begins_with(pk)", ""],
)
def test_conditions_that_aws_does_not_read_are_refused(client: Any, table: str, condition: str) -> None:
    values = {":0": {"S": "p"}} if ":0" in condition else {}
    asked = {"ConditionExpression": condition, **({"ExpressionAttributeValues": values} if values else {})}
    refused("ValidationException", client.put_item, TableName=table, Item=key("p", "a"), **asked)


def test_a_stream_tells_of_changes_and_only_of_changes(engine: Engine, client: Any, table: str) -> None:
    for n in (1, 1, 2):
        client.put_item(**put(table, item("a", n=n), unless_exists=False)["Put"])
    client.delete_item(TableName=table, Key=key("p", "a"))
    stream = engine.tables[table].stream or []
    assert [record["eventName"] for record in stream] == ["INSERT", "MODIFY", "REMOVE"]
    assert [record["dynamodb"].get("NewImage", {}).get("n") for record in stream] == [{"N": "1"}, {"N": "2"}, None]


def test_what_it_cannot_do_is_no_answer(client: Any, table: str) -> None:
    with pytest.raises(NotImplementedError):
        client.execute_statement(Statement="SELECT * FROM x")
    with pytest.raises(NotImplementedError):
        client.query(TableName=table, KeyConditions={"pk": {"ComparisonOperator": "EQ"}})


def test_other_clients_are_asked_elsewhere_and_later_ones_too() -> None:
    with engines.running("moto"):
        with answering(Engine()) as engine:
            boto3.client("sqs").create_queue(QueueName="queue")
            boto3.client("dynamodb").list_tables()
        assert boto3.client("dynamodb").list_tables()["TableNames"] == []
        assert engine.requests.total() == 1
