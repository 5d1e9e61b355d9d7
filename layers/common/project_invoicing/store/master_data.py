"""The MasterData table: rows of master data, the names they have, and what finance lays over them.

What an item says is in ``master_items``. A row, its name and what its parents say of it change in one transaction, with
the event about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.master_data import PARTS, Key, NameKey, Part, RateKey, RowKey, Seen
from project_invoicing.domain.master_row import POLICY, MasterRow, name_blocker
from project_invoicing.errors import Conflict
from project_invoicing.events import BusEvent
from project_invoicing.events.own import MasterDataChanged
from project_invoicing.store import history as histories
from project_invoicing.store import outbox
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.items import readable
from project_invoicing.store.master_items import (
    INDEX,
    ROW,
    columns_text,
    item_key,
    row_key,
    seen,
    split,
    stored_row,
)
from project_invoicing.store.master_writes import child_writes, name_writes, raise_for, row_write
from project_invoicing.store.transactions import (
    Write,
    get,
    get_many,
    query,
    scan,
    scan_index,
    transact,
    transact_patiently,
    update,
    write_one,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.actor import Actor
    from project_invoicing.domain.history import HistoryEntry

_TABLES: Final = {part: next(entity for entity, of in PARTS.items() if of is part) for part in Part}
"""The table that an event names for finance's own columns where no row has arrived."""


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

    def stored(self, key: RowKey, also: Iterable[Key] = ()) -> tuple[MasterRow, dict[Key, Seen | None]]:
        """The row, empty if nothing of it has arrived, and what stands under the other keys. One request."""
        row = MasterRow(key.entity, key.id)
        wanted = {item_key(one): one for one in also if one != key}
        found: dict[Key, Seen | None] = dict.fromkeys(wanted.values())
        for item in get_many(self.client, self.table, [item_key(key), *wanted]):
            place = (item["pk"], item["sk"])
            if place in wanted:
                found[wanted[place]] = readable(seen, item)
            else:
                row = stored_row(item)
        return row, found

    def save(
        self,
        before: MasterRow,
        after: MasterRow,
        event: BusEvent | None,
        *,
        takes_from: RowKey | None = None,
        finance: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes the row, its name and what its parents say of it, if nobody has written the row since ``before``.

        ``takes_from`` is a deleted row that gives up its name; ``finance`` are finance's columns of the name that the
        row leaves, which go with it if they are still these, and if the new name has none. Raises ``NameTaken`` where
        the name is another's, ``Conflict`` where the row has changed or others stay in the way.
        """
        names = name_writes(self.table, before, after, takes_from, _finance_text(finance or {}))
        writes: list[Write] = [*names, row_write(self.table, before, after), *child_writes(self.table, before, after)]
        if event:
            writes.append(outbox.record(self.table, event))
        if len(writes) == 1:
            write_one(self.client, writes[0])
            return
        try:
            transact_patiently(self.client, writes)
        except TransactionCancelled as cancelled:
            raise_for(cancelled, {0: after.name} if names and after.name else {})

    def tell(self, event: BusEvent) -> None:
        """Puts an event into the outbox by itself."""
        transact(self.client, [outbox.record(self.table, event)])

    # --- finance's own columns ---

    def set_finance(
        self,
        name: NameKey,
        columns: Mapping[str, Any],
        *,
        before: Mapping[str, Any],
        at: str,
        who: Actor | None = None,
    ) -> None:
        """Lays ``columns`` over a name, which no row needs to have yet, in place of those that were there ``before``.

        That ``who`` did it is kept in the same transaction. Raises ``Conflict`` where somebody else has set them
        meanwhile.
        """
        # Imported late: whoever only reads master data starts without it.
        from project_invoicing.domain.actor import person  # noqa: PLC0415
        from project_invoicing.domain.history import Done, HistoryEntry  # noqa: PLC0415

        item = get(self.client, self.table, *item_key(name)) or {}
        entity, id = split(item["g"]) if "g" in item else (_TABLES[name.part], None)
        times = item.get("fv", 0) + 1
        told = MasterDataChanged(
            entity=entity,
            id=id,
            company=name.company or None,
            number=name.number,
            blockers=(f"{entity}#{id}" if id else POLICY, name_blocker(name)),
            changed=tuple(sorted(one for one in {*before, *columns} if before.get(one) != columns.get(one))),
        )
        values = {"f": _finance_text(columns), "fv": times}
        was, now = ({one: some.get(one) for one in told.changed or ()} for some in (before, columns))
        made = HistoryEntry(at, who or person(None), Done.EDITED, was, {**now, "change": times})
        as_read = {"f": _finance_text(before), "fv": item.get("fv"), "g": item.get("g")}
        writes = [
            update(self.table, *item_key(name), values, expected=as_read),
            outbox.record(self.table, told.on_bus(at, f"{name.part}#{name.company}#{name.number}#{times}")),
            histories.entry(self.table, item_key(name)[0], made),
        ]
        try:
            transact_patiently(self.client, writes)
        except TransactionCancelled as cancelled:
            what = " ".join(filter(None, (name.part, name.company, name.number)))
            raise Conflict(f"somebody else changed {what} just now; look at it again") from cancelled

    def history(self, key: NameKey | RateKey) -> Iterator[HistoryEntry]:
        """What people did to finance's columns of a name, or to the rates of a pair, oldest first."""
        return histories.of(self.client, self.table, item_key(key)[0])

    # --- lists ---

    def blocked_rows(self, blocker: str) -> Iterator[RowKey]:
        """The rows that wait for a row (``table#id``), a name or the policy. An index read, which may lag a little."""
        for item in query(self.client, self.table, blocker, index=INDEX, names=("bk", "pk")):
            yield row_key(item)

    def all_blocked(self) -> Iterator[tuple[RowKey, str]]:
        """Every row that waits, and for what. Reads the sparse index whole."""
        for item in scan_index(self.client, self.table, INDEX):
            yield row_key(item), item["bk"]

    def rows_naming(self, id: str) -> Iterator[RowKey]:
        """The rows one of whose columns leads to ``id``. Reads the whole table."""
        for item in scan(self.client, self.table, equal={"sk": ROW}, containing=("d", id)):
            yield row_key(item)


def _finance_text(columns: Mapping[str, Any]) -> str | None:
    return columns_text(columns) if columns else None
