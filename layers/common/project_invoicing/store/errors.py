"""Translates botocore's errors into our three kinds. Every call to DynamoDB passes through here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.errors import Conflict, IntegrationError, Unavailable

_BUSY = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)


class ConditionFailed(Conflict):
    """The condition of a single write did not hold. ``item`` is the item it met, ``None`` if there was none."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("the condition of a write did not hold")
        self.item = item


class TransactionCancelled(Conflict):
    """A transaction was cancelled. ``reasons`` has one entry per item, in order; ``None`` for those not at fault.

    An entry is ``(code, item)``: ``ConditionalCheckFailed`` with the item it met, or ``TransactionConflict`` when
    another transaction was in progress on it.
    """

    def __init__(self, reasons: list[tuple[str, dict[str, Any] | None] | None]) -> None:
        super().__init__("a transaction was cancelled: " + ", ".join(sorted({r[0] for r in reasons if r})))
        self.reasons = reasons


class Throttled(Unavailable):
    """A transaction was cancelled because a table gets more than it can take just now. The SDK repeats no such one."""


@contextmanager
def translated() -> Iterator[None]:
    """Raises ``ConditionFailed``, ``TransactionCancelled`` or ``Unavailable`` for what DynamoDB refused.

    Anything else (a validation error, a missing table, a denied action) is a defect of the code or the deployment and
    passes through unchanged.
    """
    try:
        yield
    except ClientError as error:
        translation = translate(error)
        if translation is None:
            raise
        raise translation from error
    except BotoCoreError as error:
        raise Unavailable(f"DynamoDB did not answer: {error}") from error


def translate(error: ClientError) -> IntegrationError | None:
    """Our error for a ``ClientError``, ``None`` when it is a defect."""
    response: Any = error.response
    code = response.get("Error", {}).get("Code", "")
    if code == "ConditionalCheckFailedException":
        return ConditionFailed(response.get("Item"))
    if code == "TransactionCanceledException":
        reasons = [
            None if reason.get("Code", "None") == "None" else (reason["Code"], reason.get("Item"))
            for reason in response.get("CancellationReasons", [])
        ]
        if {r[0] for r in reasons if r} - {"ConditionalCheckFailed", "TransactionConflict", "DuplicateItem"}:
            return _busy_or_defect(reasons)
        return TransactionCancelled(reasons)
    if code == "TransactionConflictException":
        return Conflict("another transaction is under way on this item")
    if code in _BUSY:
        return Unavailable(f"DynamoDB is busy: {code}")
    return None


def _busy_or_defect(reasons: list[tuple[str, dict[str, Any] | None] | None]) -> IntegrationError | None:
    codes = {r[0] for r in reasons if r}
    return None if "ValidationError" in codes else Throttled(f"DynamoDB is busy: {', '.join(sorted(codes))}")
