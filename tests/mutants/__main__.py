"""Weakens each guard of the code in turn, and says which of them no test misses.

python -m tests.mutants                        # every guard; --rules: the operators of rules/ and domain/
python -m tests.mutants --only 'store/seals'   # those whose id matches
python -m tests.mutants --changed main         # those on lines that differ from another commit
python -m tests.mutants --list

Everything is imported once, with a switch at each guard. First the tests say which guards they reach: that is kept
beside the results, in ``.mutants``, until a test's file changes. Then each mutant gets a process of its own, a fork,
with its switch on, and the tests that reach it, quick ones first, until one fails. ``equivalent.yaml`` argues those
that nobody can notice; what is neither killed nor argued survives, and the exit code says so.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from tests.mutants import equivalent, switch
from tests.mutants.guards import Mutant, is_rule, mutants_of, sources
from tests.mutants.session import Choice, Session, say
from tools.imports import ROOT

FOLDERS: Final = (
    *("store_free", "unit", "store", "handlers", "ledger_batches", "audit", "rules", "cases", "operate", "workspace"),
    *("crash", "properties", "over_http", "documents", "e_invoices"),
)
"""Folders of tests that run in one process, those that are quick and near first."""
KILLED: Final = ("killed", "hung")
LEFT: Final = ("survived", "unreached")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    chosen = _chosen(options)
    if options.list:
        say("\n".join(f"{one.file}:{one.line}: {one.id}" for one in chosen))
        say(f"{len(chosen)} in all")
        return 0
    switch.install(rules=options.rules)
    until = datetime.strptime(options.until, "%H:%M").time() if options.until else None  # noqa: DTZ007 - a time of day
    folder = options.notes / ("rules" if options.rules else "guards")
    choice = Choice(chosen, folder, options.jobs, options.limit, until, go_on=options.go_on, reach_only=options.reach)
    session = Session(choice)
    tests = options.tests or [str(ROOT / "tests" / name) for name in FOLDERS if (ROOT / "tests" / name).is_dir()]
    engines = "not ministack and not deployed and not dynoxide"
    asked = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not large", "-k", engines, *tests]
    code = pytest.main(asked, plugins=[session])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return int(code)
    return 0 if options.reach else _report(chosen, session.verdicts)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Which guards would no test miss?")
    parser.add_argument("tests", nargs="*", help="tests to kill them with, else those of most folders")
    parser.add_argument("--only", default="", metavar="REGEX", help="mutants whose id matches")
    parser.add_argument("--rules", action="store_true", help="operators of rules/ and domain/ in place of guards")
    parser.add_argument("--changed", metavar="COMMIT", help="mutants on lines that differ from this commit")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of them, drawn with a fixed seed")
    parser.add_argument("--list", action="store_true", help="only say which there are")
    parser.add_argument("--reach", action="store_true", help="only note which guards each test reaches")
    parser.add_argument("--go-on", action="store_true", help="leave out what an earlier run has killed")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes at a time (1)")
    parser.add_argument("--limit", type=float, default=60, metavar="SECONDS", help="for the tests of one mutant (60)")
    parser.add_argument("--notes", type=Path, default=ROOT / ".mutants", metavar="DIR", help="where notes are kept")
    parser.add_argument("--until", default="", metavar="HH:MM", help="begin no other one later than this")
    return parser.parse_args(arguments)


def _chosen(options: argparse.Namespace) -> list[Mutant]:
    named = {one.id: one for file in sources() if is_rule(file) == options.rules for one in mutants_of(file)}
    found = [one for one in named.values() if re.search(options.only, one.id)]
    if options.changed:
        lines = changed_lines(options.changed)
        found = [one for one in found if one.line in lines.get(one.path, ())]
    if options.sample and options.sample < len(found):
        found = random.Random(1).sample(found, options.sample)  # noqa: S311 - the same ones each time
    return found


def changed_lines(commit: str) -> dict[str, set[int]]:
    """The lines of each file that are other than in ``commit``."""
    told = subprocess.run(
        ["git", "diff", "--unified=0", "--no-color", commit, "--", "layers", "functions"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return lines_of(told)


def lines_of(difference: str) -> dict[str, set[int]]:
    """The lines that a difference without context has added, by file."""
    found: dict[str, set[int]] = {}
    file = ""
    for line in difference.splitlines():
        if line.startswith("+++ "):
            file = line.removeprefix("+++ b/")
        elif hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            found.setdefault(file, set()).update(range(first, first + count))
    return found


def _report(chosen: Sequence[Mutant], verdicts: dict[str, tuple[str, str]]) -> int:
    argued = equivalent.arguments()
    by_verdict: dict[str, list[Mutant]] = {}
    for one in chosen:
        verdict = verdicts.get(one.id, ("not tried", ""))[0]
        is_argued = one.id in argued and verdict in (*LEFT, "undecided")
        by_verdict.setdefault("argued" if is_argued else verdict, []).append(one)
    missed = [one for verdict in LEFT for one in by_verdict.get(verdict, [])]
    noticed = [one for verdict in KILLED for one in by_verdict.get(verdict, []) if one.id in argued]
    for one in [*missed, *by_verdict.get("undecided", [])]:
        verdict, by = verdicts[one.id]
        say(f"{verdict}: {one.path}:{one.line}: {one.id} ({by})")
    for one in noticed:
        say(f"argued, but a test misses it; delete it from the list: {one.id} ({verdicts[one.id][1]})")
    counts = [f"{len(some)} {verdict}" for verdict, some in sorted(by_verdict.items())]
    say(f"{len(chosen)} found: {', '.join(counts)}")
    return 1 if missed or noticed else 0


if __name__ == "__main__":
    sys.exit(main())
