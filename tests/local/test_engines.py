"""Engines are child processes that listen on loopback only, and leave nothing behind however their owner ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
import pytest
from pytest_socket import enable_socket

from local import ROOT, engines
from tests.waiting import becomes

pytestmark = pytest.mark.engine

OWNER = """
import os, time
from local import engines
with engines.running("ministack"):
    print(os.environ["AWS_ENDPOINT_URL"], flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _loopback() -> None:
    enable_socket()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where engines put what they write."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def answers(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_nothing_is_left_when_the_engine_ends(scratch: Path) -> None:
    with engines.running("ministack"):
        url = os.environ["AWS_ENDPOINT_URL"]
        assert answers(url)
        assert list(scratch.iterdir())

    assert not answers(url)
    assert not list(scratch.iterdir())


def test_nothing_is_left_when_the_work_fails(scratch: Path) -> None:
    urls = []

    def work() -> None:
        with engines.running("ministack"):
            urls.append(os.environ["AWS_ENDPOINT_URL"])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert not answers(urls[0])
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_owner_is_ended(scratch: Path, ending: signal.Signals) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with owner:
        assert owner.stdout
        url = owner.stdout.readline().decode().strip()
        assert answers(url)
        owner.send_signal(ending)

    assert becomes(lambda: not answers(url))
    assert becomes(lambda: not list(scratch.iterdir()))


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads the kernel's list of listening sockets")
def test_it_listens_on_loopback_only() -> None:
    with engines.running("ministack"):
        port = int(os.environ["AWS_ENDPOINT_URL"].rpartition(":")[2])
        families = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
        lines = [line.split() for family in families if family.exists() for line in family.read_text().splitlines()]

    listening = [fields[1] for fields in lines if fields[1].endswith(f":{port:04X}") and fields[3] == "0A"]
    assert listening == [f"0100007F:{port:04X}"]


def test_the_sdk_sees_the_engine_and_nothing_of_the_users_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    before = dict(os.environ)
    with engines.running("ministack"):
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_ACCESS_KEY_ID"] != "mine"
        assert boto3.client("dynamodb").list_tables()["TableNames"] == []

    assert dict(os.environ) == before


def test_a_missing_engine_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engines, "TOOLS", tmp_path / ".tools")

    with (
        pytest.raises(engines.EngineError, match=r"\.tools/ministack/bin/python is not there; run: make setup"),
        engines.running("ministack"),
    ):
        pass


def test_an_engine_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / ".tools" / "ministack" / "bin" / "python"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\necho no such luck; exit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(engines, "TOOLS", tmp_path / ".tools")

    with pytest.raises(engines.EngineError, match="did not start: no such luck"), engines.running("ministack"):
        pass
