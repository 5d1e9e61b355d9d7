"""Reads the master data that a step will ask for, before its rules run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from project_invoicing.domain.actual import Actual, Proforma
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.master_data import Key, RowKey, Seen, SeenRow
from project_invoicing.domain.master_row import ON_LINES
from project_invoicing.domain.proposal import Proposal
from project_invoicing.set_aside import caught
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.master_view import MasterView, T
from project_invoicing.use_cases.master_data.facts import ActualFacts, Fact, HeaderFacts, PriceFacts, ProformaFacts

ROUNDS: Final = 8
"""A row leads to its name and its parents, and these to theirs: five rounds, and one more for each of three merges."""

Read = Callable[[Collection[Key]], Mapping[Key, Seen | None]]


class Probe(MasterView):
    """Answers from a view, and notes which keys are not in it: these have no answer yet."""

    def __init__(self, view: MasterView) -> None:
        super().__init__()
        self._view = view
        self.asked: set[Key] = set()
        self.missing: set[Key] = set()
        self._missed = False

    def has(self, key: Key) -> bool:
        return self._view.has(key)

    def rows(self, entity: str) -> Iterator[SeenRow]:
        return self._view.rows(entity)

    def answers(self, fact: Fact, setup: FinanceSetup) -> bool:
        """Whether the view has all that the look-ups of ``fact`` ask for, as far as this can be told by now."""
        self._missed = False
        caught("master data", "", fact.ask, setup)  # what cannot be looked up is a defect of its row, found by a rule
        return not self._missed

    def _of(self, key: Key, kind: type[T]) -> T | None:
        self.asked.add(key)
        if self._view.has(key):
            return self._view._of(key, kind)  # noqa: SLF001 (it stands in for that view)
        self.missing.add(key)
        self._missed = True
        return None


class OnDemand(MasterView):
    """Reads what it is asked for: for whoever looks at a stack in no order known before, and takes no step in it."""

    def __init__(self, found: Callable[[Collection[Key]], Mapping[Key, Seen | None]]) -> None:
        super().__init__()
        self._found = found

    def has(self, key: Key) -> bool:  # noqa: ARG002 (whatever is asked)
        return True

    def _of(self, key: Key, kind: type[T]) -> T | None:
        if not super().has(key):
            self.add(self._found([key]))
        return super()._of(key, kind)


class Reader:
    """The master data of one invocation: read once, and the same for whoever asks.

    ``document`` is the current set-up without rows, ``setup`` the same with all that was read. ``read`` returns what
    stands under some keys, ``None`` for those with nothing. ``on_demand``: ``setup`` reads whatever it is asked for.
    """

    def __init__(self, document: FinanceSetup, read: Read, *, on_demand: bool = False) -> None:
        self.document = document
        self._read = read
        self._seen: dict[Key, Seen | None] = {}
        self._kept: dict[Key, Seen | None] = {}
        self._view = OnDemand(self._found) if on_demand else MasterView()
        self.setup = document.seeing(self._view)

    # What a step names, for ``setup``

    def actuals(self, actuals: Iterable[Actual]) -> None:
        """What importing these actuals asks for, and looking at them in any other way."""
        self.look(map(ActualFacts.of, actuals))

    def proformas(self, headers: Iterable[Proposal]) -> None:
        """What judging and invoicing these headers asks for, beside their lines."""
        self.look(map(ProformaFacts.of, headers))

    def headers(self, proformas: Iterable[Proforma]) -> None:
        """What the companies of these proformas depend on."""
        self.look(map(HeaderFacts.of, proformas))

    def prices(self, company: str, lines: Iterable[JournalLine]) -> None:
        """What the exchange rates of these lines depend on."""
        self.look(PriceFacts.of(company, line) for line in lines)

    def look(self, facts: Iterable[Fact]) -> None:
        self.complete(self._view, self.document, facts)

    # What a document names, by itself

    def apart(self, facts: Iterable[Fact]) -> tuple[MasterView, bool]:
        """A view of what these facts ask for and of nothing else, and whether anything was found."""
        view = MasterView()
        asked = self.complete(view, self.document, facts)
        return view, any(self._seen.get(key) is not None for key in asked)

    def complete(self, view: MasterView, document: FinanceSetup, facts: Iterable[Fact]) -> set[Key]:
        """Adds to a view of ``document`` what it lacks to answer these facts. Returns all that they ask for."""
        left: list[Fact] = list(dict.fromkeys(facts))
        asked: set[Key] = set()
        for reads in range(ROUNDS + 1):
            probe = Probe(view)
            seeing = document.seeing(probe)
            left = [fact for fact in left if not probe.answers(fact, seeing)]
            asked |= probe.asked
            if not left or reads == ROUNDS:
                break
            view.add(self._found(probe.missing))
        return asked

    def _found(self, keys: Collection[Key]) -> dict[Key, Seen | None]:
        """What stands under these keys; only what this invocation has not read yet is read."""
        unknown = [key for key in keys if key not in self._seen]
        if unknown:
            self._seen |= self._read(sorted(unknown, key=repr))
        return {key: self._seen[key] for key in keys}

    # What has happened since

    def changed(self, keys: Iterable[Key]) -> set[Key]:
        """Those of these keys that were read and under which something else stands by now, which is not kept."""
        read = {key: self._seen[key] for key in keys if key in self._seen}
        now = self._read(sorted(read, key=repr)) if read else {}
        return {key for key, seen in read.items() if now[key] != seen}

    def differing(self, concerns: Callable[[Key, Seen | None], bool]) -> Iterator[tuple[Key, Seen | None, Seen | None]]:
        """What was read and ``concerns`` the caller, before and now, where something else stands by now.

        What a continued document was begun with counts as read. 100 keys a request.
        """
        read = {key: seen for key, seen in {**self._seen, **self._kept}.items() if concerns(key, seen)}
        now = self._read(sorted(read, key=repr)) if read else {}
        yield from ((key, seen, now[key]) for key, seen in read.items() if now[key] != seen)

    def continues(self, kept: MasterView) -> None:
        """A document is continued with the rows that it was begun with."""
        self._kept |= {RowKey(row.entity, row.id): row for entity in ON_LINES for row in kept.rows(entity)}

    def row(self, key: RowKey) -> SeenRow | None:
        """The row as it was read, ``None`` also if it was not."""
        found = self._seen.get(key)
        return found if isinstance(found, SeenRow) else None
