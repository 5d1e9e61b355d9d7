"""What a row of master data costs to take: a new project at most ten write units, whatever follows from it included."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from math import ceil
from typing import Any

import pytest

from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.master_rows import to_master_row
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.master_data import NameKey, Part, RateKey, RowKey
from project_invoicing.domain.master_row import name_blocker
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.errors import Unavailable
from project_invoicing.store import outbox
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.rates import ExchangeRates
from project_invoicing.use_cases.master_data.set_columns import set_columns
from project_invoicing.use_cases.master_data.settle import Settling
from tests import master
from tests.builders import Context, guid
from tests.counting import counted
from tests.harness import World, envelope, sqs_batch
from tests.large import AT
from tests.posted import scanned

pytestmark = pytest.mark.engine

LATER = "2026-08-29T08:00:00Z"
RELAYED = 1
"""The relay takes the event out of the outbox again."""
PROJECT = master.project("PRJ-1", contract="CTR-1", msdyn_subject="Renewal of the arms of line 4", row_version=10)


@pytest.mark.parametrize(
    ("row", "requests", "units"),
    [
        pytest.param(PROJECT, 4, 8, id="a new project"),
        pytest.param(master.account("C-9", name="Adatum", row_version=11), 5, 8, id="a new account"),
        pytest.param(
            master.contract_line("L-1", "CTR-1", project="PRJ-0", row_version=12), 4, 11, id="a new contract line"
        ),
    ],
)
def test_a_new_row_costs_few_requests_and_write_units(stack: World, row: Context, requests: int, units: int) -> None:
    stack.deliver(master.company("USPM", row_version=1), master.contract("CTR-1", row_version=2))

    with counted(stack.client) as usage:
        stack.deliver(row)

    assert (usage.requests, usage.write_units + RELAYED) == (requests, units)


def batch(*rows: Context, loading: bool = True) -> dict[str, Any]:
    """Rows as the queue brings them together, in a first load or later."""
    events = (event for row in rows for event in row_events(row, AT))
    return sqs_batch(
        *(
            json.dumps(envelope({**event.detail, "loading": loading}, AT, event.detail_type, event.source))
            for event in events
        )
    )


LOADED: dict[str, tuple[Callable[[int], Context], int, float]] = {
    "projects": (lambda n: master.project(f"PRJ-{n}", contract="CTR-1", row_version=n), 4, 5),
    "accounts": (lambda n: master.account(f"C-{n}", row_version=n), 5, 5),
    "contracts": (lambda n: master.contract(f"CTR-{n}", row_version=n), 5, 5),
    # Ten lines a contract, and all of them on one project: what these say of them is written once.
    "contract lines": (
        lambda n: master.contract_line(f"L-{n}", f"CTR-{n // 10}", sequence=n, project="PRJ-0", row_version=n),
        4,
        5,
    ),
    "workers, one item each": (lambda n: master.resource(f"W-{n}", row_version=n), 2 + 25, 1),
}


@pytest.mark.parametrize("name", LOADED)
def test_a_batch_of_a_first_load_costs_a_handful_of_requests(empty: World, name: str) -> None:
    made, requests, units = LOADED[name]
    empty.deliver(master.company("USPM", row_version=1))
    empty.deliver(*(master.contract(f"CTR-{n}", row_version=2) for n in (100, 101, 102)))
    rows = [made(n) for n in range(1000, 1025)]

    with counted(empty.client) as usage:
        answer = empty.call("master_data_sync", batch(*rows))

    assert answer == {"batchItemFailures": []}
    assert usage.requests <= requests
    assert usage.write_units <= units * len(rows)
    assert not list(MasterData(empty.client, empty.names.master_data_table).all_blocked())
    with counted(empty.client) as usage:  # the page comes twice: its sweep died
        empty.call("master_data_sync", batch(*rows))
    assert (usage.requests <= requests, usage.writes) == (True, 0)


def test_a_number_that_another_row_has_costs_its_neighbours_one_transaction_more(empty: World) -> None:
    empty.deliver(master.company("USPM", row_version=1), master.project("PRJ-3", row_version=2))
    rows = [master.project(f"new {n}", number=f"PRJ-{n}", row_version=10 + n) for n in range(25)]

    with counted(empty.client) as usage:
        empty.call("master_data_sync", batch(*rows))

    alone = 6
    """It is read, the name tried in vain, both read, the row written, both read once more, and who waits for it."""
    assert usage.requests <= 5 + alone
    (waits,) = MasterData(empty.client, empty.names.master_data_table).all_blocked()
    assert waits == (RowKey("msdyn_project", guid("new 3")), "name#projects#USPM#PRJ-3")


def test_rows_that_wait_for_a_company_are_placed_together_when_it_comes(empty: World) -> None:
    for n in range(4):
        empty.call("master_data_sync", batch(*(master.project(f"PRJ-{n}-{m}", row_version=9) for m in range(25))))

    with counted(empty.client) as usage:
        empty.call("master_data_sync", batch(master.company("USPM", row_version=1)))

    assert usage.requests <= 15
    assert {item["cc"] for item in scanned(empty, empty.names.master_data_table) if item["sk"] == "ROW"} == {"USPM"}


def test_a_repeated_row_writes_nothing(stack: World) -> None:
    stack.deliver(master.company("USPM", row_version=1), PROJECT)

    with counted(stack.client) as usage:
        stack.deliver(PROJECT)

    assert (usage.writes, usage.write_units) == (0, 0)


def test_a_newer_version_that_says_the_same_costs_one_write_unit(stack: World) -> None:
    stack.deliver(master.company("USPM", row_version=1), PROJECT)

    with counted(stack.client) as usage:
        stack.deliver(
            master.project(
                "PRJ-1",
                contract="CTR-1",
                msdyn_subject="Renewal of the arms of line 4",
                message="Update",
                row_version=11,
            )
        )

    assert (usage.writes, usage.write_units) == (1, 1)


def test_a_batch_of_rates_writes_its_pair_once(stack: World) -> None:
    """Ten more days of a pair that has ten years of them, in a first load and later: about ninety kilobytes of text."""
    pair, units = RateKey("default", "GBP", "USD"), {}
    rates = ExchangeRates(stack.client, stack.names.master_data_table)
    many = {date.fromordinal(number): ExchangeRate(Decimal("1.2345"), Decimal(1)) for number in range(735_000, 738_650)}
    rates.set(pair, many, stack.at, told=False)
    text = ceil(sum(len("2026-01-05=1.2345/1\n") for _ in many) / 1024)

    for loading, month in ((True, 5), (False, 6)):
        rows = [
            master.exchange_rate(f"{month} {day}", "GBP", "USD", "1.25", f"2026-{month:02}-{day:02}", row_version=day)
            for day in range(1, 11)
        ]
        with counted(stack.client) as usage:
            stack.call("master_data_sync", batch(*rows, loading=loading))
        units[loading] = usage.write_units
        assert usage.requests <= len(rows) + 7

    assert units[True] <= 10 + 1 + text + 1  # the rows, the month, the pair
    assert units[False] <= 10 + 1 + 2 * (text + 1) + 2  # and the pair's event, in a transaction with it
    assert len(rates.read(pair).days) == len(many) + 20


def test_the_schedule_reads_a_row_that_nobody_knows_once_and_not_those_that_wait_for_it(empty: World) -> None:
    empty.call("master_data_sync", batch(*(master.project(f"PRJ-{n}", row_version=n + 1) for n in range(120))))

    with counted(empty.client) as usage:
        empty.schedule("master_data_sync")

    assert (usage.operations["Scan"], usage.operations["BatchGetItem"], usage.writes) == (1, 1, 0)
    empty.deliver(master.company("USPM", row_version=200))
    assert {item["cc"] for item in scanned(empty, empty.names.master_data_table) if item["sk"] == "ROW"} == {"USPM"}


def test_a_company_with_another_code_goes_on_with_the_rows_that_are_left(empty: World) -> None:
    """The table is read whole each time, and the rows that have moved are not looked at again."""
    empty.deliver(master.company("USPM", row_version=1), *(master.project(f"PRJ-{n}", row_version=9) for n in range(8)))
    settling = Settling(MasterData(empty.client, empty.names.master_data_table), dict, lambda: False, empty.at)
    (event,) = row_events(
        master.company("USPM", cdm_companycode="USP2", message="Update", at=LATER, row_version=90), empty.at
    )
    row = to_master_row(RowEvent.read(event.detail))
    assert row
    requests = []
    for _ in range(8):
        with counted(empty.client) as usage, suppress(Unavailable):
            settling.arrived(row)
        requests.append(usage.requests)
    items = [item for item in scanned(empty, empty.names.master_data_table) if item["sk"] == "ROW"]
    assert [item.get("cc") for item in items] == ["USP2"] * 9
    assert max(requests[1:]) <= requests[0]


def test_what_an_import_of_the_set_up_tells_is_one_event_for_49_names(empty: World) -> None:
    keys = [NameKey(Part.PROJECTS, "USPM", f"PRJ-{n}") for n in range(90)]
    empty.deliver(master.company("USPM", row_version=1), master.project("PRJ-7", row_version=2))
    for item in outbox.unsent(empty.client, empty.names.master_data_table):
        outbox.published(empty.client, empty.names.master_data_table, item)
    table = MasterData(empty.client, empty.names.master_data_table)

    with counted(empty.client) as usage:
        made = list(set_columns(table, [(key, {"group": "TM"}) for key in keys], empty.at))

    assert [one.key for one in made if one.changed] == keys
    events = [outbox.event_of(item) for item in outbox.unsent(empty.client, empty.names.master_data_table)]
    assert len(events) == 2
    told = {blocker for event in events for blocker in event.detail["blockers"]}
    assert told == {f"msdyn_project#{guid('PRJ-7')}", "policy", *map(name_blocker, keys)}
    assert [event.detail["changed"] for event in events] == [["group"]] * 2
    assert (usage.requests, usage.writes) == (6, 2)
    # A name and its entry in the history, which is to be sealed: the index has it, too.
    assert usage.write_units <= 5 * len(keys) + 2 * 8
    again = list(set_columns(table, [(key, {"group": "TM"}) for key in keys], empty.at))
    assert not any(one.changed for one in again)
