"""Calls of a stack's functions, as a person makes them: in AWS, or on the stack that ``invoicing serve`` keeps up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config

from operate.invalid_input import InvalidInput
from project_invoicing.config import settings
from project_invoicing.domain.calendar import utc_text
from project_invoicing.errors import IntegrationError

Json = dict[str, Any]


def patient() -> Config:
    """A function may work for fifteen minutes. It is called once: what came of a lost call, ``explain`` says.

    Made for each client: botocore writes into the retries that it is given.
    """
    return Config(read_timeout=910, retries={"total_max_attempts": 1})


def stack_named(name: str | None) -> str:
    """The stack's name, which is that of its bus. Raises ``InvalidInput`` where nothing names one."""
    if found := name or settings().event_bus_name:
        return str(found)
    raise InvalidInput(["name the stack with --stack, or start a local one: invoicing serve"])


def call(stack: str, function: str, detail: Mapping[str, Any]) -> Json:
    """What the function of this stack answers. ``IntegrationError`` for one that failed, with what it raised."""
    event = {
        "id": str(uuid4()),
        "source": "project-invoicing.manual",
        "detail-type": "Manual Run",
        "time": utc_text(datetime.now(UTC)),
        "detail": detail,
    }
    name = f"{stack}-{function.replace('_', '-')}"
    called = boto3.client("lambda", config=patient()).invoke(FunctionName=name, Payload=json.dumps(event))
    answer: Json = json.loads(called["Payload"].read())
    if called.get("FunctionError"):
        raise IntegrationError(f"{name} failed: {answer.get('errorMessage') or answer}; its log says where")
    return answer
