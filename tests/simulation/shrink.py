"""The shortest plan that still goes wrong: fewer requests that are disturbed, fewer faults, a smaller story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.simulation.simulation import Plan

_FEWEST_STEPS = 20


def shrunk(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """``plan`` fails. Goes on with whichever smaller plan still does, until none is left."""
    while True:
        smaller = next((one for one in _smaller(plan) if fails(one)), None)
        if smaller is None:
            return plan
        plan = smaller


def _smaller(plan: Plan) -> Iterator[Plan]:
    works = len(plan.story.works)
    for number in range(1, works):
        yield replace(plan, works=number)
    most = max(work.lines for work in plan.story.works)
    for lines in range(1, most):
        yield replace(plan, lines=lines)
    for part in (4, 2):
        if plan.steps // part >= _FEWEST_STEPS:
            yield replace(plan, steps=plan.steps // part)
    for kind in sorted(plan.kinds):
        yield replace(plan, kinds=plan.kinds - {kind})
    if (fewer := plan.steps * 3 // 4) >= _FEWEST_STEPS:
        yield replace(plan, steps=fewer)
