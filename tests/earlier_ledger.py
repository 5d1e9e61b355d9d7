"""The ledger as versions wrote it that knew no origins: pages of text, and no list of what is ready to leave."""

from __future__ import annotations

from dataclasses import replace

from project_invoicing.store import rows
from project_invoicing.store.items import plain_item, typed_item
from project_invoicing.store.ledger import Entry, entries_of
from tests.harness import World


def as_earlier_versions_wrote_it(world: World) -> None:
    """Rewrites the pages of the ledger, and empties the table of what is ready."""
    for item in _items(world, world.names.ledger_table):
        if item["sk"].startswith("V#"):
            old = {name: value for name, value in item.items() if name != "ez"}
            text = rows.encode(map(_without_origin, entries_of(item)))
            world.client.put_item(TableName=world.names.ledger_table, Item=typed_item(old | {"e": text}))
    table = world.names.ledger_batches_table
    for item in _items(world, table):
        world.client.delete_item(TableName=table, Key=typed_item({"pk": item["pk"], "sk": item["sk"]}))


def _without_origin(entry: Entry) -> Entry:
    return replace(entry, customer=None, contract=None, actual_id=None, document_date=None, sales_tax_base=None)


def _items(world: World, table: str) -> list[dict[str, str]]:
    pages = world.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [plain_item(item) for page in pages for item in page["Items"]]
