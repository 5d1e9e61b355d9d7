"""A stack that stays up: ``invoicing serve`` as a process, and the commands that find it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import ROOT
from tests.sockets import loopback

_INVOICING = [sys.executable, str(ROOT / "tools" / "invoicing.py")]
_POLICY = ROOT / "local" / "demo_policy.yaml"


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    """These tests are about sockets."""
    with loopback():
        yield


@dataclass
class Machine:
    """A user with a runtime folder of their own, so that no other stack of this checkout is in the way."""

    runtime: Path

    def environment(self) -> dict[str, str]:
        named = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**named, "XDG_RUNTIME_DIR": str(self.runtime), "AWS_EC2_METADATA_DISABLED": "true"}

    def invoicing(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*_INVOICING, *arguments]
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=100, check=False)

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[Serving]:
        command = [*_INVOICING, "serve", *arguments]
        process = subprocess.Popen(
            command, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            yield Serving(process)
        finally:
            process.kill()
            process.wait()


class Serving:
    """``said``: what it had printed when it was ready."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        assert process.stderr
        self.process = process
        self.said = ""
        while line := process.stdout.readline():
            self.said += line
            if line.startswith(("{", "Ctrl-C ends it.")):
                break
        else:
            raise AssertionError(process.stderr.read())
        self.engine = _children(process.pid)

    def end(self, how: signal.Signals) -> tuple[int, str, str]:
        """Exit code, what it still printed, and all that it said on standard error."""
        self.process.send_signal(how)
        out, told = self.process.communicate(timeout=60)
        return self.process.returncode, out, told

    def curl(self, beginning: str) -> tuple[int, Any]:
        """Does what the line of the shell would do that begins so."""
        line = next(line for line in self.said.splitlines() if line.startswith(f"  {beginning}"))
        words = shlex.split(line.replace("$(date -u +%FT%TZ)", "2026-09-07T10:00:00Z"))
        data = words[words.index("--data") + 1]
        body = Path(data[1:]).read_bytes() if data.startswith("@") else data.encode()
        headers = dict(words[place + 1].split(": ") for place, word in enumerate(words) if word == "-H")
        return post(words[-1], headers, body)


def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
    request = urllib.request.Request(url, data=body, headers=dict(headers))  # noqa: S310  loopback
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "runtime")


