"""Starts each built function as Lambda would, and calls it: is the artefact complete?

    .venv/bin/python tools/build_check.py .aws-sam/local --runtime .tools/awslambdaric/bin/python

Each function runs in Lambda's own runtime client, with nothing on its path but its built folder and the built layer,
and is called with every sample that ``events/`` has for it. AWS is a server on loopback that refuses every call, so a
function passes that answers, or that fails for the refusal alone; one that cannot be imported, does not find its
handler or stumbles before it reaches AWS does not pass.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
RUNTIME_API: Final = "/2018-06-01/runtime"
REFUSAL: Final = "AccessDeniedException"
LAYER: Final = "CommonLayer"
START_SECONDS: Final = 30.0
CALL_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Function:
    """``folder`` holds the built code; ``name`` is that of its folder in the repository."""

    name: str
    folder: Path
    handler: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to. ``error`` is ``None`` for an answer, else what Lambda would be told."""

    error: dict[str, Any] | None
    milliseconds: float

    def defect(self) -> str | None:
        """What is wrong with the artefact, ``None`` when AWS's refusal was all that went wrong."""
        if self.error is None or REFUSAL in json.dumps(self.error):
            return None
        return f"{self.error.get('errorType')}: {self.error.get('errorMessage')}"


class _Server(ThreadingHTTPServer):
    """A server on a free port of loopback."""

    daemon_threads = True
    disable_nagle_algorithm = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        # Nagle's algorithm would hold each answer back for 40 ms.
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _RefusingAws(_Quiet):
    """Answers every call of the AWS SDK that it is not allowed, which the SDK does not try again."""

    def do_POST(self) -> None:
        self.body()
        refusal = {"__type": REFUSAL, "message": "nothing is allowed here"}
        self.answer(400, json.dumps(refusal).encode(), {"Content-Type": "application/x-amz-json-1.0"})

    do_GET = do_PUT = do_POST


@dataclass
class _Invocations:
    """What is to be called and what came of it, between this process and the runtime client's requests."""

    calls: queue.SimpleQueue[bytes] = field(default_factory=queue.SimpleQueue)
    outcomes: queue.SimpleQueue[tuple[str, dict[str, Any] | None]] = field(default_factory=queue.SimpleQueue)


def _runtime_api(invocations: _Invocations) -> type[BaseHTTPRequestHandler]:
    """The part of the Runtime API that a function needs: the next event, its answer or error, and a failed start."""

    class RuntimeApi(_Quiet):
        def do_GET(self) -> None:
            event = invocations.calls.get()
            headers = {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": "00000000-0000-4000-8000-000000000000",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + CALL_SECONDS) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:built",
            }
            self.answer(200, event, headers)

        def do_POST(self) -> None:
            body = self.body()
            kind = self.path.rsplit("/", 1)[-1]
            invocations.outcomes.put((kind, None if kind == "response" else json.loads(body)))
            self.answer(202, b"{}", {"Content-Type": "application/json"})

    return RuntimeApi


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = _Server(handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()


def functions(build: Path) -> list[Function]:
    """The functions of the built template, with placeholders for what their variables will refer to."""
    template = yaml.safe_load((build / "template.yaml").read_text(encoding="utf-8"))
    source = yaml.safe_load_all  # the built template has no short forms
    del source
    common = template["Globals"]["Function"]
    found = []
    for id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            given = resource["Properties"]
            variables = common["Environment"]["Variables"] | given["Environment"]["Variables"]
            found.append(
                Function(
                    name=id,
                    folder=build / given["CodeUri"],
                    handler=given.get("Handler", common["Handler"]),
                    environment={name: v if isinstance(v, str) else name for name, v in variables.items()},
                )
            )
    return found
