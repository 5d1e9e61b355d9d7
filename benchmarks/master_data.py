"""What the amount of master data costs: the same work beside ten projects and beside many.

Each step is the first of its process as far as the set-up goes: the document is read and parsed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from benchmarks.business import COMPANY, Work, finance, into_staging, without_streams
from benchmarks.steps import AT, Step, timed
from local import engines
from project_invoicing.chunks import chunks
from project_invoicing.domain.master_data import Key, NameKey, Part, RowKey
from project_invoicing.store import setups
from project_invoicing.store.items import key as key_in
from project_invoicing.store.items import plain_item
from project_invoicing.store.master_items import item_key
from project_invoicing.store.transactions import MAX_WRITES, get, put, transact
from tests import master
from tests.builders import guid
from tests.divided import divided
from tests.harness import World

_LINES: Final = 1_000


def beside(projects: Sequence[int]) -> list[Step]:
    """A project arrives, its actuals are imported and posted, in turn beside each number of other projects."""
    return [step for number in projects for step in _beside(number)]


def _beside(projects: int) -> Iterator[Step]:
    policy, rows = divided(finance())
    with engines.running("dynoxide"):
        world = without_streams(World(AT))
        world.load(policy)
        world.deliver(*rows)
        _copy(world, projects)
        work = Work(_LINES)
        among = f"of {projects} projects"
        yield _first(world, f"one {among}", 1, lambda: world.deliver(master.project("PRJ-NEW", contract="CTR-1")))
        into_staging(world, work.sold)
        yield _first(world, f"import journals {among}", _LINES, lambda: world.run("staging_import"))
        yield _first(world, f"post journals {among}", _LINES, lambda: world.run("journal_posting"))


def _first(world: World, name: str, lines: int, once: Callable[[], object]) -> Step:
    setups._parsed.clear()  # noqa: SLF001 (what only a new process has forgotten)
    return timed(world, name, lines, once)


def _copy(world: World, projects: int) -> None:
    """Puts copies of a project beside it, with the items of its row and of its name."""
    table = world.names.master_data_table
    row, name = (get(world.client, table, *item_key(key)) for key in _keys(guid("PRJ-1"), "PRJ-1"))
    for some in chunks(range(projects), MAX_WRITES // 2):
        writes = []
        for number in some:
            for key, item in zip(_keys(guid(f"copy {number}"), f"P-{number}"), (row, name), strict=True):
                copy = {**(item or {}), **plain_item(key_in(*item_key(key)))}
                writes.append(put(table, copy, unless_exists=True))
        transact(world.client, writes)


def _keys(id: str, number: str) -> tuple[Key, Key]:
    return RowKey("msdyn_project", id), NameKey(Part.PROJECTS, COMPANY, number)
