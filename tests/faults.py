"""Processes that die at a request to DynamoDB, runs that are overtaken by others, transactions that meet others.

    with dying(client, at=3, applied=True):
        …                           # the third request is applied, and nobody lives to read its answer

``Killed`` is no ``Exception``: nothing catches it, and a process that died sends nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ReadTimeoutError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRANSACTION: Final = "TransactWriteItems"
EVERY: Final = ""


class Killed(BaseException):
    """The process has died here, at a request of the operation it names."""


@contextmanager
def dying(client: Any, at: int, *, applied: bool, operation: str = EVERY) -> Iterator[None]:
    """Raises ``Killed`` at the request number ``at`` (from 1), before it is sent or, if ``applied``, after its answer.

    Only requests of ``operation`` count, if one is given.
    """
    sent = 0

    def before(model: Any, **_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent > at or (sent == at and not applied):
            raise Killed(model.name)

    def after(model: Any, **_: Any) -> None:
        if sent == at and applied:
            raise Killed(model.name)

    with _listening(client, {"before-call": before, "after-call": after}, operation):
        yield


@contextmanager
def deaf(client: DynamoDBClient) -> Iterator[None]:
    """Loses the first answer to every request on its way back: the SDK asks again, with the same request token."""
    session = client._endpoint.http_session  # type: ignore[attr-defined]
    lost = 0

    def before_send(request: AWSPreparedRequest, **_: Any) -> None:
        nonlocal lost
        if b"attempt=1" in request.headers["amz-sdk-request"]:
            lost += 1
            session.send(request)
            raise ReadTimeoutError(endpoint_url=request.url)

    with _listening(client, {"before-send": before_send}, EVERY):
        yield
    assert lost


@contextmanager
def overtaken(client: DynamoDBClient, at: int, by: Callable[[], object]) -> Iterator[None]:
    """Lets ``by`` happen, whole, before the request number ``at`` (from 1) is sent."""
    sent = 0

    def before(**_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == at:
            by()

    with _listening(client, {"before-call": before}, EVERY):
        yield


@contextmanager
def colliding(client: DynamoDBClient, at: int) -> Iterator[None]:
    """Cancels transaction number ``at`` (from 1) as DynamoDB does when another one is under way on its last item."""
    sent = 0

    def before(context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]] | None:
        nonlocal sent
        sent += 1
        return _cancelled(last=len(context[_ITEMS]) - 1) if sent == at else None

    def remember(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context[_ITEMS] = params["TransactItems"]

    with _listening(client, {"before-parameter-build": remember, "before-call": before}, TRANSACTION):
        yield


@contextmanager
def refused(client: Any, code: str, status: int) -> Iterator[None]:
    """The service refuses every request: ``AccessDenied``, 403."""
    answer = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}

    def before(**_: Any) -> tuple[Any, dict[str, Any]]:
        return SimpleNamespace(status_code=status), answer

    with _listening(client, {"before-call": before}, EVERY):
        yield


@contextmanager
def silent(client: Any) -> Iterator[None]:
    """The service answers no request in time."""

    def before(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://there")

    with _listening(client, {"before-call": before}, EVERY):
        yield


_ITEMS: Final = "tests.faults.items"


def _cancelled(last: int) -> tuple[Any, dict[str, Any]]:
    reasons = [{"Code": "None"}] * last + [{"Code": "TransactionConflict"}]
    error = {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"}
    answer = {"Error": error, "CancellationReasons": reasons, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return SimpleNamespace(status_code=400), answer


@contextmanager
def _listening(client: Any, handlers: dict[str, Any], operation: str) -> Iterator[None]:
    events: Any = client.meta.events
    service = client.meta.service_model.service_id.hyphenize()
    names = {event: f"{event}.{service}.{operation}".rstrip(".") for event in handlers}
    for event, handler in handlers.items():
        events.register(names[event], handler)
    try:
        yield
    finally:
        for event, handler in handlers.items():
            events.unregister(names[event], handler)
