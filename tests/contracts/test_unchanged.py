"""Whether tests that have passed need to run again: what they depend on, and nothing else, says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import imports, unchanged


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of a few files, with tests that have passed."""
    for name, text in {
        "house/tests/test_it.py": "from house import thing\n",
        "house/thing.py": "import helper\n",
        "helper.py": "",
        "stranger.py": "",
        "pyproject.toml": "",
        "requirements-dev.txt": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.setattr(unchanged, "ROOT", tmp_path)
    monkeypatch.setattr(unchanged, "_NOTES", tmp_path / ".pytest_cache")
    monkeypatch.setattr(imports, "FOLDERS", (tmp_path,))
    assert (asked(monkeypatch, "house"), asked(monkeypatch, "--note", "house"), asked(monkeypatch, "house")) == (
        1,
        0,
        0,
    )
    return tmp_path


def asked(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["unchanged", *arguments])
    return unchanged.main()


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("house/tests/test_it.py", 1),
        ("house/tests/golden.json", 1),
        ("house/thing.py", 1),
        ("helper.py", 1),
        ("pyproject.toml", 1),
        ("requirements-dev.txt", 1),
        ("stranger.py", 0),
    ],
)
def test_they_run_again_when_anything_they_depend_on_has_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, changed: str, again: int
) -> None:
    with (folder / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert asked(monkeypatch, "house") == again


def test_they_run_again_when_a_file_is_gone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "helper.py").unlink()
    assert asked(monkeypatch, "house") == 1
