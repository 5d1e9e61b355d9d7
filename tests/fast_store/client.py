"""A DynamoDB in this process that tests may trust: fast, strict, and as forgetful as the real one where that is asked.

    with client.running() as engine:
        …                           # every DynamoDB client of this process; bus, queues and files are moto's
        engine.wire = MyWire()      # throttles, loses answers, kills
        engine.lag = Lag(Random(1), 0.3)

Requests pass botocore as far as tests need it: parameters are checked, the client's events are told, and the client
repeats what it repeats over HTTP, with the same request token. ``tests/fast_store/test_differences.py`` holds the
answers against those of two other engines.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ReadTimeoutError
from botocore.model import OperationModel

from local import engines
from tests import quick_moto
from tests.fast_store.engine import Engine, Wire
from tests.fast_store.tables import Lag
from tests.fast_store.values import Failure

__all__ = ["Engine", "Failure", "Lag", "Wire", "answering", "running"]

Json = dict[str, Any]

_REPEATED: Final = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
"""What the SDK repeats by itself, at once here."""


@contextmanager
def running(engine: Engine | None = None) -> Iterator[Engine]:
    """The engine answers for DynamoDB, moto for everything else."""
    with engines.running("moto"), answering(engine or Engine()) as made:
        yield made


@contextmanager
def answering(engine: Engine) -> Iterator[Engine]:
    """Each request to DynamoDB of this process goes to the engine."""
    others = BaseClient._make_api_call  # type: ignore[attr-defined]

    def answers(client: Any, model: OperationModel, params: Json) -> tuple[Any, Json]:
        return _asked(engine, client, model, params)

    def call(client: Any, operation: str, params: Json) -> Any:
        if client.meta.service_model.service_name != "dynamodb":
            return others(client, operation, params)
        return quick_moto.ask(client, operation, params, answers)

    with patch.object(BaseClient, "_make_api_call", call):
        yield engine


def _asked(engine: Engine, client: Any, model: OperationModel, params: Json) -> tuple[Any, Json]:
    attempts = (client.meta.config.retries or {}).get("total_max_attempts", 1)
    for left in reversed(range(attempts)):
        try:
            engine.wire.before(model.name, params)
            answer = engine.answer(model.name, params)
            engine.wire.after(model.name, params, answer)
        except Failure as failure:
            if not left or failure.code not in _REPEATED:
                return SimpleNamespace(status_code=400), {**failure.answer, "ResponseMetadata": _metadata(400)}
        except ReadTimeoutError:
            if not left:
                raise
        else:
            return SimpleNamespace(status_code=200), {**answer, "ResponseMetadata": _metadata(200)}
    raise AssertionError(attempts)


def _metadata(status: int) -> Json:
    return {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}
