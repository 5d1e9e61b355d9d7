"""A function of the stack that another one asks, and whose answer it waits for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.errors import Unavailable


class OtherFunction:
    """``functions`` is a client of Lambda, ``name`` that of the function in the stack."""

    def __init__(self, functions: Any, name: str) -> None:
        self._functions = functions
        self._name = name

    def ask(self, detail: Mapping[str, Any], at: str) -> dict[str, Any]:
        """What it answers to a request, asked once. Raises ``Unavailable``, also where it fails itself."""
        try:
            called = self._functions.invoke(FunctionName=self._name, Payload=_event(detail, at))
            answer: dict[str, Any] = json.loads(called["Payload"].read())
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"the function {self._name} did not answer: {type(error).__name__}") from error
        if called.get("FunctionError"):
            told = answer.get("errorMessage") or called["FunctionError"]
            raise Unavailable(f"the function {self._name} failed: {told}")
        return answer

    def start(self, detail: Mapping[str, Any], at: str) -> None:
        """Has it do something whose end nobody waits for. Raises ``Unavailable`` where that is not taken."""
        try:
            self._functions.invoke(FunctionName=self._name, InvocationType="Event", Payload=_event(detail, at))
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"the function {self._name} did not take it: {type(error).__name__}") from error


def _event(detail: Mapping[str, Any], at: str) -> str:
    event = {
        "id": str(uuid4()),
        "source": "project-invoicing.manual",
        "detail-type": "Manual Run",
        "time": at,
        "detail": detail,
    }
    return json.dumps(event)
