"""Values that people pass to a function by hand."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from project_invoicing.domain.calendar import EARLIEST, LATEST
from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected

ACTOR: Final = r"[\w.@+:|/\\-]{1,100}"
"""What the id of a person looks like."""


def given_actor(value: object) -> str | None:
    """The id of who asks, if any. Raises ``Rejected`` for anything else than an id."""
    if value is None or (isinstance(value, str) and re.fullmatch(ACTOR, value)):
        return value
    detail = f"actor is the id of who asks, up to 100 characters without blanks, not {str(value)[:100]!r}"
    raise Rejected(RejectReason.SCHEMA, detail, field="actor")


def given_day(text: str, field: str) -> date:
    """The day written as ``2026-08-31``. Raises ``Rejected`` for anything else, and for a day out of bounds."""
    try:
        day = date.fromisoformat(text) if len(text) == len("2026-08-31") else None
    except ValueError:
        day = None
    if day is None:
        raise _refused(f"{field} is written as 2026-08-31, not {text[:40]!r}", field)
    if not EARLIEST <= day <= LATEST:
        raise _refused(f"{field} is {day}; it can be from {EARLIEST} to {LATEST}", field)
    return day


def given_month(text: str, field: str) -> str:
    """The month written as ``2026-08``. Raises ``Rejected`` for anything else, and for one out of bounds."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise _refused(f"{field} is written as 2026-08, not {text[:40]!r}", field)
    given_day(f"{text}-01", field)
    return text


def _refused(detail: str, field: str) -> Rejected:
    return Rejected(RejectReason.SCHEMA, detail, entity="edit", field=field)
