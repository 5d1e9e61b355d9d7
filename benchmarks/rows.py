"""How large a staging row is, by DynamoDB's rules, and which attribute takes how much of it."""

from __future__ import annotations

from typing import Any, Final

from benchmarks.business import Work
from project_invoicing.store.items import typed_item
from project_invoicing.store.staged_rows import ROW
from project_invoicing.store.transactions import get
from tests.builders import guid
from tests.harness import World

STAGES: Final = ("waiting", "imported", "posted")


def sizes(item: dict[str, Any]) -> dict[str, int]:
    """Bytes of each attribute, name and value (Developer Guide, "DynamoDB item sizes and formats")."""
    return {name: len(name.encode()) + _size(value) for name, value in item.items()}


def staged_sale(world: World, work: Work) -> dict[str, int]:
    """The sizes of one unbilled sale of the work as it stands in staging now."""
    item = get(world.client, world.names.staging_table, guid(f"{work.name}-unbilled_sales-0"), ROW)
    return sizes(typed_item(item or {}))


def _size(value: dict[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "S":
        return len(str(held).encode())
    if kind == "N":
        number = str(held)
        digits = number.lstrip("-").replace(".", "").strip("0")
        return (len(digits) + 1) // 2 + 1 + number.startswith("-")
    if kind == "BOOL":
        return 1
    raise ValueError(f"a staging row has no attributes of type {kind}")
