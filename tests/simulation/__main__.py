"""Simulates many seeds, or repeats one.

    python -m tests.simulation                          # a hundred seeds from 0
    python -m tests.simulation --seed 17 --runs 1       # one, with what it did where it goes wrong
    python -m tests.simulation --minutes 60 --record FILE

A run that goes wrong is made smaller until nothing can be left out, and told: its plan, what the judges say, and its
last requests. ``--record`` adds a line of JSON to a file: what ran, how fast, with what outcome.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests import quick_moto
from tests.simulation.shrink import shrunk
from tests.simulation.simulation import Outcome, Plan, simulate

_LAST = 60


def main() -> int:
    asked = _arguments()
    until = time.monotonic() + asked.minutes * 60 if asked.minutes else None
    began, steps, hits, failed, runs = time.monotonic(), 0, Counter[str](), [], 0
    with quick_moto.installed():
        for seed in range(asked.seed, asked.seed + (10**9 if until else asked.runs)):
            if until and time.monotonic() > until:
                break
            outcome = simulate(Plan(seed, asked.steps))
            runs, steps = runs + 1, steps + len(outcome.trace)
            hits.update(outcome.hits)
            if outcome.wrong:
                failed.append(seed)
                _tell(outcome)
    seconds = time.monotonic() - began
    record = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "first_seed": asked.seed,
        "runs": runs,
        "requests": steps,
        "requests_a_second": round(steps / seconds),
        "disturbances": dict(sorted(hits.items())),
        "failed_seeds": failed,
    }
    sys.stdout.write(json.dumps(record) + "\n")
    if asked.record:
        with asked.record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--runs", type=int, default=100, help="so many seeds")
    parser.add_argument("--minutes", type=float, help="as many seeds as fit, instead")
    parser.add_argument("--steps", type=int, default=Plan(0).steps, help="turns that are disturbed, in each phase")
    parser.add_argument("--record", type=Path, help="a file that gets a line about the runs")
    return parser.parse_args()


def _tell(outcome: Outcome) -> None:
    small = simulate(shrunk(outcome.plan, lambda plan: bool(simulate(plan).wrong)))
    plan = small.plan
    told = [
        f"seed {plan.seed} goes wrong; again: make simulate SEED={plan.seed} STEPS={outcome.plan.steps} RUNS=1",
        f"smallest: {plan.steps} turns, story {plan.story}",
        f"with {', '.join(sorted(plan.kinds)) or 'no faults'}",
        *small.wrong[:10],
        *small.trace[-_LAST:],
    ]
    sys.stdout.write("\n".join(told) + "\n")


if __name__ == "__main__":
    sys.exit(main())
