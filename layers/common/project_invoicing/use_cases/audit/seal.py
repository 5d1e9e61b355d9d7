"""Seals what was posted and what people did, company by company, minutes after it was committed (D-135).

Each seal is one transaction: the seal, the end of its chain, and the items that are no longer to be sealed. It happens
once or not at all, so that a crash, a second run at the same time or a posting that is under way cost nothing but
another look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from project_invoicing.chunks import chunks
from project_invoicing.domain.seals import is_late, made, place_of
from project_invoicing.set_aside import each
from project_invoicing.store.seals import Head
from project_invoicing.store.unit_of_work import UnitOfWork, first_of, retried

if TYPE_CHECKING:
    from project_invoicing.seal_bucket import SealBucket
    from project_invoicing.store.sealable import Sealable, Unit, Waiting
    from project_invoicing.store.seals import Seals

UNITS: Final = 96
"""The most documents and entries in a seal. With the seal and the end of its chain they are one transaction."""
MOST_ENTRIES: Final = 1_000
"""The most entries in a seal: an item has 400 KB, and an entry with its key some 200 bytes."""
_WINDOW: Final = 960
_TRIES: Final = 8


@dataclass(slots=True)
class Sealing:
    """One run at ``at``. ``time_left`` says whether another seal may be begun; ``bucket`` keeps the seals, if any.

    ``late``: how many items had waited for more than an hour when it came. ``differing``: seals that the bucket has
    with another text.
    """

    seals: Seals
    sealable: Sealable
    bucket: SealBucket | None
    at: str
    time_left: Callable[[], bool] = lambda: True
    sealed: int = 0
    made: int = 0
    late: int = 0
    differing: list[str] = field(default_factory=list)

    def run(self) -> dict[str, object]:
        """Seals what waits, then puts what is new into the bucket, also what an earlier run left behind."""
        waiting = self.sealable.waiting()
        self.late = sum(is_late(one.since, self.at) for one in waiting)
        steps: list[Callable[[], object]] = [partial(self._seal, some) for some in chunks(waiting, _WINDOW)]
        steps += [partial(self._keep, self.bucket)] if self.bucket else []
        each("audit", ((f"step {number}", step) for number, step in enumerate(steps, 1)), lambda step: step())
        return {"seals": self.made, "entries": self.sealed, "late": self.late, "differing": self.differing}

    def _seal(self, shown: list[Waiting]) -> None:
        if not self.time_left():
            return
        chains: dict[str, list[Unit]] = {}
        for unit in self.sealable.units(shown):
            chains.setdefault(unit.chain, []).append(unit)
        each("chain", ((chain, (chain, units)) for chain, units in chains.items()), self._seal_chain)

    def _seal_chain(self, of: tuple[str, list[Unit]]) -> None:
        """A chain that cannot be continued stops itself alone."""
        chain, units = of
        for some in chunks(units, UNITS):
            self._seal_all(chain, some)

    def _seal_all(self, chain: str, units: list[Unit]) -> None:
        """Seals ``units`` in one seal, or in as many as long documents need."""
        shown = [unit.shown for unit in units]
        read = first_of(units, lambda: self.sealable.units(shown))
        while self.time_left() and retried(f"the chain {chain}", lambda: self._append(chain, read()), attempts=_TRIES):
            pass

    def _append(self, chain: str, units: list[Unit]) -> bool:
        """Adds a seal with what of ``units`` fits. Whether something is left."""
        head = self.seals.head(chain)
        taken = units[: self.sealable.read(units, MOST_ENTRIES)]
        entries = [entry for unit in taken for entry in unit.hashes]
        number = head.number + bool(entries)
        place = place_of(chain, number)
        unit_of_work = UnitOfWork(self.seals.client, [self.sealable.sealed(unit, place) for unit in taken])
        if entries:
            unit_of_work.add(*self.seals.appended(made(chain, number, self.at, head.hash, _span(taken), entries)))
        if len(unit_of_work):
            unit_of_work.commit()
        self.made += bool(entries)
        self.sealed += len(entries)
        return len(taken) < len(units) or not all(unit.is_whole for unit in taken)

    def _keep(self, bucket: SealBucket) -> None:
        """Puts the seals that are not in the bucket yet. One that differs there stops its chain alone."""

        def of_chain(head: Head) -> None:
            kept = head.kept
            for seal in self.seals.of(head.chain, first=head.kept + 1):
                if not bucket.put(head.chain, seal.number, seal.text):
                    self.differing.append(place_of(head.chain, seal.number))
                    break
                kept = seal.number
            if kept > head.kept:
                self.seals.kept(head, kept)

        heads = self.seals.heads().values()
        each("chain", ((head.chain, head) for head in heads if head.kept < head.number), of_chain)


def _span(units: list[Unit]) -> tuple[str, str]:
    times = [unit.since for unit in units if unit.hashes]
    return min(times), max(times)
