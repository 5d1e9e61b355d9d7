"""Measures the stack on this machine.

python -m benchmarks                                    everything, as tables
python -m benchmarks --lines 100 1000 --json now.json   other sizes, and all figures as JSON
python -m benchmarks --compare before.json              and how they were
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.rows import STAGES
from benchmarks.steps import Step, Story, cpu_of_an_actual, story, sync
from local.engines import EngineError

SIZES: Final = (100, 1_000, 5_000)
CPU_TARGET: Final = 150
"""Microseconds for the parsing, mapping and building of one actual."""

Figures = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the stack on this machine.")
    parser.add_argument("--lines", type=int, nargs="+", default=SIZES, metavar="N", help="sizes of the documents")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes all figures")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="shows what has changed since --json wrote FILE")
    given = parser.parse_args(arguments)
    before = json.loads(given.compare.read_text(encoding="utf-8")) if given.compare else None
    console = Console()
    try:
        figures = measure(console, given.lines)
    except EngineError as missing:
        console.print(f"The benchmark needs dynoxide: {missing}")
        return 1
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if before is not None:
        console.print(compared(before, figures))
    return 0


def measure(console: Console, sizes: list[int]) -> Figures:
    """Runs everything and shows it as it comes."""
    with console.status("CPU of an actual"):
        cpu = cpu_of_an_actual()
    console.print(
        f"CPU of an actual outside the SDK: {cpu['record']:.0f} µs to parse, map and build (target {CPU_TARGET}), "
        f"{cpu['batch']:.0f} µs as a tenth of an invocation with ten\n"
    )
    with console.status("actuals_sync"):
        steps = [sync()]
    stories: list[Story] = []
    for lines in sizes:
        with console.status(f"{lines:,} lines: import and posting of journals and invoice"):
            stories.append(story(lines))
        steps += stories[-1].steps
    console.print(steps_table(steps), units_table([steps[0], *stories[-1].steps]), row_table(stories[-1].row))
    return {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count(), "system": platform.platform()},
        "cpu_us": cpu,
        "steps": {f"{step.name}, {step.lines}": asdict(step) for step in steps},
        "row": stories[-1].row,
    }


def steps_table(steps: list[Step]) -> Table:
    table = Table("step", title="Steps, on dynoxide", title_justify="left")
    for name in ("lines", "lines/s", "requests", "units/line", "peak MB"):
        table.add_column(name, justify="right")
    for step in steps:
        table.add_row(
            step.name,
            f"{step.lines:,}",
            f"{step.lines / step.seconds:,.0f}",
            f"{step.requests:,}",
            f"{step.write_units / step.lines:.2f}",
            f"{step.megabytes:.1f}" if step.megabytes else "",
        )
    return table


def units_table(steps: list[Step]) -> Table:
    """Where the write units go: by table, and by index."""
    table = Table(
        "table or index", title="Write units a line, by table and index", title_justify="left", show_footer=True
    )
    for step in steps:
        footer = f"{step.write_units / step.lines:.2f}"
        table.add_column(step.name.replace(" ", "\n"), footer=footer, justify="right")
    for place in sorted({place for step in steps for place in step.written}):
        units = (step.written.get(place, 0) / step.lines for step in steps)
        table.add_row(place, *(f"{figure:.2f}" if figure else "" for figure in units))
    return table


def row_table(row: dict[str, dict[str, int]]) -> Table:
    """Bytes of an unbilled sale in staging; each kilobyte begun is a unit, and two in a transaction."""
    title = "Bytes of an unbilled sale in staging (attributes: see store/staging.py)"
    table = Table("attribute", title=title, title_justify="left", show_footer=True)
    for stage in STAGES:
        table.add_column(stage, footer=f"{sum(row[stage].values()):,}", justify="right")
    table.columns[0].footer = "all (1,024 are one unit)"
    for name in dict.fromkeys(name for stage in STAGES for name in sorted(row[stage], key=lambda n: -row[stage][n])):
        table.add_row(name, *(str(row[stage].get(name, "")) for stage in STAGES))
    return table


def compared(before: Figures, now: Figures) -> Table:
    """Each figure that both have and that is not what it was."""
    table = Table("figure", title="Compared with before", title_justify="left")
    for name in ("before", "now", "now/before"):
        table.add_column(name, justify="right")
    past = dict(_flat(before))
    for name, value in _flat(now):
        was = past.get(name)
        if was is not None and was != value:
            table.add_row(name, f"{was:,.4g}", f"{value:,.4g}", f"{value / was:.2f}" if was else "")
    return table


def _flat(figures: Figures, prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}: ")
        elif isinstance(value, (int, float)):
            yield f"{prefix}{name}", value


if __name__ == "__main__":
    sys.exit(main())
