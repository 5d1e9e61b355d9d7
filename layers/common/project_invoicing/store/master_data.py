"""The MasterData table: rows of master data, the names they have, and what finance lays over them.

What an item says is in ``master_items``. A row, its name and what its parents say of it change in one transaction, with
the event about it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from project_invoicing.domain.master_data import PARTS, Key, NameKey, Part, RateKey, RowKey, Seen
from project_invoicing.domain.master_row import POLICY, MasterRow, name_blocker
from project_invoicing.errors import Conflict
from project_invoicing.events import BusEvent
from project_invoicing.events.own import MasterDataChanged
from project_invoicing.store import history as histories
from project_invoicing.store import outbox
from project_invoicing.store.errors import Throttled, TransactionCancelled, translated
from project_invoicing.store.items import Expression, Item, is_possible, plain_item, readable
from project_invoicing.store.master_items import (
    CALLED,
    INDEX,
    ROW,
    UNDATED,
    called_partition,
    columns_text,
    item_key,
    list_of,
    row_key,
    seen,
    split,
    stored_row,
)
from project_invoicing.store.master_writes import (
    FinanceMove,
    RowChange,
    WritesOfRow,
    child_writes,
    name_writes,
    packed,
    raise_for,
    row_write,
    together,
    writes_of,
)
from project_invoicing.store.transactions import (
    WRITE_ATTEMPTS,
    Write,
    get,
    get_many,
    lost,
    pause,
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

FEW: Final = 250
"""Rows that wait: so many always fit into a page of the index, and are read for what a dozen queries cost."""
_TABLES: Final = {part: next(entity for entity, of in PARTS.items() if of is part) for part in Part}
"""The table that an event names for finance's own columns where no row has arrived."""


