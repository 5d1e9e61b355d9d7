"""The rows of an organization, in memory: what the Web API shows, the webhooks announce and the business logic moves.

Nothing here knows a table or a rule. What is like Dataverse: one row version counter for the whole organization, the
columns that the platform fills by itself, transactions, and that a change is announced only when it is there to stay.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID, uuid4, uuid5

from project_invoicing.dataverse.values import guid

Message = Literal["Create", "Update", "Delete", "Merge"]
Row = dict[str, Any]

ISV_ABORTED: Final = "0x80040265"
"""The code of what business logic refuses."""
DUPLICATE_KEY: Final = "0x80040237"

_SEEDED_IDS: Final = UUID("0c6f1a86-3f57-4a0a-9d5e-5d8e5c0f7a52")
_PLATFORM_COLUMNS: Final = frozenset({"versionnumber", "createdon", "modifiedon"})


class Refused(Exception):
    """The business refuses. The text is for the user; ``status`` and ``code`` are the answer of the Web API."""

    def __init__(self, text: str, *, status: int = 400, code: str = ISV_ABORTED) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Lookup:
    """A reference to a row of another table, by its GUID, kept in lower case.

    Two are the same when they point to the same row, whatever name they show.
    """

    entity: str
    id: str
    name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", _canonical(self.id))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lookup) and (self.entity, self.id) == (other.entity, other.id)

    def __hash__(self) -> int:
        return hash((self.entity, self.id))


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one row, announced after the commit.

    ``changed`` are the columns that were written, in the order of the caller, whether or not the value is another one:
    this is what Dataverse hands to its steps. ``before`` is ``None`` for a Create, ``after`` for a Delete; neither may
    be changed. ``transaction`` is the same for all changes that were committed together, ``operation`` for all rows of
    one call, of which there are ``operation_size``. A Merge is announced for the row that stays, with the one that was
    merged into it as ``subordinate``.
    """

    entity: str
    id: str
    message: Message
    changed: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    at: datetime
    version: int
    transaction: str
    operation: str
    operation_size: int = 1
    subordinate: str | None = None


@dataclass(slots=True)
class _Transaction:
    id: str
    undo: list[tuple[str, str, Row | None, bool]]
    """Table and id of a row, what it was before, and whether it existed."""
    changes: list[Change]


