"""One dynoxide for all tests of a module, emptied for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import snapshots
from tests.harness import World
from tests.large import AT, large_world, loopback


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
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
