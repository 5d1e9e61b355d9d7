"""Whole tables as they are stored, for a copy of a stack: nothing is decoded, and nothing is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.chunks import chunks

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_ITEMS: Final = 25
"""How many items one BatchWriteItem takes."""


def stored_items(client: DynamoDBClient, table: str) -> Iterator[Mapping[str, Any]]:
    """Every item of a table as DynamoDB gives it. While others write, they do not reflect a single moment."""
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def fill(client: DynamoDBClient, table: str, items: Sequence[Mapping[str, Any]]) -> None:
    """Writes items as ``stored_items`` gave them into a table that is empty."""
    for some in chunks(items, _MOST_ITEMS):
        waiting: Any = {table: [{"PutRequest": {"Item": item}} for item in some]}
        while waiting:
            waiting = client.batch_write_item(RequestItems=waiting).get("UnprocessedItems")
