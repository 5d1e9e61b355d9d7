"""Settlement intervals of sales tax: the days of one return to an authority (STX-07)."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from project_invoicing.domain.calendar import add_months

_LAST_START: Final = 28
"""The last day of a month that every month has."""


class IntervalUnit(StrEnum):
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Interval(NamedTuple):
    """The days from ``first`` to ``last``, both of them included."""

    first: date
    last: date


def may_start(unit: IntervalUnit, first: date) -> bool:
    """Whether intervals of this unit can begin on a day: months and years need one that every month has."""
    return unit is IntervalUnit.DAY or first.day <= _LAST_START


def interval_of(first: date, unit: IntervalUnit, number: int, on: date) -> Interval | None:
    """The interval that a day is in, ``number`` units long, the first one from ``first`` on; ``None`` before that."""
    if on < first:
        return None
    if unit is IntervalUnit.DAY:
        begin = first + timedelta(days=(on - first).days // number * number)
        return Interval(begin, begin + timedelta(days=number - 1))
    months = number if unit is IntervalUnit.MONTH else 12 * number
    passed = (on.year - first.year) * 12 + on.month - first.month - (on.day < first.day)
    begin = add_months(first, passed // months * months)
    return Interval(begin, add_months(begin, months) - timedelta(days=1))
