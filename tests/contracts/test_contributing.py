"""What CONTRIBUTING.md names is there: files, folders, and the names beside a file."""

from __future__ import annotations

import re

import pytest

from local import ROOT
from tests.contracts.test_imports import HOUSES, MAY_IMPORT

PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
LAYER = ROOT / "layers" / "common" / "project_invoicing"
WHERE = (ROOT, LAYER, ROOT / "tests" / "store_free")
PATHS = sorted(set(re.findall(r"`([\w./]+(?:\.py|\.md|\.yaml|\.toml|/))`", PAGE)))
NAMED = sorted(set(re.findall(r"`(\w+)` (?:in|to) `([\w./]+\.py)`|`(\w+)` \(`([\w./]+\.py)`\)", PAGE)))


def test_there_is_something_to_check() -> None:
    assert len(PATHS) > 30
    assert len(NAMED) > 4


@pytest.mark.parametrize("path", PATHS)
def test_every_file_and_folder_is_there(path: str) -> None:
    assert any((folder / path).exists() for folder in WHERE)


@pytest.mark.parametrize(("name", "path"), [(a or c, b or d) for a, b, c, d in NAMED])
def test_a_name_stands_in_the_file_beside_it(name: str, path: str) -> None:
    (file,) = [folder / path for folder in WHERE if (folder / path).exists()]
    assert re.search(rf"\b{name}\b", file.read_text("utf-8"))


def test_every_room_has_a_line() -> None:
    rooms = {name.partition("/")[0].removesuffix(".py") for name in re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)}
    folders = {folder.parent.name for folder in LAYER.glob("*/__init__.py")}
    assert rooms == folders | {"bootstrap"} | set(HOUSES)
    assert rooms <= MAY_IMPORT.keys()
