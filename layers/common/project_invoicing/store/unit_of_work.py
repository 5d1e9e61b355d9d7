"""Collects what a use case is about to write, commits it in one transaction, and retries it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from project_invoicing.errors import Conflict
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.transactions import Write, pause, transact, transact_patiently

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")


class UnitOfWork:
    """The writes of one transaction, in order. Stores create the writes; nothing else looks inside them."""

    def __init__(self, client: DynamoDBClient, writes: Iterable[Write] = ()) -> None:
        self._client = client
        self._writes: list[Write] = list(writes)

    def __len__(self) -> int:
        return len(self._writes)

    def add(self, *writes: Write) -> None:
        self._writes += writes

    def commit(self) -> None:
        """Writes everything or nothing. Raises ``TransactionCancelled`` with one reason per write, in order."""
        transact(self._client, self._writes)

    def commit_patiently(self) -> None:
        """As ``commit``, retrying while only other transactions are in the way."""
        transact_patiently(self._client, self._writes)


def retried(what: str, step: Callable[[], T], *, attempts: int, lost: type[Conflict] = TransactionCancelled) -> T:
    """Returns ``step()``, called again after a short pause while other runs are faster.

    ``step`` reads what it needs again on every call. Raises ``Conflict`` after ``attempts``.
    """
    for attempt in range(attempts):
        try:
            return step()
        except lost:
            pause(attempt)
    raise Conflict(f"{what} kept changing")


def first_of(known: T, read: Callable[[], T]) -> Callable[[], T]:
    """A reader for the step of ``retried``: returns ``known`` on the first call, then whatever ``read`` returns."""
    left = [known]
    return lambda: left.pop() if left else read()
