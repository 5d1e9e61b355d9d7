"""Prints docs/rules-coverage.md: which cases of the rules a test names, and why the others need none.

python -m tools.rules_coverage > docs/rules-coverage.md

A test names its cases where pytest shows them: at the beginning of its function (``test_led_58_led_59_the_project_…``)
or in the id of a parameter (``LED-03 to LED-05 time``). Groups, cases, rules, sources and reasons are those of
docs/rules.yaml.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
RULES = ROOT / "docs" / "rules.yaml"
DOCUMENT = ROOT / "docs" / "rules-coverage.md"
FOLDERS = ("tests/", "dataverse_standin/tests/")

_IN_NAME = re.compile(r"test((?:_(?:[a-z]+|99)_\d\d)+)(?=_|$)")
_IN_PARAMETER = re.compile(r"(?<!BR-)\b([A-Z]{2,4}|99)-(\d\d)\b(?: to (?:\1-)?(\d\d)\b)?")
"""Business rules of e-invoices, such as BR-IC-10, are not ours."""

_INTRODUCTION = """# Rules and their tests

Printed from the ids of the tests and from `docs/rules.yaml` by `python -m tools.rules_coverage`; do not edit.

Each row states a rule in one sentence, and the public article that it comes from. A test names the cases that it holds
at the beginning of its name (`test_led_58_led_59_…`) or in the id of a parameter (`LED-03 to LED-05 time`). Of an
**enforced** group, every case must be named by a test or have a reason; a test fails otherwise. Of the other groups the
table only says what is there.
"""


@dataclass(frozen=True)
class Case:
    """What holds, in one sentence, and where it comes from: addresses of articles, other rules, a decision of ours."""

    rule: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """A group of the rules: its cases by their ids, in order."""

    name: str
    title: str
    cases: Mapping[str, Case]


@dataclass(frozen=True)
class Rules:
    """``docs/rules.yaml``."""

    enforced: tuple[str, ...]
    groups: tuple[Group, ...]
    reasons: Mapping[str, str]

    @property
    def cases(self) -> set[str]:
        return {case for group in self.groups for case in group.cases}

    def open(self, covered: Iterable[str]) -> list[str]:
        """Cases of enforced groups that no test names and nothing excuses."""
        done = {*covered, *self.reasons}
        return [
            case for group in self.groups if group.name in self.enforced for case in group.cases if case not in done
        ]


def read() -> Rules:
    document = yaml.safe_load(RULES.read_text("utf-8"))
    groups = tuple(
        Group(name, group["title"], {case: _case(entry) for case, entry in group["cases"].items()})
        for name, group in document["groups"].items()
    )
    return Rules(tuple(document["enforced"]), groups, document["not_covered"])


def _case(entry: Mapping[str, str | list[str]]) -> Case:
    rule, source = entry["rule"], entry["source"]
    return Case(str(rule), (source,) if isinstance(source, str) else tuple(source))


def collected() -> list[str]:
    """The node ids of all tests, as pytest collects them. Raises ``RuntimeError`` with what pytest says."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *FOLDERS]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = run.stdout.splitlines()
    tests = [line for line in lines if line.startswith(FOLDERS) and "::" in line]
    if run.returncode:
        raise RuntimeError("\n".join([line for line in lines if line not in tests] + [run.stderr]))
    return tests


def named(node_id: str, groups: Iterable[str]) -> Iterator[str]:
    """The cases that one test names, of these groups."""
    function, _, parameters = node_id.partition("::")[2].partition("[")
    if found := _IN_NAME.match(function):
        words = found[1].upper().split("_")[1:]
        yield from (f"{group}-{number}" for group, number in zip(words[::2], words[1::2], strict=True))
    for group, first, last in _IN_PARAMETER.findall(parameters):
        if group in groups:
            yield from (f"{group}-{number:02}" for number in range(int(first), int(last or first) + 1))


def coverage(rules: Rules, node_ids: Iterable[str]) -> dict[str, list[str]]:
    """Case -> the files of the tests that name it, in order. May hold cases that do not exist."""
    groups = {group.name for group in rules.groups}
    files: dict[str, set[str]] = {}
    for node_id in node_ids:
        for case in named(node_id, groups):
            files.setdefault(case, set()).add(node_id.partition("::")[0])
    return {case: sorted(paths) for case, paths in files.items()}


def document(rules: Rules, covered: Mapping[str, list[str]]) -> str:
    return "\n".join(_lines(rules, covered)) + "\n"


def _lines(rules: Rules, covered: Mapping[str, list[str]]) -> Iterator[str]:
    yield _INTRODUCTION
    yield "| Group | | Enforced | Cases | Named by a test | With a reason | Neither |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for group in rules.groups:
        tested = sum(case in covered for case in group.cases)
        excused = sum(case in rules.reasons and case not in covered for case in group.cases)
        enforced = "yes" if group.name in rules.enforced else ""
        figures = (len(group.cases), tested, excused, len(group.cases) - tested - excused)
        yield f"| [{group.name}](#{_anchor(group)}) | {group.title} | {enforced} | {' | '.join(map(str, figures))} |"
    for group in rules.groups:
        yield ""
        yield f"## {group.name}: {group.title}"
        yield ""
        yield "| Case | Rule | Source | Tests, or why there is none |"
        yield "| --- | --- | --- | --- |"
        for name, case in group.cases.items():
            sources = ", ".join(map(_source, case.sources))
            tests = ", ".join(f"[{Path(path).stem}](../{path})" for path in covered.get(name, []))
            yield f"| {name} | {case.rule} | {sources} | {tests or rules.reasons.get(name, '')} |"


def _source(source: str) -> str:
    """An article as a link with the last part of its address as text, anything else as it is."""
    if not source.startswith("https://"):
        return source
    return f"[{source.rpartition('/')[2]}]({source.replace('(', '%28').replace(')', '%29')})"


def _anchor(group: Group) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^a-z0-9 -]", "", f"{group.name}: {group.title}".lower()).replace(" ", "-")


def main() -> None:
    rules = read()
    print(document(rules, coverage(rules, collected())), end="")


if __name__ == "__main__":
    main()
