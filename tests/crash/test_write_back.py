"""The write-back dies at every one of its requests, to DynamoDB and to Dataverse; the next delivery does the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from unittest.mock import patch

import pytest

from benchmarks.business import COMPANY, Work, finance
from project_invoicing import bootstrap
from project_invoicing.use_cases.write_back import send as write_back
from tests import snapshots
from tests.crash.death import Step
from tests.crash.stages import invoiced
from tests.dataverse import Row, StubbornDataverse, connected
from tests.faults import Killed
from tests.harness import World
from tests.own_events import invoice_posted

WORK = Work(lines=3)


def tell(world: World) -> None:
    event = invoice_posted(world.at, company=COMPANY)
    world.tell("accounting_writeback", event)


@pytest.fixture
def world(moto: None) -> Iterator[World]:
    made = World("2026-08-31T13:00:00Z")
    made.load(finance())
    invoiced(made, WORK)
    clock = patch.object(bootstrap, "now", lambda: datetime.fromisoformat(made.at))
    with patch.object(write_back, "BATCH_ROWS", 2), clock:
        yield made


def refused(world: World) -> str:
    """One of the invoice's actuals, which Dataverse does not have."""
    rows = [row["actual_id"] for row in world.result()["staging"] if row["transaction_type"] == "billed_sales"]
    return str(sorted(rows)[1])


def test_wb_10_a_write_back_survives_death_at_every_request_to_dynamodb(world: World) -> None:
    dataverse = StubbornDataverse(absent={refused(world)})
    with connected(dataverse):
        step = Step(world, tell, tell)
        assert step.dies_at_every_request() > 3
        step.meets_another_transaction_everywhere()
        step.is_overtaken_at_every_request()
    assert_told(world, dataverse.values())


def test_wb_10_a_write_back_survives_death_at_every_request_to_dataverse(world: World) -> None:
    before = snapshots.read(world)
    ends = []
    for at, applied in [(0, False), *((at, applied) for at in (1, 2, 3) for applied in (False, True))]:
        snapshots.restore(world, snapshots.read(world), before)
        dataverse = StubbornDataverse(absent={refused(world)}, dies_at=at, applied=applied)
        with connected(dataverse):
            if at:
                with pytest.raises(Killed):
                    tell(world)
            tell(world)
        assert_told(world, dataverse.values())
        ends.append((snapshots.read(world), dataverse.values()))
        assert all(len(told) <= 1 + applied for told in dataverse.written.values())
    assert all(end == ends[0] for end in ends)


def assert_told(world: World, values: Mapping[Row, dict[str, object]]) -> None:
    """Every actual of the invoice and the invoice itself; the journal was posted before a Dataverse was connected."""
    told = {(row["entity"], row["id"]): row["state"] for row in world.result()["write_back"]}
    states = {row: state for row, state in told.items() if state != "pending"}
    failed = ("msdyn_actual", refused(world))
    assert states == dict.fromkeys(values, "done") | {failed: "failed"}
    assert len(states) == WORK.lines + 1
    assert failed not in values
