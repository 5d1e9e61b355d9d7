"""The steps of signing in and out, as the browser sees them."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie

from project_invoicing import bootstrap
from project_invoicing.config import Settings, settings
from project_invoicing.domain.actor import Actor, How
from project_invoicing.errors import IntegrationError
from project_invoicing.observe import count, logger
from project_invoicing.workspace import secret
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.guard import origin_of, sessions, within
from project_invoicing.workspace.session import Session, cookie_name, cookie_values, set_cookie
from project_invoicing.workspace.sign_in.issuer import issuer_at
from project_invoicing.workspace.sign_in.oidc import LONGEST, Begun, CodeFlow
from project_invoicing.workspace.sign_in.roles import NoRole, person_of
from project_invoicing.workspace.sign_in.tokens import NotValid

BEGUN: Final = "sign-in"
COMES_BACK: Final = "/signed-in"
_PART: Final = 8
"""So much of a state is in the name of its cookie, that two windows may sign in at once."""


def begin(desk: Desk) -> Response[Any]:
    """``GET /sign-in?to=…``: sends the browser to the issuer, and afterwards to a page of ours."""
    named, to = settings(), within(desk.query.get("to"))
    if named.workspace_local_user:
        return _sent(to)
    begun, origin = Begun.anew(to), origin_of(desk.event, named)
    address = _flow(named).address(begun, f"{origin}{COMES_BACK}")
    kept = secret.seals(named).seal(BEGUN, begun.kept(), bootstrap.now() + LONGEST)
    return _sent(address, _cookie(begun.state, origin, kept, int(LONGEST.total_seconds())))


def callback(desk: Desk) -> Response[Any]:
    """``GET /signed-in``: where the issuer sends the browser back to, with a code or an error."""
    named = settings()
    origin, state = origin_of(desk.event, named), desk.query.get("state", "")
    forgotten = _cookie(state, origin, "", 0)
    begun = _begun(desk, named, forgotten.name)
    if begun is None:
        minutes = int(LONGEST.total_seconds()) // 60
        text = f"This sign-in has been used before, or took longer than {minutes} minutes, or is not of this browser."
        return _problem(desk, 400, "unknown", text, "/")
    try:
        claims = _flow(named).finished(begun, desk.query, f"{origin}{COMES_BACK}")
        actor = person_of(claims, named, How.WORKSPACE)
    except NotValid as refused:
        return _problem(desk, 400, refused.code, f"{_capital(refused)} ({refused.code}).", begun.to, forgotten)
    except NoRole as missing:
        text = f"{_capital(missing)}. Ask whoever gives roles in your organization for one."
        return _problem(desk, 403, "no role", text, begun.to, forgotten)
    return _signed_in(desk, actor, begun.to, forgotten)


def end(desk: Desk) -> Response[Any]:
    """``POST /sign-out``: the browser forgets the session."""
    named = settings()
    ended = [] if named.workspace_local_user else [sessions(desk.event, named).ended()]
    return _sent("/signed-out", *ended)


def ended(desk: Desk) -> Response[Any]:
    """``GET /signed-out``: says so, and leads to where one signs out of the organization's account."""
    text, next = "You are signed out of the workspace.", "Close the browser if others use this machine."
    elsewhere = _signs_out(settings())
    return desk.page("signed_out.html", title="Signed out", text=text, next=next, elsewhere=elsewhere)


def _signed_in(desk: Desk, actor: Actor, to: str, forgotten: Cookie) -> Response[Any]:
    logger.info("sign-in", outcome="signed in", actor=actor.id, roles=sorted(actor.roles or ()))
    count("SignedIn")
    begun = Session.begun(actor, bootstrap.now())
    return _sent(to, sessions(desk.event, settings()).cookie(begun), forgotten)


def _begun(desk: Desk, named: Settings, cookie: str) -> Begun | None:
    """The sign-in that this browser began under the name of a cookie, if it is not too long ago."""
    seals, now = secret.seals(named), bootstrap.now()
    found = (seals.opened(BEGUN, text, now) for text in cookie_values(desk.event.cookies, cookie))
    return next((Begun(**content) for content in found if content), None)


def _problem(desk: Desk, status: int, code: str, text: str, to: str, *cookies: Cookie) -> Response[Any]:
    logger.info("sign-in", outcome=code)
    count("SignInRefused")
    next = "Sign in again. If it happens again, say the reference to whoever runs the workspace."
    answer = desk.page("signed_out.html", status, title="Not signed in", text=text, next=next, to=to)
    answer.cookies += cookies
    return answer


def _flow(named: Settings) -> CodeFlow:
    """Raises ``NotSetUp`` where there is nobody to sign in with."""
    if not named.oidc_issuer or not named.oidc_client_id:
        raise secret.NotSetUp("OIDC_ISSUER and OIDC_CLIENT_ID say who signs people in; one of them is not set")
    return CodeFlow(
        issuer_at(named.oidc_issuer),
        named.oidc_client_id,
        secret.secret_named(named.workspace_secret).client_secret,
    )


def _signs_out(named: Settings) -> str:
    """Where one signs out at the issuer; empty where it does not say, or does not answer just now."""
    if not named.oidc_issuer:
        return ""
    try:
        address = issuer_at(named.oidc_issuer).metadata().end_session_endpoint
    except IntegrationError:
        return ""
    return f"{address}?{urlencode({'client_id': named.oidc_client_id})}" if address else ""


def _cookie(state: str, origin: str, value: str, seconds: int) -> Cookie:
    secure = origin.startswith("https:")
    part = "".join(sign for sign in state[:_PART] if sign.isascii() and (sign.isalnum() or sign in "-_"))
    return set_cookie(cookie_name(f"{BEGUN}-{part}", secure=secure), value, secure=secure, seconds=seconds)


def _sent(to: str, *cookies: Cookie) -> Response[Any]:
    return Response(303, "text/plain", "", {"Location": to}, [*cookies])


def _capital(text: object) -> str:
    said = str(text)
    return said[:1].upper() + said[1:]
