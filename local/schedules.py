"""The schedules of the template by the clock on the wall: at a rate, or by ``cron``, in UTC."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local.cloudformation import TemplateError
from local.template import Function

_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECONDS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}
_CRON: Final = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NAMES: Final = {name: number for names in (_MONTHS, _DAYS) for number, name in enumerate(names, start=1)}
_LONGEST: Final = timedelta(hours=1)
"""What is missed for longer is not made up for: the machine was asleep."""
_MINUTE: Final = timedelta(minutes=1)


class Schedules:
    """A rate is due for the first time once its time has passed, ``cron`` when its minute comes, as in EventBridge."""

    def __init__(
        self,
        functions: Iterable[Function],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._clock, self._wall = clock, wall
        named = [(function.name, schedule) for function in functions for schedule in function.schedules]
        self._every = [(name, every) for name, text in named if (every := seconds_of(text)) is not None]
        self._next = [clock() + seconds for _, seconds in self._every]
        self._crons = [(name, Cron(text)) for name, text in named if seconds_of(text) is None]
        self._seen = wall().replace(second=0, microsecond=0)

    def due(self) -> Iterator[str]:
        """The names of the functions that are due now, each once. What was missed for long is not made up for."""
        now = self._clock()
        for place, (name, seconds) in enumerate(self._every):
            if now >= self._next[place]:
                self._next[place] = now + seconds
                yield name
        minutes = list(self._minutes())
        yield from (name for name, cron in self._crons if any(map(cron.is_at, minutes)))

    def _minutes(self) -> Iterator[datetime]:
        """The minutes that have begun since it was asked last."""
        now = self._wall().replace(second=0, microsecond=0)
        first = max(self._seen + _MINUTE, now - _LONGEST)
        self._seen = max(self._seen, now)
        for passed in range(max(0, (now - first) // _MINUTE + 1)):
            yield first + passed * _MINUTE


class Cron:
    """Minutes, hours, day of the month, month, day of the week (1 is Sunday), year: ``cron(30 2 * * ? *)``.

    Numbers, names, lists, ranges and steps. Raises ``TemplateError`` for what else EventBridge knows (L, W, #).
    """

    def __init__(self, text: str) -> None:
        found = _CRON.fullmatch(text)
        if found is None:
            raise TemplateError(f"a schedule is written as rate(5 minutes) or cron(30 2 * * ? *), not {text!r}")
        try:
            limits = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
            self._fields = [_values(field, *limit) for field, limit in zip(found.groups(), limits, strict=True)]
        except ValueError:
            raise TemplateError(f"{text}: a local stack knows numbers, names, lists, ranges and steps") from None

    def is_at(self, moment: datetime) -> bool:
        """Whether it calls in this minute."""
        weekday = moment.isoweekday() % 7 + 1
        parts = (moment.minute, moment.hour, moment.day, moment.month, weekday, moment.year)
        return all(part in values for part, values in zip(parts, self._fields, strict=True))


def _values(field: str, first: int, last: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        begin, dash, end = span.partition("-")
        if begin in ("*", "?"):
            low, high = first, last
        else:
            low = _number(begin)
            high = _number(end) if dash else last if step else low
        found |= set(range(low, high + 1, int(step or 1)))
    if not found or min(found) < first or max(found) > last:
        raise ValueError(field)
    return frozenset(found)


def _number(text: str) -> int:
    return _NAMES[text] if text in _NAMES else int(text)


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
