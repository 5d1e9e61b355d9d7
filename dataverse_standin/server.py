"""The HTTP server of the stand-in, on loopback: signing in, the Web API with ``$batch``, faults on purpose.

    with running(rows, Settings()) as server:
        ...  # server.url

``running`` ends all its threads and connections.
"""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from dataverse_standin import batch
from dataverse_standin.login import Login
from dataverse_standin.messages import Headers, Request, Response, WebApiError
from dataverse_standin.rows import Rows
from dataverse_standin.service_protection import ServiceProtection
from dataverse_standin.settings import Settings
from dataverse_standin.web_api import WebApi

UNAVAILABLE: Final = "0x80044150"
"""The code of an error that is not the caller's fault."""
_BATCH = re.compile(r"/api/data/v9\.\d{1,2}/\$batch", re.ASCII)
_LONGEST_URL: Final = 32_768
_LARGEST_BODY: Final = 128 * 1024 * 1024
"""The largest request that Dataverse takes, in bytes."""


class _Dropped(Exception):
    """The connection is closed without an answer."""


class Server:
    """One organization behind a port of this machine. ``settings`` may be changed while it runs."""

    def __init__(self, rows: Rows, settings: Settings, port: int = 0) -> None:
        self.settings = settings
        self._http = _Http(self, port)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._rows = rows
        self._login = Login(settings, self.url)
        self._protection = ServiceProtection(settings)
        self._web_api = WebApi(rows, settings, self.url)
        self._faults_lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        """The response to a request as it came from the wire."""
        signing_in = self._login.answer(request)
        if signing_in is not None:
            return signing_in
        if self._happens("drop_next_before"):
            raise _Dropped
        if self._happens("unavailable_next"):
            return WebApiError(503, UNAVAILABLE, "The service is unavailable; try again later.").response()
        refusal = self._login.refusal(request)
        if refusal is not None:
            return refusal
        is_batch = request.method == "POST" and _BATCH.fullmatch(urlsplit(request.target).path) is not None
        try:
            with self._protection.request(is_batch=is_batch):
                if is_batch:
                    response = batch.answered(request, self._web_api.answer, self._rows.transaction)
                else:
                    response = self._web_api.answer(request)
        except WebApiError as error:
            response = error.response()
        if self._happens("drop_next_after"):
            raise _Dropped
        return response

    def serve(self) -> None:
        self._http.serve_forever(poll_interval=0.01)

    def close(self) -> None:
        self._http.shutdown()
        self._http.close_connections()
        self._http.server_close()

    def _happens(self, fault: str) -> bool:
        """Whether a fault that is counted down happens now."""
        with self._faults_lock:
            left: int = getattr(self.settings.faults, fault)
            setattr(self.settings.faults, fault, max(0, left - 1))
            return left > 0


@contextmanager
def running(rows: Rows, settings: Settings | None = None, *, port: int = 0) -> Iterator[Server]:
    """A server for ``rows`` on the loopback, at ``port`` or a free one, as long as the context lasts."""
    server = Server(rows, settings or Settings(), port)
    thread = threading.Thread(target=server.serve, name="dataverse")
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them
    request_queue_size = 128

    def __init__(self, owner: Server, port: int) -> None:
        self.owner = owner
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Ends the connections that clients keep open, whose threads would wait for ever."""
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is not an error of the server; anything else is a defect, and is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet
    server: _Http

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # what is not allowed is for the Web API to say
            return self._answer
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        """Nothing: tests read what they care about."""

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        refusal = None
        if "Transfer-Encoding" in self.headers:
            refusal = WebApiError(411, "0x0", "The stand-in takes no body in chunks; send its Content-Length.")
        elif not length.isascii() or not length.isdigit() or int(length) > _LARGEST_BODY:
            refusal = WebApiError(413, "0x0", f"A body of {length} bytes is refused.")
        elif len(self.path) > _LONGEST_URL:
            refusal = WebApiError(414, "0x0", f"The URL is longer than {_LONGEST_URL} characters; use $batch.")
        if refusal is not None:
            self.close_connection = True  # what follows on it is the body
            self._send(refusal.response())
            return
        request = Request(self.command, self.path, Headers(dict(self.headers.items())), self.rfile.read(int(length)))
        try:
            response = self.server.owner.answer(request)
        except _Dropped:
            self.close_connection = True
            return
        self._send(response)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status not in {204, 304}:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
