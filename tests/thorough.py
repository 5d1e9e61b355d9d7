"""How much of the same a run tries: a few cases in `make pr`, many in `make nightly`."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")


def thorough(few: T, many: T) -> T:
    """How many examples or seeds, or which: ``few``, or ``many`` where the environment has ``NIGHTLY``."""
    return many if os.environ.get("NIGHTLY") else few
