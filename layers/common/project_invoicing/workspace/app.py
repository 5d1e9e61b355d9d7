"""The workspace's door: finds the page of a request, and lets in who may see it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.domain.actor import Role
from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Conflict, IntegrationError, Rejected, Unavailable
from project_invoicing.observe import count, logger
from project_invoicing.workspace import guard
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.links import link
from project_invoicing.workspace.routes import ROUTES, Route
from project_invoicing.workspace.secret import NotSetUp

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from project_invoicing.workspace.session import Session

Page = Callable[..., Response[Any]]

_resolver: Final = APIGatewayHttpResolver()
_ROOM: Final = __name__.rpartition(".")[0]
_API: Final = "/api/"
_LONGEST_FORM: Final = 1024 * 1024
"""Characters."""
_LONGEST_WITH_FILE: Final = 5_700_000
"""A file of 4 MB in base64, and the rest of its form. Lambda takes a little more."""


def handle(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The answer to a request of the HTTP API (payload 2.0)."""
    if str(event.get("rawPath")).startswith(_API):
        answer = importlib.import_module(f"{_ROOM}.api.app").handle(event, context.get_remaining_time_in_millis)
        return cast("dict[str, Any]", answer)
    return _resolver.resolve(cast("dict[str, Any]", event), context)


def page_of(route: Route) -> Page:
    """The function behind a route; imports its module."""
    module, _, name = route.page.partition(":")
    return cast("Page", getattr(importlib.import_module(f"{_ROOM}.{module}"), name))


def _register(route: Route) -> None:
    def answered(**variables: str) -> Response[Any]:
        return _finished(_answer(route, variables), route)

    _resolver.route(rule=route.path, method=route.method, compress=True)(answered)


def _answer(route: Route, variables: Mapping[str, str]) -> Response[Any]:
    """What the page says, or why it does not; with the session from now on, if it is to be written anew."""
    event = _resolver.current_event
    try:
        if route.role is None and route.method == "GET":
            return page_of(route)(Desk(event, None), **variables)
        session = guard.session_of(event, settings(), bootstrap.now())
        answer = _let_in(route, Desk(event, session), session, variables)
        if session and route.role is not None:
            answer.cookies += guard.renewed(event, session, bootstrap.now())
        return answer
    except NotFoundError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever happens, the person gets a page
        return _problem(Desk(event, None), error)


def _let_in(route: Route, desk: Desk, session: Session | None, variables: Mapping[str, str]) -> Response[Any]:
    if route.role is not None:
        if session is None:
            return _to_sign_in(desk)
        if not session.actor.may(route.role):
            return _may_not(desk, route.role)
        if route.of_all and session.actor.companies is not None:
            return _not_of_all(desk)
    if route.method == "POST":
        if len(desk.event.body or "") > (_LONGEST_WITH_FILE if route.files else _LONGEST_FORM):
            what = "The file is too large: at most 4 MB." if route.files else "The form is too long."
            raise Rejected(RejectReason.TOO_LARGE, what)
        guard.must_be_same_site(desk.event, desk.form, session)
    return page_of(route)(desk, **variables)


def _problem(desk: Desk, error: Exception) -> Response[Any]:
    """The page about an error. Of one that nobody foresaw it says only where it stands in the log."""
    from project_invoicing.store.setups import NotLoaded  # noqa: PLC0415 - whoever signs in needs no set-up

    status, title, text, next = (
        500,
        "Not done",
        "This should not have happened.",
        "Say the reference to whoever runs it.",
    )
    match error:
        case guard.Forbidden():
            status, title, text, next = 403, "Not taken", str(error), "Go back, reload the page, and try again."
        case Rejected():
            said = str(error) if error.id else error.detail
            status, title, text, next = 400, "Not understood", said, "Correct it and try again."
        case Conflict():
            status, title, text = 409, "Try again", "Somebody else was changing the same document."
            next = "Load the page again and look at it."
        case NotSetUp():
            logger.error("workspace", outcome="not set up", detail=str(error))
            status, title, text = 503, "Not set up", f"The sign-in is not set up: {error}."
            next = "Whoever runs the stack finds the steps in docs/sign-in.md."
        case NotLoaded():
            status, title, text = 503, "No set-up yet", "No finance set-up is loaded, so there is nothing to show."
            next = "Load one: invoicing setup load FILE. What has arrived meanwhile is kept."
        case Unavailable():
            logger.exception("workspace")
            status, title, text = 503, "Try again later", "A service that this page needs does not answer."
            next = "Wait a minute and load it again."
        case _:
            logger.exception("workspace")
    return desk.page("problem.html", status, title=title, text=text, next=next)


def _to_sign_in(desk: Desk) -> Response[Any]:
    """A page is asked for again after the sign-in. A form is not sent again: it is for the person to see first."""
    event = desk.event
    to = event.raw_path + (f"?{event.raw_query_string}" if event.raw_query_string else "")
    if event.http_method != "GET":
        text, next = "You are not signed in any more, so nothing was done.", "Sign in, and do it again."
        return desk.page("signed_out.html", 401, title="Not done", text=text, next=next)
    if event.headers.get("hx-request"):  # a script cannot go to the issuer, the browser can
        to = guard.path_of(event.headers.get("hx-current-url") or "")
        return Response(401, "text/plain", "", {"HX-Redirect": link("/sign-in", to=to)})
    return desk.go("/sign-in", to=to)


def _may_not(desk: Desk, role: Role) -> Response[Any]:
    text = f"This needs the role {role}, and {desk.actor.name or 'you'} does not have it."
    return desk.page("problem.html", 403, title="Not allowed", text=text, next="Ask an administrator of your sign-in.")


def _not_of_all(desk: Desk) -> Response[Any]:
    own = ", ".join(sorted(desk.actor.companies or ()))
    text = f"This is about all companies of the stack, and you may see {own}."
    return desk.page("problem.html", 403, title="Not allowed", text=text, next="Ask somebody who may see all of them.")


@_resolver.not_found
def _not_found(_: NotFoundError) -> Response[Any]:
    event = _resolver.current_event
    text, next = "There is no such page or document.", "Look for the document with the search."
    return _finished(Desk(event, _session(event)).page("problem.html", 404, title="Not found", text=text, next=next))


def _session(event: APIGatewayProxyEventV2) -> Session | None:
    """Who is signed in, as far as that can be told."""
    try:
        return guard.session_of(event, settings(), bootstrap.now())
    except (guard.Forbidden, IntegrationError):
        return None


def _finished(answer: Response[Any], route: Route | None = None) -> Response[Any]:
    """With the headers of every answer; a page is not kept by anybody."""
    for name, value in guard.headers_of(guard.origin_of(_resolver.current_event, settings())).items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Cache-Control", "no-store")
    count(f"Workspace{answer.status_code}")
    logger.info("workspace", status=answer.status_code, page=route.page if route else None)
    return answer


for _route in ROUTES:
    _register(_route)
