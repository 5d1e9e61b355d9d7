"""Why a row waits: from the row itself, or from the header of its proposal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from project_invoicing.domain.codes import SECOND_REASONS, ConnectionRole, ProposalStatus, WaitReason
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.waits import SHOWN_WAITS
from project_invoicing.set_aside import Defect


def defect_wait(defect: Defect, actual_id: str | None = None) -> Wait:
    return Wait(WaitReason.DEFECT, str(defect), actual_id)


def waits_as(row: StagedRow, header: Proposal | None) -> Wait | None:
    """Why a row waits: its own reason, else what its proposal's header lists for it, else the header's own reason.

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
    """Those of the rows' ``own`` waits that are not covered by ``waits`` on the header of their proposal.

    They are beyond what it lists, or name an actual that does not lead to the row, and wait for something else than the
    proposal's first reason. A second taker always says so itself: its wait names the first taker, not the row.
    """
    listed = waits[:SHOWN_WAITS]
    with_own = ((row, own[row.id]) for row in rows if row.id in own)
    return {
        row.id: wait
        for row, wait in with_own
        if wait.reason in SECOND_REASONS or _told_of(row, listed).reason is not wait.reason
    }


def _told_of(row: StagedRow, waits: Sequence[Wait]) -> Wait:
    of_row = {row.id, *(row.links.get(role) for role in (ConnectionRole.UNBILLED, ConnectionRole.ORIGINAL))} - {None}
    own = (wait for wait in waits if wait.actual_id in of_row and wait.reason not in SECOND_REASONS)
    return next(own, waits[0])
