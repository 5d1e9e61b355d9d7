"""Values that apply from a given day on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import Generic, TypeVar

T = TypeVar("T")


class Dated(Generic[T]):
    """Values that apply from a given day on."""

    def __init__(self, entries: Iterable[tuple[date, T]]) -> None:
        in_order = sorted(entries, key=lambda entry: entry[0])
        self._days = [day for day, _ in in_order]
        self._values: list[T | None] = [None, *(value for _, value in in_order), None]

    def around(self, day: date) -> tuple[T | None, T | None]:
        """The newest value on or before ``day``, and the first after it."""
        position = bisect_right(self._days, day)
        return self._values[position], self._values[position + 1]

    def on(self, day: date) -> T | None:
        """The newest value on or before ``day``."""
        return self.around(day)[0]
