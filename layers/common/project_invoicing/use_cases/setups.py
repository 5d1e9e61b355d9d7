"""Which version of the set-up a step computes with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from project_invoicing.setup.lookups import FinanceSetup


@dataclass(frozen=True, slots=True)
class SetupVersions:
    """The current set-up for new work, and earlier ones for work that was begun with them.

    A step that needs several transactions names its version in the first one, so that whoever continues it after a
    crash computes the same.
    """

    current: FinanceSetup
    read: Callable[[int], FinanceSetup]

    def of(self, version: int) -> FinanceSetup:
        return self.current if version == self.current.version else self.read(version)
