"""Who is signed in: a signed cookie, and nothing that is kept on our side (D-146).

A session ends 60 minutes after its last request, and 8 hours after the sign-in. Its roles are those of the sign-in.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from project_invoicing.domain.actor import Actor, How, Role
from project_invoicing.workspace.seals import Seals

IDLE: Final = timedelta(minutes=60)
LONGEST: Final = timedelta(hours=8)
RENEWED_AFTER: Final = timedelta(minutes=5)
"""A session is written anew not more often than this, so that most pages set no cookie."""
NAME: Final = "session"
_EVERY: Final = ["*"]


@dataclass(frozen=True, slots=True)
class Session:
    """``token`` goes into every form and shows that a POST comes from our own page.

    ``until`` is when the session ends if nothing is asked for any more, ``ends`` when it ends in any case.
    """

    actor: Actor
    token: str
    until: datetime
    ends: datetime

    @classmethod
    def begun(cls, actor: Actor, now: datetime) -> Session:
        now = now.replace(microsecond=0)
        return cls(actor, secrets.token_urlsafe(32), now + IDLE, now + LONGEST)


class Sessions:
    """``secure``: over https, where the cookie is ``__Host-`` and so comes from no other host and no plain page.

    ``by_company``: people see the companies that their tokens name. A session that was begun without that has ended.
    """

    def __init__(self, seals: Seals, *, secure: bool = True, by_company: bool = False) -> None:
        self._seals = seals
        self._secure = secure
        self._by_company = by_company

    def read(self, cookies: Sequence[str], now: datetime) -> Session | None:
        """The session in an event's ``cookies`` (``name=value``); ``None`` without one that is valid ``now``."""
        found = (self._session(text, now) for text in cookie_values(cookies, self._name))
        return next((session for session in found if session), None)

    def renewed(self, session: Session, now: datetime) -> Session | None:
        """The session from now on, where it has to be written anew."""
        until = min(now.replace(microsecond=0) + IDLE, session.ends)
        return replace(session, until=until) if until - session.until >= RENEWED_AFTER else None

    def cookie(self, session: Session) -> Cookie:
        """What the browser sends back. It forgets it when it is closed."""
        who = session.actor
        content = {
            "id": who.id,
            "name": who.name,
            "roles": sorted(who.roles or ()),
            **({"companies": _EVERY if who.companies is None else sorted(who.companies)} if self._by_company else {}),
            "token": session.token,
            "until": int(session.until.timestamp()),
            "ends": int(session.ends.timestamp()),
        }
        return set_cookie(self._name, self._seals.seal(NAME, content, session.until), secure=self._secure)

    def ended(self) -> Cookie:
        """What makes the browser forget the session."""
        return set_cookie(self._name, "", secure=self._secure, seconds=0)

    @property
    def _name(self) -> str:
        return cookie_name(NAME, secure=self._secure)

    def _session(self, text: str, now: datetime) -> Session | None:
        content = self._seals.opened(NAME, text, now)
        if content is None:
            return None
        roles = frozenset(role for role in Role if role in content["roles"])  # a role may have gone since
        named = content.get("companies")
        if not roles or (named is None and self._by_company):
            return None
        companies = None if named in (None, _EVERY) else frozenset(named)
        actor = Actor(content["id"], content["name"], How.WORKSPACE, roles, companies)
        until, ends = (datetime.fromtimestamp(content[name], UTC) for name in ("until", "ends"))
        return Session(actor, content["token"], until, ends)


def cookie_name(name: str, *, secure: bool) -> str:
    return f"__Host-{name}" if secure else name


def set_cookie(name: str, value: str, *, secure: bool, seconds: int | None = None) -> Cookie:
    """A cookie of this host alone that no script can read and that no other site's form sends."""
    return Cookie(name, value, "/", http_only=True, secure=secure, same_site=SameSite.LAX_MODE, max_age=seconds)


def cookie_values(cookies: Sequence[str], name: str) -> Iterator[str]:
    """The values of the cookies of that name: on plain http, another host may have added one."""
    for cookie in cookies:
        key, _, value = cookie.strip().partition("=")
        if key == name:
            yield value
