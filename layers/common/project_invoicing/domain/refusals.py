"""What the business says instead of doing: a row waits, a posting is refused. Neither is a defect.

Both carry the code of the contract and a text that names ids, amounts and dates, so that "why is my proposal empty?"
can be answered from what is stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.domain.codes import PostingFailure, WaitReason


@dataclass(frozen=True, slots=True)
class Wait:
    """Why something waits. ``actual_id`` is the row that blocks, where it is one row."""

    reason: WaitReason
    detail: str
    actual_id: str | None = None


class Refused(Exception):
    """A posting that may not happen. Nothing of it has been written."""

    def __init__(self, reason: PostingFailure | WaitReason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")
