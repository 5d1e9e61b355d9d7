"""One dynoxide for the documents of many pages; moto, from the fixtures above, for the tiny ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from local import engines
from pytest_socket import enable_socket, socket_allow_hosts

from benchmarks.business import without_streams
from tests.crash import tables
from tests.harness import World

AT = "2026-08-31T13:00:00Z"


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    """Sockets as far as loopback: a stack lives for all tests of a module."""
    socket_allow_hosts(["127.0.0.1", "localhost"], allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture(scope="module")
def stack() -> Iterator[World]:
    try:
        with engines.running("dynoxide"):
            yield without_streams(World(AT))
    except engines.EngineError as missing:
        pytest.skip(f"there is no dynoxide for every platform, and none without npm: {missing}")


@pytest.fixture
def empty(stack: World) -> World:
    """The stack without any documents."""
    tables.restore(stack, tables.read(stack), {})
    stack.at = AT
    return stack
