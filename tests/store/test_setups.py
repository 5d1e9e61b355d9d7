"""Versions of the set-up in the Setup table."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from project_invoicing.errors import Conflict, Rejected, Unavailable
from project_invoicing.store import setups
from project_invoicing.store.transactions import get
from tests.builders import guid
from tests.setups import document

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "Setup"
AT = "2026-08-27T16:05:00Z"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBClient]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
    with mock_aws():
        made = boto3.client("dynamodb", region_name="eu-central-1")
        made.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
        )
        yield made


@pytest.fixture
def requests(client: DynamoDBClient) -> list[str]:
    """The names of the requests sent from here on."""
    sent: list[str] = []
    client.meta.events.register("before-call.dynamodb", lambda model, **_: sent.append(model.name))
    return sent


def large(count: int) -> dict[str, Any]:
    """A document that needs several items: ids do not compress."""
    return document(("references.bookableresource", {str(uuid4()): f"Resource {number}" for number in range(count)}))


def test_a_loaded_document_is_the_current_version(client: DynamoDBClient) -> None:
    assert setups.load(client, TABLE, document(), AT) == 1
    setup = setups.current(client, TABLE)
    assert setup.version == 1
    assert setup.resolve("msdyn_project", guid("PRJ-1")) == "PRJ-1"
    assert setup.currency_precision("JPY") == Decimal(1)


def test_every_load_is_a_new_version_and_the_old_ones_stay(client: DynamoDBClient) -> None:
    setups.load(client, TABLE, document(), AT)
    assert setups.load(client, TABLE, document(("parameters.USPM.journal_line_limit", 7)), AT) == 2
    assert setups.current(client, TABLE).parameters("USPM").journal_line_limit == 7
    assert setups.version(client, TABLE, 1).parameters("USPM").journal_line_limit == 200


def test_merged_keys_replace_those_loaded_before(client: DynamoDBClient) -> None:
    setups.load(client, TABLE, document(), AT)
    assert setups.merge(client, TABLE, {"exchange_rates": [], "products": {"P-7": {}}}, AT) == 2
    setup = setups.current(client, TABLE)
    assert setup.document.exchange_rates == []
    assert list(setup.document.products) == ["P-7"]
    assert setup.project("USPM", "PRJ-1") is not None


def test_the_first_document_may_be_merged(client: DynamoDBClient) -> None:
    assert setups.merge(client, TABLE, document(), AT) == 1


def test_a_merge_is_checked_with_what_was_loaded_before(client: DynamoDBClient) -> None:
    setups.load(client, TABLE, document(), AT)
    with pytest.raises(Rejected, match=r"transaction_categories.USPM.Installation: 'Labor' is not in categories.USPM"):
        setups.merge(client, TABLE, {"categories": {}}, AT)


def test_a_wrong_document_is_rejected_with_every_problem_and_nothing_is_written(client: DynamoDBClient) -> None:
    wrong = document(("parameters.USPM.journal_period", "day"), ("exchange_rates.0.rate", "x"))
    with pytest.raises(Rejected) as rejected:
        setups.load(client, TABLE, wrong, AT)
    assert rejected.value.reason == "schema"
    assert len(rejected.value.detail.splitlines()) == 2
    assert client.scan(TableName=TABLE)["Count"] == 0


def test_without_a_set_up_the_way_to_load_one_is_told(client: DynamoDBClient) -> None:
    with pytest.raises(Unavailable, match="setup load"):
        setups.current(client, TABLE)
    with pytest.raises(Unavailable, match="no version 3"):
        setups.version(client, TABLE, 3)


def test_a_large_document_is_cut_into_items_and_comes_back_whole(client: DynamoDBClient, requests: list[str]) -> None:
    setups.load(client, TABLE, large(20_000), AT)
    assert requests == ["GetItem", "TransactWriteItems"]
    assert len(setups.current(client, TABLE).document.references["bookableresource"]) == 20_000
    chunks = [item for item in client.scan(TableName=TABLE)["Items"] if item["sk"]["S"].startswith("CHUNK#")]
    assert len(chunks) > 1
    assert all(len(chunk["data"]["B"]) <= 300 * 1024 for chunk in chunks)


def test_a_document_that_no_transaction_can_hold_is_rejected(
    client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setups, "_MAX_BYTES", 1024)
    with pytest.raises(Rejected) as rejected:
        setups.load(client, TABLE, large(1000), AT)
    assert rejected.value.reason == "too_large"


def test_the_document_is_read_once_and_then_only_its_head(client: DynamoDBClient, requests: list[str]) -> None:
    setups.load(client, TABLE, large(1), AT)
    requests.clear()
    first = setups.current(client, TABLE)
    assert requests == ["GetItem", "Query"]
    requests.clear()
    assert setups.current(client, TABLE) is first
    assert setups.version(client, TABLE, 1) is first
    assert requests == ["GetItem", "GetItem"]


def test_the_first_version_of_another_table_is_not_mistaken_for_this_ones(client: DynamoDBClient) -> None:
    setups.load(client, TABLE, document(), AT)
    setups.current(client, TABLE)
    for item in client.scan(TableName=TABLE)["Items"]:
        client.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})
    setups.load(client, TABLE, document(products={}), AT)
    assert setups.current(client, TABLE).document.products == {}


def test_few_versions_are_kept_in_memory(client: DynamoDBClient) -> None:
    for limit in range(1, 8):
        setups.load(client, TABLE, document(("parameters.USPM.journal_line_limit", limit)), AT)
        setups.current(client, TABLE)
    assert len(setups._parsed) == 4
    assert setups.version(client, TABLE, 1).parameters("USPM").journal_line_limit == 1


def test_of_two_loads_at_once_one_is_told_to_try_again(client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> None:
    setups.load(client, TABLE, document(), AT)

    def read_before_the_other(*arguments: Any) -> Any:
        head = get(*arguments)
        monkeypatch.setattr(setups, "get", get)
        setups.load(client, TABLE, document(("parameters.USPM.journal_line_limit", 2)), AT)
        return head

    monkeypatch.setattr(setups, "get", read_before_the_other)
    with pytest.raises(Conflict, match="load it again"):
        setups.load(client, TABLE, document(("parameters.USPM.journal_line_limit", 3)), AT)
    setup = setups.current(client, TABLE)
    assert (setup.version, setup.parameters("USPM").journal_line_limit) == (2, 2)
