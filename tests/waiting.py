"""Waits for what other processes do in their own time."""

from __future__ import annotations

import time
from collections.abc import Callable


def becomes(true: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether it is true within the time."""
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.02)
    return true()
