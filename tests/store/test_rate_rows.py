"""Rows of exchange rates for one pair and day: the one that was changed last has it, in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import count, permutations
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.master_rows import to_master_row
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.master_data import RateKey, Rates, RowKey, SeenRow
from project_invoicing.domain.master_row import ArrivedRow
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.staged_row import Delivery
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.rates import ExchangeRates
from project_invoicing.use_cases.master_data.settle import Settling
from tests import master
from tests.builders import Context, guid
from tests.faults import Killed, dying, overtaken
from tests.store import tables
from tests.thorough import thorough

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT, LATER, LAST = "2026-08-28T08:00:00Z", "2026-08-29T08:00:00Z", "2026-08-30T08:00:00Z"
MONDAY, TUESDAY, JUNE = date(2026, 1, 5), date(2026, 1, 6), date(2026, 6, 1)
POUNDS = RateKey("default", "GBP", "USD")
NAMES = ("R-1", "R-2", "R-3")
FIRST, SECOND = sorted(["R-1", "R-2"], key=guid)
"""The lower id comes first."""
REQUESTS = 9
"""Of a row that finds its day taken."""


def row(name: str, rate: str, day: date = MONDAY, *, to: str = "USD", **given: Any) -> ArrivedRow:
    return arrived(master.exchange_rate(name, "GBP", to, rate, day.isoformat(), **given))


def deleted(name: str, at: str) -> ArrivedRow:
    return arrived(master.deletion("msdyn_currencyexchangerate", name, at=at))


def arrived(context: Context) -> ArrivedRow:
    (event,) = row_events(context, LATER)
    found = to_master_row(RowEvent.read(event.detail))
    assert found
    return found


class Table:
    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self.settling = Settling(MasterData(client, name), dict, lambda: True, LATER)
        self.rates = ExchangeRates(client, name)

    def take(self, *rows: ArrivedRow) -> list[Delivery]:
        return [self.settling.arrived(one) for one in rows]

    def rate(self, day: date = MONDAY) -> str | None:
        found = self.settling.master.read([POUNDS])[POUNDS]
        days = dict(found.days) if isinstance(found, Rates) else {}
        return str(days[day].rate) if day in days else None

    def problem(self, name: str) -> str | None:
        key = RowKey("msdyn_currencyexchangerate", guid(name))
        found = self.settling.master.read([key])[key]
        assert isinstance(found, SeenRow)
        return found.problem

    def has(self, name: str) -> bool:
        key = RowKey("msdyn_currencyexchangerate", guid(name))
        return self.settling.master.read([key])[key] is not None

    def troubled(self, *names: str) -> list[str]:
        return [name for name in names if self.problem(name)]


_numbers = count(1)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.Session("test", "test", region_name="us-east-1").client("dynamodb")


def empty(client: DynamoDBClient) -> Table:
    return Table(client, tables.create(client, f"-{next(_numbers)}", only="MasterDataTable").master_data_table)


@pytest.fixture
def table(client: DynamoDBClient) -> Table:
    return empty(client)


CASES: dict[str, tuple[Sequence[ArrivedRow], str | None, list[str]]] = {
    "the newer one": (
        [row("R-1", "1.25", at=AT, row_version=60), row("R-2", "1.26", at=LATER, row_version=61)],
        "1.26",
        ["R-1"],
    ),
    "by row version within a second": (
        [row("R-1", "1.25", at=AT, row_version=61), row("R-2", "1.26", at=AT, row_version=60)],
        "1.25",
        ["R-2"],
    ),
    "the lower id of two that are equal": ([row(FIRST, "1.25", at=AT), row(SECOND, "1.26", at=AT)], "1.25", [SECOND]),
    "an older one that is changed last": (
        [
            row("R-1", "1.25", at=AT, row_version=60),
            row("R-2", "1.26", at=LATER, row_version=61),
            row("R-1", "1.27", at=LAST, row_version=62),
        ],
        "1.27",
        ["R-2"],
    ),
    "the other when the newer one is deleted": (
        [
            row("R-1", "1.25", at=AT, row_version=60),
            row("R-2", "1.26", at=LATER, row_version=61),
            deleted("R-2", LAST),
        ],
        "1.25",
        [],
    ),
    "the other when the newer one is of another month": (
        [
            row("R-1", "1.25", at=AT, row_version=60),
            row("R-2", "1.26", at=LATER, row_version=61),
            row("R-2", "1.26", JUNE, at=LAST, row_version=62),
        ],
        "1.25",
        [],
    ),
    "nobody when both are deleted": (
        [
            row("R-1", "1.25", at=AT, row_version=60),
            row("R-2", "1.26", at=LATER, row_version=61),
            deleted("R-2", LAST),
            deleted("R-1", LAST),
        ],
        None,
        [],
    ),
    "the newest of three": (
        [
            row("R-1", "1.25", at=AT, row_version=60),
            row("R-2", "1.26", at=LAST, row_version=62),
            row("R-3", "1.27", at=LATER, row_version=61),
        ],
        "1.26",
        ["R-1", "R-3"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_same_row_has_the_day_in_every_order(client: DynamoDBClient, case: str) -> None:
    rows, rate, losers = CASES[case]
    for order in [*permutations(rows)][:: thorough(len(rows) - 1, 1)]:
        table = empty(client)
        table.take(*order)
        assert (table.rate(), table.troubled(*filter(table.has, NAMES))) == (rate, losers), order


@pytest.mark.parametrize("case", CASES)
def test_a_batch_ends_as_its_rows_one_by_one(table: Table, case: str) -> None:
    rows, rate, losers = CASES[case]
    assert table.settling.rates.arrived(rows)[0] is Delivery.ACCEPTED
    assert (table.rate(), table.troubled(*losers)) == (rate, losers)
    assert table.settling.rates.arrived(rows) == [Delivery.DUPLICATE] * len(rows)
    assert (table.rate(), table.troubled(*losers)) == (rate, losers)


def test_the_row_without_the_day_names_the_other_and_says_what_to_do(table: Table) -> None:
    table.take(row("R-1", "1.25", at=AT), row("R-2", "1.26", at=LATER))
    assert table.problem("R-1") == (
        f"duplicate_rate: {guid('R-2')} has the rate from GBP to USD of 2026-01-05 too, and was changed last; "
        "delete one of the two, or change its day"
    )


def test_a_row_that_loses_while_the_other_is_deleted_gets_the_day(client: DynamoDBClient) -> None:
    """The deletion is done before each request of the other row, and finds nobody who waits for the day."""
    for at in range(1, REQUESTS + 1):
        table = empty(client)
        table.take(row("R-2", "1.26", at=LATER))
        with overtaken(client, at, partial(table.take, deleted("R-2", LAST))):
            table.take(row("R-1", "1.25", at=AT))
        assert (table.rate(), table.problem("R-1")) == ("1.25", None), at


@pytest.mark.parametrize("away", ["to another day", "to another pair"])
def test_a_row_that_moves_leaves_nothing_though_an_older_delivery_comes_again_meanwhile(
    client: DynamoDBClient, away: str
) -> None:
    older = row("R-1", "1.25", at=AT, row_version=60)
    newer = row("R-1", "1.26", JUNE, at=LATER, row_version=61)
    if away == "to another pair":
        newer = row("R-1", "1.26", to="EUR", at=LATER, row_version=61)
    for at in range(1, 2 * REQUESTS):
        table = empty(client)
        table.take(older)
        with overtaken(client, at, partial(table.take, older)):
            table.take(newer)
        assert table.rate() is None, at
        assert table.rates.read(POUNDS, [MONDAY]).rows == {}, at


def test_a_row_that_comes_newer_and_older_at_once_is_where_the_newer_says(client: DynamoDBClient) -> None:
    older = row("R-1", "1.25", at=AT, row_version=60)
    newer = row("R-1", "1.26", JUNE, at=LATER, row_version=61)
    for at in range(1, 2 * REQUESTS):
        table = empty(client)
        with overtaken(client, at, partial(table.take, older)):
            table.take(newer)
        assert (table.rate(), table.rate(JUNE)) == (None, "1.26"), at


def test_a_rate_from_a_file_stays_until_the_row_is_delivered_again(table: Table) -> None:
    older, newer = row("R-1", "1.25", at=AT), row("R-2", "1.26", at=LATER)
    table.take(older, newer)
    table.rates.set(POUNDS, {MONDAY: ExchangeRate(Decimal("1.3"), Decimal(1))}, LAST)
    table.settling.look_again([RowKey("msdyn_currencyexchangerate", guid("R-1"))])
    assert (table.rate(), table.troubled("R-1", "R-2")) == ("1.3", ["R-1"])
    table.take(deleted("R-2", LAST))
    assert (table.rate(), table.troubled("R-1")) == ("1.3", [])
    table.take(row("R-1", "1.27", at=LAST))
    assert table.rate() == "1.27"


def test_rates_that_were_stored_without_their_rows_go_on(table: Table) -> None:
    """As a release before stored them: nobody has the day, so whoever is delivered gets it."""
    table.take(row("R-1", "1.25", at=AT))
    key = {"pk": {"S": "RATE#default#GBP#USD"}, "sk": {"S": "ROWS#2026-01"}}
    table.rates.client.delete_item(TableName=table.rates.table, Key=key)
    table.take(deleted("R-1", LATER))
    assert table.rate() is None


MOVED = row("R-1", "1.26", TUESDAY, at=LATER, row_version=61)
GONE = deleted("R-1", LATER)


def end_with_a_death(
    client: DynamoDBClient, one: ArrivedRow, other: ArrivedRow, before: int, at: int, *, applied: bool
) -> tuple[Table, bool]:
    """``other`` comes before a request of ``one``, and whoever is at work dies at request ``at`` and comes again."""
    table, old = empty(client), row("R-1", "1.25", at=AT, row_version=60)
    table.take(old)
    left, died = [one, other], False

    def overtakes() -> None:
        table.take(other)
        left.remove(other)

    try:
        with dying(client, at, applied=applied), overtaken(client, before, overtakes):
            table.take(one)
            left.remove(one)
    except Killed:
        died = True
    table.take(*left)
    return table, died


@pytest.mark.slow
@pytest.mark.parametrize("newer", [MOVED, GONE], ids=["moves", "is deleted"])
@pytest.mark.parametrize("first", ["newer", "older"])
def test_a_row_that_moves_leaves_nothing_though_an_older_delivery_and_a_death_meet_at_any_request(
    client: DynamoDBClient, newer: ArrivedRow, first: str
) -> None:
    """The older delivery gives the day back that the row has left, and nobody lives to take it away again."""
    older = row("R-1", "1.25", at=AT, row_version=60)
    one, other = (newer, older) if first == "newer" else (older, newer)
    for before in range(1, 14, thorough(3, 1)):
        for at in range(before, 40, thorough(4, 1)):
            for applied in (False, True)[: thorough(1, 2)]:
                table, died = end_with_a_death(client, one, other, before, at, applied=applied)
                expected = None if newer is GONE else "1.26"
                said = f"{first} overtaken before request {before}, died at {at}"
                assert (table.rate(), table.rate(TUESDAY)) == (None, expected), said
            if not died:
                break
