"""Number sequences: counters whose next values are drawn inside the transaction that uses them.

So no number is ever lost (NUM-02, D-005): either document and counter are both written, or neither is. Two runs that
draw at once compete for the counter's condition; the one that loses reads it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from project_invoicing.store.transactions import Write, get, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Counter:
    """The counter of one sequence in one company, held in memory between draws (NUM-07: one per company)."""

    def __init__(self, client: DynamoDBClient, table: str, company: str, name: str) -> None:
        self._client, self._table = client, table
        self._key = (f"SEQUENCE#{company}", name)
        self._last: int | None = None

    @property
    def last(self) -> int:
        """The last number drawn, as far as this process knows; 0 before the first."""
        if self._last is None:
            found = get(self._client, self._table, *self._key)
            self._last = found["n"] if found else 0
        return self._last

    def draw(self, count: int) -> Write:
        """The write that takes the numbers ``last + 1 … last + count``. Call ``drawn`` once it is committed."""
        return update(self._table, *self._key, {"n": self.last + count}, expected={"n": self.last or None})

    def drawn(self, count: int) -> None:
        self._last = self.last + count

    def forget(self) -> None:
        """Another run drew a number: the counter is read again before the next draw."""
        self._last = None
