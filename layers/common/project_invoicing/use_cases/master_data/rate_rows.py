"""Rows of exchange rates: what a row of Dataverse says becomes a day of its currency pair.

Of several rows for one pair and day the one that was changed last has it, whatever came first (D-127). The others say
so, wait for the day, and one of them gets it when the row that has it leaves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Final, NamedTuple
from uuid import UUID

from project_invoicing.domain.codes import MasterProblem
from project_invoicing.domain.master_data import EXCHANGE_RATE, RateKey, RowKey
from project_invoicing.domain.master_row import ArrivedRow, MasterRow, Placement, said
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.staged_row import Delivery
from project_invoicing.errors import Conflict
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.rates import ExchangeRates, StoredRates
from project_invoicing.store.transactions import pause
from project_invoicing.store.unit_of_work import first_of, retried

_ATTEMPTS: Final = 12


class Place(NamedTuple):
    """What a row says a rate for."""

    pair: RateKey
    day: date

    @property
    def blocker(self) -> str:
        """What a row stores that waits for the day."""
        return f"rate#{self.pair.type}#{self.pair.from_}#{self.pair.to}#{self.day}"


class _Rows(NamedTuple):
    """The rows of one pair that have just been stored, by id, and those as they were that are there no longer.

    ``fence``: that these have left is stored on the rows themselves; nobody who has read the pair before that may write
    it.
    """

    arriving: dict[str, MasterRow]
    leaving: list[MasterRow]
    delivered: bool = True
    fence: str | None = None


@dataclass(frozen=True, slots=True)
class RateRows:
    """Stores rows of exchange rates and gives each day to one of them.

    ``told``: a change of a pair raises its event.
    """

    master: MasterData
    rates: ExchangeRates
    at: str
    told: bool

    def arrived(self, rows: Sequence[ArrivedRow]) -> list[Delivery]:
        """Stores deliveries, and each of their pairs once. Returns what became of each.

        Raises ``Conflict`` where others keep changing a row or a pair, and ``Rejected`` (``too_large``): all of them
        are then to be repeated.
        """
        deliveries: dict[RowKey, list[ArrivedRow]] = defaultdict(list)
        for row in rows:
            deliveries[RowKey(row.entity, row.id)].append(row)
        stored = self.master.rows(deliveries)
        # A place is left before the row itself is stored, so that a repetition after a crash finds where it was.
        known = {key: _after(stored[key], some) for key, some in deliveries.items()}
        self._leave(row for key, row in stored.items() if _moves(row, known[key]))
        self._leave_for_good(stored.values())
        written = [self._store(stored[key], some) for key, some in deliveries.items()]
        # Until it was stored, another delivery of the row as it was could take the place again.
        self._leave_for_good(now for _, now in written)
        after = [self._has_left(now) for _, now in written]
        for pair, some in _by_pair(after).items():
            self._settle(pair, _Rows({row.id: row for row in some}, []))
        return [_outcome(stored, row) for row in rows]

    def _leave(self, rows: Iterable[MasterRow]) -> None:
        for pair, some in _by_pair(rows).items():
            self._settle(pair, _Rows({}, some))

    def _leave_for_good(self, rows: Iterable[MasterRow]) -> None:
        """Takes away what rows have left that are stored with another place, or with none.

        A delivery of a row as it was may have read it before. It has read the pair before as well, and so cannot write
        it any more.
        """
        before = [replace(row, columns=row.leaves, deletion=None) for row in rows if row.leaves]
        for pair, some in _by_pair(before).items():
            fence = ",".join(sorted(f"{row.id}#{row.changes}" for row in some))
            self._settle(pair, _Rows({}, some, fence=blake2b(fence.encode(), digest_size=8).hexdigest()))

    def _has_left(self, row: MasterRow) -> MasterRow:
        """The row once it is stored that it has left its place for good; until then a repetition leaves it again."""
        read = first_of(row, lambda: self.master.rows([row.key])[row.key])

        def step() -> MasterRow:
            now = read()
            if now.leaves is None or now.leaves != row.leaves:
                return now
            after = replace(now, leaves=None, changes=now.changes + 1)
            self.master.save(now, after, None)
            return after

        return retried(f"{row.entity} {row.id}", step, attempts=_ATTEMPTS, lost=Conflict)

    def look_again(self, key: RowKey) -> bool:
        """Looks whether a row that waits for its day gets it now. Returns whether it does."""
        row = self.master.rows([key])[key]
        if place := _place(row):
            self._settle(place.pair, _Rows({row.id: row}, [], delivered=False))
        return row.placed.problem is not None and self.master.rows([key])[key].placed.problem is None

    def _store(self, stored: MasterRow, rows: Sequence[ArrivedRow]) -> tuple[MasterRow, MasterRow]:
        """The row as it was when it was written, and as it is now."""
        read = first_of(stored, lambda: self.master.rows([stored.key])[stored.key])

        def step() -> tuple[MasterRow, MasterRow]:
            row = read()
            known = _after(row, rows)
            if known == row:
                return row, row
            moves = _moves(row, known)
            if row is not stored:  # another delivery has put it there meanwhile
                self._leave([row] if moves else [])
                self._leave_for_good([row])
            leaves = row.columns if moves and _place(row) else row.leaves
            placed = Placement() if moves else row.placed
            after = replace(known, placed=placed, leaves=leaves, changes=row.changes + 1)
            self.master.save(row, after, None)
            return row, after

        return retried(f"{stored.entity} {stored.id}", step, attempts=_ATTEMPTS, lost=Conflict)

    # --- who has a day ---

    def _settle(self, pair: RateKey, rows: _Rows) -> None:
        """Looks until nothing is left to write: a row, or the one that it lost to, may have changed meanwhile."""
        for attempt in range(_ATTEMPTS):
            try:
                if not self._once(pair, rows):
                    return
            except Conflict:
                pause(attempt)
        raise Conflict(f"rates {pair.from_} {pair.to} kept changing")

    def _once(self, pair: RateKey, rows: _Rows) -> bool:
        """Returns whether a row was told that another has its day."""
        days = {place.day for row in (*rows.arriving.values(), *rows.leaving) if (place := _place(row))}
        before = self.rates.read(pair, days)
        rows = self._as_they_are(rows)  # after the pair: who moves a row writes that once more after the row
        claims = self._claims(pair, before, rows)
        winners = {day: max(some, key=_standing) for day, some in claims.items()}
        # Before the day is the winner's: who dies in between finds who had it.
        lost = [
            self._says(row, _lost_to(winners[day], Place(pair, day)))
            for day, some in claims.items()
            for row in some
            if row is not winners[day]
        ]
        self.rates.give(pair, before, {day: winners[day].id if day in winners else None for day in days})
        rates = {day: _rate_of(day, winners.get(day), before, rows) for day in days}
        self.rates.write(pair, before, {**before.days, **rates}, self.at, told=self.told, fence=rows.fence)
        for winner in winners.values():
            self._says(winner, Placement())
        return any(lost)

    def _as_they_are(self, rows: _Rows) -> _Rows:
        """The rows as they are stored now: one that has moved since leaves."""
        if not rows.arriving:
            return rows
        now = self.master.rows(RowKey(EXCHANGE_RATE, id) for id in rows.arriving)
        gone = [row for row in rows.arriving.values() if _moves(row, now[row.key])]
        gone_ids = {row.id for row in gone}
        arriving = {row.id: row for row in now.values() if row.id not in gone_ids}
        return rows._replace(arriving=arriving, leaving=[*rows.leaving, *gone])

    def _claims(self, pair: RateKey, before: StoredRates, rows: _Rows) -> Mapping[date, list[MasterRow]]:
        """The rows that say a rate for each day, as they are now."""
        away = {row.id for row in rows.leaving} - rows.arriving.keys()
        others = set(before.rows.values())
        places = (_place(row) for row in (*rows.arriving.values(), *rows.leaving))
        for place in sorted({place for place in places if place}):
            has = before.rows.get(place.day)
            if has in away or (has and has not in rows.arriving):  # who waits may get it, or has lost it to another now
                others |= {key.id for key in self.master.blocked_rows(place.blocker)}
        others -= away | rows.arriving.keys()
        found = self.master.rows(RowKey(EXCHANGE_RATE, id) for id in sorted(others)) if others else {}
        claims: dict[date, list[MasterRow]] = defaultdict(list)
        for row in (*rows.arriving.values(), *found.values()):
            if (of := _place(row)) and of.pair == pair:
                claims[of.day].append(row)
        return claims

    def _says(self, row: MasterRow, placed: Placement) -> bool:
        """Writes on a row whether it has its day. Returns whether that was not there yet."""
        if placed == row.placed:
            return False
        self.master.save(row, replace(row, placed=placed, changes=row.changes + 1), None)
        return True


def _lost_to(winner: MasterRow, place: Place) -> Placement:
    detail = (
        f"{winner.id} has the rate from {place.pair.from_} to {place.pair.to} of {place.day} too, "
        "and was changed last; delete one of the two, or change its day"
    )
    return Placement(problem=said(MasterProblem.DUPLICATE_RATE, detail), waits_for=place.blocker)


def _rate_of(day: date, winner: MasterRow | None, before: StoredRates, rows: _Rows) -> ExchangeRate | None:
    """The rate of a day: that of a row which was delivered just now, whatever stands there.

    Else only in place of that of a row which leaves: another rate has come from a file since.
    """
    stands = before.days.get(day)
    if winner and winner.id in rows.arriving and rows.delivered:
        return _rate(winner)
    left = [_rate(row) for row in rows.leaving if (place := _place(row)) and place.day == day]
    if stands is None or stands in left:
        return _rate(winner) if winner else None
    return stands


def _after(row: MasterRow, deliveries: Iterable[ArrivedRow]) -> MasterRow:
    for one in deliveries:
        row = row.with_arrived(one)
    return row


def _outcome(stored: dict[RowKey, MasterRow], row: ArrivedRow) -> Delivery:
    """What a delivery did, counted as if the others of its batch had come before it."""
    key = RowKey(row.entity, row.id)
    before = stored[key]
    stored[key] = before.with_arrived(row)
    if stored[key] == before:
        return Delivery.DUPLICATE
    return Delivery.CHANGED if before.changes or before.version else Delivery.ACCEPTED


def _standing(row: MasterRow) -> tuple[str, int, int]:
    """What is compared between rows of one day. Changed in the same second, and without a row version, the lower id."""
    version = row.version
    return (version.occurred_at, version.number or 0, -UUID(row.id).int) if version else ("", 0, 0)


def _rate(row: MasterRow) -> ExchangeRate:
    return ExchangeRate(Decimal(row.columns["rate"]), Decimal(row.columns["factor"]))


def _place(row: MasterRow) -> Place | None:
    """What a row says a rate for; ``None`` for one that has not arrived or is deleted."""
    if row.version is None or row.deleted:
        return None
    columns = row.columns
    pair = RateKey(str(columns["type"]), str(columns["from"]), str(columns["to"]))
    return Place(pair, date.fromisoformat(str(columns["valid_from"])[:10]))


def _moves(row: MasterRow, now: MasterRow) -> bool:
    """Whether a row says a rate for something else now, or for nothing."""
    return _place(row) != _place(now)


def _by_pair(rows: Iterable[MasterRow]) -> dict[RateKey, list[MasterRow]]:
    found: dict[RateKey, list[MasterRow]] = defaultdict(list)
    for row in rows:
        if place := _place(row):
            found[place.pair].append(row)
    return dict(sorted(found.items()))
