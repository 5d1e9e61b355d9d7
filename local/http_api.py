"""HTTP requests as an HTTP API hands them to a function (payload 2.0), and what it makes of the function's answer."""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

Json = dict[str, Any]

NOT_FOUND: Final = (404, '{"message":"Not Found"}')
FAILED: Final = (500, '{"message":"Internal Server Error"}')


def request_event(path: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, at: str) -> Json:
    """The event of a POST that arrived ``at`` (ISO 8601, UTC). A body that is not text is in base64."""
    moment = datetime.fromisoformat(at)
    event: Json = {
        "version": "2.0",
        "routeKey": f"POST {path}",
        "rawPath": path,
        "rawQueryString": "&".join(f"{name}={value}" for name, value in query.items()),
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "local.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "local",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": f"POST {path}",
            "stage": "$default",
            "time": f"{moment:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(moment.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = dict(query)
    try:
        event["body"] = body.decode()
    except UnicodeDecodeError:
        event |= {"body": b64encode(body).decode(), "isBase64Encoded": True}
    return event


def response_of(answer: Json) -> tuple[int, str]:
    """Status and body of what a function returned."""
    return int(answer["statusCode"]), str(answer.get("body", ""))
