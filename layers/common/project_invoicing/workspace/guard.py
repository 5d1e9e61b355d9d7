"""Who may come in, and from where: the session of a request, requests from other sites, and the headers of pages."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

from aws_lambda_powertools.shared.cookies import Cookie

from project_invoicing.config import Settings, settings
from project_invoicing.domain.actor import Actor, How, Role
from project_invoicing.workspace.secret import NotSetUp, in_lambda, seals
from project_invoicing.workspace.session import IDLE, Session, Sessions

THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost"})
HOME: Final = "/"
_LONGEST_WAY: Final = 2_000
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f\\]")
_SIGNING: Final = ("/sign-in", "/signed-in", "/sign-out", "/signed-out", "/api/")

_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


def policy(*, frames: str | None = None) -> str:
    """The Content-Security-Policy of our pages; ``frames``: what the page may have in frames."""
    more = {"frame-src": frames} if frames else {}
    return "; ".join(f"{name} {value}" for name, value in {**_POLICY, **more}.items())


HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": policy(),
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers would then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Of every answer. ``headers_of`` adds what only https has."""


class Forbidden(Exception):
    """A request that is not carried out because of where it comes from. The text says so to the person."""


def headers_of(origin: str) -> dict[str, str]:
    over_https = {"Strict-Transport-Security": "max-age=31536000"} if origin.startswith("https:") else {}
    return {**HEADERS, **over_https}


def origin_of(event: Mapping[str, Any], named: Settings) -> str:
    """``https://host`` of the workspace: as it is set up, else as its API knows itself, on this machine as it is asked.

    In AWS no header is asked, which could be anybody's.
    """
    if named.workspace_url:
        parts = urlsplit(named.workspace_url)
        return f"{parts.scheme}://{parts.netloc}"
    if in_lambda():
        return f"https://{event['requestContext']['domainName']}"
    return f"http://{header(event, 'host')}"


def sessions(event: Mapping[str, Any], named: Settings) -> Sessions:
    secure = origin_of(event, named).startswith("https:")
    return Sessions(seals(named), secure=secure, by_company=bool(named.oidc_companies_claim))


def session_of(event: Mapping[str, Any], named: Settings, now: datetime) -> Session | None:
    """Who is signed in; ``None`` for nobody. Raises ``NotSetUp`` and ``Unavailable``, ``Forbidden`` as ``local_user``.

    ``event`` is one of an HTTP API (payload 2.0).
    """
    if named.workspace_local_user:
        return Session(local_user(event, named), _token_of_this_process(), now + IDLE, now + IDLE)
    return sessions(event, named).read(event.get("cookies") or (), now)


def renewed(event: Mapping[str, Any], session: Session, now: datetime) -> list[Cookie]:
    """The cookie of a session that goes on, where it has to be written anew."""
    if settings().workspace_local_user:
        return []
    known = sessions(event, settings())
    again = known.renewed(session, now)
    return [known.cookie(again)] if again else []


def local_user(event: Mapping[str, Any], named: Settings, how: How = How.WORKSPACE) -> Actor:
    """The fixed user of a local stack.

    Raises ``NotSetUp`` where that is set in AWS, and ``Forbidden`` for a request by another name than this machine's:
    a page from elsewhere whose name suddenly means 127.0.0.1 is not let in.
    """
    if in_lambda():
        raise NotSetUp("WORKSPACE_LOCAL_USER is for a local stack; in AWS people sign in")
    if _host(header(event, "host")) not in THIS_MACHINE:
        raise Forbidden("this stack is for this machine alone; open it as http://127.0.0.1 or http://localhost")
    given = {one.strip() for one in named.workspace_local_roles.split(",")}
    roles = frozenset(role for role in Role if role in given or not named.workspace_local_roles)
    companies = frozenset(one.strip() for one in named.workspace_local_companies.split(",") if one.strip()) or None
    return Actor(named.workspace_local_user, named.workspace_local_user, how, roles, companies)


def must_be_same_site(event: Mapping[str, Any], form: Mapping[str, str], session: Session | None) -> None:
    """Raises ``Forbidden`` for a POST that no page of this workspace has sent in this session.

    Every browser in use sends ``Origin`` with a POST. ``token`` in the form is that of the session.
    """
    must_be_own_origin(event)
    given = form.get("token", "")
    if session and not hmac.compare_digest(given.encode("utf-8", "replace"), session.token.encode()):
        raise Forbidden("the page is older than your sign-in; open it again and repeat what you did")


def must_be_own_origin(event: Mapping[str, Any]) -> None:
    """Raises ``Forbidden`` for a request that a browser does not send for a page of ours."""
    site, origin = header(event, "sec-fetch-site"), header(event, "origin")
    if site not in ("", "same-origin") or origin != origin_of(event, settings()):
        raise Forbidden("the request comes from another site, so nothing was done; use the pages of the workspace")


def within(to: str | None) -> str:
    """``to``, if it is a path of this workspace to which one may go after signing in, else the overview.

    Nothing that a browser could take for another host, no control character, and no step of the sign-in.
    """
    if not to or len(to) > _LONGEST_WAY or _UNSAFE.search(to):
        return HOME
    path, mark, query = to.partition("#")[0].partition("?")
    if not path.startswith("/") or "//" in path or path.startswith(_SIGNING):
        return HOME
    return quote(f"{path}{mark}{query}", safe="/?&=%:@!$'()*+,;-._~[]")


def path_of(address: str) -> str:
    """Path and query of an address; empty for what is none."""
    try:
        parts = urlsplit(address)
    except ValueError:  # "http://["
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _host(text: str) -> str | None:
    try:
        return urlsplit(f"//{text}").hostname
    except ValueError:
        return None


@cache
def _token_of_this_process() -> str:
    return secrets.token_urlsafe(32)


def header(event: Mapping[str, Any], name: str) -> str:
    """A header of the request, in whatever case its name is written."""
    headers = event.get("headers") or {}
    return next((str(value) for key, value in headers.items() if key.lower() == name), "")
