"""Exchange rates as rows: written under their version, told once, and the same however often they are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

import pytest

from project_invoicing.config import Settings
from project_invoicing.domain.master_data import RateKey, Rates
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.errors import Rejected
from project_invoicing.events import BusEvent
from project_invoicing.store import outbox
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.rates import ExchangeRates
from project_invoicing.use_cases.master_data.load_rates import load_rates
from tests.faults import Killed, dying, overtaken

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT = "2026-08-31T09:00:00Z"
MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)
POUNDS = RateKey("default", "GBP", "USD")
FILE = "from,to,valid_from,rate\nGBP,USD,2026-01-05,1.25\nEUR,USD,2026-01-05,1.1\nGBP,USD,2026-01-06,1.26\n"


def rate(rate: str, factor: str = "1") -> ExchangeRate:
    return ExchangeRate(Decimal(rate), Decimal(factor))


@pytest.fixture
def rates(dynamodb: DynamoDBClient, names: Settings) -> ExchangeRates:
    return ExchangeRates(dynamodb, names.master_data_table)


def stored(rates: ExchangeRates, pair: RateKey = POUNDS) -> dict[date, ExchangeRate]:
    found = MasterData(rates.client, rates.table).read([pair])[pair]
    return dict(found.days) if isinstance(found, Rates) else {}


def told(rates: ExchangeRates) -> list[BusEvent]:
    return [outbox.event_of(item) for item in outbox.unsent(rates.client, rates.table)]


def blockers(rates: ExchangeRates) -> list[str]:
    return sorted(event.detail["blockers"][0] for event in told(rates))


def test_days_are_added_changed_and_removed_in_order(rates: ExchangeRates) -> None:
    assert rates.set(POUNDS, {TUESDAY: rate("1.26"), MONDAY: rate("125", "100")}, AT)
    assert list(stored(rates).items()) == [(MONDAY, rate("125", "100")), (TUESDAY, rate("1.26"))]
    assert rates.set(POUNDS, {MONDAY: rate("1.24")}, AT)
    assert stored(rates) == {MONDAY: rate("1.24"), TUESDAY: rate("1.26")}
    assert rates.set(POUNDS, {TUESDAY: None}, AT)
    assert stored(rates) == {MONDAY: rate("1.24")}


def test_a_change_is_told_with_what_rows_wait_for_and_a_repetition_is_none(rates: ExchangeRates) -> None:
    assert rates.set(POUNDS, {MONDAY: rate("1.25")}, AT)
    (event,) = told(rates)
    assert event.detail == {
        "version": 1,
        "entity": "msdyn_currencyexchangerate",
        "id": None,
        "company": None,
        "number": "GBP USD",
        "blockers": ["rate#GBP#USD"],
    }
    assert not rates.set(POUNDS, {MONDAY: rate("1.25"), TUESDAY: None}, AT)
    assert told(rates) == [event]


def test_a_first_load_tells_nothing(rates: ExchangeRates) -> None:
    assert rates.set(POUNDS, {MONDAY: rate("1.25")}, AT, told=False)
    assert told(rates) == []


def test_more_days_than_fit_are_refused(rates: ExchangeRates) -> None:
    many = {date.fromordinal(700_000 + day): rate("1.23456789") for day in range(20_000)}
    with pytest.raises(Rejected) as caught:
        rates.set(POUNDS, many, AT)
    assert (caught.value.reason, caught.value.id) == ("too_large", "GBP USD")


def test_two_loads_at_once_lose_neither(rates: ExchangeRates) -> None:
    for at in (1, 2):
        with overtaken(rates.client, at, lambda: rates.set(POUNDS, {TUESDAY: rate("1.26")}, AT)):
            rates.set(POUNDS, {MONDAY: rate(f"1.2{at}")}, AT)
        assert stored(rates) == {MONDAY: rate(f"1.2{at}"), TUESDAY: rate("1.26")}


def test_a_file_is_loaded_and_loading_it_again_changes_nothing(rates: ExchangeRates) -> None:
    assert load_rates(rates, FILE, AT) == {"pairs": 2, "days": 3, "changed": 2}
    assert stored(rates) == {MONDAY: rate("1.25"), TUESDAY: rate("1.26")}
    assert load_rates(rates, FILE, AT) == {"pairs": 2, "days": 3, "changed": 0}
    assert blockers(rates) == ["rate#EUR#USD", "rate#GBP#USD"]


def test_a_file_with_a_wrong_line_loads_nothing(rates: ExchangeRates) -> None:
    with pytest.raises(Rejected):
        load_rates(rates, f"{FILE}GBP,USD,never,1.27\n", AT)
    assert (stored(rates), told(rates)) == ({}, [])


def deaths() -> Iterator[tuple[int, bool]]:
    return ((at, applied) for at in count(1) for applied in (False, True))


def test_a_load_that_dies_at_any_request_is_completed_by_the_next(rates: ExchangeRates) -> None:
    pairs, died = [RateKey("default", code, "USD") for code in ("EUR", "GBP")], 0
    for at, applied in deaths():
        for pair in pairs:
            rates.set(pair, dict.fromkeys(stored(rates, pair)), AT, told=False)
        for event in list(outbox.unsent(rates.client, rates.table)):
            outbox.published(rates.client, rates.table, event)
        try:
            with dying(rates.client, at, applied=applied):
                load_rates(rates, FILE, AT)
        except Killed:
            died += 1
        else:
            break
        load_rates(rates, FILE, AT)
        assert stored(rates) == {MONDAY: rate("1.25"), TUESDAY: rate("1.26")}
        assert blockers(rates) == ["rate#EUR#USD", "rate#GBP#USD"]
    assert died == 8  # a read and a transaction for each pair, each not sent and applied unheard
