"""The stores on every engine that holds tables: each starts once, and each test has tables of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from pytest_socket import enable_socket, socket_allow_hosts

from local import engines
from project_invoicing.config import Settings
from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from tests.fast_store.client import Engine, answering
from tests.store import tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    Servers = Callable[[str], DynamoDBClient]

_ENDPOINTS = {"ministack": "AWS_ENDPOINT_URL", "dynoxide": "AWS_ENDPOINT_URL_DYNAMODB"}
_SUFFIXES = count(1)


def _client(**arguments: Any) -> DynamoDBClient:
    return boto3.Session("test", "test", region_name=engines.REGION).client(
        "dynamodb", config=Config(account_id_endpoint_mode="disabled", retries={"total_max_attempts": 1}), **arguments
    )


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A client of the engine with this name, which is started at its first use."""
    with ExitStack() as stack:

        @cache
        def client(name: str) -> DynamoDBClient:
            variables = stack.enter_context(engines.ENGINES[name](None))
            return _client(endpoint_url=variables[_ENDPOINTS[name]])

        yield client


@pytest.fixture(
    params=[
        "fast",
        pytest.param("ministack", marks=pytest.mark.engine),
        pytest.param("dynoxide", marks=pytest.mark.engine),
    ]
)
def dynamodb(request: pytest.FixtureRequest, servers: Servers) -> Iterator[DynamoDBClient]:
    """Each engine, one after the other."""
    if request.param == "fast":
        with answering(Engine()):
            yield _client()
        return
    enable_socket()
    socket_allow_hosts(["127.0.0.1", "localhost"], allow_unix_socket=True)
    try:
        yield servers(request.param)
    except engines.EngineError as missing:
        if request.param != "dynoxide":
            raise
        pytest.skip(f"there is no dynoxide for every platform, and none without npm: {missing}")


@pytest.fixture
def names(dynamodb: DynamoDBClient) -> Settings:
    """The names of new, empty tables."""
    return tables.create(dynamodb, f"-{next(_SUFFIXES)}")


@pytest.fixture
def staging(dynamodb: DynamoDBClient, names: Settings) -> Staging:
    return Staging(dynamodb, names.staging_table)


@pytest.fixture
def journals(dynamodb: DynamoDBClient, names: Settings) -> Journals:
    return Journals(dynamodb, names.journals_table)


@pytest.fixture
def proposals(dynamodb: DynamoDBClient, names: Settings) -> Proposals:
    return Proposals(dynamodb, names.proposals_table, calendar_dates("invoices"))


@pytest.fixture
def ledger(dynamodb: DynamoDBClient, names: Settings) -> Ledger:
    return Ledger(dynamodb, names.ledger_table)
