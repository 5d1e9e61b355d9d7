"""The plain values of Dataverse's wire: GUIDs, dates, decimals. Pure text in, text or ``Decimal`` out.

Half a surrogate pair (U+D83D alone) is a text for JSON and for Python, but neither bus nor table takes it. It is
replaced by ``REPLACED`` wherever JSON of others is read, and whoever shows a row can tell by that sign (D-076).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

_GUID = re.compile(r"\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?", re.ASCII)
_PLAIN_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_EMPTY_GUID: Final = "00000000-0000-0000-0000-000000000000"

_WIRE_DATE = re.compile(r"/Date\((-?\d{1,15})([+-]\d{4})?\)/", re.ASCII)
_BARE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_DATE: Final = "/Date(-62135596800000"
"""How .NET writes a date that was never set (the first instant of the year 1)."""

_NUMBER = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,4})?", re.ASCII)


REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands where a character could not be read."""
HALF: Final = re.compile("[\ud800-\udfff]")


def whole(value: Any) -> Any:
    """A text, or all texts in lists and objects of JSON, with ``REPLACED`` for each half of a surrogate pair."""
    if isinstance(value, str):
        if HALF.search(value) is None:
            return value
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [whole(member) for member in value]
    if isinstance(value, dict):
        return {whole(name): whole(member) for name, member in value.items()}
    return value


def guid(text: object) -> str | None:
    """The canonical form, lower case without braces; ``None`` if ``text`` is none or is the empty GUID."""
    if not isinstance(text, str):
        return None
    if _PLAIN_GUID.fullmatch(text):
        return None if text == _EMPTY_GUID else text
    found = _GUID.fullmatch(text.strip().lower())
    if found is None:
        return None
    canonical = "-".join(found.groups())
    return None if canonical == _EMPTY_GUID else canonical


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
    return _written(moment, "milliseconds" if moment.microsecond else "seconds")


def plain_instant(text: str) -> str:
    """A timestamp with an offset in UTC, so that it reads the same from every sender; anything else as it is."""
    if len(text) == 10 or text[-1] in "Zz":
        return text
    moment = datetime.fromisoformat(text)
    try:
        return _written(moment.astimezone(UTC), "auto") if moment.tzinfo else text
    except OverflowError:  # in UTC it is before the year 1 or after 9999
        return text


def is_bare_date(text: str) -> bool:
    """Whether ``text`` is a date as ``2026-08-31``."""
    return len(text) == 10 and is_date(text)


def is_date(text: str) -> bool:
    """Whether ``text`` is a bare date or a timestamp in ISO 8601."""
    try:
        if _BARE_DATE.fullmatch(text):
            date.fromisoformat(text)
        else:
            datetime.fromisoformat(text)
            return 10 < len(text) <= 40 and text[4] == "-" and text[10] in "Tt "
    except ValueError:
        return False
    return True


def sortable_instant(text: str) -> str | None:
    """An instant in UTC with milliseconds, so that text order is time order; ``None`` if ``text`` is no instant.

    A timestamp without an offset is taken as UTC: Dataverse stores nothing else.
    """
    if len(text) == 20 and text[-1] == "Z" and text[10] == "T" and is_date(text):
        return f"{text[:-1]}.000Z"
    if not is_date(text) or len(text) == 10:
        return None
    moment = datetime.fromisoformat(text)
    try:
        return _written(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC), "milliseconds")
    except OverflowError:  # in UTC it is before the year 1 or after 9999
        return None


def decimal_text(number: Decimal) -> str:
    """``number`` digit for digit, without an exponent as long as that stays readable."""
    text = str(number)
    return format(number, "f") if "E" in text and -30 < number.adjusted() < 30 else text


def decimal(text: str) -> Decimal | None:
    """A decimal number, exactly; ``None`` for anything else that ``Decimal`` itself would take (``1_000``, ``NaN``)."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _written(moment: datetime, precision: str) -> str:
    text = moment.isoformat(timespec=precision)
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text