class Rows:
    """The tables of one organization. Safe to use from several threads: a transaction has them all to itself.

    ``clock`` gives the time of each change (with a zone). With ``seed`` all ids are the same in each run.
    ``observers`` are called with each ``Change`` in order, after its commit, outside the lock; what they raise reaches
    the caller, whose change stays.
    """

    def __init__(self, clock: Callable[[], datetime], *, seed: str | None = None) -> None:
        self.observers: list[Callable[[Change], None]] = []
        self._clock = clock
        self._seed = None if seed is None else uuid5(_SEEDED_IDS, seed)
        self._drawn: dict[str, int] = {}
        self._lock = threading.RLock()
        # A row that the open transaction deleted stays in its place as None, so that a rollback keeps the order.
        self._tables: dict[str, dict[str, Row | None]] = {}
        self._deletions: dict[str, list[tuple[int, str]]] = {}
        self._version = 0
        self._open: _Transaction | None = None

    @property
    def version(self) -> int:
        """The row version that was drawn last, in the whole organization."""
        return self._version

    def now(self) -> datetime:
        """What the clock says."""
        return self._clock()

    def create(self, entity: str, values: Mapping[str, Any], *, id: str | None = None) -> str:
        """A new row; gives its id. ``Refused`` (412) when there is a row with this id."""
        return self.create_many(entity, [values] if id is None else [{**values, f"{entity}id": id}])[0]

    def create_many(self, entity: str, many: Iterable[Mapping[str, Any]]) -> list[str]:
        """New rows in one operation, as by CreateMultiple: all or none. A row may name its id in its id column."""
        rows = list(many)
        with self.transaction():
            operation = self._new_id("operation")
            return [self._create(entity, values, operation, len(rows)) for values in rows]

    def update(self, entity: str, id: str, values: Mapping[str, Any]) -> None:
        """Writes ``values`` over the row. Raises ``KeyError`` when there is none.

        The row version rises even if no value is another one.
        """
        with self.transaction():
            key, before = self._existing(entity, id)
            written = _checked(entity, values)
            if written.pop(f"{entity}id", key) != key:
                raise ValueError(f"{entity} {key}: the id of a row cannot be changed")
            after = {**before, **written}
            self._write(entity, key, "Update", tuple(written), before, after, self._new_id("operation"), 1)

    def delete(self, entity: str, id: str) -> None:
        """Raises ``KeyError`` when there is no such row."""
        with self.transaction():
            key, before = self._existing(entity, id)
            self._write(entity, key, "Delete", (), before, None, self._new_id("operation"), 1)

    def merge(self, entity: str, id: str, subordinate: str) -> None:
        """Merges ``subordinate`` into the row ``id``, as an account or a contact is merged: it stays, deactivated.

        Rows that pointed to it point to the one that is left, as the platform has them do. Only the Merge is announced:
        no public source says whether the platform's own writes are, so that whoever relies on it does so on a sweep.
        """
        with self.transaction():
            current = self._transaction()
            key, before = self._existing(entity, id)
            other, _ = self._existing(entity, subordinate)
            mark = len(current.changes)
            self.update(
                entity, other, {"merged": True, "masterid": Lookup(entity, key), "statecode": 1, "statuscode": 2}
            )
            for table, rows in list(self._tables.items()):
                for of_row, row in [(of_row, row) for of_row, row in rows.items() if row is not None]:
                    moved = {
                        name: Lookup(entity, key)
                        for name, value in row.items()
                        if name != "masterid" and value == Lookup(entity, other)
                    }
                    if moved:
                        self.update(table, of_row, moved)
            del current.changes[mark:]
            self._write(entity, key, "Merge", (), before, dict(before), self._new_id("operation"), 1, other)

    def get(self, entity: str, id: str) -> Row:
        """A copy of the row. Raises ``KeyError`` when there is none."""
        with self._lock:
            return dict(self._existing(entity, id)[1])

    def select(self, entity: str, **equal: Any) -> list[Row]:
        """Copies of the rows whose columns equal ``equal``, in order of creation.

        A look-up is compared by id: give a ``Lookup`` or a GUID. A column that a row does not have is ``None``.
        """
        with self._lock:
            rows = [row for row in self._tables.get(entity, {}).values() if row is not None]
            return [dict(row) for row in rows if all(_same(row.get(name), value) for name, value in equal.items())]

    def changed_since(self, entity: str, version: int) -> tuple[list[Row], list[tuple[int, str]], int]:
        """Rows written and (version, id) of rows deleted after ``version``, each by version, and the version of now.

        A row that is there again after its deletion is only among the written ones.
        """
        with self._lock:
            table = self._tables.get(entity, {})
            written = [dict(row) for row in table.values() if row is not None and row["versionnumber"] > version]
            gone = {id: at for at, id in self._deletions.get(entity, ()) if at > version and table.get(id) is None}
            deleted = sorted((at, id) for id, at in gone.items())
            return sorted(written, key=lambda row: int(row["versionnumber"])), deleted, self._version

    def state(self) -> dict[str, Any]:
        """Everything that is kept here, as plain JSON, for ``restore``."""
        with self._lock:
            tables = {
                entity: {id: {name: _plain(value) for name, value in row.items()} for id, row in rows.items() if row}
                for entity, rows in self._tables.items()
            }
            deletions = {entity: list(map(list, gone)) for entity, gone in self._deletions.items()}
            return {"version": self._version, "drawn": dict(self._drawn), "tables": tables, "deletions": deletions}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes over what ``state`` gave, in place of what is here. Nothing is announced."""
        with self._lock:
            self._tables = {
                entity: {id: {name: _value(value) for name, value in row.items()} for id, row in rows.items()}
                for entity, rows in state["tables"].items()
            }
            self._deletions = {entity: [(at, id) for at, id in gone] for entity, gone in state["deletions"].items()}
            self._drawn, self._version = dict(state["drawn"]), state["version"]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. What is inside another one is committed with it, and undone alone if it fails alone."""
        with self._lock:
            outermost = self._open is None
            current = self._open = self._open or _Transaction(self._new_id("transaction"), [], [])
            undo_mark, change_mark = len(current.undo), len(current.changes)
            try:
                yield
            except BaseException:
                self._roll_back(current, undo_mark, change_mark)
                raise
            finally:
                if outermost:
                    self._open = None
            if outermost:
                self._commit(current)
        if outermost:
            for change in current.changes:
                for observer in tuple(self.observers):
                    observer(change)

    def _create(self, entity: str, values: Mapping[str, Any], operation: str, size: int) -> str:
        written = _checked(entity, values)
        key = _canonical(written.pop(f"{entity}id", None) or self._new_id("row"))
        if self._tables.get(entity, {}).get(key) is not None:
            text = f"A record with matching key values already exists: {entity} {key}."
            raise Refused(text, status=412, code=DUPLICATE_KEY)
        row = {f"{entity}id": key, "statecode": 0, "statuscode": 1, **written}
        self._write(entity, key, "Create", tuple(row), None, row, operation, size)
        return key

    def _write(
        self,
        entity: str,
        key: str,
        message: Message,
        changed: tuple[str, ...],
        before: Row | None,
        after: Row | None,
        operation: str,
        size: int,
        subordinate: str | None = None,
    ) -> None:
        current = self._transaction()
        now = self._clock().astimezone(UTC)
        second = now.replace(microsecond=0)  # Dataverse keeps no more
        self._version += 1
        if after is not None:
            created = second if before is None else before["createdon"]
            after = {**after, "createdon": created, "modifiedon": second, "versionnumber": self._version}
            changed += ("createdon", "modifiedon") if before is None else ("modifiedon",)
        table = self._tables.setdefault(entity, {})
        current.undo.append((entity, key, table.get(key), key in table))
        table[key] = after
        current.changes.append(
            Change(
                entity,
                key,
                message,
                changed,
                before,
                after,
                now,
                self._version,
                current.id,
                operation,
                size,
                subordinate,
            )
        )

    def _transaction(self) -> _Transaction:
        if self._open is None:
            raise RuntimeError("a write needs an open transaction")
        return self._open

    def _commit(self, current: _Transaction) -> None:
        for change in current.changes:
            if change.message == "Delete":
                self._deletions.setdefault(change.entity, []).append((change.version, change.id))
                if self._tables[change.entity].get(change.id, change) is None:
                    del self._tables[change.entity][change.id]

    def _roll_back(self, current: _Transaction, undo_mark: int, change_mark: int) -> None:
        for entity, key, stood, was_there in reversed(current.undo[undo_mark:]):
            if was_there:
                self._tables[entity][key] = stood
            else:
                del self._tables[entity][key]
        del current.undo[undo_mark:]
        del current.changes[change_mark:]

    def _existing(self, entity: str, id: str) -> tuple[str, Row]:
        key = guid(id)
        row = None if key is None else self._tables.get(entity, {}).get(key)
        if key is None or row is None:
            raise KeyError(f"{entity} {id}")
        return key, row

    def _new_id(self, kind: str) -> str:
        if self._seed is None:
            return str(uuid4())
        self._drawn[kind] = self._drawn.get(kind, 0) + 1
        return str(uuid5(self._seed, f"{kind} {self._drawn[kind]}"))


