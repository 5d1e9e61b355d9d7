"""The schedules of the template by the clock on the wall: those at a rate, such as every five minutes.

Those at a time of day (``cron``) are left to the person: who looks at a local stack asks for a reconciliation.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from local.template import Function

_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECONDS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}


class Schedules:
    """Each is due for the first time once its time has passed, as EventBridge does it."""

    def __init__(self, functions: Iterable[Function], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._every = [
            (function.name, seconds)
            for function in functions
            for schedule in function.schedules
            if (seconds := seconds_of(schedule)) is not None
        ]
        self._next = [clock() + seconds for _, seconds in self._every]

    def due(self) -> Iterator[str]:
        """The names of the functions that are due now. What was missed is not made up for."""
        now = self._clock()
        for place, (name, seconds) in enumerate(self._every):
            if now >= self._next[place]:
                self._next[place] = now + seconds
                yield name


def seconds_of(schedule: str) -> int | None:
    """How often a rate calls; ``None`` for a schedule of another kind."""
    found = _RATE.fullmatch(schedule)
    return int(found[1]) * _SECONDS[found[2]] if found else None


def event(at: str) -> dict[str, Any]:
    """What a schedule sends at ``at`` (ISO 8601, UTC)."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": at,
        "region": "us-east-1",
        "resources": [],
        "detail": {},
    }
