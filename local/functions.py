"""The functions of the template, called in this process as Lambda would call them."""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

from local.cloudformation import STACK_NAME
from local.template import Function
from project_invoicing import bootstrap
from project_invoicing.store import client

_LOG_LEVEL: Final = "POWERTOOLS_LOG_LEVEL"
_LOCAL: Final = {"POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_TRACE_DISABLED": "true"}


@dataclass(frozen=True)
class Context:
    """What handlers and Powertools read of Lambda's context object."""

    function_name: str
    memory_limit_in_mb: int = 512
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:000000000000:function:{self.function_name}"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 300_000


class Handlers:
    """Calls a function's handler, each function with the environment the template gives it and no other.

    What handlers log goes to standard error if ``verbose``; else only what they raise is seen. ``variables`` are set
    for each of them besides.
    """

    def __init__(self, *, verbose: bool, **variables: str) -> None:
        self._output = sys.stderr if verbose else io.StringIO()
        self._extra = {**_LOCAL, _LOG_LEVEL: "INFO" if verbose else "CRITICAL", **variables}
        self._current: Mapping[str, str] = {}
        self._known: Mapping[str, Function] = {}

    def knows(self, functions: Iterable[Function]) -> None:
        """The functions that a function may call, by their names in the stack."""
        self._known = {f"{STACK_NAME}-{function.name.replace('_', '-')}": function for function in functions}

    def call(self, function: Function, event: Mapping[str, Any]) -> Any:
        with redirect_stdout(self._output), patch.object(client, "functions", lambda: self):
            self._enter({**function.environment, **self._extra})
            return self._handler(function)(event, Context(function.name))

    def invoke(
        self,
        *,
        FunctionName: str,  # noqa: N803 - as Lambda's client has it
        Payload: str,  # noqa: N803
        InvocationType: str = "RequestResponse",  # noqa: N803, ARG002 - what nobody waits for is done at once here
    ) -> dict[str, Any]:
        """A function that is at work calls another one, and has its own environment again after that."""
        before = self._current
        try:
            answer = self.call(self._known[FunctionName], json.loads(Payload))
        except Exception as error:  # noqa: BLE001 - whatever it raises is its caller's answer
            told = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(told.encode())}
        finally:
            self._enter(before)
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def _enter(self, environment: Mapping[str, str]) -> None:
        if environment == self._current:
            return
        for name in self._current:
            del os.environ[name]
        os.environ.update(environment)
        self._current = environment
        for built in bootstrap.NAMED:
            built.cache_clear()

    @staticmethod
    def _handler(function: Function) -> Callable[[Mapping[str, Any], Context], Any]:
        module, _, name = function.handler.rpartition(".")
        handler: Callable[[Mapping[str, Any], Context], Any] = getattr(
            importlib.import_module(f"functions.{function.name}.{module}"), name
        )
        return handler
