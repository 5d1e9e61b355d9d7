"""Fixtures for all tests: no sockets except on loopback, and only where a test asks for an engine."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import pytest
from botocore.config import Config

from local import engines
from project_invoicing.domain.master_data import Key
from project_invoicing.setup import master_view
from project_invoicing.setup.master_view import NotRead
from project_invoicing.store import client
from tests import quick_moto, sockets
from tests.harness import World
from tests.setups import document

SLOW = frozenset({"crash", "properties", "budgets", "end_to_end", "over_http"})
"""Folders whose tests repeat whole processes: `make test-slow` runs them, and `make pr` all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SLOW & set(item.path.relative_to(item.config.rootpath).parts) or "deployed" in item.nodeid:
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Modules and service models stay to the end, so the garbage collector need not walk through them again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _checked_requests() -> Iterator[None]:
    """Every request is checked against the service's model, which the functions leave to AWS."""
    with patch.object(client, "_CONFIG", client._CONFIG.merge(Config(parameter_validation=True))):
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_moto() -> Iterator[None]:
    with quick_moto.installed():
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A stack that the developer keeps up meanwhile is not the one that the tests ask."""
    with patch.dict(os.environ, {"XDG_RUNTIME_DIR": str(tmp_path_factory.mktemp("runtime"))}):
        yield


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    """Unit tests do no I/O; a test that forgets it fails here."""
    with sockets.none():
        yield


@pytest.fixture(autouse=True)
def unread() -> Iterator[list[Key]]:
    """A step reads the master data that its rules ask for. One that does not would set its rows aside.

    A test that means to ask for what was not read clears the list.
    """
    keys: list[Key] = []

    class Noted(NotRead):
        def __init__(self, key: Key) -> None:
            super().__init__(key)
            keys.append(key)

    with patch.object(master_view, "NotRead", Noted):
        yield keys
    assert not keys, keys[:5]


@pytest.fixture
def moto() -> Iterator[None]:
    """moto in this process: for small tables and one thread."""
    with engines.running("moto"):
        yield


@pytest.fixture
def world(moto: None) -> World:
    """The functions over moto, with the contract's set-up loaded, which everybody has heard of."""
    made = World()
    made.load(document())
    made.drain()
    return made


@pytest.fixture(params=["moto", "ministack", "dynoxide"])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each engine that holds the tables, one after the other."""
    with _running(str(request.param)):
        yield str(request.param)


@pytest.fixture
def dynoxide() -> Iterator[None]:
    """The engine for large tables and for threads."""
    with _running("dynoxide"):
        yield


@contextmanager
def _running(name: str) -> Iterator[None]:
    with sockets.loopback(), ExitStack() as stack:
        try:
            stack.enter_context(engines.running(name))
        except engines.EngineError as missing:
            if name == "dynoxide":
                pytest.skip(f"there is no dynoxide for every platform, and none without npm: {missing}")
            raise
        yield
