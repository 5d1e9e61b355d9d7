"""In whatever order rows arrive, however often, and whenever an import looks at them: the books are the same.

The stories are those of the scenarios. Numbers aside: a journal that was opened earlier has another number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local import engines
from project_invoicing.store import setups
from tests import snapshots
from tests.harness import World
from tests.scenario_samples import STORIES, setup_text
from tests.scenario_setup import Step
from tests.thorough import thorough

Row = dict[str, Any]
IMPORT: Step = {"run": "staging_import"}
TOLD = ["quantity-cut", "correction", "bad-rows"]

repeatable = settings(
    max_examples=thorough(2, 12),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with engines.running("moto"):
        yield World()


@st.composite
def arrivals(draw: st.DrawFn, story: str) -> list[Step]:
    """The story with what arrives between two of its other steps in any order, some of it twice, imports in between."""
    told: list[Step] = []
    for arrived, group in groupby(STORIES[story](), key=lambda step: "dataverse" in step):
        steps = list(group)
        if arrived:
            again = draw(st.lists(st.sampled_from(range(len(steps))), max_size=4))
            steps = draw(st.permutations([*steps, *(steps[n] for n in again)]))
            for place in draw(st.lists(st.integers(0, len(steps)), max_size=2)):
                steps.insert(place, IMPORT)
        told += steps
    return told


@pytest.mark.parametrize("story", ["quantity-cut", "correction", "bad-rows"])
def test_order_repetition_and_imports_in_between_do_not_matter(world: World, story: str) -> None:
    expected = books(world, STORIES[story]())

    @repeatable
    @given(arrivals(story))
    def holds(steps: list[Step]) -> None:
        assert books(world, steps) == expected

    holds()


def books(world: World, steps: list[Step]) -> dict[str, Any]:
    """What is in the books after the steps, without numbers, counts of deliveries and the texts that name numbers."""
    snapshots.clear(world)
    world.load(yaml.safe_load(setup_text()))
    for step in steps:
        play(world, step)
    result = world.result()
    return {
        "staging": sort(without(row, "deliveries", "duplicates", "journal_id", "voucher") for row in result["staging"]),
        "lines": sort(
            {"status": journal["status"], "period": journal["period"], **without(line, "line_number", "voucher")}
            for journal in result["journals"]
            for line in journal["lines"]
        ),
        "proposals": [{**row, "waiting_for": reasons(row)} for row in result["proposals"]],
        "invoices": [without(row, "voucher") for row in result["invoices"]],
        "vouchers": sort(without(row, "voucher", "source_id") for row in result["vouchers"]),
        "write_back": sort({**row, "values": without(row["values"], "voucher")} for row in result["write_back"]),
        "rejected": sort(without(row, "detail") for row in result["rejected"]),
    }


def play(world: World, step: Step) -> None:
    world.at = step.get("at", world.at)
    if "dataverse" in step:
        world.deliver(step["dataverse"])
    elif "run" in step:
        world.run(step["run"], **{name: value for name, value in step.items() if name not in ("at", "run")})
        if step["run"] != "staging_import":
            world.drain()
    else:
        setups.merge(world.client, world.names.setup_table, step["setup"], world.at)


def reasons(row: Row) -> list[tuple[str, str | None]]:
    return sorted((waiting["reason"], waiting["actual_id"] or "") for waiting in row["waiting_for"])


def without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def sort(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=repr)
