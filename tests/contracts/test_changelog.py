"""The changelog has the releases with their dates, the newest first, and the project has the version of the newest."""

from __future__ import annotations

import re
import tomllib
from datetime import date

from local import ROOT

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
RELEASE = re.compile(r"^(\d+)\.(\d+)\.(\d+) \((\d{4}-\d{2}-\d{2})\)$")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
KINDS = {"Added", "Changed", "Fixed", "Breaks"}


def test_what_is_not_released_comes_first_then_releases_with_falling_numbers_and_dates() -> None:
    first, *releases = HEADING.findall(CHANGELOG)
    found = [release for heading in releases if (release := RELEASE.match(heading))]

    assert first == "Unreleased"
    assert [release.group(0) for release in found] == releases
    numbers = [tuple(int(part) for part in release.group(1, 2, 3)) for release in found]
    assert numbers == sorted(set(numbers), reverse=True)
    dates = [date.fromisoformat(release.group(4)) for release in found]
    assert dates == sorted(dates, reverse=True)


def test_the_project_has_the_version_of_the_newest_release() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]

    assert HEADING.findall(CHANGELOG)[1].startswith(f"{version} (")


def test_changes_stand_under_their_kind() -> None:
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)) <= KINDS
