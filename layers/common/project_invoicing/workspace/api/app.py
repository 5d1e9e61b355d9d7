"""The API from an HTTP event to its answer. No cookie is looked at, and no answer is a page."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final
from urllib.parse import unquote

from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.domain.actor import Actor, How
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.text import whole
from project_invoicing.errors import Conflict, Rejected, Unavailable
from project_invoicing.observe import count, logger
from project_invoicing.workspace.api.bearer import caller_of
from project_invoicing.workspace.api.call import Call, Kept
from project_invoicing.workspace.api.problem import Problem, of_refused, of_rejected
from project_invoicing.workspace.api.routes import OPERATIONS, Operation
from project_invoicing.workspace.guard import header, headers_of, origin_of
from project_invoicing.workspace.secret import NotSetUp

PREFIX: Final = "/api/"
MOST_BYTES: Final = 256 * 1024
MOST_WITH_FILE: Final = 5_700_000
"""A file of 4 MB in base64, and the rest of its body."""
MOST_TEXT: Final = 500
"""Bytes."""
MOST_DEPTH: Final = 10
_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
_NOBODY: Final = Actor("", "", How.API, frozenset())


def handle(event: Mapping[str, Any], time_left: Callable[[], int]) -> dict[str, Any]:
    """Answers an event of an HTTP API (payload 2.0). Never raises: what nobody foresaw is logged and answered with 500.

    ``time_left`` returns the milliseconds that the invocation has left.
    """
    reference = str(event["requestContext"].get("requestId") or "")
    name = "unknown"
    try:
        operation, part = _operation(event)
        name = operation.name
        body, extra = _answer(event, operation, part, time_left), {"Content-Type": _JSON}
        status = 202 if isinstance(body, Kept) else 200
    except Exception as error:  # noqa: BLE001 - the caller gets an answer whatever happens
        problem = _problem(error, reference)
        body, status = problem.body(reference), problem.status
        extra = {"Content-Type": _PROBLEM, **problem.headers}
    logger.info("api", operation=name, status=status, reason=body.get("reason"), reference=reference)
    count(f"Api{status}")
    return {
        "statusCode": status,
        "headers": {**_headers(event), **extra},
        "body": json.dumps(body, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e"),
    }


def _operation(event: Mapping[str, Any]) -> tuple[Operation, str]:
    """The operation that is called, and what its path has in place of a name. Raises ``Problem`` (404, 405)."""
    method, path = event["requestContext"]["http"]["method"], str(event.get("rawPath") or "")
    there = [(one, part) for one in OPERATIONS if (part := one.part(path)) is not None]
    for operation, part in there:
        if operation.method == method:
            return operation, unquote(part)
    if there:
        allowed = ", ".join(operation.method for operation, _ in there)
        raise Problem(405, "method", f"this address takes {allowed}", headers={"Allow": allowed})
    raise Problem(404, "unknown", "there is no such address; GET /api/v1/openapi.json lists those that there are")


def _answer(event: Mapping[str, Any], operation: Operation, part: str, time_left: Callable[[], int]) -> dict[str, Any]:
    actor = _NOBODY if operation.open else caller_of(event, settings())
    query = event.get("queryStringParameters") or {}
    most = MOST_WITH_FILE if operation.long else MOST_BYTES
    body = _body(event, most) if operation.method == "POST" else {}
    short = {name: value for name, value in body.items() if name != operation.long or not isinstance(value, str)}
    _must_be_short([part, *(text for name, text in query.items() if name != "cursor"), short])
    if operation.method == "POST":
        logger.info("api call", operation=operation.name, actor=actor.id)
    module, _, name = operation.does.partition(":")
    does: Callable[[Call], dict[str, Any]] = getattr(import_module(f"{__package__}.{module}"), name)
    return does(Call(actor, utc_text(bootstrap.now()), whole(part), whole(dict(query)), whole(body), time_left))


def _body(event: Mapping[str, Any], most: int) -> dict[str, Any]:
    """The JSON object in the body. Raises ``Problem`` (400, 413, 415)."""
    kind = header(event, "content-type").partition(";")[0].strip().lower()
    if kind != _JSON:
        raise Problem(415, "media_type", f"send JSON: Content-Type: {_JSON}")
    text = event.get("body") or ""
    if len(text) > most * 4 // 3 + 4:
        raise Problem(413, RejectReason.TOO_LARGE, f"the body is longer than {most} bytes")
    try:
        sent = (
            base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode("utf-8", "replace")
        )
        if len(sent) > most:
            raise Problem(413, RejectReason.TOO_LARGE, f"the body is longer than {most} bytes")
        found = json.loads(sent.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Problem(400, "form", "the body is no JSON") from None
    if not isinstance(found, dict):
        raise Problem(400, "form", "the body is a JSON object")
    return found


def _must_be_short(value: object, depth: int = 0) -> None:
    """Raises ``Problem`` (422) for a text that no number and no id could be, and for what no request nests."""
    if depth > MOST_DEPTH:
        raise Problem(422, RejectReason.SCHEMA, f"the body nests more than {MOST_DEPTH} times")
    match value:
        case str():
            if len(value.encode("utf-8", "replace")) > MOST_TEXT:
                raise Problem(422, RejectReason.SCHEMA, f"{value[:40]!r}… is longer than {MOST_TEXT} bytes")
        case dict():
            _must_be_short([*value, *value.values()], depth)
        case list():
            for one in value:
                _must_be_short(one, depth + 1)


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _problem(error: Exception, reference: str) -> Problem:
    """What the caller is told. Of an error that nobody foresaw, only where it stands in the log."""
    match error:
        case Problem():
            return error
        case Rejected():
            return of_rejected(error)
        case Refused():
            return of_refused(error)
        case Conflict():
            return Problem(409, "conflict", "something else changed the same document just now; ask again")
        case NotSetUp():
            logger.error("api", outcome="not set up", detail=str(error))
            return Problem(503, "not_set_up", str(error))
        case Unavailable():
            again = {"Retry-After": "5"}
            return Problem(503, "unavailable", "a service did not answer; nothing is lost, ask again", headers=again)
        case _:
            logger.exception("api", reference=reference)
            return Problem(500, "defect", "this should not have happened; say the reference to whoever runs the stack")


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    return {**headers_of(origin_of(event, settings())), "Cache-Control": "no-store"}
