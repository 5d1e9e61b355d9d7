"""Calendar arithmetic for documents: period ends, months, journal periods, settlement intervals, instants as text."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(2199, 12, 31)
"""The range of document dates. Within it, no sum of terms, periods and time zones leaves the calendar."""


class JournalPeriod(StrEnum):
    """The span of transaction dates that one integration journal covers (JRN-01 to JRN-04)."""

    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"
    ALL = "all"


_PERIOD_FORMATS = {
    JournalPeriod.DAYS: "%Y-%m-%d",
    JournalPeriod.MONTHS: "%Y-%m",
    JournalPeriod.YEARS: "%Y",
    JournalPeriod.ALL: "all",
}


def utc_text(moment: datetime) -> str:
    """An instant as events write it, to the second: ``2026-08-27T16:05:00Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def calendar_date(text: str) -> date:
    """The date of a column that holds a calendar date: the date as written, in no time zone (99-26).

    ``text`` is a bare date or a timestamp of that date's midnight. Senders write midnight in UTC or in their own zone:
    if the time as written is not midnight but is midnight in UTC, the UTC date counts.
    """
    if len(text) == len("2026-08-27"):
        return date.fromisoformat(text)
    written = datetime.fromisoformat(text)
    if written.tzinfo and written.time() != time():
        try:
            in_utc = written.astimezone(UTC)
        except OverflowError:  # before the year 1 or after 9999
            return written.date()
        if in_utc.time() == time():
            return in_utc.date()
    return written.date()


def period_key(unit: JournalPeriod, on: date) -> str:
    """The journal period that ``on`` falls in: ``2026-08-27``, ``2026-08``, ``2026`` or ``all``."""
    return on.strftime(_PERIOD_FORMATS[unit])


def first_day(period: str) -> str:
    """As ``last_day``, for the first day."""
    return (period + "-01-01")[:10] if period[:1].isdigit() else EARLIEST.isoformat()


def last_day(period: str) -> str:
    """The last day of a journal period, as ``period_key`` writes it; for journals of all times the latest there is."""
    try:
        start = date.fromisoformat((period + "-01-01")[:10])
    except ValueError:
        return LATEST.isoformat()
    months = {len("2026"): 12, len("2026-08"): 1}.get(len(period))
    return (add_months(start, months) - timedelta(days=1) if months else start).isoformat()


def add_months(on: date, months: int) -> date:
    """The same day ``months`` later, or the last day of the month where that month is too short."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def end_of_week(on: date) -> date:
    """The Sunday of the ISO week."""
    return on + timedelta(days=6 - on.weekday())


def end_of_month(on: date) -> date:
    return on.replace(day=monthrange(on.year, on.month)[1])


def end_of_quarter(on: date) -> date:
    return end_of_month(add_months(on, -on.month % 3))


def end_of_year(on: date) -> date:
    return on.replace(month=12, day=31)


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
