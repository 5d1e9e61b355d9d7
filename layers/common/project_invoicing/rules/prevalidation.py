"""Whether an actual is old enough to be trusted (STG-12, STG-13)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.codes import WaitReason
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow

ROLLED_BACK: Final = "Dataverse does not have this actual: the transaction that sent it was rolled back"


def too_young(row: StagedRow, minutes: int, now: datetime) -> Wait | None:
    """Why a row younger than ``minutes`` waits; ``None`` for a row that is to be looked up in Dataverse now.

    Raises whatever a malformed time causes.
    """
    ready = datetime.fromisoformat(row.actual.version.occurred_at) + timedelta(minutes=minutes)
    if now >= ready:
        return None
    detail = f"is validated {minutes} minutes after it was sent, from {utc_text(ready)} on"
    return Wait(WaitReason.NOT_PREVALIDATED, detail, row.id)
