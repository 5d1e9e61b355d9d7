"""Fixtures for the tests of the stand-in: no sockets, unless a test asks for those of this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import sockets


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    with sockets.none():
        yield
