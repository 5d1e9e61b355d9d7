"""Exchange rates as rows: one item for each type and currency pair, with all its days (``store.master_items``).

Beside it, one item a month names the rows of Dataverse that have its days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.master_data import EXCHANGE_RATE, RateKey, Rates
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.refusals import rate_blocker
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.events.own import MasterDataChanged
from project_invoicing.store import history as histories
from project_invoicing.store import outbox
from project_invoicing.store.items import Item
from project_invoicing.store.master_items import DAY, ROWS, item_key, rates_text, seen
from project_invoicing.store.transactions import get_many, update, write_one
from project_invoicing.store.unit_of_work import UnitOfWork, retried

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.actor import Actor
    from project_invoicing.domain.history import HistoryEntry

_ATTEMPTS: Final = 8
_MAX_BYTES: Final = 350_000
"""DynamoDB's limit is 400 KB an item: this is fifty years of daily rates."""
_DAYS_TOLD: Final = 100
"""A load of more days of a pair is told by their number, the first and the last one."""


class StoredRates(NamedTuple):
    """The rates of a pair as they were read: by day, and how often they were written; of some days the row's id.

    ``fence``: what was last left for good.
    """

    days: Mapping[date, ExchangeRate]
    version: int
    rows: Mapping[date, str]
    fence: str | None = None


class ExchangeRates:
    """The rates in the table of master data."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def read(self, pair: RateKey, days: Iterable[date] = ()) -> StoredRates:
        """The rates of a pair, and which rows have these ``days``. Strongly consistent."""
        wanted = set(days)
        key = item_key(pair)
        items = {item["sk"]: item for item in get_many(self.client, self.table, {key, *map(_month_key(pair), wanted)})}
        item = items.get(key[1])
        rows = {
            day: str(UUID(bytes=found))
            for day in wanted
            if (found := items.get(_month(day), {}).get(_attribute(day))) is not None
        }
        return StoredRates(_days(item), item.get("ve", 0) if item else 0, rows, item.get("fe") if item else None)

    def set(
        self,
        pair: RateKey,
        days: Mapping[date, ExchangeRate | None],
        at: str,
        *,
        told: bool = True,
        who: Actor | None = None,
    ) -> bool:
        """Sets the rates that are valid from these days on, and removes those of the days with ``None``.

        Returns whether that changed anything; a repetition does not. ``told`` and ``who`` as for ``write``. Raises
        ``Conflict`` where others kept changing the pair, and ``Rejected`` (``too_large``).
        """

        def step() -> bool:
            before = self.read(pair)
            return self.write(pair, before, {**before.days, **days}, at, told=told, who=who)

        return retried(f"rates {pair.from_} {pair.to}", step, attempts=_ATTEMPTS, lost=Conflict)

    def write(
        self,
        pair: RateKey,
        before: StoredRates,
        days: Mapping[date, ExchangeRate | None],
        at: str,
        *,
        told: bool,
        who: Actor | None = None,
        fence: str | None = None,
    ) -> bool:
        """All rates of a pair, in one write; with its event unless it is not to be ``told``, as in a first load.

        With its entry in the history of the pair, if a person asks for it (``who``).

        Returns whether they differ from those ``before``. A new ``fence`` is written even if they do not: whoever has
        read them before it cannot write them any more. Raises ``Conflict`` where somebody else has written them
        meanwhile.
        """
        after = {day: rate for day, rate in days.items() if rate is not None}
        fences = {"fe": fence} if fence and fence != before.fence else {}
        same = after == before.days
        if same and not fences:
            return False
        text = rates_text(Rates(tuple(sorted(after.items()))))
        if len(text) > _MAX_BYTES:
            detail = f"{len(after)} days are more than fit; leave out those that nothing is posted for any more"
            raise Rejected(RejectReason.TOO_LARGE, detail, entity=EXCHANGE_RATE, id=f"{pair.from_} {pair.to}")
        pk, sk = item_key(pair)
        values = fences | ({} if same else {"d": text, "ve": before.version + 1})
        write = update(self.table, pk, sk, values, expected={"ve": before.version or None, "fe": before.fence})
        if same or (not told and not who):
            write_one(self.client, write)
            return not same
        changed = MasterDataChanged(
            entity=EXCHANGE_RATE,
            id=None,
            company=None,
            number=f"{pair.from_} {pair.to}",
            blockers=(rate_blocker(pair.from_, pair.to),),
        )
        unit = UnitOfWork(self.client, [write])
        if told:
            unit.add(outbox.record(self.table, changed.on_bus(at, f"{pk}#{before.version + 1}")))
        if who:
            unit.add(histories.entry(self.table, pk, _loaded(before.days, after, before.version + 1, at, who)))
        unit.commit()
        return True

    def give(self, pair: RateKey, before: StoredRates, rows: Mapping[date, str | None]) -> None:
        """Notes which row has each day, ``None`` for nobody, in one write a month.

        Raises ``Conflict`` where that has changed since ``before``.
        """
        months: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = defaultdict(lambda: ({}, {}))
        for day, id in rows.items():
            if id != before.rows.get(day):
                values, expected = months[_month_key(pair)(day)]
                values[_attribute(day)] = _bytes(id)
                expected[_attribute(day)] = _bytes(before.rows.get(day))
        for key, (values, expected) in sorted(months.items()):
            write_one(self.client, update(self.table, *key, values, expected=expected))


def _month_key(pair: RateKey) -> Callable[[date], tuple[str, str]]:
    pk, _ = item_key(pair)
    return lambda day: (pk, _month(day))


def _month(day: date) -> str:
    return f"{ROWS}{day.isoformat()[:7]}"


def _attribute(day: date) -> str:
    return f"{DAY}{day.day:02}"


def _bytes(id: str | None) -> bytes | None:
    return UUID(id).bytes if id else None


def _days(item: Item | None) -> dict[date, ExchangeRate]:
    found = seen(item) if item else None
    return dict(found.days) if isinstance(found, Rates) else {}


def _loaded(
    before: Mapping[date, ExchangeRate], after: Mapping[date, ExchangeRate], version: int, at: str, who: Actor
) -> HistoryEntry:
    """The entry of a load: the days whose rates changed, with what they were."""
    from project_invoicing.domain.history import Done, HistoryEntry  # noqa: PLC0415  only a person's load has one

    days = sorted(day for day in {*before, *after} if before.get(day) != after.get(day))
    if len(days) > _DAYS_TOLD:
        first, last = days[0].isoformat(), days[-1].isoformat()
        told = {"days_changed": len(days), "first_day": first, "last_day": last, "change": version}
        return HistoryEntry(at, who, Done.LOADED, {}, told)
    was, now = ({day.isoformat(): _text(some.get(day)) for day in days} for some in (before, after))
    return HistoryEntry(at, who, Done.LOADED, was, {**now, "change": version})


def _text(rate: ExchangeRate | None) -> str | None:
    return f"{rate.rate:f}/{rate.factor:f}" if rate else None
