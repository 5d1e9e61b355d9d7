"""The template's tables for tests: made anew, read whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from project_invoicing.config import Settings, settings_in
from project_invoicing.store.items import Item, plain_item
from tests.harness import TEMPLATE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def create(client: DynamoDBClient, suffix: str = "", *, only: str = "") -> Settings:
    """Creates the tables, each name ending in ``suffix``, and says how they are called. ``only``: one by its id."""
    for table in TEMPLATE.tables:
        if only not in ("", table.id):
            continue
        client.create_table(**{**table.request, "TableName": table.request["TableName"] + suffix})
    names = TEMPLATE.environment()
    return settings_in({name: value + suffix * name.endswith("_TABLE") for name, value in names.items()})


def delete(client: DynamoDBClient, suffix: str = "") -> None:
    for table in TEMPLATE.tables:
        client.delete_table(TableName=table.request["TableName"] + suffix)


def contents(client: DynamoDBClient, table: str) -> Iterator[Item]:
    """Every item of a table."""
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from map(plain_item, page["Items"])
