"""How long the built functions take to their first answer under Lambda's runtime client, and which imports cost most.

It is the built stack that is measured: ``make build-check`` builds it.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.engines import BUILT
from local.template import Function, read
from tools.build_check import ROOT, RUNTIME, check, environment_of

_REPETITIONS: Final = 5
"""Of each start, of which the quickest counts."""
_IMPORT: Final = re.compile(r"import time: +(\d+) \|[ \d]+\| +(\w+)")


@dataclass(frozen=True)
class ColdStart:
    """Milliseconds to the first answer and of all imports; of these, by package, the costliest first."""

    function: str
    first: float
    imports: float
    packages: dict[str, float]


def is_built() -> bool:
    return RUNTIME.exists() and (BUILT / "CommonLayer").exists()


def cold_starts() -> list[ColdStart]:
    """One a function. AWS refuses whatever the functions ask it for, so that the first answer waits for nobody."""
    return [_cold_start(function) for function in read(ROOT / "template.yaml").functions]


def _cold_start(function: Function) -> ColdStart:
    first = min(check(function, BUILT).first for _ in range(_REPETITIONS))
    imports = min((_imports(function, BUILT) for _ in range(_REPETITIONS)), key=Counter.total)
    packages = {name: cost / 1000 for name, cost in imports.most_common()}
    return ColdStart(function.name, first * 1000, imports.total() / 1000, packages)


def _imports(function: Function, build: Path) -> Counter[str]:
    command = [str(RUNTIME), "-X", "importtime", "-c", f"import {function.handler.rpartition('.')[0]}"]
    done = subprocess.run(
        command,
        cwd=build / function.id,
        env={**environment_of(build), **function.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return packages_of(done.stderr)


def packages_of(said: str) -> Counter[str]:
    """Microseconds by package, from what ``-X importtime`` says; measuring makes them a little longer."""
    spent: Counter[str] = Counter()
    for cost, package in _IMPORT.findall(said):
        spent[package] += int(cost)
    return spent
