"""Who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from project_invoicing.domain.actor import Actor


@dataclass(frozen=True, slots=True)
class Session:
    """``token`` is what a form of this session carries; the session ends ``until`` a time."""

    actor: Actor
    token: str
    until: datetime
