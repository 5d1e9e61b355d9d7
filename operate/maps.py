"""Pausing, resuming, stopping and starting the table maps of a deployed stack: ``invoicing map``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3

from operate.invalid_input import InvalidInput
from project_invoicing.domain.calendar import utc_text
from project_invoicing.use_cases.requests.control_map import ControlMap

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """``function``: the name of ``dataverse_catchup`` in the stack, such as ``invoicing-dataverse-catchup``."""

    action: str
    function: str
    name: str | None = None
    reason: str | None = None
    actor: str | None = None


def run(options: Options) -> Json:
    """What the function answered. Raises ``InvalidInput`` for what it refuses, or where it failed."""
    command = ControlMap(action=options.action, name=options.name, reason=options.reason, actor=options.actor)
    event = {
        "source": "project-invoicing.manual",
        "detail-type": "Manual Run",
        "time": utc_text(datetime.now(UTC)),
        "detail": {"map": command.as_detail()},
    }
    called = boto3.client("lambda").invoke(FunctionName=options.function, Payload=json.dumps(event))
    answer: Json = json.loads(called["Payload"].read())
    outcome = str(answer.get("outcome") or answer.get("errorMessage"))
    if called.get("FunctionError") or outcome.startswith("refused"):
        raise InvalidInput([outcome])
    return answer
