"""A table of batches and a bucket of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.batches import House
from tests.batches import house as one


@pytest.fixture
def house() -> Iterator[House]:
    with one() as made:
        yield made
