"""Values of the set-up document and how they are written: exact decimals, days, names. All rows are frozen."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from project_invoicing.domain.number_sequence import is_number_format

_PLAIN_DECIMAL = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_PLAIN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def told(text: str) -> PydanticCustomError:
    return PydanticCustomError("told", "{text}", {"text": text})


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


def any_of(*allowed: StrEnum) -> AfterValidator:
    def check(value: StrEnum) -> StrEnum:
        if value not in allowed:
            raise told(f"{value.value!r} is not allowed here; use one of {', '.join(allowed)}")
        return value

    return AfterValidator(check)


Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Day = Annotated[date, BeforeValidator(_day)]
Precision = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, max_digits=12, decimal_places=6)]
Rate = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, max_digits=20, decimal_places=10)]
Percent = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=1000, max_digits=10, decimal_places=6)]
Discount = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=100, max_digits=10, decimal_places=6)]
UnitAmount = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, max_digits=18, decimal_places=6)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
NumberFormat = Annotated[str, StringConstraints(max_length=40), AfterValidator(_number_format)]
Dimensions = dict[Name, str]


def _switch(value: object) -> object:
    """YAML reads a bare ``on`` or ``off`` as a truth value."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


class OnOff(StrEnum):
    ON = "on"
    OFF = "off"


Switch = Annotated[OnOff, BeforeValidator(_switch)]


class SetupRow(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def at_most_one(row: SetupRow, *names: str) -> None:
    given = [name for name in names if getattr(row, name) is not None]
    if len(given) > 1:
        raise told(f"{' and '.join(given)} exclude each other; keep one of them")