def test_a_webhook_arrives_commands_find_the_stack_and_its_state_survives(machine: Machine, tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    with machine.serving("--keep", str(keep)) as serving:
        example = re.findall(r"invoicing explain (\S+)", serving.said)[0]
        before = json.loads(machine.invoicing("explain", example, "--json").stdout)
        assert not before["found"]

        assert serving.curl("curl -sSi") == (200, {"published": 1, "rejected": 0, "ignored": 0})
        assert _status(machine, example) == "waits for the next import"
        assert serving.curl("curl -sS --data") == (200, {"journal_lines": 1, "proposals_ready": 0, "waiting": 0})
        assert _status(machine, example).startswith("on journal")

        for command in (
            ["reconcile"],
            ["reconcile", "--last"],
            ["check", "dataverse"],
            ["map", "pause", "actuals", "--reason", "trial"],
            ["map", "resume", "actuals"],
            ["redrive", "actuals_sync"],
            ["rates", "show", "GBP", "USD"],
            ["master", "list", "--problems"],
            ["master", "set", "projects", "USPM", "PRJ-1", "dimensions.CostCenter=008"],
            ["setup", "load", str(_POLICY)],
        ):
            done = machine.invoicing(*command)
            assert (done.returncode, "On the local stack" in done.stderr) == (0, True), (command, done)
        refused = machine.invoicing("preview", "INV-0001")
        assert (refused.returncode, "FTI-00000001" in refused.stdout) == (1, True)

        again = machine.invoicing("serve", "--keep", str(keep))
        assert (again.returncode, f"in use by process {serving.process.pid}" in again.stderr) == (2, True)
        another = machine.invoicing("serve", "--empty")
        assert another.returncode == 2
        assert f"a local stack runs already, in process {serving.process.pid}" in another.stderr

        code, _, told = serving.end(signal.SIGTERM)
        assert (code, told) == (0, f"{_PLAYING}The state is kept in {keep}.\n")
        assert not _alive(serving.engine)
    assert sorted(path.name for path in keep.iterdir()) == ["lock", "state.json"]
    assert not any(machine.runtime.rglob("*.json"))

    with machine.serving("--keep", str(keep), "--json") as serving:
        said = json.loads(serving.said)
        assert said.keys() == {"workspace", "webhook", "webhook_key", "dataverse", "api"}
        assert said["api"] == f"{said['workspace']}/api/v1"
        with urllib.request.urlopen(f"{said['workspace']}/proposals") as page:  # noqa: S310  on loopback
            assert b"INV-0001" in page.read()
        assert _status(machine, example).startswith("on journal")
        assert machine.invoicing("reconcile").returncode == 0
        engine = serving.engine
        serving.process.kill()
        serving.process.wait()
        _wait_for_the_end_of(engine)
        left = machine.invoicing("explain", example)
        assert (left.returncode, "invoicing serve" in left.stderr) == (2, True)

    with machine.serving("--keep", str(keep), "--json") as serving:
        assert json.loads(serving.said)["webhook_key"] == said["webhook_key"]
        assert _status(machine, example).startswith("on journal")
        assert serving.end(signal.SIGINT) == (0, "", f"The state is kept in {keep}.\n")


_PLAYING = "Playing the demo month; this takes some seconds.\n"


def test_an_empty_stack_on_ports_of_ones_own(machine: Machine) -> None:
    first = _four_free_ports()
    with machine.serving("--empty", "--port", str(first), "--json") as serving:
        said = json.loads(serving.said)
        assert said["webhook"] == f"http://127.0.0.1:{first}/dataverse"
        assert said["dataverse"] == f"http://127.0.0.1:{first + 1}"
        assert said["workspace"] == f"http://127.0.0.1:{first + 3}"
        taken = Machine(machine.runtime / "another").invoicing("serve", "--port", str(first))
        assert taken.returncode == 2
        assert taken.stderr.startswith(f"--port: port {first} cannot be used (Address already in use)")
        assert taken.stderr.count("\n") == 1

        assert post(said["webhook"], {}, b"{}")[0] == 401
        key = {"x-webhook-key": said["webhook_key"]}
        assert post(said["webhook"], {**key, "Origin": "http://example.org"}, b"{}")[0] == 403
        assert post(f"{said['webhook']}/more", key, b"{}")[0] == 404
        assert machine.invoicing("setup", "load", str(_POLICY)).returncode == 0

        assert serving.end(signal.SIGINT) == (0, "", "")
        assert not _alive(serving.engine)
    for port in range(first, first + 4):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_lines_that_an_empty_stack_prints_lead_somewhere(machine: Machine) -> None:
    with machine.serving("--empty") as serving:
        load = next(line for line in serving.said.splitlines() if " setup load " in line).split()
        assert machine.invoicing("setup", "load", str(ROOT / load[-1])).returncode == 0
        assert serving.curl("curl -sSi") == (200, {"published": 1, "rejected": 0, "ignored": 0})
        assert serving.end(signal.SIGTERM)[0] == 0


def test_ctrl_c_before_it_is_ready(machine: Machine) -> None:
    command = [*_INVOICING, "serve"]
    with subprocess.Popen(
        command, env=machine.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        assert process.stderr.readline() == _PLAYING
        engine = _children(process.pid)
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=60)
    assert (process.returncode, out, told) == (130, "", "")
    assert not _alive(engine)
    assert not any(machine.runtime.rglob("*.json"))


def _status(machine: Machine, id: str) -> str:
    """What ``explain`` says of an actual, as soon as it knows it: what a webhook brings is delivered a moment later."""
    for _ in range(20):
        found = json.loads(machine.invoicing("explain", id, "--json").stdout)["found"]
        if found:
            return str(found[0]["headline"]).partition(": ")[2]
    raise AssertionError(f"{id} has not arrived")


def _four_free_ports() -> int:
    for first in range(21_000, 31_000, 7):
        try:
            for port in range(first, first + 4):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no port is free")


def _children(process: int) -> list[int]:
    """The processes below this one."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    found = [child for child, parent in parents.items() if parent == process]
    return found + [below for child in found for below in (one for one, over in parents.items() if over == child)]


def _alive(processes: list[int]) -> list[int]:
    assert processes
    listed = subprocess.run(["ps", "-eo", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    states = {int(pid): state for pid, state in (line.split() for line in listed.splitlines())}
    return [one for one in processes if not states.get(one, "Z").startswith("Z")]


def _wait_for_the_end_of(processes: list[int]) -> None:
    for _ in range(100):
        if not _alive(processes):
            return
        subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError("the engine is still there")
