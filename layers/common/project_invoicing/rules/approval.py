"""Approval of proposals and vendor invoices: who may approve one, and where it stands (WFL-01 to WFL-06).

``four_eyes`` and ``approval`` are one rule: whoever has edited a proposal may not be the one that releases it. It is
released by its approval where the company approves, else by its posting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from project_invoicing.domain.approval import Approval
from project_invoicing.domain.codes import ApprovalState
from project_invoicing.setup.lookups import FinanceSetup


class Approved(Protocol):
    """A document that is approved."""

    @property
    def company(self) -> str | None: ...
    @property
    def approval(self) -> Approval | None: ...


@dataclass(frozen=True, slots=True)
class MayApprove:
    """``among``: ids that the company names, ``None`` where the role decides. ``not_these`` may not, all the same."""

    among: tuple[str, ...] | None
    not_these: tuple[str, ...]

    @property
    def is_stuck(self) -> bool:
        """Whether nobody is left."""
        return self.among == ()

    def __str__(self) -> str:
        if self.among is not None:
            return ", ".join(self.among) or "nobody that the company names"
        but = f" but {' and '.join(self.not_these)}" if self.not_these else ""
        return f"whoever has the role approver{but}"


def may_approve(header: Approved, setup: FinanceSetup) -> MayApprove:
    """Who may still approve a document that is submitted."""
    parameters, approval = setup.parameters(str(header.company)), header.approval
    barred: dict[str, None] = {}
    if approval and approval.submitter and not parameters.submitter_may_approve:
        barred[approval.submitter] = None
    if approval and parameters.four_eyes:
        barred |= dict.fromkeys(approval.editors or ())
    if not parameters.approvers:
        return MayApprove(None, tuple(barred))
    return MayApprove(tuple(one for one in parameters.approvers if one.casefold() not in barred), tuple(barred))


def approval_in_words(header: Approved, setup: FinanceSetup) -> str:
    """Where the approval of a document stands, and what it waits for."""
    approval = header.approval
    if approval is None:
        return "is not submitted for approval yet"
    said = f": {approval.comment}" if approval.comment else ""
    match approval.state:
        case ApprovalState.SUBMITTED:
            return (
                f"waits for approval since {approval.at}, submitted by {approval.by}{said}; who may approve it: "
                f"{may_approve(header, setup)}"
            )
        case ApprovalState.APPROVED:
            return f"was approved on {approval.at} by {approval.by}{said}"
        case ApprovalState.REJECTED:
            return f"was not approved, on {approval.at} by {approval.by}{said}"
        case ApprovalState.CHANGES_REQUESTED:
            return f"was sent back for changes on {approval.at} by {approval.by}{said}"
        case ApprovalState.DRAFT:
            return f"has to be submitted again since {approval.at}, by {approval.by}{said}"
