"""Rows of exchange rates: what a row of Dataverse says becomes a day of its currency pair."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from project_invoicing.domain.master_data import RateKey
from project_invoicing.domain.master_row import MasterRow
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.store.rates import ExchangeRates


def leave_day(rates: ExchangeRates, stored: MasterRow, known: MasterRow, at: str, *, told: bool) -> None:
    """Takes a rate away from where the row no longer has it: it is deleted, or of another pair or day by now.

    Before the row itself is stored, so that a delivery that is repeated after a crash finds where it was. A day that
    has another rate by now has it from another row or a file: whoever corrects a rate adds one and deletes the first.
    """
    if stored.version and not stored.deleted and (known.deleted or _place(stored) != _place(known)):
        pair, day = _place(stored)
        rates.take_away(pair, day, _rate(stored), at, told=told)


def take_day(rates: ExchangeRates, row: MasterRow, at: str, *, told: bool) -> None:
    """Sets the rate of a row as it is stored. After that, so that of two deliveries at once the newer one stays."""
    if row.version and not row.deleted:
        pair, day = _place(row)
        rates.set(pair, {day: _rate(row)}, at, told=told)


def _rate(row: MasterRow) -> ExchangeRate:
    return ExchangeRate(Decimal(row.columns["rate"]), Decimal(row.columns["factor"]))


def _place(row: MasterRow) -> tuple[RateKey, date]:
    columns = row.columns
    pair = RateKey(str(columns["type"]), str(columns["from"]), str(columns["to"]))
    return pair, date.fromisoformat(str(columns["valid_from"])[:10])
