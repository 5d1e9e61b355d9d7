"""Splits work into the batch sizes that requests accept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunks(found: Iterable[T], size: int) -> Iterator[list[T]]:
    """``found`` in lists of ``size``, the last one of what is left. Takes no more of ``found`` than is asked for."""
    pending = iter(found)
    while chunk := list(islice(pending, size)):
        yield chunk
