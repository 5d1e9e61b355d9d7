"""What is to be written to Dataverse, page by page of the document that was posted, and how far it has got."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.items import Item
from project_invoicing.store.transactions import put, transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PREFIX: Final = "WRITEBACK#"


class WriteBackState(StrEnum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RowUpdate:
    """Values for one row of Dataverse: decimal strings, ISO dates and codes by the names of the contract, section 4."""

    entity: str
    id: str
    values: dict[str, str | None]
    state: WriteBackState = WriteBackState.PENDING


class WriteBacks:
    """Records the updates of each posted page in the staging table, once."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def write(self, source: str, company: str, document: str, page: str, updates: Sequence[RowUpdate]) -> bool:
        """Records one page of updates. ``False`` when it was recorded before: nothing changes then."""
        item = {
            "pk": f"{PREFIX}{source}#{company}#{document}",
            "sk": page,
            "u": json.dumps([asdict(update) for update in updates], separators=(",", ":")),
        }
        try:
            transact(self.client, [put(self.table, item, unless_exists=True)])
        except TransactionCancelled as cancelled:
            if cancelled.reasons and cancelled.reasons[0] and cancelled.reasons[0][0] == "ConditionalCheckFailed":
                return False
            raise
        return True


def updates_of(item: Item) -> list[RowUpdate]:
    rows: list[dict[str, Any]] = json.loads(item["u"])
    return [RowUpdate(row["entity"], row["id"], row["values"], WriteBackState(row["state"])) for row in rows]
