"""What an import decides about rows that do not become lines, written in as few requests as possible.

A row of a proposal stores no reason of its own where its header tells it: ``waits_as`` reads it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from project_invoicing.chunks import chunks
from project_invoicing.domain.codes import ConnectionRole, ProposalStatus, WaitReason
from project_invoicing.domain.refusals import Wait
from project_invoicing.set_aside import Defect
from project_invoicing.store.proposals import SHOWN_WAITS, Proposal
from project_invoicing.store.staging import StagedRow, Staging
from project_invoicing.store.transactions import MAX_WRITES, transact_what_holds


def defect_wait(defect: Defect, actual_id: str | None = None) -> Wait:
    return Wait(WaitReason.DEFECT, str(defect), actual_id)


def waits_as(row: StagedRow, header: Proposal | None) -> Wait | None:
    """Why a row waits: as it says itself, else as the header of its proposal says of it, else as that waits itself.

    ``None`` for a row that does not wait, or that no import has looked at.
    """
    if not row.queued:
        return None
    if row.reason:
        return Wait(row.reason, row.detail or "")
    if header is None or header.status is not ProposalStatus.WAITING or not header.waiting_for:
        return None
    return _told_of(row, header.waiting_for)


def untold(rows: Iterable[StagedRow], own: Mapping[str, Wait], waits: Sequence[Wait]) -> dict[str, Wait]:
    """Those of the rows' ``own`` waits that the header of their proposal, which waits for ``waits``, does not tell.

    They are beyond what it lists, or name an actual that does not lead to the row, and wait for something else than the
    proposal's first reason.
    """
    listed = waits[:SHOWN_WAITS]
    with_own = (row for row in rows if row.id in own)
    return {row.id: own[row.id] for row in with_own if _told_of(row, listed).reason is not own[row.id].reason}


def _told_of(row: StagedRow, waits: Sequence[Wait]) -> Wait:
    of_row = {row.id, *(row.links.get(role) for role in (ConnectionRole.UNBILLED, ConnectionRole.ORIGINAL))} - {None}
    return next((wait for wait in waits if wait.actual_id in of_row), waits[0])


@dataclass(slots=True)
class Verdicts:
    """Rows that go on waiting, are invalid, or need no import. Only what differs from what the row says is written."""

    _waits: list[tuple[StagedRow, Wait | None, str | None]] = field(default_factory=list)
    _invalid: list[tuple[StagedRow, str | None, str]] = field(default_factory=list)
    _skipped: list[tuple[StagedRow, str]] = field(default_factory=list)
    waiting: int = 0

    def wait(self, row: StagedRow, wait: Wait, company: str | None) -> None:
        self.waiting += 1
        if (row.reason, row.detail, row.company) != (wait.reason, wait.detail, company):
            self._waits.append((row, wait, company))

    def wait_as_told(self, row: StagedRow, company: str | None) -> None:
        """The row waits, and its proposal's header says why: what it says itself is out of date."""
        self.waiting += 1
        if row.reason:
            self._waits.append((row, None, company))

    def invalidate(self, row: StagedRow, reason: str | None, detail: str) -> None:
        self._invalid.append((row, reason, detail))

    def skip(self, row: StagedRow, detail: str) -> None:
        self._skipped.append((row, detail))

    def set_aside(self, row: StagedRow, defect: Defect) -> None:
        """The row waits, with the class of what was raised; every run tries it again."""
        self.wait(row, defect_wait(defect, row.id), row.company)

    def write(self, staging: Staging, at: str) -> None:
        """Writes them, a hundred rows a transaction. A row that changed meanwhile is left to the next import."""
        writes = [staging.wait(row, wait, company, at) for row, wait, company in self._waits]
        writes += [staging.invalidate(row, reason, detail, at) for row, reason, detail in self._invalid]
        writes += [staging.skip(row, detail, at) for row, detail in self._skipped]
        for some in chunks(writes, MAX_WRITES):
            transact_what_holds(staging.client, some)
