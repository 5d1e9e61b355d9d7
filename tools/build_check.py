"""Starts each built function as Lambda would and calls it, to see that the artefact is complete.

    .venv/bin/python -m tools.build_check .aws-sam/local

A function runs under Lambda's own runtime client, with nothing on its path but its built folder and the built layer,
and is called with every sample that ``events/`` has for it. AWS is a server on loopback that refuses all it is asked.
So a function passes that answers, or whose failures are AWS's refusals; one does not pass that cannot be imported, has
no handler, or stumbles before it comes to AWS.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from local.template import Function, read

ROOT: Final = Path(__file__).resolve().parent.parent
RUNTIME: Final = ROOT / ".tools" / "awslambdaric" / "bin" / "python"
LAYER: Final = "CommonLayer"
DOCUMENTS_LAYER: Final = "DocumentsLayer"
REFUSED: Final = "AccessDeniedException"
PATIENCE: Final = 30.0
"""Seconds for a start, and for a call."""

IMPORT_DOCUMENTS: Final = """
import importlib, pkgutil, project_invoice_documents
for module in pkgutil.walk_packages(project_invoice_documents.__path__, "project_invoice_documents."):
    importlib.import_module(module.name)
"""
"""Every module of the layer that one function alone has."""

IMPORT_ALL: Final = """
import importlib, pkgutil, project_invoicing
for module in pkgutil.walk_packages(project_invoicing.__path__, "project_invoicing."):
    importlib.import_module(module.name)

from project_invoicing.workspace import render
environment = render.environment()
compiled, sources = environment.loader.loaders
for name in sources.list_templates():
    compiled.load(environment, name)
"""
"""Every module, and every template as it was compiled."""


class Incomplete(Exception):
    """The artefact lacks something. The text says where it showed."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        # Without it each answer waits 40 ms for the acknowledgement of its headers.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A function that is done is killed in the middle of asking for its next event.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what matters is in the report."""

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def _serving(endpoint: type[_Endpoint]) -> Iterator[str]:
    """Serves on a free port of loopback; gives host and port."""
    server = _Server(("127.0.0.1", 0), endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class _Started:
    """A function under the runtime client: what it is to be called with, what came of it, what it asked of AWS.

    ``outcomes`` are answers of the handler, and as ``errorType`` and ``errorMessage`` its errors, a failed start and
    the end of the process.
    """

    function: Function
    events: queue.SimpleQueue[bytes] = field(default_factory=queue.SimpleQueue)
    outcomes: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)
    refusals: list[str] = field(default_factory=list)

    def aws(self) -> type[_Endpoint]:
        refusals = self.refusals

        class RefusingAws(_Endpoint):
            def do_POST(self) -> None:
                self.body()
                refusals.append(self.headers.get("X-Amz-Target", self.path))
                refusal = {"__type": REFUSED, "message": "nothing is allowed here"}
                self.answer(400, json.dumps(refusal).encode(), Content_Type="application/x-amz-json-1.0")

            def do_GET(self) -> None:
                """An object of a bucket."""
                refusals.append("S3.GetObject")
                text = "<Error><Code>AccessDenied</Code><Message>nothing is allowed here</Message></Error>"
                self.answer(403, text.encode(), Content_Type="application/xml")

        return RefusingAws

    def runtime_api(self) -> type[_Endpoint]:
        events, outcomes = self.events, self.outcomes

        class RuntimeApi(_Endpoint):
            def do_GET(self) -> None:
                self.answer(
                    200,
                    events.get(),
                    Content_Type="application/json",
                    Lambda_Runtime_Aws_Request_Id="00000000-0000-4000-8000-000000000000",
                    Lambda_Runtime_Deadline_Ms=str(int((time.time() + PATIENCE) * 1000)),
                    Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:us-east-1:000000000000:function:built",
                )

            def do_POST(self) -> None:
                outcomes.put(json.loads(self.body()))
                self.answer(202, b"{}", Content_Type="application/json")

        return RuntimeApi

    def call(self, sample: Path) -> None:
        """Raises ``Incomplete`` for a failure that is not AWS's refusal."""
        before = len(self.refusals)
        self.events.put(sample.read_bytes())
        try:
            outcome = self.outcomes.get(timeout=PATIENCE)
        except queue.Empty:
            raise Incomplete(f"{sample.name}: no answer in {PATIENCE:.0f} s") from None
        refused = len(self.refusals) - before
        match outcome:
            case {"errorType": kind, "errorMessage": text} if REFUSED not in text:
                raise Incomplete(f"{sample.name}: {kind}: {text}")
            case {"statusCode": 500} if not refused:
                raise Incomplete(f"{sample.name}: answered with 500")
            case {"batchItemFailures": failures} if len(failures) > refused:
                raise Incomplete(f"{sample.name}: {len(failures)} records failed, {refused} of them at AWS")


