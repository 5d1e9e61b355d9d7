"""Finance's own columns follow the rows that get each other's numbers, in whatever order the rows come (D-124)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, permutations
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.master_rows import to_master_row
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.master_data import NameKey, Part, SeenName
from project_invoicing.domain.master_row import ArrivedRow
from project_invoicing.store.master_data import MasterData
from project_invoicing.use_cases.master_data.settle import Settling
from tests import master
from tests.builders import Context, guid
from tests.faults import Killed, dying, overtaken
from tests.store import tables
from tests.thorough import thorough

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT, LATER = "2026-08-28T08:00:00Z", "2026-08-29T08:00:00Z"
CASES = {
    "two exchange their numbers": {"A": ("P1", "P2"), "B": ("P2", "P1")},
    "each takes that of the next": {"A": ("P1", "P2"), "B": ("P2", "P3"), "C": ("P3", "P4")},
    "three in a circle": {"A": ("P1", "P2"), "B": ("P2", "P3"), "C": ("P3", "P1")},
}
_numbers = count(1)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.Session("test", "test", region_name="us-east-1").client("dynamodb")


def arrived(context: Context) -> ArrivedRow:
    (event,) = row_events(context, LATER)
    row = to_master_row(RowEvent.read(event.detail))
    assert row
    return row


def name(number: str) -> NameKey:
    return NameKey(Part.PROJECTS, "USPM", number)


class Table:
    """Projects with a group each, which is named after the project."""

    def __init__(self, client: DynamoDBClient, *rows: tuple[str, str]) -> None:
        table = tables.create(client, f"-{next(_numbers)}", only="MasterDataTable").master_data_table
        self.master = MasterData(client, table)
        self.settling = Settling(self.master, dict, lambda: True, LATER)
        self.settling.arrived(arrived(master.company("USPM")))
        for row, number in rows:
            self.settling.arrived(arrived(master.project(row, number=number, at=AT)))
            self.group(number, row)

    def group(self, number: str, group: str) -> None:
        self.master.set_finance(name(number), {"group": group}, before={}, at=AT)

    def renumber(self, row: str, number: str) -> None:
        self.settling.arrived(arrived(master.project(row, number=number, at=LATER)))

    def at(self, *numbers: str) -> dict[str, tuple[str | None, Any]]:
        """The row and the group of each number."""
        keys = [name(number) for number in numbers]
        seen = [self.master.read([key])[key] for key in keys]
        names = [one if isinstance(one, SeenName) else SeenName(None, None, {}, {}, deleted=False) for one in seen]
        return {key.number: (one.id, one.finance.get("group")) for key, one in zip(keys, names, strict=True)}


@pytest.mark.parametrize("case", CASES)
def test_they_follow_in_every_order(client: DynamoDBClient, case: str) -> None:
    moves = CASES[case]
    numbers = sorted({number for move in moves.values() for number in move})
    expected: dict[str, tuple[str | None, Any]] = dict.fromkeys(numbers, (None, None))
    expected |= {to: (guid(row), row) for row, (_, to) in moves.items()}
    for order in permutations(moves):
        table = Table(client, *((row, before) for row, (before, _) in moves.items()))
        for row in order:
            table.renumber(row, moves[row][1])
        assert table.at(*numbers) == expected, order


def test_a_row_that_gets_its_number_back_has_them_again(client: DynamoDBClient) -> None:
    table = Table(client, ("A", "P1"), ("B", "P2"))
    table.renumber("A", "P2")
    assert table.at("P1", "P2") == {"P1": (None, None), "P2": (guid("B"), "B")}
    table.settling.arrived(arrived(master.project("A", number="P1", at="2026-08-30T08:00:00Z")))
    assert table.at("P1", "P2") == {"P1": (guid("A"), "A"), "P2": (guid("B"), "B")}


def test_what_finance_sets_while_the_row_leaves_goes_with_it(client: DynamoDBClient) -> None:
    """It is set before each request of the change, until the number is nobody's any more."""
    followed = 0
    for at in range(1, 9):
        table = Table(client)
        table.settling.arrived(arrived(master.project("A", number="P1", at=AT)))
        with overtaken(client, at, lambda table=table: table.group("P1", "A")):  # type: ignore[misc]
            table.renumber("A", "P2")
        found = table.at("P1", "P2")
        if found["P1"] == (None, "A"):
            break  # it was set when the number was nobody's
        followed += found["P2"] == (guid("A"), "A")
    assert followed > 2


@pytest.mark.parametrize("applied", [False, True])
def test_an_exchange_that_dies_anywhere_ends_the_same_when_it_is_repeated(
    client: DynamoDBClient, applied: bool
) -> None:
    for at in range(1, 60, thorough(3, 1)):
        table = Table(client, ("A", "P1"), ("B", "P2"))

        def exchange(table: Table = table) -> None:
            table.renumber("A", "P2")
            table.renumber("B", "P1")

        try:
            with dying(client, at, applied=applied):
                exchange()
        except Killed:
            exchange()
            assert table.at("P1", "P2") == {"P1": (guid("B"), "B"), "P2": (guid("A"), "A")}, at
            continue
        return
    raise AssertionError("an exchange needs more requests than expected")
