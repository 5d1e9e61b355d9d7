"""The workspace's door: finds the page of a request, and lets in who may see it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.domain.actor import Role
from project_invoicing.errors import Conflict, Rejected, Unavailable
from project_invoicing.observe import count, logger
from project_invoicing.workspace import guard
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.routes import ROUTES, Route

Page = Callable[..., Response[Any]]

_resolver: Final = APIGatewayHttpResolver()
_ROOM: Final = __name__.rpartition(".")[0]


def handle(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The answer to a request of the HTTP API (payload 2.0)."""
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
    event = _resolver.current_event
    session = guard.session_of(event, settings(), bootstrap.now())
    desk = Desk(event, session)
    try:
        if route.role is not None:
            if session is None:
                return _to_sign_in(desk)
            if not session.actor.may(route.role):
                return _may_not(desk, route.role)
        if route.method == "POST":
            guard.must_be_same_site(event, desk.form, session)
        return page_of(route)(desk, **variables)
    except guard.Forbidden as why:
        return desk.page(
            "problem.html", 403, title="Not taken", text=str(why), next="Go back, reload the page, and try again."
        )
    except (Rejected, ValueError) as why:
        return desk.page("problem.html", 400, title="Not understood", text=str(why), next="Correct it and try again.")
    except Conflict:
        text = "Somebody else was changing the same document."
        return desk.page("problem.html", 409, title="Try again", text=text, next="Load the page again and look at it.")
    except Unavailable:
        logger.exception("workspace")
        text = "A service that this page needs does not answer."
        return desk.page(
            "problem.html", 503, title="Try again later", text=text, next="Wait a minute and load it again."
        )


def _to_sign_in(desk: Desk) -> Response[Any]:
    to = desk.event.raw_path
    if desk.event.raw_query_string:
        to += f"?{desk.event.raw_query_string}"
    if desk.event.http_method != "GET":
        return desk.go("/sign-in")
    return desk.go("/sign-in", to=to)


def _may_not(desk: Desk, role: Role) -> Response[Any]:
    text = f"This needs the role {role}, and {desk.actor.name or 'you'} does not have it."
    return desk.page("problem.html", 403, title="Not allowed", text=text, next="Ask an administrator of your sign-in.")


@_resolver.not_found
def _not_found(_: NotFoundError) -> Response[Any]:
    event = _resolver.current_event
    desk = Desk(event, guard.session_of(event, settings(), bootstrap.now()))
    text, next = "There is no such page.", "Look for the document with the search."
    return _finished(desk.page("problem.html", 404, title="Not found", text=text, next=next))


def _finished(answer: Response[Any], route: Route | None = None) -> Response[Any]:
    """With the headers of every answer; a page is not kept by anybody."""
    for name, value in guard.HEADERS.items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Cache-Control", "no-store")
    count(f"Workspace{answer.status_code}")
    logger.info("workspace", status=answer.status_code, page=route.page if route else None)
    return answer


for _route in ROUTES:
    _register(_route)
