"""The simulator finds nothing wrong, repeats itself, and finds what is put into the product to be found."""

from __future__ import annotations

import pytest

from tests.faults import Killed
from tests.simulation.defects import DEFECTS
from tests.simulation.scheduler import Scheduler
from tests.simulation.shrink import shrunk
from tests.simulation.simulation import Plan, simulate, undisturbed
from tests.thorough import thorough

FOUND_BY = {
    "numbers are drawn without a condition": 16,
    "an older version of a row replaces a newer one": 2,
    "a newer version of a row on a document wakes nobody": 3,
    "an event that the bus did not take is forgotten": 0,
    "events are told before their transaction": 0,
    "a change of a journal does not ask what became of it": 0,
    "a change of a row does not ask what became of it": 0,
    "a change of a proposal does not ask what became of it": 23,
}
"""A seed that finds each defect."""


@pytest.mark.parametrize("seed", range(thorough(2, 200)))
def test_disturbed_runs_end_like_the_undisturbed(seed: int) -> None:
    assert simulate(Plan(seed)).wrong == []


def test_a_seed_is_the_same_run_each_time() -> None:
    first, second = simulate(Plan(4)), simulate(Plan(4))
    assert first.trace == second.trace
    assert simulate(Plan(5)).trace != first.trace


def test_there_is_a_seed_for_each_defect() -> None:
    assert FOUND_BY.keys() == DEFECTS.keys()


@pytest.mark.parametrize(("defect", "seed"), FOUND_BY.items())
def test_a_defect_is_found(defect: str, seed: int) -> None:
    undisturbed(Plan(seed).story)
    with DEFECTS[defect]():
        assert simulate(Plan(seed)).wrong != []


def test_a_plan_that_fails_is_made_as_small_as_it_can_be() -> None:
    def fails(plan: Plan) -> bool:
        return "killed" in plan.kinds and plan.steps >= 100 and len(plan.story.works) >= 2

    found = shrunk(Plan(0), fails)
    assert found.kinds == {"killed"}
    assert (len(found.story.works), found.lines) == (2, 1)
    assert found.steps < 150


def test_tasks_run_one_at_a_time_and_only_when_told() -> None:
    scheduler, done = Scheduler(), list[str]()

    def work(name: str) -> None:
        for step in range(2):
            scheduler.pause()
            done.append(f"{name}{step}")

    tasks = {name: scheduler.start(name, lambda name=name: work(name)) for name in "ab"}  # type: ignore[misc]
    for name in "aabba":
        scheduler.go_on(tasks[name])
    assert done == ["a0", "b0", "a1"]
    scheduler.kill(tasks["b"])
    assert isinstance(tasks["b"].error, Killed)
    assert done == ["a0", "b0", "a1"]
    assert [task.ended for task in tasks.values()] == [True, True]
