"""The first load of a table of master data, whole: read from Dataverse, put on the bus, taken, and reconciled.

The sweep is killed after a page is on the bus and before that is noted, and begun again: it goes on where it was, and
the rows of that page come twice. Whoever takes them is killed half-way, after a transaction whose answer nobody gets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final
from unittest.mock import patch

from benchmarks.answers import PAGE, Prepared, rows_of
from benchmarks.connections import connected
from benchmarks.steps import AT, Step, dynoxide, timed, weighed
from project_invoicing.bus import Bus
from project_invoicing.dataverse.context import row_events
from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.events import BusEvent
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.whole_master_data import everything
from tests import master
from tests.faults import TRANSACTION, Killed, dying
from tests.harness import TEMPLATE, World, envelope, sqs_batch

_TABLE: Final = "msdyn_project"
_DIES_AT: Final = PAGE + 1
"""In the second page of rows, if there are as many."""
_NOT_IN_DATAVERSE: Final = 2
"""The company and the contract, which are only here."""


def first_load(rows: int) -> list[Step]:
    """``rows`` projects whose company and contract are there: the sweep, and what it put on the queue."""
    events = (
        event
        for n in range(rows)
        for event in row_events(master.project(f"P-{n}", contract="CTR-1", row_version=100 + n), AT)
    )
    there = Prepared(rows_of(events))
    with dynoxide() as world:
        world.deliver(master.company("USPM", row_version=1), master.contract("CTR-1", row_version=2))
        with connected(there), collecting(dies_at=_DIES_AT) as messages:
            sweep = timed(world, "first load, sweep", rows, lambda: _killed_and_begun_again(world))
            sweep.asked = there.asked
            sweep.megabytes = weighed(lambda: there.changes(_TABLE, (), None))
        size = next(one.batch_size for one in TEMPLATE.function("master_data_sync").queues)
        batches = [messages[start : start + size] for start in range(0, len(messages), size)]
        load = timed(world, "first load, rows", rows, lambda: _take(world, batches, dies_at=len(batches) // 2))
        load.megabytes = weighed(lambda: _take(world, batches[-1:]))
        there_now = everything(MasterData(world.client, world.names.master_data_table))
        placed = sum(key.part is Part.PROJECTS for key, _ in there_now if isinstance(key, NameKey))
        if placed != rows:
            raise RuntimeError(f"{placed} of {rows} projects have their name")
        with connected(there):
            compared = timed(world, "their reconciliation", rows, lambda: _reconciled(world))
            compared.megabytes = weighed(lambda: _reconciled(world))
    return [sweep, replace(load, asked=len(messages)), compared]


def _killed_and_begun_again(world: World) -> None:
    with suppress(Killed):
        world.run("dataverse_catchup", entity=_TABLE)
    world.run("dataverse_catchup", entity=_TABLE)


def _reconciled(world: World) -> None:
    report = world.run("reconciliation")
    if not report["complete"] or report["differences"] != _NOT_IN_DATAVERSE:
        raise RuntimeError(f"{report['differences']} differences, complete: {report['complete']}")


def _take(world: World, batches: Sequence[Sequence[str]], *, dies_at: int | None = None) -> None:
    for number, bodies in enumerate(batches):
        batch = sqs_batch(*bodies)
        if number == dies_at:
            with suppress(Killed), dying(world.client, 1, applied=True, operation=TRANSACTION):
                world.call("master_data_sync", batch)
        answer = world.call("master_data_sync", batch)
        if answer["batchItemFailures"]:
            raise RuntimeError(f"{len(answer['batchItemFailures'])} rows were not taken")


@contextmanager
def collecting(*, dies_at: int) -> Iterator[list[str]]:
    """What is put on the bus inside the block, as the queue would have it. Who puts number ``dies_at`` dies of it."""
    messages: list[str] = []

    def publish(_: Bus, events: Sequence[BusEvent]) -> list[int]:
        before = len(messages)
        messages.extend(json.dumps(envelope(one.detail, AT, one.detail_type, one.source)) for one in events)
        if before < dies_at <= len(messages):
            raise Killed
        return []

    with patch.object(Bus, "publish", publish):
        yield messages
