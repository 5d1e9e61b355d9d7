"""What earlier releases left in the tables is read by the code of today, and finished with the same result.

A stored attribute that changes its meaning, or that is no longer read, fails here. CONTRIBUTING.md says how to change
one safely.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from project_invoicing import observe
from project_invoicing.set_aside import METRIC
from tests import released
from tests.harness import World

pytestmark = pytest.mark.engine

RELEASES = sorted((Path(__file__).parent / "released").glob("*.json.gz"))


def test_there_is_a_release_to_be_read() -> None:
    assert RELEASES


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name.removesuffix(".json.gz"))
def test_what_a_release_began_is_finished_with_the_same_result(
    empty: World, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(observe, "count", lambda name, value=1: counted.append(name))
    stored = json.loads(gzip.decompress(release.read_bytes()))
    released.put(empty, stored["items"])
    assert differences(released.finished(empty), stored["result"]) == []
    assert METRIC not in counted  # nothing was set aside as unreadable


def differences(found: Any, expected: Any, where: str = "") -> list[str]:
    """Where two results differ, by path. What a later release adds to a result is no difference."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [
            problem
            for name, value in expected.items()
            for problem in differences(found.get(name), value, f"{where}.{name}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = zip(found, expected, strict=True)
        return [problem for n, (one, other) in enumerate(pairs) for problem in differences(one, other, f"{where}[{n}]")]
    return [] if found == expected else [f"{where}: {found!r} instead of {expected!r}"]
