"""A step that dies at every one of its requests, and what the next run makes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.counting import counted
from tests.crash import tables
from tests.crash.tables import Tables
from tests.faults import TRANSACTION, Killed, colliding, dying
from tests.harness import World

Run = Callable[[World], object]


class Step:
    """One step of the process over the tables as they are now. The step must be the same each time it runs."""

    def __init__(self, world: World, run: Run) -> None:
        self.world, self.run = world, run
        self.before = tables.read(world)
        with counted(world.client) as usage:
            run(world)
        self.requests = usage.requests
        self.transactions = usage.operations[TRANSACTION]
        self.undisturbed = tables.read(world)
        self._now = self.undisturbed
        assert self.undisturbed != self.before, "a step that changes nothing shows nothing"

    def dies_at_every_request(self) -> int:
        """Each request once not sent, once applied without anybody to read its answer. Returns how many ends it has.

        Deaths that leave the same tables have the same future, which is lived through once.
        """
        ends: list[Tables] = []
        for at in range(1, self.requests + 1):
            for applied in (False, True):
                left = self._die(at, applied=applied)
                if left not in ends:
                    ends.append(left)
                    self.run(self.world)
                    self._check(f"request {at} of {self.requests} {'applied' if applied else 'not sent'}")
        self._back()
        return len(ends)

    def dies_after_every_transaction(self) -> None:
        """Run after run dies with its first transaction, until one finds nothing left to write."""
        self._back()
        for _ in range(self.transactions + 1):
            try:
                with dying(self.world.client, 1, applied=True, operation=TRANSACTION):
                    self.run(self.world)
            except Killed:
                continue
            break
        self._check(f"a death after each of {self.transactions} transactions")
        self._back()

    def meets_another_transaction_everywhere(self) -> None:
        """Each transaction once in the way of another one: the same run gets over it."""
        for at in range(1, self.transactions + 1):
            self._back()
            with colliding(self.world.client, at):
                self.run(self.world)
            self._check(f"a conflict of transaction {at} of {self.transactions}")
        self._back()

    def _die(self, at: int, *, applied: bool) -> Tables:
        self._back()
        with dying(self.world.client, at, applied=applied), pytest.raises(Killed):
            self.run(self.world)
        self._now = tables.read(self.world)
        return self._now

    def _check(self, after: str) -> None:
        self._now = tables.read(self.world)
        differ = [key for key in self._now.keys() | self.undisturbed if self._now.get(key) != self.undisturbed.get(key)]
        assert not differ, f"after {after}: {len(differ)} items differ from the undisturbed run: {sorted(differ)[:5]}"

    def _back(self) -> None:
        tables.restore(self.world, self._now, self.before)
        self._now = self.before
