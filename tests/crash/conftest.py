"""One dynoxide for all tests of a module, emptied for each of them."""

from __future__ import annotations

import pytest

from project_invoicing.store import history
from tests.large import empty, only_this_machine, stack

__all__ = ["empty", "only_this_machine", "stack"]


@pytest.fixture(autouse=True)
def _one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """History entries say when a run wrote them, and runs are compared here."""
    monkeypatch.setattr(history, "clock", lambda: "2026-08-31T13:00:00.000000+00:00")
