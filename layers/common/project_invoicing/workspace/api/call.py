"""One call of the API, as its operations see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from project_invoicing.domain.actor import Actor


class Kept(dict[str, Any]):
    """An answer to what is kept and not done yet (202)."""


@dataclass(frozen=True, slots=True)
class Call:
    """``at`` is now (ISO 8601, UTC), ``part`` what the path has in place of its name, ``body`` a JSON object.

    ``time_left`` returns the milliseconds that the invocation has left.
    """

    actor: Actor
    at: str
    part: str
    query: Mapping[str, str]
    body: Mapping[str, Any]
    time_left: Callable[[], int]
