"""The values of Dataverse's wire: row ids, dates as .NET writes them, decimals. Pure text in, text out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from project_invoicing.domain.text import guid, is_date, sortable_instant, written

__all__ = ["decimal_text", "guid", "is_date", "plain_date", "plain_instant", "sortable_instant"]

_WIRE_DATE = re.compile(r"/Date\((-?\d{1,15})([+-]\d{4})?\)/", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_DATE: Final = "/Date(-62135596800000"
"""How .NET writes a date that was never set (the first instant of the year 1)."""


def plain_date(text: str) -> str | None:
    """``/Date(1506384247000-0700)/`` as ``2017-09-26T00:04:07Z``; any other text as it is.

    The milliseconds count from 1970 in UTC and the offset only says where the sender was, so it moves nothing. It is
    kept where it makes a midnight of what is none in UTC: that may be the calendar date of a sender elsewhere.
    ``None`` for the date that .NET writes when none was set. A date outside the calendar stays as it came, so that
    whoever needs the column refuses it by name.
    """
    found = _WIRE_DATE.fullmatch(text)
    if found is None:
        return text
    if text.startswith(_NO_DATE):
        return None
    try:
        moment = _EPOCH + timedelta(milliseconds=int(found[1]))
        if found[2] and moment.time() != time():
            there = moment.astimezone(datetime.strptime(found[2], "%z").tzinfo)
            moment = there if there.time() == time() else moment
    except (OverflowError, ValueError):  # outside the calendar, or an offset that is none
        return text
    return written(moment, "milliseconds" if moment.microsecond else "seconds")


def plain_instant(text: str) -> str:
    """A timestamp with an offset in UTC, so that it reads the same from every sender; anything else as it is."""
    if len(text) == 10 or text[-1] in "Zz":
        return text
    moment = datetime.fromisoformat(text)
    try:
        return written(moment.astimezone(UTC), "auto") if moment.tzinfo else text
    except OverflowError:  # in UTC it is before the year 1 or after 9999
        return text


def decimal_text(number: Decimal) -> str:
    """``number`` digit for digit, without an exponent as long as that stays readable."""
    text = str(number)
    return format(number, "f") if "E" in text and -30 < number.adjusted() < 30 else text
