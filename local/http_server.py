"""The HTTP door of a stack that stays up: its own routes, and the one call of Lambda's API that commands make.

It listens on loopback, and answers no page of a browser: a request that says it comes from one, or that names this
machine otherwise, is refused.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

_INVOKE: Final = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_LARGEST_BODY: Final = 10_000_000
"""Bytes: the limit of an HTTP API."""
_SECONDS: Final = 30
"""How long a connection may stay silent."""

Json = dict[str, Any]
Answer = tuple[int, Mapping[str, str], bytes]


class Door(Protocol):
    """What stands behind the server. It is called by several threads."""

    def post(self, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """A POST to a route. Gives status and body of the answer."""

    def invoke(self, function: str, event: Any, *, wait: bool) -> Any:
        """Calls a function by its name in the stack. ``wait``: gives its answer, and raises what it raises.

        ``KeyError`` is raised for a function that is not there.
        """


@contextmanager
def listening(door: Door, port: int) -> Iterator[str]:
    """A server for ``door``, as long as the context lasts. Gives its URL."""

    class Handler(_Handler):
        behind = door

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.block_on_close = False  # a client that keeps its connection open does not keep us
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="http")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    behind: Door
    timeout = _SECONDS

    def do_POST(self) -> None:
        self._send(self._answer())

    def do_GET(self) -> None:
        self._send(_problem(404, "Not Found"))

    def log_message(self, format: str, *_: object) -> None:
        """Says nothing: standard error is for what a person should read."""

    def _answer(self) -> Answer:
        host = (self.headers.get("Host") or "").rpartition(":")[0] or self.headers.get("Host")
        if "Origin" in self.headers or host not in ("127.0.0.1", "localhost"):
            return _problem(403, "Forbidden")
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            return _problem(411, "Length Required")
        if int(length) > _LARGEST_BODY:
            return _problem(413, "Request Entity Too Large")
        body = self.rfile.read(int(length))
        target = urlsplit(self.path)
        if called := _INVOKE.fullmatch(target.path):
            return self._invoked(unquote(called[1]), body)
        status, text = self.behind.post(target.path, dict(self.headers), dict(parse_qsl(target.query)), body)
        return status, {"Content-Type": "application/json"}, text.encode()

    def _invoked(self, function: str, body: bytes) -> Answer:
        wait = self.headers.get("X-Amz-Invocation-Type", "RequestResponse") == "RequestResponse"
        try:
            event = json.loads(body or b"{}")
        except ValueError:
            return _problem(400, "Could not parse request body into json", "InvalidRequestContentException")
        try:
            answer = self.behind.invoke(function, event, wait=wait)
        except KeyError:
            return _problem(404, f"Function not found: {function}", "ResourceNotFoundException")
        except Exception as error:  # noqa: BLE001  whatever the function raises is its caller's answer
            raised = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})
            return 200, {"X-Amz-Function-Error": "Unhandled"}, raised.encode()
        return (200, {}, json.dumps(answer).encode()) if wait else (202, {}, b"")

    def _send(self, answer: Answer) -> None:
        status, headers, body = answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _problem(status: int, message: str, type: str = "") -> Answer:
    headers = {"Content-Type": "application/json"} | ({"X-Amzn-ErrorType": type} if type else {})
    return status, headers, json.dumps({"message": message}).encode()
