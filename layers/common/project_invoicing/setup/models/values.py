"""Values of the set-up document and how they are written: exact decimals, days, names. All rows are frozen."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from project_invoicing.domain.number_sequence import is_number_format
from project_invoicing.setup.models.row import After, Before, Limited, SetupRow, Written, told

_PLAIN_DECIMAL = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_PLAIN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _exact(value: object) -> object:
    """Rejects floats, which have already lost digits, and ``1e400`` and ``1_000``, which nobody writes as an amount."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole or isinstance(value, Decimal) or (isinstance(value, str) and _PLAIN_DECIMAL.fullmatch(value)):
        return value
    raise told(f'{value!r} is no exact decimal; write it in quotes, such as "1.25"')


def _day(value: object) -> object:
    """A date, never an instant: pydantic alone would also accept numbers and midnights."""
    if (isinstance(value, date) and not isinstance(value, datetime)) or (
        isinstance(value, str) and _PLAIN_DATE.fullmatch(value)
    ):
        return value
    raise told(f"{value!r} is no date; write it as 2026-08-31")


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise told(f"{name!r} is no time zone; use an IANA name such as America/New_York") from None
    return name


def _number_format(text: str) -> str:
    if not is_number_format(text):
        raise told(f'{text!r} is no number format; it needs one run of # for the counter, such as "FTI-########"')
    return text


def any_of(*allowed: StrEnum) -> After:
    def check(value: StrEnum) -> StrEnum:
        if value not in allowed:
            raise told(f"{value.value!r} is not allowed here; use one of {', '.join(allowed)}")
        return value

    return After(check)


Name = Annotated[str, Limited(min_length=1, max_length=100)]
Day = Annotated[date, Before(_day)]
Precision = Annotated[Decimal, Limited(gt=0, max_digits=12, decimal_places=6), Before(_exact)]
Rate = Annotated[Decimal, Limited(gt=0, max_digits=20, decimal_places=10), Before(_exact)]
Percent = Annotated[Decimal, Limited(ge=0, le=1000, max_digits=10, decimal_places=6), Before(_exact)]
Deductible = Annotated[Decimal, Limited(ge=0, le=100, max_digits=10, decimal_places=6), Before(_exact)]
Discount = Annotated[Decimal, Limited(ge=0, le=100, max_digits=10, decimal_places=6), Before(_exact)]
UnitAmount = Annotated[Decimal, Limited(ge=0, max_digits=18, decimal_places=6), Before(_exact)]
TimeZone = Annotated[str, After(_time_zone)]
NumberFormat = Annotated[str, Limited(max_length=40), After(_number_format)]
Dimensions = dict[Name, str]


def _switch(value: object) -> object:
    """YAML reads a bare ``on`` or ``off`` as a truth value."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


class OnOff(StrEnum):
    ON = "on"
    OFF = "off"


Switch = Annotated[OnOff, Written(_switch)]


def at_most_one(row: SetupRow, *names: str) -> None:
    given = [name for name in names if getattr(row, name) is not None]
    if len(given) > 1:
        raise told(f"{' and '.join(given)} exclude each other; keep one of them")
