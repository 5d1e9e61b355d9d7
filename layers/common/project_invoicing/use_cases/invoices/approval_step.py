"""A step of the approval of a document: who may take it, and what it writes (WFL-02, WFL-05, WFL-06).

One transaction with its entry in the history, on condition that the document and its approval are as they were read.
What was submitted is what is approved and what is posted: ``release`` compares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from project_invoicing.domain.actor import Actor
from project_invoicing.domain.approval import Approval
from project_invoicing.domain.codes import ApprovalState, PostingFailure
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.states import APPROVALS, ApprovalVerb
from project_invoicing.events.own import ProposalReady
from project_invoicing.rules.approved_content import digest_of
from project_invoicing.rules.figures import Figures
from project_invoicing.setup.models.companies import Parameters
from project_invoicing.store import outbox
from project_invoicing.store.transactions import Write
from project_invoicing.use_cases.commands.workplace import Workplace, bad, must_be_ready
from project_invoicing.use_cases.documents.edited_by import editors, must_not_have_edited
from project_invoicing.use_cases.invoices.draft import Drafted, drafted
from project_invoicing.use_cases.invoices.release import must_be_as_approved

if TYPE_CHECKING:
    from project_invoicing.use_cases.commands.approval import ApprovalStep

_DONE: Final = {
    ApprovalVerb.SUBMITTED: Done.SUBMITTED,
    ApprovalVerb.APPROVED: Done.APPROVED,
    ApprovalVerb.REJECTED: Done.NOT_APPROVED,
    ApprovalVerb.CHANGES_REQUESTED: Done.SENT_BACK,
    ApprovalVerb.RECALLED: Done.RECALLED,
    ApprovalVerb.RESET: Done.APPROVAL_RESET,
}


class Content(NamedTuple):
    """What posting a document would make of it now: what stands for it, and its total in words."""

    digest: str
    total: str


class InApproval(Protocol):
    """A document that is approved, as it was read. ``called``: as people are told of it; ``switch``: its parameter."""

    @property
    def called(self) -> str: ...
    @property
    def switch(self) -> str: ...
    @property
    def company(self) -> str: ...
    @property
    def state(self) -> ApprovalState: ...
    @property
    def approval(self) -> Approval | None: ...
    def approves(self, parameters: Parameters) -> bool: ...
    def was_done(self, entry: HistoryEntry) -> bool: ...
    def must_be_open(self) -> None: ...
    def content(self) -> Content: ...
    def editors(self) -> dict[str, str]: ...
    def must_be_as_submitted(self) -> None: ...
    def write(self, verb: ApprovalVerb, made: Approval, noted: HistoryEntry) -> None: ...


def take(command: ApprovalStep, header: Proposal, place: Workplace) -> str:
    """Takes a step of the approval of a proposal. Returns the state afterwards."""
    return step(command, ProposalInApproval(header, place), place)


def step(command: ApprovalStep, document: InApproval, place: Workplace) -> str:
    """Takes a step of the approval of a document. Returns the state afterwards."""
    return _Step(command, document, place).take()


class ProposalInApproval:
    """A proposal in its approval."""

    switch: Final = "approval"

    def __init__(self, header: Proposal, place: Workplace) -> None:
        self.header, self.place = header, place

    @property
    def called(self) -> str:
        return f"proposal {self.header.number}"

    @property
    def company(self) -> str:
        return str(self.header.company)

    @property
    def state(self) -> ApprovalState:
        return self.header.approval_state

    @property
    def approval(self) -> Approval | None:
        return self.header.approval

    def approves(self, parameters: Parameters) -> bool:
        return parameters.approval

    def was_done(self, entry: HistoryEntry) -> bool:
        return self.place.proposals.was_done(self.header.id, entry)

    def must_be_open(self) -> None:
        must_be_ready(self.header)

    def content(self) -> Content:
        made = self._drafted
        total = Figures(made.setup).amount(made.draft.totals.total, made.draft.terms.currency)
        return Content(digest_of(self.header, made.draft, made.setup), f"{total} {made.draft.terms.currency}")

    def editors(self) -> dict[str, str]:
        return editors(self.place.proposals.history(self.header.id)) if self.header.edit_count else {}

    def must_be_as_submitted(self) -> None:
        made = self._drafted
        must_be_as_approved(self.place.proposals, self.header, made.draft, made.setup, None, self.place.at)

    def write(self, verb: ApprovalVerb, made: Approval, noted: HistoryEntry) -> None:
        change = self.place.proposals.changing(self.header)
        change.approval_step(verb, made)
        writes = [change.write(), *(self._event() if verb is ApprovalVerb.APPROVED else ())]
        self.place.proposals.commit(self.header.id, noted, writes)

    @cached_property
    def _drafted(self) -> Drafted:
        """What posting would make of it now."""
        place = self.place
        return drafted(place.proposals, place.staging, place.setups, self.header, None, place.at)

    def _event(self) -> list[Write]:
        """It can be posted now, and is at once where the company wants it (WFL-04)."""
        header, currency = self.header, self._drafted.draft.terms.currency
        ready = ProposalReady(
            company=str(header.company),
            proposal_id=header.number,
            invoice_id=header.id,
            currency=currency,
            subtotal=Figures(self._drafted.setup).amount(header.subtotal or ZERO, currency),
            line_count=header.line_count,
            auto_post=self.place.setup.parameters(self.company).auto_post_proposals,
        )
        key = f"{header.id}#{header.changes}#{header.approval_steps}#approved"
        return [outbox.record(self.place.proposals.table, ready.on_bus(self.place.at, key))]


class _Step:
    """One step of one document."""

    def __init__(self, command: ApprovalStep, document: InApproval, place: Workplace) -> None:
        self.command, self.document, self.place = command, document, place

    @property
    def actor(self) -> Actor:
        if self.place.actor is None or not self.place.actor.is_known:
            detail = f"say who it is: each step of the approval of {self.document.called} is somebody's"
            raise Refused(PostingFailure.SAME_PERSON, detail)
        return self.place.actor

    @property
    def parameters(self) -> Parameters:
        return self.place.setup.parameters(self.document.company)

    def take(self) -> str:
        """Returns the state afterwards. The same command again changes nothing, whatever has happened since."""
        verb, document, actor = self.command.VERB, self.document, self.actor
        state, after = document.state, _AFTER[verb]
        entry = self.place.done(_DONE[verb], None, {"approval": after, "comment": self.command.comment})
        if document.was_done(entry):
            return state
        if (state, verb) not in APPROVALS.transitions:
            raise self._impossible(state)
        document.must_be_open()
        if not document.approves(self.parameters) and verb not in (ApprovalVerb.RECALLED, ApprovalVerb.RESET):
            raise bad("company", f"parameters.{document.company}.{document.switch} is false: nothing is approved there")
        taken = Approval(after, self.place.at, actor.called, self.command.comment)
        made = _TAKES[verb](self, taken, actor)
        document.write(verb, made, replace(entry, before={"approval": state}))
        return after

    def _impossible(self, state: ApprovalState) -> Refused:
        called = self.document.called
        if state in (ApprovalState.SUBMITTED, ApprovalState.APPROVED):
            return Refused(PostingFailure.IN_APPROVAL, f"{called} is {state} already")
        said = "not submitted" if state is ApprovalState.DRAFT else state.value.replace("_", " ")
        return Refused(PostingFailure.NOT_APPROVED, f"{called} is {said}; it has to be submitted first")

    def submit(self, taken: Approval, actor: Actor) -> Approval:
        """Keeps what posting would make of it now. Refuses what could not be posted."""
        made = self.document.content()
        return replace(
            taken,
            submitter=actor.id.casefold(),
            submitted_by=actor.called,
            submitted_at=self.place.at,
            editors=self.document.editors() or None,
            digest=made.digest,
            total=made.total,
        )

    def approve(self, taken: Approval, actor: Actor) -> Approval:
        """Refuses the same person, whom the company does not name, and what is not as it was submitted (WFL-05)."""
        before, called, parameters = self._submitted(), self.document.called, self.parameters
        self._must_be_approver(actor)
        if before.submitter == actor.id.casefold() and not parameters.submitter_may_approve:
            detail = f"{actor.called} has submitted {called}, so somebody else has to approve it"
            raise Refused(PostingFailure.SAME_PERSON, detail)
        if parameters.four_eyes:
            must_not_have_edited(before.editors or {}, actor, called, "approve")
        self.document.must_be_as_submitted()
        return self._of(taken)

    def judge(self, taken: Approval, actor: Actor) -> Approval:
        self._must_be_approver(actor)
        return self._of(taken)

    def recall(self, taken: Approval, actor: Actor) -> Approval:
        before = self._submitted()
        if before.submitter != actor.id.casefold():
            detail = f"{before.submitted_by} has submitted {self.document.called} and can recall it"
            raise Refused(PostingFailure.ROLE_MISSING, f"{detail}; an administrator can reset it")
        return self._of(taken)

    def reset(self, taken: Approval, _: Actor) -> Approval:
        return self._of(taken)

    def _submitted(self) -> Approval:
        if self.document.approval is None:
            raise self._impossible(ApprovalState.DRAFT)
        return self.document.approval

    def _of(self, taken: Approval) -> Approval:
        """The step with what was submitted."""
        before = self._submitted()
        return replace(before, state=taken.state, at=taken.at, by=taken.by, comment=taken.comment)

    def _must_be_approver(self, actor: Actor) -> None:
        named = self.parameters.approvers
        if named and actor.id.casefold() not in {one.casefold() for one in named}:
            detail = f"{self.document.company} names who approves: {', '.join(named)}"
            raise Refused(PostingFailure.ROLE_MISSING, f"{detail}; {actor.called} is none of them")


_AFTER: Final = {verb: after for (_, verb), after in APPROVALS.transitions.items()}
_TAKES: Final[dict[ApprovalVerb, Callable[[_Step, Approval, Actor], Approval]]] = {
    ApprovalVerb.SUBMITTED: _Step.submit,
    ApprovalVerb.APPROVED: _Step.approve,
    ApprovalVerb.REJECTED: _Step.judge,
    ApprovalVerb.CHANGES_REQUESTED: _Step.judge,
    ApprovalVerb.RECALLED: _Step.recall,
    ApprovalVerb.RESET: _Step.reset,
}
