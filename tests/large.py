"""A stack for large tables and for threads: dynoxide, kept for all tests of a module. And the fixtures for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.business import without_streams
from local import engines
from tests import snapshots
from tests.harness import World
from tests.sockets import loopback

AT = "2026-08-31T13:00:00Z"


@contextmanager
def large_world() -> Iterator[World]:
    """The functions over dynoxide. Skips the test where there is none."""
    try:
        with engines.running("dynoxide"):
            yield without_streams(World(AT))
    except engines.EngineError as missing:
        pytest.skip(f"there is no dynoxide for every platform, and none without npm: {missing}")


@pytest.fixture(autouse=True)
def only_this_machine(_no_sockets: None) -> Iterator[None]:
    """After the fixture that lets no test have a socket."""
    with loopback():
        yield


@pytest.fixture(scope="module")
def stack() -> Iterator[World]:
    with large_world() as world:
        yield world


@pytest.fixture
def empty(stack: World) -> World:
    """The stack without any documents."""
    snapshots.clear(stack)
    stack.at = AT
    return stack
