"""Says whether the tests in a folder have passed with everything as it is now.

python -m tools.unchanged FOLDER           # exit code 0 where they have, else 1
python -m tools.unchanged --note FOLDER    # notes that they have

What counts is the text of the files in the folder and of those that they import, the packages, and the settings. A
clean checkout has no note.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

from tools.imports import ROOT, reached

_NOTES = ROOT / ".pytest_cache"
_ALWAYS = ("pyproject.toml", "requirements-dev.txt")


def state(folder: Path, also: Iterable[Path] = ()) -> str:
    """A hash of all that the tests in ``folder`` depend on."""
    inside = [file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    files = {*inside, *also, *reached(file for file in inside if file.suffix == ".py")}
    made = hashlib.sha256(sys.version.encode())
    for file in sorted(files):
        made.update(f"\0{file.relative_to(ROOT)}\0".encode())
        made.update(file.read_bytes())
    return made.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.unchanged", description="Have these tests passed as it is?")
    parser.add_argument("--note", action="store_true", help="note that they have")
    parser.add_argument("folder", help="a folder of the checkout that has tests")
    options = parser.parse_args()
    note = _NOTES / f"passed-{options.folder.replace('/', '-')}"
    now = state(ROOT / options.folder, [ROOT / name for name in _ALWAYS])
    if options.note:
        _NOTES.mkdir(exist_ok=True)
        note.write_text(now, "utf-8")
        return 0
    if not note.exists() or note.read_text("utf-8") != now:
        return 1
    print(f"{options.folder}: nothing has changed since its tests passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
