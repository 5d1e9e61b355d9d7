"""The engines that stand in for AWS, as child processes on loopback or inside this process.

Each gives the environment variables that point the AWS SDK to it. A child process has an environment and a scratch
folder of its own, and a leash (``leash.py``): it ends when this process ends, however that happens.
"""

from __future__ import annotations

import os
import platform
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final

from local import ROOT

TOOLS: Final = ROOT / ".tools"
BUILT: Final = ROOT / ".aws-sam" / "local"
"""Where the stack is built for this machine, for functions that ministack calls itself."""
REGION: Final = "us-east-1"
_START_SECONDS: Final = 30.0
_PORT_ATTEMPTS: Final = 3
_PORT: Final = "{port}"

_SDK: Final = {
    # The one key that ministack has: it takes any for a call, but checks the signature of a link to a file.
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    # With account endpoints botocore would build host names that neither moto nor a loopback engine knows.
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


class EngineError(Exception):
    """An engine is not installed or did not start. The text says what to do."""


@contextmanager
def running(name: str, port: int | None = None) -> Iterator[None]:
    """Starts the engine called ``name`` (a key of ``ENGINES``) and points the AWS SDK of this process to it.

    Its API has ``port``, else a free one. On leaving, the engine is gone and the environment is as before. Raises
    ``EngineError``.
    """
    before = dict(os.environ)
    for inherited in [key for key in before if key.startswith("AWS_")]:
        del os.environ[inherited]
    os.environ.update(_SDK)
    try:
        with ENGINES[name](port) as variables:
            os.environ.update(variables)
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _ministack(port: int | None) -> Iterator[Mapping[str, str]]:
    python = TOOLS / "ministack" / "bin" / "python"
    command = [str(python), str(ROOT / "local" / "ministack_server.py")]
    variables = {
        "GATEWAY_PORT": _PORT,
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "ERROR",
        "FUNCTION_PYTHON": str(TOOLS / "awslambdaric" / "bin" / "python"),
        "BUILT_LAYERS": str(BUILT),
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0",
        # What listens beside the API, and what would look for containers.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
    }
    with _child(python, command, variables, port) as url:
        yield {"AWS_ENDPOINT_URL": url}


@contextmanager
def _dynoxide(port: int | None) -> Iterator[Mapping[str, str]]:
    """Tables and streams in dynoxide; bus and queues, which it lacks, in ministack, which has ``port``."""
    system = {"Linux": "linux", "Darwin": "darwin"}.get(platform.system(), "")
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "")
    binary = TOOLS / "dynoxide" / "node_modules" / "@dynoxide" / f"{system}-{machine}" / "dynoxide"
    with _ministack(port) as bus, _child(binary, [str(binary), "--port", _PORT], {}) as url:
        yield {**bus, "AWS_ENDPOINT_URL_DYNAMODB": url, "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": url}


@contextmanager
def _moto(_port: int | None) -> Iterator[Mapping[str, str]]:
    try:
        from moto import mock_aws  # noqa: PLC0415  a development dependency that no other engine needs
    except ImportError:
        raise EngineError("moto is not installed; run: make setup") from None
    with mock_aws():
        yield {}


ENGINES: Final[Mapping[str, Callable[[int | None], AbstractContextManager[Mapping[str, str]]]]] = {
    "ministack": _ministack,
    "dynoxide": _dynoxide,
    "moto": _moto,
}


@contextmanager
def _child(
    program: Path, command: Sequence[str], variables: Mapping[str, str], wanted: int | None = None
) -> Iterator[str]:
    """A server as a child process, with its port, ``wanted`` or a free one, for ``_PORT`` in command and variables.

    Gives its URL once it accepts connections; ends it on leaving.
    """
    if not program.exists():
        raise EngineError(f"{program.relative_to(TOOLS.parent)} is not there; run: make setup")
    said = ""
    for _ in range(_PORT_ATTEMPTS):
        port = wanted or free_port()
        placed = {name: value.replace(_PORT, str(port)) for name, value in variables.items()}
        with tempfile.TemporaryFile() as output:
            process = _leashed([part.replace(_PORT, str(port)) for part in command], placed, output.fileno())
            try:
                if _answers(port, process):
                    yield f"http://127.0.0.1:{port}"
                    return
            finally:
                _let_go(process)
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
    raise EngineError(f"{program.name} did not start: {said[-2000:]}")


def _leashed(command: list[str], variables: Mapping[str, str], output: int) -> subprocess.Popen[bytes]:
    scratch = tempfile.mkdtemp(prefix="project-invoicing-")
    leash = [sys.executable, "-S", "-E", str(ROOT / "local" / "leash.py"), scratch]
    try:
        return subprocess.Popen(
            [*leash, *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": scratch, "TMPDIR": scratch, **variables},
            # Ctrl-C goes to the terminal's process group: the engine is to end after us, not under our hands.
            start_new_session=True,
        )
    except BaseException:  # Ctrl-C as well: nobody else knows of the folder yet
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _let_go(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
    process.wait()


def free_port() -> int:
    """A port below those of outgoing connections, where a probe cannot connect to itself."""
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311  no secret
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server accepts connections before it ends or the time is up."""
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.01)
    return False
