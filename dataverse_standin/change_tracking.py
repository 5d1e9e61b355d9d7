"""Change tracking: pages of what was written and deleted since a delta token.

A token is a row version with the time it was given, as Dataverse writes it. The pages of one answer stop at the version
at which the first page was read: a row that changes meanwhile leaves them and comes with the next token, so that
nothing is lost between pages and nothing comes twice with the same version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dataverse_standin.json_rows import URL
from dataverse_standin.messages import WebApiError
from dataverse_standin.rows import Rows

EXPIRED: Final = "0x80044352"
REFUSED_OPTIONS: Final = ("$filter", "$orderby", "$expand", "$top")
ALL: Final = -1
"""The version that all rows are newer than: what the first request asks for."""

_TIME: Final = "%m/%d/%Y %H:%M:%S"
_PREFIX: Final = "changes"


@dataclass(frozen=True, slots=True)
class Changes:
    """A page: rows, then ids of deleted rows. One of the two tokens is there, ``next`` while there is more."""

    rows: list[dict[str, Any]]
    deleted: list[str]
    next: str | None
    delta: str | None


@dataclass(frozen=True, slots=True)
class _Position:
    """What was asked for (``since``, ``upto``) and how much of it was given, in versions."""

    since: int
    upto: int
    written: int
    deleted: int


def is_position(skip_token: str) -> bool:
    return skip_token.startswith(f"{_PREFIX}!")


def refuse_options(query: Mapping[str, str]) -> None:
    """Raises ``WebApiError`` (400) for the query options that do not go with change tracking."""
    for option in REFUSED_OPTIONS:
        if option in query:
            text = f'The "{option}" query parameter isn\'t supported when Change Tracking is enabled.'
            raise WebApiError(400, URL, text)


def count(rows: Rows, entity: str, since: int) -> int:
    written, deleted, _ = rows.changed_since(entity, since)
    return len(written) + (0 if since == ALL else len(deleted))


def page(rows: Rows, entity: str, *, since: int, skip_token: str | None, size: int) -> Changes:
    """The changes after the version ``since``, or the next page of those that ``skip_token`` began."""
    at = _position(skip_token) if skip_token else None
    written, deleted, version = rows.changed_since(entity, since if at is None else at.since)
    if at is None:
        at = _Position(since, version, since, since)
    left = [row for row in written if at.written < row["versionnumber"] <= at.upto]
    # Whoever asks for all rows has none yet that could be gone.
    gone = [] if at.since == ALL else [(when, id) for when, id in deleted if at.deleted < when <= at.upto]
    shown, gone_now = left[:size], gone[: max(0, size - len(left))]
    if len(shown) < len(left) or len(gone_now) < len(gone):
        last_written = shown[-1]["versionnumber"] if shown else at.written
        last_deleted = gone_now[-1][0] if gone_now else at.deleted
        token = "!".join(str(part) for part in (_PREFIX, at.since, at.upto, last_written, last_deleted))
        return Changes(shown, [id for _, id in gone_now], token, None)
    return Changes(shown, [id for _, id in gone_now], None, f"{at.upto}!{rows.now().astimezone(UTC):{_TIME}}")


def version_of(token: str, now: datetime, days: int, status: int) -> int:
    """The row version of a delta token. Raises ``WebApiError`` with ``EXPIRED`` when it is older than ``days``."""
    version, _, given = token.partition("!")
    try:
        at = datetime.strptime(given, _TIME).replace(tzinfo=UTC)
        since = int(version)
    except ValueError:
        raise WebApiError(400, URL, f"{token!r} is not a delta token; start again with odata.track-changes") from None
    if now - at > timedelta(days=days):
        text = "Version stamp associated with the client has expired. Please perform a full sync."
        raise WebApiError(status, EXPIRED, text)
    return since


def _position(skip_token: str) -> _Position:
    try:
        since, upto, written, deleted = (int(part) for part in skip_token.split("!")[1:])
    except ValueError:
        raise WebApiError(400, URL, f"{skip_token!r} is not a skip token") from None
    return _Position(since, upto, written, deleted)
