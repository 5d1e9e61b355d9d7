"""What people may do: the role that each command needs, checked before it runs. Events and schedules need none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from project_invoicing.domain.actor import Actor, Role
from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.master_data import Part
from project_invoicing.domain.refusals import Refused

NEEDED: Final[Mapping[str, Role]] = {
    "EditHeader": Role.ACCOUNTANT,
    "EditProposalLine": Role.ACCOUNTANT,
    "EditJournalLine": Role.ACCOUNTANT,
    "EditJournal": Role.ACCOUNTANT,
    "EditProposalLines": Role.ACCOUNTANT,
    "EditJournalLines": Role.ACCOUNTANT,
    "DeleteProposalLines": Role.ACCOUNTANT,
    "DeleteJournalLines": Role.ACCOUNTANT,
    "Replay": Role.ACCOUNTANT,
    "Dismiss": Role.ACCOUNTANT,
    "ImportStaging": Role.ACCOUNTANT,
    "SubmitProposal": Role.ACCOUNTANT,
    "RecallProposal": Role.ACCOUNTANT,
    "ApproveProposal": Role.APPROVER,
    "RejectProposal": Role.APPROVER,
    "RequestChanges": Role.APPROVER,
    "ResetApproval": Role.ADMINISTRATOR,
    "Preview": Role.VIEWER,
    "PreviewJournal": Role.VIEWER,
    "Question": Role.VIEWER,
    "ShowDocument": Role.VIEWER,
    "PreviewDocument": Role.VIEWER,
    "AttachFile": Role.ACCOUNTANT,
    "MakeDocument": Role.POSTER,
    "MakeDocuments": Role.POSTER,
    "ResendDocument": Role.POSTER,
    "CreateAccrualJournal": Role.ACCOUNTANT,
    "EditAccrualJournal": Role.ACCOUNTANT,
    "RemoveAccrualLines": Role.ACCOUNTANT,
    "PostAccrualJournal": Role.POSTER,
    "ResetJournal": Role.POSTER,
    "BillIntercompany": Role.POSTER,
    "PostInvoices": Role.POSTER,
    "PostJournals": Role.POSTER,
    "BuildBatches": Role.POSTER,
    "DeliverBatch": Role.POSTER,
    "AcknowledgeBatch": Role.POSTER,
    "RecordPayment": Role.POSTER,
    "PreviewCosts": Role.VIEWER,
    "PostCosts": Role.COST_POSTER,
    "PreviewAdjustment": Role.VIEWER,
    "AdjustAccounting": Role.ADJUSTER,
    "CorrectTags": Role.ADJUSTER,
    "IntercompanyLines": Role.ACCOUNTANT,
    "PreviewVendorInvoice": Role.VIEWER,
    "PostVendorInvoices": Role.POSTER,
    "AnswerVendorInvoice": Role.POSTER,
    "EditMasterData": Role.ADMINISTRATOR,
    "ControlMap": Role.ADMINISTRATOR,
    "RetryWriteBack": Role.ADMINISTRATOR,
    "RepairDifferences": Role.ADMINISTRATOR,
}
"""By the name of a command or a request. A test compares it with all there are."""

ACCOUNTING: Final = frozenset({Part.ON_ACCOUNT_TRANSACTIONS})
"""Master data whose own columns are set in the course of billing."""

OF_ALL: Final = frozenset({"ControlMap", "RepairDifferences"})
"""About the whole stack: not for those who may see only some companies."""
ASKS_ITSELF: Final = frozenset({"Question", "Replay", "Dismiss"})
"""Shows, or does, of what it finds, only what is of a company that the person may see. Any other names its company."""


def must_be_allowed(actor: Actor, asked: object) -> None:
    """Refuses what the person has no role for. What is left to the schedule needs a role more (ARR-18)."""
    scheduled = [Role.SCHEDULER] if getattr(asked, "scheduled", False) else []
    own = Role.ACCOUNTANT if getattr(asked, "part", None) in ACCOUNTING else NEEDED[type(asked).__name__]
    for needed in (own, *scheduled):
        if not actor.is_system and not actor.may(needed):
            has = ", ".join(sorted(actor.roles or ())) or "no role"
            detail = f"{actor.name or 'who asks'} needs the role {needed}, and has {has}"
            raise Refused(PostingFailure.ROLE_MISSING, detail)
    must_be_of_own(actor, asked)


def must_be_of_own(actor: Actor, asked: object) -> None:
    """Refuses a person who may not see all companies what is not of one of its own: it names the company."""
    own = actor.companies
    if own is None:
        return
    name, company = type(asked).__name__, getattr(asked, "company", None)
    may = f"{actor.called} may act for {', '.join(sorted(own))}"
    if name in OF_ALL or (name == "ImportStaging" and getattr(asked, "actual_id", None)):
        raise Refused(PostingFailure.ROLE_MISSING, f"this is about all companies, and {may} alone")
    if company is None and name not in ASKS_ITSELF:
        raise Refused(PostingFailure.ROLE_MISSING, f"name the company: {may} alone")
    if company is not None and company not in own:
        raise Refused(PostingFailure.ROLE_MISSING, f"{may}, and not for {company}")
