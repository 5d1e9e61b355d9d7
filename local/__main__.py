"""Starts the command line in an interpreter that has the packages it needs: ``python -m local``."""

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from local import ROOT

_NEEDED = ("aws_lambda_powertools", "boto3", "pydantic", "rich", "yaml")


def start(typed: str, program: Sequence[str]) -> int:
    """Runs the command line and gives its exit code.

    ``typed`` is what the person typed before the command, ``program`` what an interpreter needs to run the same again.
    """
    try:
        _enter_environment(program)
        from local.cli import main  # noqa: PLC0415  it needs the packages

        return main(typed=typed)
    except KeyboardInterrupt:  # also while the packages are loaded
        return 130


def _enter_environment(program: Sequence[str]) -> None:
    """Starts again with the project's environment if this interpreter lacks a package."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if not missing:
        return
    environment = ROOT / ".venv"
    python = environment / "bin" / "python"
    if python.exists() and Path(sys.prefix).resolve() != environment.resolve():
        os.execv(python, [str(python), *program, *sys.argv[1:]])  # noqa: S606
    sys.exit(f"This Python lacks {', '.join(missing)}. Run once: make setup")


if __name__ == "__main__":
    sys.exit(start("python -m local", ["-m", "local"]))
