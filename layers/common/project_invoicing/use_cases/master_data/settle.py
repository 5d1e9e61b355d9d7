"""Stores rows of master data and finds their places again, until nothing is left to change.

A row is read with what it depends on, placed, written under the condition that it has not changed, and read once more:
whatever arrived in between was there before that last look, so no order and no crash leaves a row in a wrong place.
What others wait for is then looked at in turn. A row that an index did not show yet is found by the schedule.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from project_invoicing.chunks import chunks
from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import Children, ChildrenKey, Key, NameKey, RowKey, Seen, SeenName, SeenRow
from project_invoicing.domain.master_row import (
    HAS_DEPENDENTS,
    MOST_MERGES,
    MOVED,
    MOVES_WORK,
    WAITED_FOR,
    ArrivedRow,
    Carried,
    MasterRow,
    Placement,
    blockers,
    changed_columns,
    left_behind,
    name_blocker,
    needed,
    place,
    reference,
    with_earlier,
)
from project_invoicing.domain.staged_row import Delivery
from project_invoicing.domain.tables import CONTRACT, CONTRACT_LINE, EXCHANGE_RATE, MILESTONE, SPLIT_RULE
from project_invoicing.errors import Conflict, Unavailable
from project_invoicing.events import BusEvent
from project_invoicing.events.own import MasterDataChanged
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.master_items import split
from project_invoicing.store.master_writes import NameTaken
from project_invoicing.store.rates import ExchangeRates
from project_invoicing.store.transactions import pause
from project_invoicing.use_cases.master_data.rate_rows import RateRows
from project_invoicing.use_cases.master_data.together import AlsoRead, Together

_ATTEMPTS: Final = 12
_WRITTEN: Final = (CONTRACT, CONTRACT_LINE)
_AT_ONCE: Final = 50
"""Rows that are looked at before the next look at the clock."""


@dataclass(slots=True)
class _Names:
    """What the last attempt has learned about the name that a row wants."""

    holders: dict[NameKey, RowKey]
    takes_from: RowKey | None = None


class Known(Protocol):
    """What answers as the table does, wherever from."""

    def read(self, keys: Iterable[Key]) -> dict[Key, Seen | None]: ...
    def blocked_rows(self, blocker: str) -> Iterable[RowKey]: ...


class Settling:
    """``units`` gives the policy's companies of units; ``time_left`` says whether there is time to look at another row.

    ``written`` gives company and number of a contract, or a contract line, that is in the set-up document alone.
    ``quiet``: rows raise no event, because one event tells of all of them later. It has what waits looked at, so a row
    that was here already and moves work that is on documents is told by itself: its table was read anew.
    """

    def __init__(
        self,
        master: MasterData,
        units: Callable[[], Mapping[str, str]],
        time_left: Callable[[], bool],
        at: str,
        *,
        written: Callable[[RowKey], tuple[str, str] | None] = lambda _: None,
        quiet: bool = False,
    ) -> None:
        self.master = master
        self.written = written
        self.units = units
        self.time_left = time_left
        self.at = at
        self.quiet = quiet
        self._moved: dict[RowKey, int] = {}

    def arrived(self, row: ArrivedRow) -> Delivery:
        """Stores one delivery of a row, and looks at what waited for it.

        Returns ``accepted`` for a new row, ``changed`` for a newer version, else ``duplicate``. Raises ``Conflict``
        where others keep changing the row, ``Unavailable`` where time is up before all that waited is looked at: the
        delivery is then to be repeated.
        """
        if row.entity == EXCHANGE_RATE:
            return self.rates.arrived([row])[0]
        before, after, outcome, read = self._settled(RowKey(row.entity, row.id), row)
        self._look_at(list(self.touched(before, after, outcome, AlsoRead(self.master, read))))
        return outcome

    def arrived_together(self, rows: Sequence[ArrivedRow]) -> list[Delivery | None]:
        """As ``arrived``, for many rows with few requests. ``None`` for those that are still to be stored by it.

        Raises what ``arrived`` raises: all of them are then to be stored by it.
        """
        arriving: dict[RowKey, ArrivedRow | None] = {}
        first = [arriving.setdefault(RowKey(row.entity, row.id), row) is row for row in rows]
        done = Together.settle(self, arriving)
        self._look_at([*dict.fromkeys([*done.overtaken, *done.touched(done.settled)])])
        settled = [done.settled.get(RowKey(row.entity, row.id)) for row in rows]
        return [one.outcome if one and is_first else None for one, is_first in zip(settled, first, strict=True)]

    @property
    def rates(self) -> RateRows:
        """Rows of exchange rates, which are placed in another way: the pair tells of them, each of itself nothing."""
        return RateRows(self.master, ExchangeRates(self.master.client, self.master.table), self.at, told=not self.quiet)

    def absent(self, blockers: Collection[str]) -> set[str]:
        """Those of the rows that others wait for (``table#id``) that nobody knows yet. 100 a request."""
        keys = {RowKey(*split(one)): one for one in blockers if one.count("#") == 1}
        found = self.master.read(keys)
        return {
            blocker
            for key, blocker in keys.items()
            if found[key] is None and not (key.entity in _WRITTEN and self.written(key))
        }

    def look_again(self, keys: Iterable[RowKey]) -> int:
        """Finds the places of rows again, and of what waits for them. Returns how many of these rows moved."""
        return sum(self._look_at(some) for some in chunks(keys, _AT_ONCE))

    def _all_looked_at(self) -> None:
        """Everybody who took over the company of a row knows of the new one: that is written on it no longer.

        Until then a run that died is repeated by the delivery, or by the schedule. A row that has changed meanwhile is
        left to whoever changed it.
        """
        for key, changes in self._moved.items():
            row, read = self.master.stored(key)
            if row.changes == changes:
                placed = self._place(row, row, read, _Names({}))
                with suppress(Conflict):
                    self.master.save(row, replace(row, placed=placed, changes=changes + 1), None)
        self._moved.clear()

    def _look_at(self, first: list[RowKey]) -> int:
        moved, keys, known = 0, deque(first), set(first)
        while keys:
            some = [keys.popleft() for _ in range(min(len(keys), _AT_ONCE))]
            known.difference_update(some)
            for number, touched in self._looked_at(some):
                moved += number
                more = [key for key in dict.fromkeys(touched) if key not in known]
                keys.extend(more)
                known.update(more)
            if keys and not self.time_left():
                raise Unavailable(f"{len(keys)} rows of master data are left to be looked at; they are when it goes on")
        self._all_looked_at()
        return moved

    def _looked_at(self, keys: Sequence[RowKey]) -> Iterator[tuple[int, Iterable[RowKey]]]:
        """Finds the places of these rows again: how many moved, and what is to be looked at after them."""
        rows = [key for key in keys if key.entity != EXCHANGE_RATE]
        done = Together.settle(self, dict.fromkeys(rows)) if len(rows) > 1 else None
        if done:
            moved = [key for key, one in done.settled.items() if one.moved]
            yield len(moved), [*done.overtaken, *done.touched(moved)]
        for key in keys:
            if key.entity == EXCHANGE_RATE:
                yield self.rates.look_again(key), ()
            elif done is None or key not in done.settled:
                before, after, _, read = self._settled(key)
                moves = after.changes != before.changes
                known = AlsoRead(self.master, read)
                touched = self.touched(before, after, None, known) if moves or after.placed.waits_for == MOVED else ()
                yield moves, touched

    # --- one row ---

    def _settled(
        self, key: RowKey, arrived: ArrivedRow | None = None
    ) -> tuple[MasterRow, MasterRow, Delivery, Mapping[Key, Seen | None]]:
        """The row before and after, what the delivery did, and what was read. Looks until nothing is left to write."""
        first, outcome = None, Delivery.DUPLICATE
        known = MasterRow(key.entity, key.id)
        known = known.with_arrived(arrived) if arrived else known
        names = _Names({})
        for attempt in range(_ATTEMPTS):
            row, read = self.master.stored(key, needed(known))
            first = row if first is None else first
            known = row.with_arrived(arrived) if arrived else row
            if known.version is None and known == row:
                return first, row, outcome, read
            placed = self._place(row, known, read, names)
            after = replace(known, placed=replace(placed, waits_for=MOVED) if _leaves(row, placed) else placed)
            after = with_earlier(row, after)
            if after == row:
                return first, row, outcome, read
            after = replace(after, changes=row.changes + 1)
            try:
                event = self.event(row, after)
                after, leaves, comes = self._with_finance(row, after)
                self.master.save(row, after, event, takes_from=names.takes_from, leaves=leaves, comes=comes)
            except NameTaken as taken:
                names = _learned(taken, after)
                continue
            except Conflict:
                names = _Names({})
                pause(attempt)
                continue
            if known != row:
                outcome = Delivery.CHANGED if row.changes else Delivery.ACCEPTED
            names, known = _Names({}), after
        raise Conflict(f"{key.entity} {key.id} kept changing")

    def _with_finance(
        self, row: MasterRow, after: MasterRow
    ) -> tuple[MasterRow, Mapping[str, Any] | None, Mapping[str, Any]]:
        """Finance's own columns go with a row from one number of a company to the next one (D-124).

        Returns the row, the columns that its old number has no longer (``None``: it keeps whatever it has), and those
        that the new one gets. A row whose new number another one still has carries them until it gets a number.
        """
        old, new, carried = row.name, after.name, row.carried
        if old == new:
            return after, None, {}
        if old and (new.company if new else after.placed.company or "") == old.company:
            names = self._finance(old, new)
            if new is None:
                carried = Carried(old.company, names[old]) if names[old] else carried
                return replace(after, carried=carried), names[old], {}
            return (after, None, {}) if names[new] else (after, names[old], names[old])
        if old is None and new and carried and carried.company == new.company:
            comes = {} if self._finance(new)[new] else carried.columns
            return replace(after, carried=None), {}, comes
        return after, None, {}

    def _finance(self, *names: NameKey | None) -> dict[NameKey, Mapping[str, Any]]:
        """Finance's own columns of these names."""
        found = self.master.read([name for name in names if name])
        return {
            name: seen.finance if (seen := found[name]) and isinstance(seen, SeenName) else {} for name in names if name
        }

    def _place(self, row: MasterRow, known: MasterRow, read: dict[Key, Seen | None], names: _Names) -> Placement:
        missing = [key for key in needed(known) if key not in read]
        if missing:
            read |= self.master.read(missing)
        cycle = self._cycle(known)
        placed = self.placed(known, read, names.holders, cycle)
        wanted = replace(known, placed=placed).name
        if wanted and row.placed.waits_for == name_blocker(wanted) and not names.takes_from:
            # It waited for this name: whether it is free now costs less to read than to try.
            name = self.master.read([wanted])[wanted]
            holder = _holder(name)
            if holder and holder != known.key and isinstance(name, SeenName):
                if name.deleted and not known.deleted:
                    names.takes_from = holder
                else:
                    placed = self.placed(known, read, {wanted: holder}, cycle)
        return placed

    def placed(
        self,
        known: MasterRow,
        read: Mapping[Key, Seen | None],
        holders: Mapping[NameKey, RowKey] | None = None,
        cycle: RowKey | None = None,
    ) -> Placement:
        """``place``, with what the set-up knows beside the rows."""
        named = {CONTRACT_LINE: "contract", MILESTONE: "contract_line"}.get(known.entity)
        if named and (parent := reference(known.columns, named)):
            read = {**read, parent: self._parent(parent, read[parent])}
        return place(known, read, holders or {}, self.units, cycle)

    def _parent(self, key: RowKey, read: Seen | None) -> Seen | None:
        """The contract of a line, the line of a milestone: its row, else, without a number, what the document says."""
        if isinstance(read, SeenRow) and read.number:
            return read
        written = self.written(key)
        if written is None:
            return read
        company, number = written
        return SeenRow(key.entity, key.id, RowVersion(None, "", ""), {}, company=company, number=number)

    def _cycle(self, row: MasterRow) -> RowKey | None:
        """The row that this one was merged into, if merges lead from there back here."""
        first = following = reference(row.columns, "merged_into")
        for _ in range(MOST_MERGES):
            if following is None or following == row.key:
                break
            found = self.master.read([following])[following]
            following = reference(found.columns, "merged_into") if isinstance(found, SeenRow) else None
        return first if following == row.key else None

    def event(self, before: MasterRow, after: MasterRow) -> BusEvent | None:
        """The event of a change, if a mapped column changed or the row found another place."""
        was_usable = before.placed.number is not None
        changed = changed_columns(before, after)
        if not (changed or _code(before) != _code(after)):
            return None
        if self.quiet and not (was_usable and MOVES_WORK.intersection(changed)):
            return None
        if not before.changes and after.version is None:
            return None  # only the end of a row that nobody has seen
        told = MasterDataChanged(
            entity=after.entity,
            id=after.id,
            company=after.placed.company,
            number=after.placed.number,
            blockers=tuple(dict.fromkeys((*blockers(after), *blockers(before), *left_behind(before, changed)))),
            changed=changed if was_usable else None,
        )
        return told.on_bus(self.at, f"{after.entity}#{after.id}#{after.changes}")

    # --- what follows ---

    def touched(self, before: MasterRow, after: MasterRow, outcome: Delivery | None, known: Known) -> Iterator[RowKey]:
        """The rows that may have to be placed anew. After a repeated delivery too: the first may have died before.

        ``known`` answers what has been read already.
        """
        if after.entity in WAITED_FOR:
            yield from known.blocked_rows(f"{after.entity}#{after.id}")
        if before.name and (before.name != after.name or after.deleted):
            yield from known.blocked_rows(name_blocker(before.name))
        if after.entity == SPLIT_RULE:
            contracts = (reference(row.columns, "contract") for row in (before, after))
            yield from dict.fromkeys(contract for contract in contracts if contract)
        if after.entity == CONTRACT and (outcome is Delivery.DUPLICATE or _moved(before.placed, after.placed)):
            yield from _children(after, CONTRACT_LINE, known)
        if after.entity == CONTRACT_LINE and (outcome is Delivery.DUPLICATE or _moved(before.placed, after.placed)):
            yield from _children(after, MILESTONE, known)
        if after.placed.waits_for == MOVED:
            self._moved[after.key] = after.changes
            yield from self.master.rows_naming(after.id, after.placed.company)
        if merged := reference(after.columns, "merged_into"):
            yield from self._merged(after, merged)

    def _merged(self, row: MasterRow, following: RowKey | None) -> Iterator[RowKey]:
        """The others of a cycle of merges."""
        for _ in range(MOST_MERGES):
            if following is None or following == row.key:
                return
            found = self.master.read([following])[following]
            if isinstance(found, SeenRow):
                yield following
            following = reference(found.columns, "merged_into") if isinstance(found, SeenRow) else None


def _children(parent: MasterRow, of: str, known: Known) -> Iterator[RowKey]:
    children = known.read([ChildrenKey(parent.id)])[ChildrenKey(parent.id)]
    for entity, id in children.rows if isinstance(children, Children) else ():
        if entity == of:
            yield RowKey(entity, id)


def _learned(taken: NameTaken, row: MasterRow) -> _Names:
    """Whose the name is. A deleted row gives it up; another delivery of the row itself may have been faster."""
    if taken.holder == row.key:
        return _Names({})
    if taken.deleted and not row.deleted:
        return _Names({}, taken.holder)
    return _Names({taken.name: taken.holder})


def _leaves(row: MasterRow, placed: Placement) -> bool:
    """Whether others took over the company of a row, which is another one now, and have yet to hear of it."""
    moves = row.placed.company not in (None, placed.company)
    return row.entity in HAS_DEPENDENTS and (moves or row.placed.waits_for == MOVED)


def _code(row: MasterRow) -> str | None:
    return row.placed.problem.partition(":")[0] if row.placed.problem else None


def _moved(before: Placement, after: Placement) -> bool:
    return (before.company, before.number) != (after.company, after.number)


def _holder(name: Seen | None) -> RowKey | None:
    if isinstance(name, SeenName) and name.entity and name.id:
        return RowKey(name.entity, name.id)
    return None
