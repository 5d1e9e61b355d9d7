"""The steps of the approval of a proposal: submit, approve, reject, request changes, recall, reset (WFL-02, WFL-06)."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pydantic import Field

from project_invoicing.domain.states import ApprovalVerb
from project_invoicing.use_cases.commands.command import Command, Text, TextIfAny
from project_invoicing.use_cases.commands.workplace import Workplace

_FOR_SUBMITTER: Final = "what whoever submitted it has to do"


class ApprovalStep(Command):
    """A step of the approval of a proposal."""

    VERB: ClassVar[ApprovalVerb]

    company: TextIfAny = Field(None, description="the proposal's company; without it all that have the number")
    proposal_id: Text = Field(description="the number of the proposal, or the id of its proforma")
    comment: TextIfAny = Field(None, max_length=500, description="what is said with it, in its history")


class SubmitProposal(ApprovalStep):
    """Submits a ready proposal for approval, as posting it now would post it."""

    ACTION: ClassVar[str] = "submit_proposal"
    VERB: ClassVar[ApprovalVerb] = ApprovalVerb.SUBMITTED


class ApproveProposal(ApprovalStep):
    """Approves a proposal that is submitted."""

    ACTION: ClassVar[str] = "approve_proposal"
    VERB: ClassVar[ApprovalVerb] = ApprovalVerb.APPROVED


class RejectProposal(ApprovalStep):
    """Refuses approval. The proposal can be edited, and submitted again."""

    ACTION: ClassVar[str] = "reject_proposal"
    VERB: ClassVar[ApprovalVerb] = ApprovalVerb.REJECTED

    comment: Text = Field(max_length=500, description="why it is not approved")


class RequestChanges(ApprovalStep):
    """Sends a submitted proposal back for changes. It can be edited, and submitted again."""

    ACTION: ClassVar[str] = "request_changes"
    VERB: ClassVar[ApprovalVerb] = ApprovalVerb.CHANGES_REQUESTED

    comment: Text = Field(max_length=500, description=_FOR_SUBMITTER)


class RecallProposal(ApprovalStep):
    """Takes a proposal out of approval again, also an approved one: by whoever submitted it."""

    ACTION: ClassVar[str] = "recall_proposal"
    VERB: ClassVar[ApprovalVerb] = ApprovalVerb.RECALLED


class ResetApproval(ApprovalStep):
    """Takes a proposal out of approval whoever submitted it, for one that is stuck."""

    ACTION: ClassVar[str] = "reset_approval"
    VERB: ClassVar[ApprovalVerb] = ApprovalVerb.RESET


def handle(command: ApprovalStep, place: Workplace) -> dict[str, Any]:
    """Takes the step on each proposal that has the number. A refusal changes nothing, not even the proposal."""
    headers = place.proposals_with(command.proposal_id, command.company)
    # Imported late: only companies that approve take steps.
    from project_invoicing.use_cases.invoices.approval_step import take  # noqa: PLC0415

    states = [take(command, header, place) for header in headers]
    return {"outcome": ", ".join(dict.fromkeys(states))}
