"""The process's AWS clients: one session, each client built at first use.

botocore alone gives the same clients as boto3, whose resources and transfers cost every cold start 20 ms (D-092).
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.session import Session, get_session

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

_CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 5},
    tcp_keepalive=True,
    # D-055: AWS validates each request itself; validating here too takes a fifth of the CPU.
    # Tests turn validation on (tests/conftest.py).
    parameter_validation=False,
)


@cache
def _session() -> Session:
    return get_session()


def _client(service: str) -> BaseClient:
    return _session().create_client(service, config=_CONFIG)


@cache
def dynamodb() -> DynamoDBClient:
    return cast("DynamoDBClient", _client("dynamodb"))


@cache
def event_bridge() -> EventBridgeClient:
    return cast("EventBridgeClient", _client("events"))


@cache
def sqs() -> SQSClient:
    return cast("SQSClient", _client("sqs"))


@cache
def secrets_manager() -> SecretsManagerClient:
    logging.getLogger("botocore.parsers").setLevel(logging.INFO)  # at DEBUG it logs every response, including secrets
    return cast("SecretsManagerClient", _client("secretsmanager"))


@cache
def s3() -> Any:
    """Without the stubs' type, which one function would need alone. Links to encrypted objects need this signature."""
    return _session().create_client("s3", config=_CONFIG.merge(Config(signature_version="s3v4")))


@cache
def functions() -> Any:
    """Lambda, for a function that is waited for: it may work for half a minute, and is called once."""
    config = _CONFIG.merge(Config(read_timeout=28, retries={"mode": "standard", "total_max_attempts": 1}))
    return _session().create_client("lambda", config=config)


@cache
def ses() -> Any:
    """Never repeats a request: a mail whose answer was lost may have been sent."""
    once = _CONFIG.merge(Config(read_timeout=60, retries={"total_max_attempts": 1}))
    return _session().create_client("sesv2", config=once)


def forget() -> None:
    """Drops the cached clients, for tests and local runs that change endpoint or credentials."""
    for cached in (_session, dynamodb, event_bridge, sqs, s3, ses, secrets_manager, functions):
        cached.cache_clear()
