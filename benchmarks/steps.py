"""The steps of the process, measured one after the other over documents of a given size."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any, Final
from unittest.mock import patch

from botocore.client import BaseClient

from benchmarks import rows
from benchmarks.business import Work, finance, into_staging, without_streams
from local import engines
from project_invoicing import bootstrap
from project_invoicing.dataverse.context import parse_json, row_events
from project_invoicing.dataverse.mapping import to_actual
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.use_cases.actuals.sync import sync_row
from project_invoicing.use_cases.setups import SetupVersions
from tests.counting import counted
from tests.divided import divided
from tests.harness import World, envelope, sqs_batch

AT: Final = "2026-08-31T13:00:00Z"
BATCH: Final = 10
_EVENTS: Final = 500
_REPETITIONS: Final = 7
"""Of a CPU measurement, of which the quickest counts: whatever else the machine does only makes one slower."""


@dataclass
class Step:
    """What one step over so many lines, rows or messages cost.

    ``requests`` and the units are DynamoDB's, ``asked`` are requests to Dataverse or to the bus. ``cpu`` is seconds of
    this process, ``megabytes`` the peak of what Python allocated in it.
    """

    name: str
    lines: int
    seconds: float = 0.0
    cpu: float = 0.0
    requests: int = 0
    asked: int = 0
    write_units: float = 0.0
    written: dict[str, float] = field(default_factory=dict)
    megabytes: float = 0.0


@dataclass
class Story:
    """The measured steps of a document, and the sizes of one of its rows by stage and attribute."""

    steps: list[Step]
    row: dict[str, dict[str, int]]


def story(lines: int) -> Story:
    """Import and posting of ``lines`` unbilled sales, then of the invoice over them; a second time for the memory."""
    told = _story(lines, _timed)
    for step, again in zip(told.steps, _story(lines, _weighed).steps, strict=True):
        step.megabytes = again.megabytes
    return told


def _story(lines: int, measured: Callable[[World, str, int, str], Step]) -> Story:
    work = Work(lines)
    with dynoxide() as world:
        into_staging(world, work.sold)
        row = {"waiting": rows.staged_sale(world, work)}
        steps = [measured(world, "import journals", lines, "staging_import")]
        row["imported"] = rows.staged_sale(world, work)
        steps.append(measured(world, "post journals", lines, "journal_posting"))
        row["posted"] = rows.staged_sale(world, work)
        world.deliver(work.header)
        into_staging(world, work.sales)
        steps.append(measured(world, "import invoice", lines, "staging_import"))
        steps.append(measured(world, "post invoice", lines, "invoice_posting"))
        (invoice,) = world.result()["invoices"]
        if len(world.result()["proposals"][0]["lines"]) != lines:
            raise RuntimeError(f"invoice {invoice['invoice_number']} does not have {lines} lines")
    return Story(steps, row)


def timed(world: World, name: str, lines: int, once: Callable[[], object]) -> Step:
    """A step by what it takes and asks."""
    with counted(world.client) as usage:
        began, busy = perf_counter(), process_time()
        once()
        seconds, cpu = perf_counter() - began, process_time() - busy
    units, written = usage.write_units, {place: float(spent) for place, spent in usage.written.items()}
    return Step(name, lines, seconds, cpu, usage.requests, write_units=units, written=written)


def weighed(once: Callable[[], object]) -> float:
    """Megabytes at the peak of what Python allocates in ``once``."""
    tracemalloc.start()
    try:
        once()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak / 1e6


def _timed(world: World, name: str, lines: int, function: str) -> Step:
    return timed(world, name, lines, lambda: world.run(function))


def _weighed(world: World, name: str, lines: int, function: str) -> Step:
    return Step(name, lines, megabytes=weighed(lambda: world.run(function)))


def sync() -> Step:
    """New actuals through ``actuals_sync``, ten a batch as its queue delivers them."""
    bodies = _bodies(_EVENTS)
    batches = [sqs_batch(*batch) for batch in _batches(bodies)]
    with dynoxide() as world:
        world.call("actuals_sync", sqs_batch(*_bodies(1, name="first")))
        return timed(world, "sync actuals", _EVENTS, lambda: [world.call("actuals_sync", batch) for batch in batches])


def cpu_of_an_actual() -> dict[str, float]:
    """Microseconds of CPU for one new actual outside the SDK, whose calls return at once.

    ``record``: its message parsed, mapped, and the request built. ``batch``: the same in a whole invocation, a tenth of
    one with ten records: with Powertools' batch processing, log and metrics.
    """
    bodies = _bodies(_EVENTS)
    batches = [sqs_batch(*batch) for batch in _batches(bodies)]

    def answer(_: BaseClient, operation: str, __: Any) -> dict[str, Any]:
        return {"Items": []} if operation == "Query" else {}

    def record(body: str) -> str:
        event = parse_json(body)
        return sync_row(bootstrap.staging(), event["detail"], event["time"])

    with engines.running("moto"):
        world = World(AT)
        with patch.object(BaseClient, "_make_api_call", answer):
            return {
                "batch": _cpu(lambda: [world.call("actuals_sync", batch) for batch in batches]),
                "record": _cpu(lambda: [record(body) for body in bodies]),
            }


def cpu_of_a_line() -> float:
    """Microseconds of CPU to resolve an actual whose master data are rows: what a line takes from the set-up."""
    found = [event for context in Work(_EVENTS).sold for event in row_events(context, AT)]
    actuals = [to_actual(RowEvent.read(event.detail)) for event in found if event.detail["entity"] == "msdyn_actual"]
    policy, rows = divided(finance())
    with engines.running("moto"):
        world = World(AT)
        world.load(policy)
        world.deliver(*rows)
        setups = SetupVersions.read(world.client, world.names.setup_table, world.names.master_data_table)
        setups.reader.actuals(actuals)
        resolved = {type(resolve(actual, setups.current)) for actual in actuals}
        if resolved != {Resolved}:
            raise RuntimeError(f"the actuals do not resolve: {resolved}")
        return _cpu(lambda: [resolve(actual, setups.current) for actual in actuals])


def _cpu(once: Callable[[], object]) -> float:
    spent = []
    for _ in range(_REPETITIONS):
        began = process_time()
        once()
        spent.append(process_time() - began)
    return min(spent) / _EVENTS * 1e6


def _batches(bodies: list[str]) -> list[list[str]]:
    return [bodies[start : start + BATCH] for start in range(0, len(bodies), BATCH)]


def _bodies(number: int, name: str = "sync") -> list[str]:
    """Bodies of queue messages, each with a new actual, costs and unbilled sales in turn."""
    work = Work((number + 1) // 2, name=name)
    contexts = [context for context in work.worked if context["PrimaryEntityName"] == "msdyn_actual"]
    events = [event for context in contexts[:number] for event in row_events(context, AT)]
    return [json.dumps(envelope(event.detail, AT, event.detail_type, event.source)) for event in events]


@contextmanager
def dynoxide() -> Iterator[World]:
    """An empty stack with a set-up."""
    with engines.running("dynoxide"):
        world = without_streams(World(AT))
        world.load(finance())
        yield world
