"""Exchange rates as rows: one item for each type and currency pair, with all its days (``store.master_items``)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.master_data import EXCHANGE_RATE, RateKey, Rates
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.refusals import rate_blocker
from project_invoicing.errors import Rejected
from project_invoicing.events.own import MasterDataChanged
from project_invoicing.store import history as histories
from project_invoicing.store import outbox
from project_invoicing.store.items import Item
from project_invoicing.store.master_items import item_key, rates_text, seen
from project_invoicing.store.transactions import get_many, update
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


class ExchangeRates:
    """The rates in the table of master data."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

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

        Returns whether that changed anything; a repetition does not. Each change is one transaction with its event,
        unless it is not to be ``told``, as in a first load, and with its entry in the history of the pair if a person
        asks for it (``who``). Raises ``Conflict`` where others kept changing the pair, and ``Rejected``
        (``too_large``).
        """
        return retried(
            f"rates {pair.from_} {pair.to}", lambda: self._set(pair, days, at, told, who=who), attempts=_ATTEMPTS
        )

    def take_away(self, pair: RateKey, day: date, rate: ExchangeRate, at: str, *, told: bool = True) -> bool:
        """As ``set``, for a day that has ``rate``; another one is somebody else's, and stays."""
        taken = {day: rate}
        return retried(
            f"rates {pair.from_} {pair.to}",
            lambda: self._set(pair, {day: None}, at, told, only=taken),
            attempts=_ATTEMPTS,
        )

    def _set(
        self,
        pair: RateKey,
        days: Mapping[date, ExchangeRate | None],
        at: str,
        told: bool,
        only: Mapping[date, ExchangeRate] | None = None,
        who: Actor | None = None,
    ) -> bool:
        pk, sk = item_key(pair)
        item = next(get_many(self.client, self.table, [(pk, sk)]), None)
        before, version = _days(item), item["ve"] if item else 0
        if any(before.get(day) != rate for day, rate in (only or {}).items()):
            return False
        after = {day: rate for day, rate in (before | dict(days)).items() if rate is not None}
        if after == before:
            return False
        text = rates_text(Rates(tuple(sorted(after.items()))))
        if len(text) > _MAX_BYTES:
            detail = f"{len(after)} days are more than fit; leave out those that nothing is posted for any more"
            raise Rejected(RejectReason.TOO_LARGE, detail, entity=EXCHANGE_RATE, id=f"{pair.from_} {pair.to}")
        expected = {"ve": version or None}
        unit = UnitOfWork(self.client, [update(self.table, pk, sk, {"d": text, "ve": version + 1}, expected=expected)])
        if told:
            changed = MasterDataChanged(
                entity=EXCHANGE_RATE,
                id=None,
                company=None,
                number=f"{pair.from_} {pair.to}",
                blockers=(rate_blocker(pair.from_, pair.to),),
            )
            unit.add(outbox.record(self.table, changed.on_bus(at, f"{pk}#{version + 1}")))
        if who:
            unit.add(histories.entry(self.table, pk, _loaded(before, after, version + 1, at, who)))
        unit.commit()
        return True


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
