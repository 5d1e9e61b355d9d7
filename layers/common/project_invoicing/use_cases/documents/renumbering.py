"""What a document is posted with, and its lines under the numbers that are valid now (D-123)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic

from project_invoicing.chunks import chunks
from project_invoicing.domain.codes import WaitReason
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import OnDocument
from project_invoicing.rules.renumbered import Line, as_numbered_now, held, needs_actual, passed_on
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES, transact_what_holds
from project_invoicing.use_cases.master_data.facts import ActualFacts, Fact
from project_invoicing.use_cases.setups import Seen


def look_again(staging: Staging, document: OnDocument, numbered: Mapping[str, Line | Refused]) -> None:
    """Has the next import look at the lines that cannot have a number, as if their actuals had changed."""
    refused = (id for id, now in numbered.items() if isinstance(now, Refused))
    for some in chunks((staging.to_look_at(id, document) for id in refused), MAX_WRITES):
        transact_what_holds(staging.client, some)


class Numbering(Generic[Line]):
    """How the lines of one document ask for master data.

    ``see`` reads what facts name, ``facts`` are those of lines, ``owner`` is the company whose project a line names.
    """

    def __init__(
        self,
        staging: Staging,
        see: Callable[[Sequence[Fact]], Seen],
        facts: Callable[[Iterable[Line]], list[Fact]],
        owner: Callable[[Line, FinanceSetup], str | None],
    ) -> None:
        self.staging = staging
        self.see = see
        self.facts: Callable[[Iterable[Line]], list[Fact]] = facts
        self.owner: Callable[[Line, FinanceSetup], str | None] = owner

    def now(self, lines: Sequence[Line]) -> tuple[Seen, dict[str, Line | Refused]]:
        """What the lines are posted with, and by actual those that have another number now, or cannot have one.

        Nothing more is read unless a number has passed on.
        """
        asked: list[Fact] = self.facts(lines)
        seen = self.see(asked)
        concerned = [line for line in lines if passed_on(line, self.owner(line, seen.setup), seen.setup)]
        if not concerned:
            return seen, {}
        unclear = [line.actual_id for line in concerned if needs_actual(line, self._owner(line, seen), seen.setup)]
        actuals = {id: row.actual for id, row in self.staging.readable(unclear).items()} if unclear else {}
        asked += map(ActualFacts.of, actuals.values())
        seen = self.see(asked) if actuals else seen
        changed: dict[str, Line | Refused] = {}
        for line in concerned:
            try:
                now = as_numbered_now(line, self._owner(line, seen), seen.setup, actuals.get(line.actual_id))
            except Refused as refused:
                changed[line.actual_id] = refused
            else:
                changed |= {line.actual_id: now} if now != line else {}
        seen = self.see([*asked, *self.facts(one for one in changed.values() if not isinstance(one, Refused))])
        before = {line.actual_id: line for line in concerned}
        return seen, {id: self._held(before[id], one, seen) for id, one in changed.items()}

    def _owner(self, line: Line, seen: Seen) -> str:
        return self.owner(line, seen.setup) or ""

    def _held(self, before: Line, now: Line | Refused, seen: Seen) -> Line | Refused:
        """A number that changes once more while it is read is left to the next posting."""
        if isinstance(now, Refused) or held(before, now, self._owner(now, seen), seen.setup):
            return now
        return Refused(WaitReason.REFERENCE_MISSING, "its project or contract is being renumbered; post it again")
