"""Which files of the project a file imports, as its text says."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (ROOT, ROOT / "layers" / "common", ROOT / "layers" / "documents")
"""Where modules of the project are found."""


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of each import in a file, those in functions and for types alone included.

    ``from a import b`` gives ``a.b``, whether ``b`` is a module or something in ``a``.
    """
    for node in ast.walk(ast.parse(file.read_text("utf-8"), str(file))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def reached(files: Iterable[Path]) -> set[Path]:
    """The files, those of the project that they import, those that these import, and so on."""
    found: set[Path] = set()
    ahead = list(files)
    while ahead:
        file = ahead.pop()
        if file not in found:
            found.add(file)
            ahead += [other for _, name in imported(file) for other in _files_of(name)]
    return found


def module_of(name: str) -> str:
    """The module that an imported name is, or is in: ``a.b`` of ``a.b.something``."""
    steps = name.split(".")
    return next(
        (
            ".".join(steps[:count])
            for count in range(len(steps), 1, -1)
            if any((folder.joinpath(*steps[:count])).with_suffix(".py").is_file() for folder in FOLDERS)
        ),
        name,
    )


def _files_of(name: str) -> Iterator[Path]:
    """The files that Python runs for the import of a name: the module's, and those of the packages around it."""
    steps = name.split(".")
    for count in range(1, len(steps) + 1):
        for folder in FOLDERS:
            place = folder.joinpath(*steps[:count])
            yield from (file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file())
