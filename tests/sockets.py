"""Sockets in tests: none, unless a test asks for those of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pytest_socket import disable_socket, enable_socket, socket_allow_hosts


@contextmanager
def none() -> Iterator[None]:
    """A test that does I/O by mistake fails within it."""
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@contextmanager
def loopback() -> Iterator[None]:
    """Sockets as far as this machine: an engine outlives the tests, which otherwise have none."""
    enable_socket()
    socket_allow_hosts(["127.0.0.1", "localhost"], allow_unix_socket=True)
    yield
    enable_socket()
