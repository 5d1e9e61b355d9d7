"""The writes of one transaction when a row of master data arrives or is placed anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from project_invoicing.domain.master_data import ChildrenKey, NameKey, RowKey
from project_invoicing.domain.master_row import MasterRow, as_child, name_blocker, parents
from project_invoicing.errors import Conflict
from project_invoicing.events import BusEvent
from project_invoicing.store import outbox
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.items import Expression, key, plain_item
from project_invoicing.store.master_items import (
    CHILD,
    DELETED,
    FORMER,
    columns_text,
    earlier_text,
    item_key,
    listed,
    row_values,
    split,
    state_of,
)
from project_invoicing.store.transactions import MAX_WRITES, Write, lost, update


class NameTaken(Conflict):
    """A row wants a name that another has. ``deleted``: that one is deleted, and gives the name up if it is asked."""

    def __init__(self, name: NameKey, holder: RowKey, *, deleted: bool) -> None:
        super().__init__(f"{name} is the name of {holder}")
        self.name = name
        self.holder = holder
        self.deleted = deleted


def row_write(table: str, before: MasterRow, after: MasterRow) -> Write:
    return update(table, *item_key(after.key), row_values(after), expected={"ch": before.changes or None})


class FinanceMove(NamedTuple):
    """What becomes of finance's columns with the name of a row: as text, ``None`` for none.

    ``leaves``: those of the name that the row leaves, which has them no longer. ``comes``: those that the new name
    gets.
    """

    leaves: str | None = None
    comes: str | None = None


def name_writes(
    table: str,
    before: MasterRow,
    after: MasterRow,
    takes_from: RowKey | None,
    finance: FinanceMove | None = None,
) -> list[Write]:
    """The name that the row takes or keeps comes first: it is the one that may be another's.

    ``takes_from``: a deleted row, which has the name so far. ``finance`` goes with the row; without it, finance's
    columns stay where they are.
    """
    writes = []
    name = after.name
    if name and name != before.name:
        writes.append(_claim(table, name, after, takes_from, finance.comes if finance else None))
        if takes_from:
            values = {"nu": None, "bk": name_blocker(name)}
            expected = {"nu": name.number, "st": DELETED}
            writes.append(update(table, *item_key(takes_from), values, expected=expected, add={"ch": 1}))
    elif name and (before.columns, before.deleted) != (after.columns, after.deleted):
        values = {"d": columns_text(after.columns), "st": state_of(after), **listed(name, after)}
        writes.append(update(table, *item_key(name), values, expected={"g": holder_text(after.key)}))
    if before.name and before.name != name:
        held = {"g": holder_text(after.key), **({"f": finance.leaves} if finance else {})}
        values = {"g": None, "d": None, "st": None, "en": None, **listed(before.name, None), **_has_had(after.key)}
        add = None
        if finance and finance.leaves:
            values, add = {**values, "f": None}, {"fv": 1}
        writes.append(update(table, *item_key(before.name), values, expected=held, add=add))
    return writes


def child_writes(table: str, before: MasterRow, after: MasterRow) -> Iterator[Write]:
    """What the row's parents say of it. The condition on the row itself holds for them too: each child has its own."""
    for parent, values in _of_a_child(before, after).items():
        yield _unconditional(table, parent, values)


def _of_a_child(before: MasterRow, after: MasterRow) -> dict[str, dict[str, Any]]:
    """What changes of the row on each of its parents, by their ids."""
    attribute = f"{CHILD}{holder_text(after.key)}"
    had, has = parents(before), parents(after)
    changed = as_child(before) != as_child(after)
    gone = {id: {attribute: None} for id in had if id not in has}
    return gone | {id: {attribute: columns_text(as_child(after))} for id in has if changed or id not in had}


class RowChange(NamedTuple):
    """A row as it was read and as it is to be, with the event about it. It leaves no name that it had."""

    before: MasterRow
    after: MasterRow
    event: BusEvent | None


