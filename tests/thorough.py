"""How much of the same a run tries: a few cases in `make pr`, many in `make nightly`."""

from __future__ import annotations

import os


def thorough(few: int, many: int) -> int:
    """How many examples or seeds: ``few``, or ``many`` where the environment has ``NIGHTLY``."""
    return many if os.environ.get("NIGHTLY") else few
