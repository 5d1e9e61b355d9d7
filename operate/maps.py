"""Pausing, resuming, stopping and starting the table maps of a deployed stack: ``invoicing map``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from operate.calling import call
from operate.invalid_input import InvalidInput
from project_invoicing.use_cases.requests.control_map import ControlMap

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """``stack``: the name of the stack."""

    action: str
    stack: str
    name: str | None = None
    reason: str | None = None
    actor: str | None = None


def run(options: Options) -> Json:
    """What the function answered. Raises ``InvalidInput`` for what it refuses."""
    command = ControlMap(action=options.action, name=options.name, reason=options.reason, actor=options.actor)
    answer = call(options.stack, command.FUNCTION, {str(command.UNDER): command.as_detail()})
    outcome = str(answer.get("outcome"))
    if outcome.startswith("refused"):
        raise InvalidInput([outcome])
    return answer