class WritesOfRow(NamedTuple):
    """What a change writes: under its own conditions, and what its parents say of it, by their ids."""

    writes: list[Write]
    of_parents: Mapping[str, Mapping[str, Any]]

    @property
    def single(self) -> bool:
        return len(self.writes) == 1 and not self.of_parents


def writes_of(table: str, change: RowChange) -> WritesOfRow:
    before, after, event = change
    writes = [*name_writes(table, before, after, None), row_write(table, before, after)]
    if event:
        writes.append(outbox.record(table, event))
    return WritesOfRow(writes, _of_a_child(before, after))


def packed(parts: Mapping[int, WritesOfRow]) -> Iterator[dict[int, WritesOfRow]]:
    """The rows in groups that fit into a transaction each. What one parent says of several rows is one write."""
    group: dict[int, WritesOfRow] = {}
    size, of_parents = 0, set[str]()
    for place, part in parts.items():
        if group and size + len(part.writes) + len(of_parents | part.of_parents.keys()) > MAX_WRITES:
            yield group
            group, size, of_parents = {}, 0, set()
        group[place] = part
        size += len(part.writes)
        of_parents |= part.of_parents.keys()
    if group:
        yield group


def together(table: str, parts: Mapping[int, WritesOfRow]) -> list[tuple[int | None, Write]]:
    """The writes of one transaction, each with the place of its row; ``None`` for what parents say of several."""
    of_parents: dict[str, dict[str, Any]] = defaultdict(dict)
    for part in parts.values():
        for parent, values in part.of_parents.items():
            of_parents[parent].update(values)
    own = [(place, write) for place, part in parts.items() for write in part.writes]
    return [*own, *((None, _unconditional(table, parent, values)) for parent, values in of_parents.items())]


def holder_text(row: RowKey) -> str:
    return f"{row.entity}#{row.id}"


def raise_for(cancelled: TransactionCancelled, names: Mapping[int, NameKey]) -> None:
    """Raises ``NameTaken`` if only that stood in the way, else ``Conflict``. ``names`` by their place in the writes."""
    for position in lost(cancelled):
        reason = cancelled.reasons[position]
        item = plain_item(reason[1]) if reason and reason[1] else {}
        if position not in names or "g" not in item:
            break
        holder = RowKey(*split(item["g"]))
        raise NameTaken(names[position], holder, deleted=item.get("st") == DELETED) from cancelled
    raise Conflict("the row changed meanwhile") from cancelled


def _claim(table: str, name: NameKey, row: MasterRow, takes_from: RowKey | None, finance: str | None) -> Write:
    """Gives the name to the row if nobody has it, or the deleted row that it is taken from."""
    earlier = earlier_text(one.number for one in row.earlier if one.company == name.company)
    values = {"g": holder_text(row.key), "d": columns_text(row.columns), "st": state_of(row), "en": earlier}
    values |= listed(name, row)
    expected: dict[str, Any] = {}
    add = None
    if finance:
        values, expected, add = {**values, "f": finance}, {"f": None}, {"fv": 1}
    if takes_from:
        values |= _has_had(takes_from)
        expected |= {"g": holder_text(takes_from), "st": DELETED}
        return update(table, *item_key(name), values, expected=expected, add=add)
    free_for = {"g": holder_text(row.key)}
    return update(table, *item_key(name), values, expected=expected, add=add, free_for=free_for)


def _has_had(row: RowKey) -> dict[str, Any]:
    """Remembers that a row has left a name: lines on drafts may name it so (D-123)."""
    return {f"{FORMER}{holder_text(row)}": True}


def _unconditional(table: str, parent: str, values: Mapping[str, Any]) -> Write:
    expression = Expression()
    return {
        "Update": {
            "TableName": table,
            "Key": key(*item_key(ChildrenKey(parent))),
            "UpdateExpression": expression.update(values),
            **expression.aliases(),
        }
    }