class FinanceChange(NamedTuple):
    """Finance's own columns of a name, before and after."""

    name: NameKey
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def changed(self) -> tuple[str, ...]:
        columns = {*self.before, *self.after}
        return tuple(sorted(one for one in columns if self.before.get(one) != self.after.get(one)))


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
        rows, found = self.stored_together([key], (one for one in also if one != key))
        return rows[key], found

    def rows(self, keys: Iterable[RowKey]) -> dict[RowKey, MasterRow]:
        """The rows with all that a delivery needs to know of them, empty where nothing of one has arrived."""
        return self.stored_together(keys)[0]

    def stored_together(
        self, keys: Iterable[RowKey], also: Iterable[Key] = ()
    ) -> tuple[dict[RowKey, MasterRow], dict[Key, Seen | None]]:
        """As ``stored``, for many rows: 100 keys a request. A row among ``also`` is what others see of it, too."""
        mine, wanted = {item_key(key): key for key in keys}, {item_key(key): key for key in also}
        rows = {key: MasterRow(key.entity, key.id) for key in mine.values()}
        found: dict[Key, Seen | None] = dict.fromkeys(wanted.values())
        for item in get_many(self.client, self.table, mine.keys() | wanted.keys()):
            place = (item["pk"], item["sk"])
            if place in mine:
                rows[mine[place]] = stored_row(item)
            if place in wanted:
                found[wanted[place]] = readable(seen, item)
        return rows, found

    def save(
        self,
        before: MasterRow,
        after: MasterRow,
        event: BusEvent | None,
        *,
        takes_from: RowKey | None = None,
        leaves: Mapping[str, Any] | None = None,
        comes: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes the row, its name and what its parents say of it, if nobody has written the row since ``before``.

        ``takes_from`` is a deleted row that gives up its name; ``leaves`` are finance's columns of the name that the
        row leaves, which has them no longer, if they are still these; ``comes`` are those that the new name gets, if
        it has none. Without ``leaves`` they stay where they are. Raises ``NameTaken`` where the name is another's,
        ``Conflict`` where the row has changed or others stay in the way.
        """
        moves = None if leaves is None else FinanceMove(_finance_text(leaves), _finance_text(comes or {}))
        names = name_writes(self.table, before, after, takes_from, moves)
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

    def save_together(self, changes: Sequence[RowChange]) -> list[bool]:
        """Writes many rows as ``save`` does, in as few requests as they fit into. Returns which of them it wrote.

        None of them leaves a name, and no two are the same row or take the same name. One that is refused stops no
        other. A row that is written without anything else is written by itself, at half the units (D-153).
        """
        parts = {place: writes_of(self.table, change) for place, change in enumerate(changes)}
        written = {place for place, part in parts.items() if part.single and self._saved_alone(part)}
        for some in packed({place: part for place, part in parts.items() if not part.single}):
            written.update(self._save_what_holds(some))
        return [place in written for place in parts]

    def _saved_alone(self, part: WritesOfRow) -> bool:
        try:
            write_one(self.client, part.writes[0])
        except Conflict:
            return False
        return True

    def _save_what_holds(self, parts: Mapping[int, WritesOfRow]) -> Collection[int]:
        """Writes these in one transaction, without those that are refused. None if others stay in the way.

        It waits while the table is throttled: a first load may be faster than a new table grows.
        """
        for attempt in range(WRITE_ATTEMPTS):
            writes = together(self.table, parts)
            try:
                transact(self.client, [write for _, write in writes])
            except Throttled:
                if attempt == WRITE_ATTEMPTS - 1:
                    raise
                pause(attempt)
            except TransactionCancelled as cancelled:
                refused = {writes[position][0] for position in lost(cancelled)}
                if not refused:
                    pause(attempt)
                parts = {place: part for place, part in parts.items() if place not in refused}
            else:
                return parts.keys()
            if not parts:
                break
        return ()

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
        item = get(self.client, self.table, *item_key(name)) or {}
        entity, id = split(item["g"]) if "g" in item else (_TABLES[name.part], None)
        times = item.get("fv", 0) + 1
        told = MasterDataChanged(
            entity=entity,
            id=id,
            company=name.company or None,
            number=name.number,
            blockers=(f"{entity}#{id}" if id else POLICY, name_blocker(name)),
            changed=FinanceChange(name, before, columns).changed,
        )
        made = _noted(FinanceChange(name, before, columns), at, who, times)
        writes = [
            _finance_write(self.table, name, item, columns, before),
            outbox.record(self.table, told.on_bus(at, f"{name.part}#{name.company}#{name.number}#{times}")),
            histories.entry(self.table, item_key(name)[0], made),
        ]
        try:
            transact_patiently(self.client, writes)
        except TransactionCancelled as cancelled:
            what = " ".join(filter(None, (name.part, name.company, name.number)))
            raise Conflict(f"somebody else changed {what} just now; look at it again") from cancelled

    def set_finance_together(
        self, part: Part, changes: Sequence[FinanceChange], at: str, who: Actor | None = None
    ) -> None:
        """As ``set_finance``, for up to 49 names of one part: all of them or none, and one event that names their rows.

        A new fixed rate is not told in this way: drafts are looked for by the contract that the event names.
        """
        keys = [item_key(change.name) for change in changes]
        items = {item["pk"]: item for item in get_many(self.client, self.table, keys)}
        found = [items.get(pk, {}) for pk, _ in keys]
        owners, names = {str(item.get("g", POLICY)) for item in found}, {name_blocker(one.name) for one in changes}
        told = MasterDataChanged(
            entity=_TABLES[part],
            id=None,
            company=None,
            number=None,
            blockers=tuple(sorted(owners | names)),
            changed=tuple(sorted({column for change in changes for column in change.changed})),
        )
        first = changes[0].name
        key = f"{part}#{first.company}#{first.number}#{found[0].get('fv', 0) + 1}#and {len(changes) - 1} more"
        writes = []
        for change, item in zip(changes, found, strict=True):
            made = _noted(change, at, who, item.get("fv", 0) + 1)
            writes += [
                _finance_write(self.table, change.name, item, change.after, change.before),
                histories.entry(self.table, item_key(change.name)[0], made),
            ]
        try:
            transact_patiently(self.client, [*writes, outbox.record(self.table, told.on_bus(at, key))])
        except TransactionCancelled as cancelled:
            raise Conflict("somebody else changed one of the names just now; look at them again") from cancelled

    def history(self, key: NameKey | RateKey) -> Iterator[HistoryEntry]:
        """What people did to finance's columns of a name, or to the rates of a pair, oldest first."""
        return histories.of(self.client, self.table, item_key(key)[0])

    # --- lists ---

    def blocked_rows(self, blocker: str) -> Iterator[RowKey]:
        """The rows that wait for a row (``table#id``), a name or the policy. An index read, which may lag a little."""
        for item in query(self.client, self.table, blocker, index=INDEX, names=("bk", "pk")):
            yield row_key(item)

    def few_blocked(self) -> dict[str, list[RowKey]] | None:
        """The rows that wait, by what they wait for. ``None`` if there are many, with which one asks by blocker."""
        found: dict[str, list[RowKey]] = defaultdict(list)
        for number, item in enumerate(scan_index(self.client, self.table, INDEX, limit=FEW + 1)):
            if number == FEW:
                return None
            found[item["bk"]].append(row_key(item))
        return found

    def all_blocked(self) -> Iterator[tuple[RowKey, str]]:
        """Every row that waits, and for what. Reads the sparse index whole."""
        for item in scan_index(self.client, self.table, INDEX):
            yield row_key(item), item["bk"]

    def called(self, company: str | None, text: str, limit: int) -> Iterator[RowKey]:
        """The first rows of a company, or of none, whose folded name begins with ``text``. One request to an index."""
        under = called_partition(company, text)
        if is_possible(under, text):
            found = query(self.client, self.table, under, prefix=text, index=CALLED, names=("np", "ns"), limit=limit)
            yield from map(row_key, found)

    def listed(
        self, part: Part, company: str, limit: int, *, since: str | None, until: str | None, after: str | None
    ) -> tuple[list[NameKey], str]:
        """The next names of a company's list, by date, those without one first; and where to go on, empty at the end.

        ``since`` and ``until`` are days. One request to an index, which may lag a little.
        """
        expression = Expression()
        first, last = after or since or UNDATED, f"{until or '9'}~"
        if first > last:
            return [], ""
        between = f"BETWEEN {expression.value(first)} AND {expression.value(last)}"
        condition = f"{expression.equal('np', list_of(part, company))} AND {expression.name('ns')} {between}"
        with translated():
            answer = self.client.query(
                TableName=self.table,
                IndexName=CALLED,
                KeyConditionExpression=condition,
                Limit=limit + 2,
                **expression.aliases(),
            )
        found = [one for one in map(plain_item, answer["Items"]) if one["ns"] != after]
        names = [NameKey(part, company, str(one["ns"]).rpartition("#")[2]) for one in found[:limit]]
        return names, str(found[limit - 1]["ns"]) if len(found) > limit else ""

    def rows_naming(self, id: str, company: str | None) -> Iterator[RowKey]:
        """The rows one of whose columns leads to ``id``, but for those that stand in ``company`` already.

        Reads the whole table. Whoever goes on after a stop finds only what is left.
        """
        unlike = {"cc": company} if company else {}
        for item in scan(self.client, self.table, equal={"sk": ROW}, containing=("d", id), unlike=unlike):
            yield row_key(item)


def _finance_write(
    table: str, name: NameKey, item: Item, columns: Mapping[str, Any], before: Mapping[str, Any]
) -> Write:
    """Lays the columns over a name, if those ``before`` are still there and its row is that of ``item``."""
    values = {"f": _finance_text(columns), "fv": item.get("fv", 0) + 1}
    as_read = {"f": _finance_text(before), "fv": item.get("fv"), "g": item.get("g")}
    return update(table, *item_key(name), values, expected=as_read)


def _noted(change: FinanceChange, at: str, who: Actor | None, times: int) -> HistoryEntry:
    """The entry of a change of finance's columns, which is the name's ``times``-th."""
    # Imported late: whoever only reads master data starts without it.
    from project_invoicing.domain.actor import person  # noqa: PLC0415
    from project_invoicing.domain.history import Done, HistoryEntry  # noqa: PLC0415

    before, after = ({one: some.get(one) for one in change.changed} for some in (change.before, change.after))
    return HistoryEntry(at, who or person(None), Done.EDITED, before, {**after, "change": times})


def _finance_text(columns: Mapping[str, Any]) -> str | None:
    return columns_text(columns) if columns else None
