"""The HTTP doors of a stack that stays up, each on a port of its own, on loopback alone.

One is for programs: the routes of the stack, and the one call of Lambda's API that commands make. It answers no page of
a browser: a request that says it comes from one is refused. The other is for browsers: the workspace. Neither answers a
request that names this machine otherwise.
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

from local.http_api import Answer, Request

_INVOKE: Final = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_LARGEST_BODY: Final = 10_000_000
"""Bytes: the limit of an HTTP API."""
_SECONDS: Final = 30
"""How long a connection may stay silent."""

_JSON: Final = [("Content-Type", "application/json")]
_OURS: Final = ("127.0.0.1", "localhost")


class Door(Protocol):
    """What stands behind the servers. It is called by several threads."""

    def http(self, request: Request) -> Answer:
        """A request of a browser."""

    def post(self, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """A POST to a route. Gives status and body of the answer."""

    def invoke(self, function: str, event: Any, *, wait: bool) -> Any:
        """Calls a function by its name in the stack. ``wait``: gives its answer, and raises what it raises.

        ``KeyError`` is raised for a function that is not there.
        """


@contextmanager
def listening(door: Door, port: int) -> Iterator[str]:
    """A server for programs, as long as the context lasts. Gives its URL."""

    class Programs(_Programs):
        behind = door

    with _serving(Programs, port) as url:
        yield url


@contextmanager
def browsing(door: Door, port: int) -> Iterator[str]:
    """A server for browsers, as long as the context lasts. Gives its URL."""

    class Browsers(_Browsers):
        behind = door

    with _serving(Browsers, port) as url:
        yield url


@contextmanager
def _serving(handler: type[_Handler], port: int) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
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

    def log_message(self, format: str, *_: object) -> None:
        """Says nothing: standard error is for what a person should read."""

    def _names_this_machine(self) -> bool:
        host = self.headers.get("Host") or ""
        return (host.rpartition(":")[0] or host) in _OURS

    def _request(self) -> Request | Answer:
        """The request with its body, or why it cannot be taken."""
        length = self.headers.get("Content-Length", "" if self.command == "POST" else "0")
        if not length.isdigit():
            return _problem(411, "Length Required")
        if int(length) > _LARGEST_BODY:
            return _problem(413, "Request Entity Too Large")
        target = urlsplit(self.path)
        return Request(self.command, target.path, dict(self.headers), target.query, self.rfile.read(int(length)))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)


class _Programs(_Handler):
    def do_POST(self) -> None:
        self._send(self._answer())

    def do_GET(self) -> None:
        self._send(_problem(404, "Not Found"))

    def _answer(self) -> Answer:
        if "Origin" in self.headers or not self._names_this_machine():
            return _problem(403, "Forbidden")
        asked = self._request()
        if isinstance(asked, Answer):
            return asked
        if called := _INVOKE.fullmatch(asked.path):
            return self._invoked(unquote(called[1]), asked.body)
        query = dict(parse_qsl(asked.query))
        status, text = self.behind.post(asked.path, asked.headers, query, asked.body)
        return Answer(status, _JSON, text.encode())

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
            return Answer(200, [("X-Amz-Function-Error", "Unhandled")], raised.encode())
        return Answer(200, [], json.dumps(answer).encode()) if wait else Answer(202, [], b"")


class _Browsers(_Handler):
    def do_GET(self) -> None:
        self._send(self._answer())

    def do_POST(self) -> None:
        self._send(self._answer())

    def _answer(self) -> Answer:
        if not self._names_this_machine():
            return _problem(403, "Forbidden")
        asked = self._request()
        return asked if isinstance(asked, Answer) else self.behind.http(asked)


def _problem(status: int, message: str, type: str = "") -> Answer:
    headers = [*_JSON, *([("X-Amzn-ErrorType", type)] if type else [])]
    return Answer(status, headers, json.dumps({"message": message}).encode())
