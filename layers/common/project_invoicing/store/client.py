"""The process's AWS clients: one botocore session, each client built at first use.

They are the clients that boto3 makes. Its own session brings the transfer of files to S3 along, 15 ms of each cold
start.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.session import Session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

_CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 5},
    tcp_keepalive=True,
    # AWS checks each request itself, and ours are built in few places: checked here too, they take a fifth of the CPU.
    parameter_validation=False,
)


@cache
def _session() -> Session:
    return Session()


def _client(service: str) -> Any:
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
    logging.getLogger("botocore.parsers").setLevel(logging.INFO)  # at DEBUG it writes every answer, secrets too
    return cast("SecretsManagerClient", _client("secretsmanager"))


def forget() -> None:
    """Drops the cached clients, for tests and local runs that change endpoint or credentials."""
    for cached in (_session, dynamodb, event_bridge, sqs, secrets_manager):
        cached.cache_clear()
