"""Counts what a reconciliation has read and stops it when time runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from project_invoicing.errors import IntegrationError

T = TypeVar("T")

_STEP: Final = 1_000


class OutOfTime(IntegrationError):
    """The invocation ends before everything is read. The text says how far it got."""


@dataclass(slots=True)
class Watch:
    """Counts what is read, and stops in time. ``time_left`` False: nothing more may be started."""

    time_left: Callable[[], bool]
    read: dict[str, int] = field(default_factory=dict)

    def over(self, what: str, found: Iterable[T]) -> Iterator[T]:
        """Yields from ``found``, counted as ``what``. Raises ``OutOfTime``."""
        self.read.setdefault(what, 0)
        for one in found:
            self.read[what] += 1
            if self.read[what] % _STEP == 0 and not self.time_left():
                raise OutOfTime(f"time ran out after {self.read[what]} {what}")
            yield one
