"""HTTP requests as an HTTP API hands them to a function (payload 2.0), and what it makes of the function's answer."""

from __future__ import annotations

import uuid
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """``path`` and ``query`` as they stand in the URL."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """``headers`` may have a name several times."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


def _said(status: int, message: str) -> Answer:
    return Answer(status, [("Content-Type", "application/json")], f'{{"message":"{message}"}}'.encode())


NOT_FOUND: Final = _said(404, "Not Found")
FAILED: Final = _said(500, "Internal Server Error")


def request_event(request: Request, at: str) -> Json:
    """The event of a request that arrived ``at`` (ISO 8601, UTC). A body that is not text is in base64."""
    moment = datetime.fromisoformat(at)
    headers = {name.lower(): value for name, value in request.headers.items()}
    cookies = [one.strip() for one in headers.pop("cookie", "").split(";") if one.strip()]
    route = f"{request.method} {request.path}"
    event: Json = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": headers.get("host", "local.execute-api.us-east-1.amazonaws.com"),
            "domainPrefix": "local",
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": route,
            "stage": "$default",
            "time": f"{moment:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(moment.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if request.query:
        event["queryStringParameters"] = dict(parse_qsl(request.query, keep_blank_values=True))
    try:
        event["body"] = request.body.decode()
    except UnicodeDecodeError:
        event |= {"body": b64encode(request.body).decode(), "isBase64Encoded": True}
    return event


def answer_of(returned: Json) -> Answer:
    """The answer that a function returned."""
    body = str(returned.get("body") or "")
    headers = [(name, str(value)) for name, value in (returned.get("headers") or {}).items()]
    headers += [("Set-Cookie", cookie) for cookie in returned.get("cookies") or ()]
    encoded = returned.get("isBase64Encoded")
    return Answer(int(returned["statusCode"]), headers, b64decode(body) if encoded else body.encode())
