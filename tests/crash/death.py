"""A step that dies at every one of its requests, and what the next run makes of it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from project_invoicing.errors import Conflict
from tests import snapshots
from tests.counting import WRITES, counted
from tests.faults import EVERY, TRANSACTION, Killed, colliding, deaf, dying, overtaken
from tests.harness import World
from tests.snapshots import Tables

Run = Callable[[World], object]


class Step:
    """One step of the process over the tables as they are now: ``run``, and ``then`` what repeats it if it dies."""

    def __init__(self, world: World, run: Run, then: Run) -> None:
        self.world, self.run, self.then = world, run, then
        self.before = snapshots.read(world)
        with counted(world.client) as usage:
            run(world)
        self.requests = usage.requests
        self.transactions = usage.operations[TRANSACTION]
        self.undisturbed = snapshots.read(world)
        self._now = self.undisturbed

    def dies_at_every_request(self) -> int:
        """Each request once not sent, each write also applied without anybody to read its answer.

        Deaths that leave the same tables have the same future, which is lived through once. Returns how many there
        are.
        """
        ends: list[Tables] = []
        for at in count(1):
            for applied in (False, True):
                self._back()
                operation = self._dies(self.run, at, applied=applied)
                if operation is None:
                    self._check(f"a run of less than {at} requests")
                    return len(ends)
                if self._now not in ends:
                    ends.append(self._now)
                    self._live()
                    self._check(f"a death at request {at}, {operation}, {'applied' if applied else 'not sent'}")
                if operation not in WRITES:
                    break
        raise AssertionError

    def dies_after_every_transaction(self) -> None:
        """Run after run dies with its first transaction, until one finds nothing left to write."""
        self._back()
        deaths, run = 0, self.run
        while self._dies(run, 1, applied=True, operation=TRANSACTION):
            deaths, run = deaths + 1, self.then
            assert deaths <= self.transactions
        self._check(f"{deaths} deaths, each after one transaction")

    def meets_another_transaction_everywhere(self) -> None:
        """Each transaction once in the way of another: the run gets over it, or the next one does."""
        for at in range(1, self.transactions + 1):
            self._back()
            with colliding(self.world.client, at):
                self._tries()
            self._live()
            self._check(f"a conflict of transaction {at} of {self.transactions}")

    def hears_no_answer_at_first(self) -> None:
        """The SDK repeats each request, which changes nothing: a transaction by its token, anything else by itself."""
        self._back()
        with deaf(self.world.client):
            self.run(self.world)
        self._now = snapshots.read(self.world)
        self._check("a run whose requests were all sent twice")

    def is_overtaken_at_every_request(self) -> None:
        """Before each of its requests another run does the whole of the step; whoever is late leaves it at that."""
        for at in range(1, self.requests + 1):
            self._back()
            with overtaken(self.world.client, at, lambda: self.run(self.world)):
                self._tries()
            self._check(f"another run at request {at}")

    def _tries(self) -> None:
        try:
            self.run(self.world)
        except Conflict:
            self.then(self.world)
        self._now = snapshots.read(self.world)

    def _live(self) -> None:
        """The next run, undisturbed."""
        self.then(self.world)
        self._now = snapshots.read(self.world)

    def _dies(self, run: Run, at: int, *, applied: bool, operation: str = EVERY) -> str | None:
        """The operation at which the run died, ``None`` if it did not come as far as that."""
        died = None
        with counted(self.world.client) as usage:
            try:
                with dying(self.world.client, at, applied=applied, operation=operation):
                    run(self.world)
            except Killed as killed:
                died = str(killed)
        if usage.writes:
            self._now = snapshots.read(self.world)
        return died

    def _check(self, after: str) -> None:
        now, then = _uncounted(self._now), _uncounted(self.undisturbed)
        differ = {key: (now.get(key), then.get(key)) for key in now.keys() | then if now.get(key) != then.get(key)}
        assert not differ, f"after {after} {len(differ)} items are not as without it, such as {min(differ.items())}"

    def _back(self) -> None:
        snapshots.restore(self.world, self._now, self.before)
        self._now = self.before


def _uncounted(items: Tables) -> Tables:
    """Without the numbers of deliveries and of takers: what was received, but not confirmed, is delivered again."""
    counts = ("dl", "bg")
    return {key: {name: value for name, value in item.items() if name not in counts} for key, item in items.items()}
