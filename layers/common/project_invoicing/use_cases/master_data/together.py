"""Rows of master data that are settled together: read at once, placed by the same rules, written in few transactions.

A row goes this way while all it does is take a name or keep the one that it has, and while no row before it in the same
group has to do with it. Anything else, and whatever a transaction refuses, is left to be settled alone (D-153).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from project_invoicing.domain.master_data import Key, RowKey, Seen
from project_invoicing.domain.master_row import (
    HAS_DEPENDENTS,
    WAITED_FOR,
    ArrivedRow,
    MasterRow,
    name_of_blocker,
    needed,
    reference,
    with_earlier,
)
from project_invoicing.domain.staged_row import Delivery
from project_invoicing.store.master_writes import RowChange

if TYPE_CHECKING:
    from project_invoicing.store.master_data import MasterData
    from project_invoicing.use_cases.master_data.settle import Settling


class Settled(NamedTuple):
    """A row before and after, and what its delivery did."""

    before: MasterRow
    after: MasterRow
    outcome: Delivery

    @property
    def moved(self) -> bool:
        return self.before.changes != self.after.changes


class Together(NamedTuple):
    """What became of the rows of a group. Those that are not in ``settled`` are to be settled alone."""

    settling: Settling
    settled: dict[RowKey, Settled]
    overtaken: list[RowKey]
    """Rows that something which they depend on has left behind while they were written: to be looked at again."""
    seen: Mapping[Key, Seen | None]
    """What they were placed by."""

    @classmethod
    def settle(cls, settling: Settling, arriving: Mapping[RowKey, ArrivedRow | None]) -> Together:
        """Settles the rows, each with its delivery if one has arrived. ``Conflict`` and ``Unavailable`` as there."""
        master = settling.master
        rows, known, read = _read(master, arriving)
        plain = dict(_plain(settling, rows, known, read))
        changes = {key: change for key, change in plain.items() if change.before != change.after}
        written = dict(zip(changes, master.save_together([*changes.values()]), strict=True))
        settled = {
            key: Settled(row, after, _outcome(row, known[key]))
            for key, (row, after, _) in plain.items()
            if written.get(key, True)
        }
        # As for a row alone: what arrived in between was there before this last look.
        needs = {key: set(needed(settled[key].after)) for key, held in written.items() if held}
        now = master.read(set[Key]().union(*needs.values())) if any(needs.values()) else {}
        overtaken = [key for key, keys in needs.items() if any(now[one] != read[one] for one in keys)]
        return cls(settling, settled, overtaken, {**read, **now})

    def touched(self, keys: Collection[RowKey]) -> Iterator[RowKey]:
        """The rows that may have to be placed anew after these."""
        waited_for = any(key.entity in WAITED_FOR for key in keys)
        at_once = AlsoRead(self.settling.master, self.seen, self.settling.master.few_blocked() if waited_for else None)
        for key in keys:
            yield from self.settling.touched(*self.settled[key], at_once)


class AlsoRead(NamedTuple):
    """Answers what has been read already, and asks the table for anything else."""

    master: MasterData
    seen: Mapping[Key, Seen | None]
    blocked: Mapping[str, list[RowKey]] | None = None

    def read(self, keys: Iterable[Key]) -> dict[Key, Seen | None]:
        wanted = set(keys)
        missing = wanted - self.seen.keys()
        found = {key: self.seen[key] for key in wanted - missing}
        return found | self.master.read(missing) if missing else found

    def blocked_rows(self, blocker: str) -> Iterable[RowKey]:
        return self.master.blocked_rows(blocker) if self.blocked is None else self.blocked.get(blocker, ())


def _read(
    master: MasterData, arriving: Mapping[RowKey, ArrivedRow | None]
) -> tuple[dict[RowKey, MasterRow], dict[RowKey, MasterRow], dict[Key, Seen | None]]:
    """The rows as they are stored, as they are with what has arrived, and what it takes to place them."""
    empty = {key: MasterRow(key.entity, key.id) for key in arriving}
    expected = {one for row in _with_arrived(empty, arriving).values() for one in needed(row)}
    rows, read = master.stored_together(arriving, expected)
    known = _with_arrived(rows, arriving)
    if missing := {one for row in known.values() for one in needed(row)} - read.keys():
        read |= master.read(missing)
    return rows, known, read


def _with_arrived(
    rows: Mapping[RowKey, MasterRow], arriving: Mapping[RowKey, ArrivedRow | None]
) -> dict[RowKey, MasterRow]:
    return {key: row.with_arrived(arrived) if (arrived := arriving[key]) else row for key, row in rows.items()}


def _plain(
    settling: Settling,
    rows: Mapping[RowKey, MasterRow],
    known: Mapping[RowKey, MasterRow],
    read: Mapping[Key, Seen | None],
) -> Iterator[tuple[RowKey, RowChange]]:
    """The rows that are settled together, in their order. Of two that have to do with each other the first one is."""
    taken: set[Key] = set()
    for key, row in rows.items():
        after = with_earlier(row, replace(known[key], placed=settling.placed(known[key], read)))
        own = {one for one in (key, row.name, after.name) if one}
        # Also what it stands by so far: its next version may come behind what ends its waiting.
        if taken.isdisjoint(own.union(needed(row), needed(after))) and _is_plain(row, after):
            changed = replace(after, changes=row.changes + 1) if after != row else row
            yield key, RowChange(row, changed, settling.event(row, changed) if after != row else None)
        taken |= own


def _is_plain(row: MasterRow, after: MasterRow) -> bool:
    """Whether a row only takes a name, keeps the one that it has, or has none. Nothing else hangs on it then."""
    waited_for_a_name = row.placed.waits_for and name_of_blocker(row.placed.waits_for)
    return (
        row.name in (None, after.name)
        and not waited_for_a_name
        and not (row.deleted or after.deleted)
        and row.carried is None
        and after.entity not in HAS_DEPENDENTS
        and not any(reference(one.columns, "merged_into") for one in (row, after))
    )


def _outcome(row: MasterRow, known: MasterRow) -> Delivery:
    if known == row:
        return Delivery.DUPLICATE
    return Delivery.CHANGED if row.changes else Delivery.ACCEPTED
