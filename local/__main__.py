"""Starts the command line in an interpreter that has what it needs."""

import importlib.util
import os
import sys
from pathlib import Path

from local import ROOT

_NEEDED = ("aws_lambda_powertools", "boto3", "pydantic", "rich", "yaml")


def _enter_environment() -> None:
    """Starts anew with the project's environment where this interpreter lacks a package."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if not missing:
        return
    environment = ROOT / ".venv"
    python = environment / "bin" / "python"
    if python.exists() and Path(sys.prefix).resolve() != environment.resolve():
        os.execv(python, [str(python), "-m", "local", *sys.argv[1:]])  # noqa: S606
    sys.exit(f"This Python lacks {', '.join(missing)}. Run once: make setup")


if __name__ == "__main__":
    try:
        _enter_environment()
        from local.cli import main

        status = main()
    except KeyboardInterrupt:  # also while the packages are loaded
        status = 130
    sys.exit(status)
