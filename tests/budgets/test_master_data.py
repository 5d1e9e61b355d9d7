"""What a row of master data costs to take: a new project at most ten write units, whatever follows from it included."""

from __future__ import annotations

import pytest

from tests import master
from tests.builders import Context
from tests.counting import counted
from tests.harness import World

pytestmark = pytest.mark.engine

RELAYED = 1
"""The relay takes the event out of the outbox again."""
PROJECT = master.project("PRJ-1", contract="CTR-1", msdyn_subject="Renewal of the arms of line 4", row_version=10)


@pytest.mark.parametrize(
    ("row", "requests", "units"),
    [
        pytest.param(PROJECT, 4, 7, id="a new project"),
        pytest.param(master.account("C-9", name="Adatum", row_version=11), 5, 7, id="a new account"),
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
