"""Text from others as plain values: row ids, dates, instants, decimals. Text in, text or ``Decimal`` out, no I/O.

Half a surrogate pair (U+D83D alone) is valid text for JSON and for Python, but neither bus nor table accepts it. It is
replaced by ``REPLACED`` wherever foreign JSON is read, and the sign tells whoever shows the row (D-076).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

_GUID = re.compile(r"\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?", re.ASCII)
_PLAIN_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_EMPTY_GUID: Final = "00000000-0000-0000-0000-000000000000"
_BARE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,4})?", re.ASCII)

REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands in for a character that could not be read."""
HALF: Final = re.compile("[\ud800-\udfff]")


def whole(value: Any) -> Any:
    """A text, or all texts in JSON lists and objects, with ``REPLACED`` for each half of a surrogate pair."""
    if isinstance(value, str):
        if HALF.search(value) is None:
            return value
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [whole(member) for member in value]
    if isinstance(value, dict):
        return {whole(name): whole(member) for name, member in value.items()}
    return value


def number_of(number: int, one: str, many: str | None = None) -> str:
    """So many of something, as people say it: ``1 document``, ``2 documents``."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def guid(text: object) -> str | None:
    """The canonical form, lower case without braces; ``None`` if ``text`` is not a GUID or is the empty one."""
    if not isinstance(text, str):
        return None
    if _PLAIN_GUID.fullmatch(text):
        return None if text == _EMPTY_GUID else text
    found = _GUID.fullmatch(text.strip().lower())
    if found is None:
        return None
    canonical = "-".join(found.groups())
    return None if canonical == _EMPTY_GUID else canonical


def is_bare_date(text: str) -> bool:
    """Whether ``text`` is a date such as ``2026-08-31``."""
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
        return written(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC), "milliseconds")
    except OverflowError:  # in UTC it is before the year 1 or after 9999
        return None


def decimal(text: str) -> Decimal | None:
    """A decimal number, exactly; ``None`` for other text, even if ``Decimal`` would take it (``1_000``, ``NaN``)."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def written(moment: datetime, precision: str) -> str:
    """``moment`` in ISO 8601 to that precision, with ``Z`` for UTC."""
    text = moment.isoformat(timespec=precision)
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text
