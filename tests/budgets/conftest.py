"""One dynoxide for all tests of a module, emptied for each of them."""

from __future__ import annotations

from tests.large import empty, only_this_machine, stack

__all__ = ["empty", "only_this_machine", "stack"]
