"""Describes steps that an actual and its documents have in common."""

from __future__ import annotations

from project_invoicing.domain.codes import ApprovalState, PostingFailure, ProposalStatus, WriteBackState
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.text import number_of
from project_invoicing.rules.explaining.explanation import Explanation
from project_invoicing.rules.review import approves
from project_invoicing.setup.lookups import FinanceSetup


def version_in_words(number: int | None) -> str:
    return f"version {number}" if number is not None else "a version without a number"


def deliveries(number: int) -> str:
    return number_of(number, "delivery", "deliveries")


def say_written_back(explanation: Explanation, state: WriteBackState, answer: str | None, id: str) -> None:
    """The status of a posted row's or invoice's write-back, and what to do if Dataverse refused it."""
    match state:
        case WriteBackState.DONE:
            explanation.happened("was written back to Dataverse")
        case WriteBackState.FAILED:
            explanation.happened(f"was refused by Dataverse when it was written back: {answer}")
            explanation.advise(f"write-back refused: fix what Dataverse says, then `invoicing reconcile --repair {id}`")
        case WriteBackState.PENDING:
            explanation.happened("is not written back to Dataverse yet")
            explanation.advise(
                "nothing here: accounting_writeback tells Dataverse; where none is connected it stays recorded"
            )


def _say_approval(explanation: Explanation, header: Proposal, setup: FinanceSetup) -> None:
    """Where its approval stands, why its posting was refused if it is approved, and what to do."""
    # Imported late: only companies that approve need it.
    from project_invoicing.rules.approval import approval_in_words, may_approve  # noqa: PLC0415

    state = header.approval_state
    explanation.facts["approval"] = approval_in_words(header, setup)
    refusal = header.refusal
    if refusal and refusal["reason"] != PostingFailure.NOT_APPROVED:
        explanation.happened(f"posting was refused: {refusal['reason']}, {refusal['detail']}", refusal["at"])
        explanation.advise_on(refusal["reason"])
    if state is ApprovalState.APPROVED:
        automatic = setup.parameters(str(header.company)).auto_post_proposals
        who = "invoice_posting does it by its schedule" if automatic else "invoice_posting, by hand"
        explanation.advise(f"post proposal {header.number}: {who}")
    elif state is ApprovalState.SUBMITTED:
        may = may_approve(header, setup)
        stuck = "; an administrator can reset it: `invoicing proposal reset`" if may.is_stuck else ""
        explanation.advise(f"have it approved by {may}: `invoicing proposal approve {header.number}`{stuck}")
    else:
        explanation.advise_on(PostingFailure.NOT_APPROVED)


def say_next_of_proposal(explanation: Explanation, header: Proposal, setup: FinanceSetup) -> None:
    """What has to happen for a proposal to be posted."""
    company = str(header.company)
    automatic = bool(setup.company(company)) and setup.parameters(company).auto_post_proposals
    if approves(header, setup):
        _say_approval(explanation, header, setup)
        return
    if header.refusal:
        reason, detail = header.refusal["reason"], header.refusal["detail"]
        explanation.happened(f"posting was refused: {reason}, {detail}", header.refusal["at"])
        explanation.advise_on(reason)
        if not automatic:
            explanation.advise(f"then post proposal {header.number}: invoice_posting")
    elif header.status is ProposalStatus.READY:
        who = "invoice_posting does it by its schedule" if automatic else "invoice_posting, by hand"
        explanation.advise(f"post proposal {header.number}: {who}")
    elif header.status is ProposalStatus.POSTING:
        explanation.advise("its posting was begun: the next run of invoice_posting finishes it")
