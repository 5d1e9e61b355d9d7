"""Measures the stack on this machine.

python -m benchmarks                                    everything, as tables
python -m benchmarks --only webhook cold-start          some of it
python -m benchmarks --lines 100 1000 --json now.json   other sizes, and all figures as JSON
python -m benchmarks --compare before.json              and how they were
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.cold_start import ColdStart, cold_starts, is_built
from benchmarks.cold_start_beside import starts_beside
from benchmarks.connections import questions_and_reconciliation, sweep, webhook, write_back
from benchmarks.first_load import first_load
from benchmarks.master_data import beside
from benchmarks.pages import TARGET, warm_pages
from benchmarks.rows import STAGES
from benchmarks.steps import Step, cpu_of_a_line, cpu_of_an_actual, story, sync
from local.engines import EngineError

SIZES: Final = (100, 1_000, 5_000)
SWEPT: Final = 50_000
PROJECTS: Final = (10, 100_000, 10, 100_000)
"""In turn, so that what else the machine does befalls both."""
LOADED: Final = 100_000
BESIDE: Final = 100_000
"""The projects, and as many accounts, beside which functions are started in turn with hardly any."""
WRITTEN_BACK: Final = 10_000
LINES_OF_PAGES: Final = 1_000
"""Of each document whose page is looked at."""
CPU_TARGET: Final = 150
"""Microseconds for the parsing, mapping and building of one actual."""
_PACKAGES: Final = 4

Figures = dict[str, Any]
Benchmark = Callable[[Console, Sequence[int]], Figures]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the stack on this machine.")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=[*BENCHMARKS], metavar="NAME", help=_NAMES)
    parser.add_argument("--lines", type=int, nargs="+", default=SIZES, metavar="N", help="sizes of the documents")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes all figures")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="shows what has changed since --json wrote FILE")
    given = parser.parse_args(arguments)
    before = json.loads(given.compare.read_text(encoding="utf-8")) if given.compare else None
    console = Console()
    try:
        figures = measure(console, given.only, given.lines)
    except EngineError as missing:
        console.print(f"The benchmark needs dynoxide: {missing}")
        return 1
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if before is not None:
        console.print(compared(before, figures))
    return 0


def measure(console: Console, names: Sequence[str], sizes: Sequence[int]) -> Figures:
    """Runs the benchmarks with these names and shows each as it comes."""
    figures: Figures = {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count(), "system": platform.platform()}
    }
    for name in names:
        with console.status(name):
            figures[name] = BENCHMARKS[name](console, sizes)
    return figures


def cpu(console: Console, _: Sequence[int]) -> Figures:
    spent = cpu_of_an_actual() | {"resolve": cpu_of_a_line()}
    console.print(
        f"CPU of an actual outside the SDK: {spent['record']:.0f} µs to parse, map and build (target {CPU_TARGET}), "
        f"{spent['batch']:.0f} µs as a tenth of an invocation with ten; {spent['resolve']:.0f} µs to resolve a line\n"
    )
    return spent


def documents(console: Console, sizes: Sequence[int]) -> Figures:
    """Actuals into staging, then import and posting of journals and of an invoice over them."""
    synced, stories = sync(), [story(lines) for lines in sizes]
    steps = [synced, *(step for told in stories for step in told.steps)]
    last = stories[-1]
    console.print(steps_table(steps), units_table([synced, *last.steps]), row_table(last.row))
    return _figures(steps) | {"row": last.row}


def steps(measured: Callable[[Sequence[int]], list[Step]], console: Console, sizes: Sequence[int]) -> Figures:
    made = measured(sizes)
    console.print(steps_table(made))
    return _figures(made)


def cold_start(console: Console, _: Sequence[int]) -> Figures:
    if not is_built():
        console.print("No cold starts: nothing is built yet; run: make build-check\n")
        return {}
    starts = cold_starts()
    console.print(cold_start_table(starts))
    return {start.function: {"first": start.first, "imports": start.imports} for start in starts}


def cold_start_beside(console: Console, _: Sequence[int]) -> Figures:
    if not is_built():
        console.print("No cold starts: nothing is built yet; run: make build-check\n")
        return {}
    few, many = starts_beside(BESIDE)
    table = Table("function", title="Cold starts to the first answer, in turn, the least of each", title_justify="left")
    for rows in (f"beside {few.rows:,} rows", f"beside {many.rows:,} rows"):
        table.add_column(f"{rows}, CPU ms", justify="right")
        table.add_column("ms", justify="right")
    for name, one in few.starts.items():
        other = many.starts[name]
        table.add_row(name, *(f"{figure * 1000:.0f}" for figure in (one.cpu, one.seconds, other.cpu, other.seconds)))
    console.print(table)
    return {str(beside.rows): {name: asdict(start) for name, start in beside.starts.items()} for beside in (few, many)}


def pages(console: Console, _: Sequence[int]) -> Figures:
    """Warm pages of the workspace."""
    made = warm_pages(LINES_OF_PAGES)
    title = f"Warm pages beside documents of {LINES_OF_PAGES:,} lines, the quickest of each (target {TARGET} ms of CPU)"
    table = Table("page", title=title, title_justify="left")
    for name in ("CPU ms", "requests"):
        table.add_column(name, justify="right")
    for step in made:
        table.add_row(step.name, f"{step.cpu * 1000:.1f}", f"{step.requests}")
    console.print(table)
    return _figures(made)


BENCHMARKS: Final[dict[str, Benchmark]] = {
    "cpu": cpu,
    "documents": documents,
    "webhook": partial(steps, lambda _: webhook()),
    "sweep": partial(steps, lambda _: [sweep(SWEPT)]),
    "write-back": partial(steps, lambda _: [write_back(WRITTEN_BACK)]),
    "questions": partial(steps, lambda sizes: questions_and_reconciliation(max(sizes))),
    "master-data": partial(steps, lambda _: beside(PROJECTS)),
    "first-load": partial(steps, lambda _: first_load(LOADED)),
    "pages": pages,
    "cold-start": cold_start,
    "cold-start-beside": cold_start_beside,
}
_NAMES: Final = f"of {', '.join(BENCHMARKS)}"


def _figures(steps: Sequence[Step]) -> Figures:
    return {f"{step.name}, {step.lines}": asdict(step) for step in steps}


def steps_table(steps: Sequence[Step]) -> Table:
    table = Table(title="Steps, on dynoxide", title_justify="left")
    table.add_column("step", no_wrap=True)
    for name in ("rows", "rows/s", "CPU µs", "requests", "asked", "units", "peak MB"):
        table.add_column(name, justify="right")
    for step in steps:
        table.add_row(
            step.name,
            f"{step.lines:,}",
            f"{step.lines / step.seconds:,.0f}",
            f"{step.cpu / step.lines * 1e6:,.0f}",
            f"{step.requests:,}",
            f"{step.asked:,}" if step.asked else "",
            f"{step.write_units / step.lines:.2f}" if step.write_units else "",
            f"{step.megabytes:.1f}" if step.megabytes else "",
        )
    table.caption = (
        "CPU and write units a row; requests to DynamoDB; asked: Dataverse and the bus, which answer at once"
    )
    table.caption_justify = "left"
    return table


def cold_start_table(starts: Sequence[ColdStart]) -> Table:
    title = "Cold starts under Lambda's runtime client, in ms, and the packages whose imports cost most"
    table = Table("function", title=title, title_justify="left")
    for name in ("first answer", "imports"):
        table.add_column(name, justify="right")
    table.add_column("of these")
    for start in starts:
        most = list(start.packages.items())[:_PACKAGES]
        costs = ", ".join(f"{package} {cost:.0f}" for package, cost in most)
        table.add_row(start.function, f"{start.first:.0f}", f"{start.imports:.0f}", costs)
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