def _checked(entity: str, values: Mapping[str, Any]) -> Row:
    """``values`` without what the platform fills itself; refuses what is no plain value."""
    for name, value in values.items():
        if not isinstance(value, str | int | Decimal | date | Lookup | None):
            raise TypeError(f"{entity}.{name}: {value!r} is not a value of a row; use Decimal, Lookup, text or a date")
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"{entity}.{name}: {value} has no time zone")
        if isinstance(value, Decimal) and not value.is_finite():
            raise ValueError(f"{entity}.{name}: {value} is not a number")
    return {name: value for name, value in values.items() if name not in _PLATFORM_COLUMNS}


def _plain(value: Any) -> Any:
    """A value of a row as JSON; what JSON does not know is an object that names its kind."""
    match value:
        case Lookup():
            return {"lookup": [value.entity, value.id, value.name]}
        case Decimal():
            return {"decimal": str(value)}
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
    return value


def _value(plain: Any) -> Any:
    match plain:
        case {"lookup": [entity, id, name]}:
            return Lookup(entity, id, name)
        case {"decimal": text}:
            return Decimal(text)
        case {"datetime": text}:
            return datetime.fromisoformat(text)
        case {"date": text}:
            return date.fromisoformat(text)
    return plain


def _canonical(id: object) -> str:
    found = guid(id)
    if found is None:
        raise ValueError(f"{id!r} is not the GUID of a row")
    return found


def _same(stored: Any, wanted: Any) -> bool:
    if isinstance(stored, Lookup) and isinstance(wanted, str):
        return stored.id == guid(wanted)
    return bool(stored == wanted)
