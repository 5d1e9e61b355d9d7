"""The import's decisions about rows that do not become lines, written in as few requests as possible.

A row of a proposal stores no reason of its own if its header has it: ``waits_as`` reads it there (D-083).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from project_invoicing.chunks import chunks
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.waiting import defect_wait
from project_invoicing.set_aside import Defect
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES, transact_what_holds


@dataclass(slots=True)
class Verdicts:
    """Rows that keep waiting, are invalid, or need no import. Only changes to a row are written."""

    _waits: list[tuple[StagedRow, Wait | None, str | None]] = field(default_factory=list)
    _invalid: list[tuple[StagedRow, str | None, str]] = field(default_factory=list)
    _skipped: list[tuple[StagedRow, str]] = field(default_factory=list)
    waiting: int = 0

    def wait(self, row: StagedRow, wait: Wait, company: str | None) -> None:
        self.waiting += 1
        told = (wait.reason, wait.detail, company, wait.blocked_by)
        if (row.reason, row.detail, row.company, row.blocker) != told:
            self._waits.append((row, wait, company))

    def wait_as_told(self, row: StagedRow, company: str | None) -> None:
        """The row waits for the reason on its proposal's header; its own reason is out of date."""
        self.waiting += 1
        if row.reason:
            self._waits.append((row, None, company))

    def invalidate(self, row: StagedRow, reason: str | None, detail: str) -> None:
        self._invalid.append((row, reason, detail))

    def skip(self, row: StagedRow, detail: str) -> None:
        self._skipped.append((row, detail))

    def set_aside(self, row: StagedRow, defect: Defect) -> None:
        """The row waits, with the class of the exception; every run tries it again."""
        self.wait(row, defect_wait(defect, row.id), row.company)

    @property
    def blocked(self) -> Iterator[tuple[str, str]]:
        """The rows that are stored as waiting for master data or the set-up: what blocks each, and its id."""
        for row, wait, _ in self._waits:
            if wait and (blocker := wait.blocked_by):
                yield blocker, row.id

    def write(self, staging: Staging, at: str) -> None:
        """Writes them, a hundred rows per transaction. A row that changed meanwhile is left to the next import."""
        writes = [staging.wait(row, wait, company, at) for row, wait, company in self._waits]
        writes += [staging.invalidate(row, reason, detail, at) for row, reason, detail in self._invalid]
        writes += [staging.skip(row, detail, at) for row, detail in self._skipped]
        for some in chunks(writes, MAX_WRITES):
            transact_what_holds(staging.client, some)
