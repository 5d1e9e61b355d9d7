"""Requests as the HTTP API hands them to the function (payload 2.0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

URL = "https://workspace.contoso.example"
HOST = urlsplit(URL).netloc
REFERENCE = "JKJaXmPLvHcESHA="


def request(
    method: str,
    address: str,
    *,
    body: str = "",
    cookies: Sequence[str] = (),
    host: str = HOST,
    **headers: str,
) -> dict[str, Any]:
    """``address`` is path and query; a header's name is written with underscores."""
    path, _, query = address.partition("?")
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "cookies": [*cookies],
        "headers": {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}},
        "queryStringParameters": dict(parse_qsl(query, keep_blank_values=True)) or None,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "domainName": host,
            "requestId": REFERENCE,
            "stage": "$default",
            "timeEpoch": 1788166800000,
            "http": {
                "method": method,
                "path": unquote(path),
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
        },
        "body": body or None,
        "isBase64Encoded": False,
    }


def header_of(answer: Mapping[str, Any], name: str) -> str:
    return next((str(value) for key, value in answer["headers"].items() if key.lower() == name), "")
