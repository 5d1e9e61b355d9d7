"""Who does something: a person or the system, how, and what a person may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class How(StrEnum):
    """The door through which something was asked for."""

    WORKSPACE = "workspace"
    API = "api"
    COMMAND_LINE = "command line"
    SCHEDULE = "schedule"
    EVENT = "event"


class Role(StrEnum):
    """What a person may do. Whoever has a role may view; no other role is part of another."""

    VIEWER = "viewer"
    ACCOUNTANT = "accountant"
    APPROVER = "approver"
    POSTER = "poster"
    SCHEDULER = "scheduler"
    ADMINISTRATOR = "administrator"
    COST_POSTER = "cost_poster"
    ADJUSTER = "adjuster"


UNNAMED: Final = "an unnamed person"
"""Whoever asked without saying who it is."""


@dataclass(frozen=True, slots=True)
class Actor:
    """``id`` tells people apart; it is empty for a person who did not say who it is.

    ``roles`` are ``None`` where nobody signs in: whoever may call the function or write to the table may do everything.
    ``companies`` are those whose documents it may see and change; ``None`` for all of them.
    """

    id: str
    name: str
    how: How
    roles: frozenset[Role] | None = None
    companies: frozenset[str] | None = None

    @property
    def is_system(self) -> bool:
        return self.how in (How.SCHEDULE, How.EVENT)

    @property
    def is_known(self) -> bool:
        """Whether it can be told apart from every other person."""
        return bool(self.id)

    @property
    def called(self) -> str:
        """How it is called where people read it."""
        return self.name or self.id or UNNAMED

    def may(self, role: Role) -> bool:
        return self.roles is None or role in self.roles or (role is Role.VIEWER and bool(self.roles))

    def sees(self, company: str | None) -> bool:
        """Whether it may see what is a company's. What is of no company, or not yet, only those see who see all."""
        return self.companies is None or company in self.companies


_SYSTEM: Final = "system"
BY_SCHEDULE: Final = Actor(_SYSTEM, _SYSTEM, How.SCHEDULE)
BY_EVENT: Final = Actor(_SYSTEM, _SYSTEM, How.EVENT)


DOORS: Final = (How.WORKSPACE, How.API, How.COMMAND_LINE)
"""Through which people ask."""


def person(id: str | None, how: How = How.COMMAND_LINE) -> Actor:
    """A person who calls by hand, with the id that the request names, if any."""
    return Actor(id or "", id or "", how)


def relayed(id: str | None, name: str | None, how: str | None) -> Actor:
    """A person for whom another function asks. Its door has looked at the roles; an earlier version did not name it."""
    return Actor(id or "", name or id or "", How(how) if how else How.COMMAND_LINE)
