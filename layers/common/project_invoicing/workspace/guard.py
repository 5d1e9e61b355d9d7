"""Who may come in, and what every answer tells the browser."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from project_invoicing.config import Settings
from project_invoicing.domain.actor import Actor, How, Role
from project_invoicing.workspace.session import Session

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Forbidden(Exception):
    """A request that was not sent from a page of ours."""


def session_of(event: APIGatewayProxyEventV2, settings: Settings, now: datetime) -> Session | None:
    """The session of the request."""
    return Session(Actor("local", "Local user", How.WORKSPACE, frozenset(Role)), "local", now + timedelta(hours=1))


def must_be_same_site(event: APIGatewayProxyEventV2, form: Mapping[str, str], session: Session | None) -> None:
    """Raises ``Forbidden`` for a form that was not sent from a page of this session."""
    if session and form.get("token") != session.token:
        raise Forbidden("The form has no token of this session.")
