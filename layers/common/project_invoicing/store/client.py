"""The process's AWS clients: one session, each client built at first use."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

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
    # D-055: AWS validates each request itself; validating here too takes a fifth of the CPU.
    # Tests turn validation on (tests/conftest.py).
    parameter_validation=False,
)


@cache
def _session() -> boto3.Session:
    return boto3.Session()


@cache
def dynamodb() -> DynamoDBClient:
    return _session().client("dynamodb", config=_CONFIG)


@cache
def event_bridge() -> EventBridgeClient:
    return _session().client("events", config=_CONFIG)


@cache
def sqs() -> SQSClient:
    return _session().client("sqs", config=_CONFIG)


@cache
def secrets_manager() -> SecretsManagerClient:
    logging.getLogger("botocore.parsers").setLevel(logging.INFO)  # at DEBUG it logs every response, including secrets
    return _session().client("secretsmanager", config=_CONFIG)


@cache
def s3() -> Any:
    """Without the stubs' type, which one function would need alone."""
    return _session().client("s3", config=_CONFIG)


def forget() -> None:
    """Drops the cached clients, for tests and local runs that change endpoint or credentials."""
    for cached in (_session, dynamodb, event_bridge, sqs, s3, secrets_manager):
        cached.cache_clear()
