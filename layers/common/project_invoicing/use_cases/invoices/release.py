"""Two people for a posting: a proposal is released by somebody who has not edited it (``four_eyes``, ``approval``).

Where the company approves, its approval releases it; else its posting does. ``use_cases.commands.approval`` has the
steps of an approval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from project_invoicing.domain.actor import Actor
from project_invoicing.domain.codes import ApprovalState, PostingFailure, ProposalStatus
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.unit_of_work import UnitOfWork
from project_invoicing.use_cases.documents.edited_by import editors, must_not_have_edited

if TYPE_CHECKING:
    from project_invoicing.rules.invoice_draft import InvoiceDraft


def is_released(setup: FinanceSetup, header: Proposal) -> bool:
    """Whether a proposal can be posted by itself."""
    approved = header.approval_state is ApprovalState.APPROVED
    return header.status is ProposalStatus.READY and (approved or not setup.parameters(str(header.company)).approval)


def must_be_released(proposals: Proposals, setup: FinanceSetup, header: Proposal, actor: Actor) -> None:
    """Refuses to post a ready proposal that is not approved, where the company approves (WFL-01).

    Where it does not and posts with four eyes, refuses to let a person post what it has edited: one request, and none
    for a proposal that nobody has edited. The posting is refused, too, if somebody edits it or recalls its approval
    meanwhile: its claim names the number of edits and of steps that it has read.
    """
    parameters = setup.parameters(str(header.company))
    if parameters.approval:
        if not is_released(setup, header):
            detail = f"{header.company} approves its proposals, and proposal {header.number} is not approved"
            raise Refused(PostingFailure.NOT_APPROVED, detail)
        return
    if actor.is_system or not header.edit_count or not parameters.four_eyes:
        return
    if not actor.is_known:
        detail = f"{header.company} posts with four eyes: say who posts proposal {header.number}"
        raise Refused(PostingFailure.FOUR_EYES, detail)
    must_not_have_edited(editors(proposals.history(header.id)), actor, f"proposal {header.number}", "post")


def must_be_as_approved(
    proposals: Proposals, header: Proposal, made: InvoiceDraft, setup: FinanceSetup, given: str | None, at: str
) -> None:
    """Refuses to post, or to approve, what is not as it was submitted (WFL-03).

    What the set-up or master data of now would make something else of is taken back. ``given``: the invoice date that
    the posting is given.
    """
    if header.approval is None or not setup.parameters(str(header.company)).approval:
        return
    # Imported late: only companies that approve need them.
    from project_invoicing.rules.approved_content import digest_of  # noqa: PLC0415
    from project_invoicing.rules.figures import Figures  # noqa: PLC0415
    from project_invoicing.rules.invoice_terms import written_invoice_date  # noqa: PLC0415

    own = header.edits.invoice_date or written_invoice_date(header, setup)
    if given and own and given != own.isoformat():
        detail = f"proposal {header.number} was approved with the invoice date {own}, not with {given}"
        raise Refused(PostingFailure.NOT_APPROVED, f"{detail}; recall it and change the date")
    if digest_of(header, made, setup) == header.approval.digest:
        return
    total = Figures(setup).amount(made.totals.total, made.terms.currency)
    before, now = header.approval.total, f"{total} {made.terms.currency}"
    why = f"it was submitted as {before} and would now be posted as {now}"
    if before == now:
        others = "lines, accounts, dimensions, tax or dates are others"
        why = f"it would not be posted as it was submitted: the total is {now} still, and {others}"
    change = proposals.changing(header)
    change.differs()
    taken_back = proposals.taken_back(change, at, why)
    UnitOfWork(proposals.client, [change.write(), *taken_back]).commit()
    raise Refused(PostingFailure.NOT_APPROVED, f"proposal {header.number} has to be approved anew: {why}")
