"""How operations read what a call asks, and refuse what they do not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from project_invoicing.domain.actor import Role
from project_invoicing.domain.codes import PostingFailure, RejectReason
from project_invoicing.domain.refusals import Refused
from project_invoicing.events.details import shapes
from project_invoicing.use_cases.requests.request import SIGNATURE, Request
from project_invoicing.workspace.api.call import Call
from project_invoicing.workspace.api.problem import Problem

Asks = TypeVar("Asks", bound=Request)


def request_of(request: type[Asks], call: Call) -> Asks:
    """The body as a request. A field that it does not know is refused: it might have narrowed what is done."""
    must_not_sign(call.body)
    known = [shape.name for shape in shapes(request) if shape.name not in SIGNATURE]
    for name in call.body:
        if name not in known:
            detail = f"the request knows no {name[:40]}; what it knows: {', '.join(known)}"
            raise Problem(422, RejectReason.SCHEMA, detail, field=name[:40])
    request.of_detail(call.body, "the request")
    return request.of(call.body)


def must_not_sign(request: Mapping[str, Any]) -> None:
    if request.get("actor") is not None:
        raise Problem(422, RejectReason.SCHEMA, "actor is whoever has signed in; leave it out", field="actor")


def must_know(query: Mapping[str, str], known: Sequence[str]) -> None:
    for name in query:
        if name not in known:
            detail = f"the address knows no {name[:40]}; what it knows: {', '.join(known)}"
            raise Problem(422, RejectReason.SCHEMA, detail, field=name[:40])


def must_be_viewer(call: Call) -> None:
    if not call.actor.may(Role.VIEWER):
        raise Refused(PostingFailure.ROLE_MISSING, f"{call.actor.name} needs the role {Role.VIEWER}")
