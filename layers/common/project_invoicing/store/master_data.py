"""The MasterData table: rows of master data, the names they have, and what finance lays over them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from project_invoicing.domain.master_data import Key, Seen
from project_invoicing.store.items import readable
from project_invoicing.store.master_items import item_key, seen
from project_invoicing.store.transactions import get_many

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class MasterData:
    """Access to the table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def read(self, keys: Iterable[Key]) -> dict[Key, Seen | None]:
        """What stands under each key, ``None`` where there is nothing. Strongly consistent, 100 keys a request.

        An item that this code cannot read is set aside and counts as nothing. Raises ``Unavailable``.
        """
        wanted = {item_key(key): key for key in keys}
        found: dict[Key, Seen | None] = dict.fromkeys(wanted.values())
        for item in get_many(self.client, self.table, wanted):
            found[wanted[item["pk"], item["sk"]]] = readable(seen, item)
        return found
