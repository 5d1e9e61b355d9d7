"""What a run has left waiting for master data or the set-up, so that it can look whether that has come meanwhile.

A run reads that a row is absent; the row arrives, and wakes nobody; the run stores that its rows wait for it. So what
blocks is read again once it is stored, and what waits for something that has changed since is imported again (D-100).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field

from project_invoicing.domain.master_data import PARTS, Key, NameKey, RateKey, RowKey
from project_invoicing.domain.master_row import name_of_blocker
from project_invoicing.setup.indexes.currencies import RATE_TYPE
from project_invoicing.use_cases.master_data.reader import Reader
from project_invoicing.use_cases.setups import SetupVersions

_RATE = "rate"
LOOKS = 8
"""How often a run looks again. Something else must have arrived each time, so more than one is rare."""


def _by_blocker() -> dict[str, set[str]]:
    return defaultdict(set)


@dataclass(slots=True)
class LeftWaiting:
    """Rows, and proformas whose proposals, have just been stored as waiting, by what blocks them."""

    rows: dict[str, set[str]] = field(default_factory=_by_blocker)
    proposals: dict[str, set[str]] = field(default_factory=_by_blocker)

    def add_rows(self, blocked: Iterable[tuple[str, str]]) -> None:
        """Adds rows, each as its blocker and its id."""
        for blocker, id in blocked:
            self.rows[blocker].add(id)

    def add_proposal(self, proforma_id: str, blockers: Iterable[str]) -> None:
        for blocker in blockers:
            self.proposals[blocker].add(proforma_id)

    @property
    def blockers(self) -> Set[str]:
        return self.rows.keys() | self.proposals.keys()

    def by(self, blockers: Set[str]) -> tuple[set[str], set[str]]:
        """The rows and the proformas that wait for some of these."""
        return _of(self.rows, blockers), _of(self.proposals, blockers)


def changed_since(before: SetupVersions, now: SetupVersions, blockers: Set[str]) -> Set[str]:
    """Those of ``blockers`` that may no longer block what was judged with ``before``.

    Another version of the set-up may know every one of them. One request for a hundred rows or rates.
    """
    if now.current.version != before.current.version:
        return blockers
    keys = {blocker: set(_keys(blocker, before.reader)) for blocker in blockers}
    changed = before.reader.changed({key for some in keys.values() for key in some})
    return {blocker for blocker, some in keys.items() if some & changed}


def _keys(blocker: str, reader: Reader) -> Iterator[Key]:
    """What a blocker stands for: a currency pair, a name, or a row and the name it has. The policy is no key."""
    table, _, id = blocker.partition("#")
    if name := name_of_blocker(blocker):
        yield name
    elif table == _RATE:
        from_, _, to = id.partition("#")
        yield RateKey(RATE_TYPE, from_, to)
    elif id:
        key = RowKey(table, id)
        yield key
        row = reader.row(key)
        if row and row.number and table in PARTS:
            yield NameKey(PARTS[table], row.company or "", row.number)


def _of(found: dict[str, set[str]], blockers: Set[str]) -> set[str]:
    return {id for blocker in found.keys() & blockers for id in found[blocker]}
