"""The steps of an approval: submit, approve, reject, request changes, recall, reset (WFL-02, WFL-06, ICV-08)."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pydantic import Field

from project_invoicing.domain.states import ApprovalVerb
from project_invoicing.use_cases.commands.command import Command, Text, TextIfAny
from project_invoicing.use_cases.commands.workplace import Workplace, bad

_FOR_SUBMITTER: Final = "what whoever submitted it has to do"


class ApprovalStep(Command):
    """A step of the approval of a proposal or a vendor invoice."""

    VERB: ClassVar[ApprovalVerb]

    company: TextIfAny = Field(
        None, description="the company of the document; without it all proposals that have the number"
    )
    proposal_id: TextIfAny = Field(None, description="the number of the proposal, or the id of its proforma")
    vendor_invoice: TextIfAny = Field(None, description="the number of a vendor invoice of the company, in its place")
    lender: TextIfAny = Field(
        None, description="of a vendor invoice: who has billed it, where two have used the number"
    )
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
    """Takes the step on each proposal that has the number, or on a vendor invoice. A refusal changes nothing."""
    if (command.proposal_id is None) == (command.vendor_invoice is None):
        raise bad("proposal_id", "the request needs proposal_id, or vendor_invoice with its company, and not both")
    if command.vendor_invoice is not None:
        return {"outcome": _of_vendor_invoice(command, command.vendor_invoice, place)}
    headers = place.proposals_with(str(command.proposal_id), command.company)
    # Imported late: only companies that approve take steps.
    from project_invoicing.use_cases.invoices.approval_step import take  # noqa: PLC0415

    states = [take(command, header, place) for header in headers]
    return {"outcome": ", ".join(dict.fromkeys(states))}


def _of_vendor_invoice(command: ApprovalStep, number: str, place: Workplace) -> str:
    from project_invoicing.domain.actor import person  # noqa: PLC0415 - as above
    from project_invoicing.use_cases.invoices.approval_step import step  # noqa: PLC0415
    from project_invoicing.use_cases.vendor_invoices.approval import VendorInvoiceInApproval  # noqa: PLC0415
    from project_invoicing.use_cases.vendor_invoices.post import VendorInvoicePosting  # noqa: PLC0415
    from project_invoicing.use_cases.vendor_invoices.read import KnownVendorInvoices  # noqa: PLC0415

    if command.company is None or command.company not in place.setup.document.companies:
        raise bad(
            "company", f"name the company whose vendor invoice it is: {', '.join(place.setup.document.companies)}"
        )
    known = KnownVendorInvoices(place.proposals, place.staging, place.vouchers.ledger, place.setups)
    run = VendorInvoicePosting(known, place.vouchers, command.company, place.at, place.actor or person(None))
    one = known.named(command.company, number, command.lender)
    return step(command, VendorInvoiceInApproval(one, run), place)
