"""Cold starts of built functions that work, beside hardly any master data and beside a lot of it, in turn.

The functions run as processes under Lambda's runtime client, over tables in dynoxide. Each time they have new documents
to work on; few and many rows are tables of their own.
"""

from __future__ import annotations

import json
import resource
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from typing import Any, Final

from benchmarks.business import COMPANY, Work, finance, into_staging, without_streams
from benchmarks.steps import AT
from local import engines
from local.engines import BUILT
from local.template import read
from project_invoicing.chunks import chunks
from project_invoicing.dataverse.context import row_events
from project_invoicing.domain.master_data import Key, NameKey, Part, RowKey
from project_invoicing.store.items import Item, plain_item
from project_invoicing.store.items import key as key_in
from project_invoicing.store.master_items import item_key
from project_invoicing.store.transactions import MAX_WRITES, get, put, scan, transact
from tests import master
from tests.builders import guid
from tests.divided import divided
from tests.harness import TEMPLATE, World, envelope, sqs_batch
from tools.build_check import ROOT, check

_ROUNDS: Final = 5
_LINES: Final = 10
_FEW: Final = 10
_PROJECTS: Final = ("msdyn_project", Part.PROJECTS)
_ACCOUNTS: Final = ("account", Part.CUSTOMERS)


@dataclass(frozen=True)
class Start:
    """Seconds from the start of a process to its first answer, and of CPU in all it did."""

    cpu: float
    seconds: float


@dataclass
class Beside:
    """The least of the starts by function, beside so many copied ``rows``."""

    rows: int
    table: str
    starts: dict[str, Start] = field(default_factory=dict)

    def add(self, name: str, start: Start) -> None:
        best = self.starts.get(name, start)
        self.starts[name] = Start(min(best.cpu, start.cpu), min(best.seconds, start.seconds))


def starts_beside(copies: int) -> tuple[Beside, Beside]:
    """Beside ten copies of a project and of an account, and beside ``copies`` of each."""
    policy, rows = divided(finance())
    with engines.running("dynoxide"):
        world = without_streams(World(AT))
        world.load(policy)
        world.deliver(*rows, master.account("ACC-0", row_version=1))
        few, many = (_table(world, copies) for copies in (_FEW, copies))
        for number in range(_ROUNDS):
            for beside in (few, many) if number % 2 else (many, few):
                for name, event in _events(world, f"{beside.table} {number}"):
                    beside.add(name, _start(name, event, {"MASTER_DATA_TABLE": beside.table}))
    return few, many


def _events(world: World, name: str) -> Iterator[tuple[str, Any]]:
    """What each function is called with, made when it is asked for: with new documents to work on each time."""
    work = Work(_LINES, name=name)
    (event,) = row_events(next(iter(Work(1, name=f"{name}, another").costs)), AT)
    yield "actuals_sync", sqs_batch(json.dumps(envelope(event.detail, AT, event.detail_type, event.source)))
    into_staging(world, work.sold)
    yield "staging_import", envelope({}, AT, "Manual Run", "project-invoicing.manual")
    world.run("staging_import")
    world.run("journal_posting")
    world.deliver(work.header)
    into_staging(world, work.sales)
    world.run("staging_import")
    yield "invoice_posting", envelope({}, AT, "Manual Run", "project-invoicing.manual")


def _start(name: str, event: Any, variables: dict[str, str]) -> Start:
    function = next(one for one in read(ROOT / "template.yaml").functions if one.name == name)
    services = {key: value for key, value in environ.items() if key.startswith("AWS_ENDPOINT_URL")}
    with tempfile.TemporaryDirectory() as folder:
        call = Path(folder) / "call.json"
        call.write_text(json.dumps(event), encoding="utf-8")
        before = _cpu()
        checked = check(function, BUILT, calls=[call], environment={**services, **variables})
        return Start(_cpu() - before, checked.first)


def _cpu() -> float:
    """Of the child processes that have ended. The engines have not."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _table(world: World, copies: int) -> Beside:
    """A table with all that is in the stack's, and so many copies of a project and of an account."""
    name = f"MasterData-{copies}"
    request = next(table.request for table in TEMPLATE.tables if table.id == "MasterDataTable")
    wanted = {key: value for key, value in request.items() if key != "StreamSpecification"}
    world.client.create_table(**{**wanted, "TableName": name})
    own = world.names.master_data_table
    _put(world, name, scan(world.client, own))
    _put(world, name, _copied(world, copies))
    return Beside(2 * copies, name)


def _copied(world: World, copies: int) -> Iterator[Item]:
    """The items of rows and of names."""
    own = world.names.master_data_table
    originals = [
        (of, [get(world.client, own, *item_key(key)) or {} for key in _keys(number, of)])
        for number, of in (("PRJ-1", _PROJECTS), ("ACC-0", _ACCOUNTS))
    ]
    for n in range(copies):
        for of, items in originals:
            for key, item in zip(_keys(f"copy {n}", of), items, strict=True):
                yield {**item, **plain_item(key_in(*item_key(key)))}


def _keys(number: str, of: tuple[str, Part]) -> tuple[Key, Key]:
    entity, part = of
    return RowKey(entity, guid(number)), NameKey(part, COMPANY, number)


def _put(world: World, table: str, items: Iterable[Item]) -> None:
    for some in chunks(items, MAX_WRITES):
        transact(world.client, [put(table, item, unless_exists=True) for item in some])
