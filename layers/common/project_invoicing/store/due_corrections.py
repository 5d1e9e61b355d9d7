"""Which correction journals the schedule has to go on with: a question to the index of open documents, and no more.

It stands by itself, as nearly every run hears that there are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from project_invoicing.store.transactions import query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DUE: Final = "CORRECTIONS"
"""The partition of the index with what is due."""


def due_corrections(client: DynamoDBClient, table: str) -> list[tuple[str, str]]:
    """Company and number of each. The index may lag: verify before writing. One request."""
    found = query(client, table, DUE, index="open_documents", names=("oc", "od"))
    return [(str(item["co"]), str(item["cn"])) for item in found]