@dataclass(frozen=True)
class Checked:
    """A function that is complete: ``first`` seconds from its start to its first answer."""

    samples: int
    first: float
    asked: tuple[str, ...]

    def __str__(self) -> str:
        asked = ", ".join(self.asked) or "nothing"
        return f"{self.samples} samples, first call after {self.first * 1000:.0f} ms, asked AWS for: {asked}"


def check(
    function: Function, build: Path, *, calls: Sequence[Path] = (), environment: Mapping[str, str] | None = None
) -> Checked:
    """Starts the built ``function`` and calls it with its samples, or with ``calls``. Raises ``Incomplete``.

    ``environment`` is added to that of the process: it may lead to services that do not refuse.
    """
    samples = calls or sorted((ROOT / "events" / function.name).glob("*.json"))
    if not samples:
        raise Incomplete(f"there is no sample in events/{function.name}/")
    started = _Started(function)
    begin = time.perf_counter()
    with _serving(started.aws()) as aws, _serving(started.runtime_api()) as api, tempfile.TemporaryFile() as log:
        variables = environment_of(build, *(function.layers or [LAYER])) | {
            **function.environment,
            "AWS_ENDPOINT_URL": f"http://{aws}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_NAME": function.id,
            "AWS_LAMBDA_RUNTIME_API": api,
            "LAMBDA_TASK_ROOT": str(build / function.id),
            **(environment or {}),
        }
        command = [str(RUNTIME), "-m", "awslambdaric", function.handler]
        with subprocess.Popen(command, cwd=build / function.id, env=variables, stdout=log, stderr=log) as process:
            threading.Thread(target=_report_end, args=(process, started), daemon=True).start()
            try:
                started.call(samples[0])
                first = time.perf_counter() - begin
                for sample in samples[1:]:
                    started.call(sample)
            except Incomplete as incomplete:
                log.seek(0)
                raise Incomplete(f"{incomplete}\n{log.read().decode(errors='replace')[-4000:]}") from None
            finally:
                process.kill()
    return Checked(len(samples), first, tuple(sorted({target.rpartition(".")[2] for target in started.refusals})))


def environment_of(build: Path, *layers: str) -> dict[str, str]:
    """Of a process that finds these built layers, else the common one, and nothing of this machine's."""
    return {
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPATH": os.pathsep.join(str(build / layer / "python") for layer in layers or (LAYER,)),
    }


def _report_end(process: subprocess.Popen[bytes], started: _Started) -> None:
    code = process.wait()
    started.outcomes.put({"errorType": "Runtime.ExitError", "errorMessage": f"the process ended with {code}"})


def check_layer(build: Path, program: str = IMPORT_ALL, *above: str) -> str:
    """Imports every module of the built layer, also those that a function imports only later, and loads each template.

    ``above``: a layer that is on the common one, whose modules ``program`` imports. Raises ``Incomplete``.
    """
    layers = (LAYER, *above)
    done = subprocess.run(
        [str(RUNTIME), "-c", program],
        env=environment_of(build, *layers),
        cwd=build / layers[-1],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise Incomplete(done.stderr)
    return "every module imports, every template is compiled"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("build", type=Path, help="the folder that sam build wrote")
    build = parser.parse_args().build.resolve()
    template = read(ROOT / "template.yaml")
    incomplete = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        checks: dict[str, Future[Any]] = {"layer": pool.submit(check_layer, build)}
        checks["layer of documents"] = pool.submit(check_layer, build, IMPORT_DOCUMENTS, DOCUMENTS_LAYER)
        checks |= {function.name: pool.submit(check, function, build) for function in template.functions}
        for name, future in checks.items():
            try:
                print(f"{name:22} {future.result()}")
            except Incomplete as defect:
                incomplete += 1
                print(f"{name:22} INCOMPLETE {defect}")
    return 1 if incomplete else 0


if __name__ == "__main__":
    sys.exit(main())
