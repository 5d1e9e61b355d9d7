"""The MasterData table from its first item to its last: for lists, exports and reconciliations."""

from __future__ import annotations

from collections.abc import Iterator

from project_invoicing.domain.master_data import ChildrenKey, Key, NameKey, Part, RateKey, RowKey, Seen
from project_invoicing.store.items import Item, readable
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.master_items import NAME, OF, RATES, ROW, seen
from project_invoicing.store.transactions import scan


def everything(master: MasterData) -> Iterator[tuple[Key, Seen]]:
    """Every row, name, list of children and list of rates.

    An item that this code cannot read is set aside and left out. It reads the whole table, strongly consistently.
    """
    for item in scan(master.client, master.table):
        if item["sk"] in (ROW, NAME, OF, RATES):
            key, found = readable(_key, item), readable(seen, item)
            if key and found:
                yield key, found


def _key(item: Item) -> Key:
    kind, rest = str(item["pk"]).split("#", 1)
    match kind:
        case "ROW":
            return RowKey(*rest.split("#", 1))
        case "NAME":
            part, company, number = rest.split("#", 2)
            return NameKey(Part(part), "" if company == "-" else company, number)
        case "OF":
            return ChildrenKey(rest)
        case _:
            type_, from_, to = rest.rsplit("#", 2)
            return RateKey(type_, from_, to)
