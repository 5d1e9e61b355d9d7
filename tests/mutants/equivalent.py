"""The mutants that no test can notice, each with its argument."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

LIST: Final = Path(__file__).with_name("equivalent.yaml")


def arguments() -> dict[str, str]:
    """The argument of each, by id. One argument may serve several."""
    read = yaml.safe_load(LIST.read_text("utf-8")) or []
    return {id: entry["because"] for entry in read for id in entry["mutants"]}
