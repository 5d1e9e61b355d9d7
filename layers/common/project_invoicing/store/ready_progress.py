"""How far the documents of earlier versions were put on the list of what is ready to leave.

One item of the table of ledger batches: ``le`` by list the place after which to go on (empty: finished), ``dn`` when
all was done, ``ve`` its version. Each step is written with what it puts on the list, on condition of the version: of
two runs one goes on, and one that was overtaken puts nothing on the list that a batch has taken since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from project_invoicing.store.transactions import Write, get, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY: Final = ("FILL", "PROGRESS")


@dataclass(frozen=True, slots=True)
class Progress:
    """``left``: by list where to go on, ``None`` for a finished one; one that was not begun is not there."""

    version: int = 0
    left: Mapping[str, str | None] = field(default_factory=dict)
    done: str | None = None

    def reached(self, name: str, place: str | None) -> Progress:
        return replace(self, left={**self.left, name: place})


class ReadyProgress:
    """Access to the progress."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client, self._table = client, table

    def read(self) -> Progress:
        item = get(self._client, self._table, *_KEY) or {}
        left = {name: place or None for name, place in item.get("le", {}).items()}
        return Progress(int(item.get("ve", 0)), left, item.get("dn"))

    def write(self, progress: Progress) -> Write:
        """The progress, unless another run has come further since it was read."""
        left = {name: place or "" for name, place in progress.left.items()}
        values = {"le": left, "dn": progress.done, "ve": progress.version + 1}
        return update(self._table, *_KEY, values, expected={"ve": progress.version or None})
