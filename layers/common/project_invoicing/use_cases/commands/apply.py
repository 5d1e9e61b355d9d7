"""Carries out a person's command and reports the outcome.

Everything on a line that no command covers comes from Dataverse and is refused by name (JRN-14, TAX-11, DIM-09).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from project_invoicing.domain.actor import person
from project_invoicing.domain.refusals import Refusal, Refused
from project_invoicing.domain.text import whole
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.commands import (
    accrual_journals,
    adjust_accounting,
    approval,
    bill_intercompany,
    correct_tags,
    delete_lines,
    dismiss,
    edit_header,
    edit_journal_line,
    edit_lines,
    edit_master_data,
    edit_proposal_line,
    intercompany_lines,
    post_costs,
    preview,
    replay,
    reset_journal,
    vendor_invoices,
)
from project_invoicing.use_cases.commands.command import Command
from project_invoicing.use_cases.commands.reading import command_of
from project_invoicing.use_cases.commands.workplace import Workplace
from project_invoicing.use_cases.people import must_be_allowed

HANDLERS: Final[Mapping[type[Command], Callable[[Any, Workplace], dict[str, Any]]]] = {
    edit_header.EditHeader: edit_header.handle,
    edit_proposal_line.EditProposalLine: edit_proposal_line.handle,
    edit_journal_line.EditJournalLine: edit_journal_line.handle,
    edit_journal_line.EditJournal: edit_journal_line.handle_header,
    edit_lines.EditProposalLines: edit_lines.handle_proposal,
    edit_lines.EditJournalLines: edit_lines.handle_journal,
    delete_lines.DeleteProposalLines: delete_lines.handle_proposal,
    delete_lines.DeleteJournalLines: delete_lines.handle_journal,
    reset_journal.ResetJournal: reset_journal.handle,
    replay.Replay: replay.handle,
    dismiss.Dismiss: dismiss.handle,
    preview.Preview: preview.handle,
    preview.PreviewJournal: preview.handle_journal,
    bill_intercompany.BillIntercompany: bill_intercompany.handle,
    approval.SubmitProposal: approval.handle,
    approval.ApproveProposal: approval.handle,
    approval.RejectProposal: approval.handle,
    approval.RequestChanges: approval.handle,
    approval.RecallProposal: approval.handle,
    approval.ResetApproval: approval.handle,
    edit_master_data.EditMasterData: edit_master_data.handle,
    accrual_journals.CreateAccrualJournal: accrual_journals.handle_create,
    accrual_journals.EditAccrualJournal: accrual_journals.handle_edit,
    accrual_journals.RemoveAccrualLines: accrual_journals.handle_remove,
    accrual_journals.PostAccrualJournal: accrual_journals.handle_post,
    post_costs.PreviewCosts: post_costs.handle_preview,
    post_costs.PostCosts: post_costs.handle,
    adjust_accounting.PreviewAdjustment: adjust_accounting.handle_preview,
    adjust_accounting.AdjustAccounting: adjust_accounting.handle,
    correct_tags.CorrectTags: correct_tags.handle,
    vendor_invoices.PreviewVendorInvoice: vendor_invoices.handle_preview,
    vendor_invoices.PostVendorInvoices: vendor_invoices.handle_post,
    intercompany_lines.IntercompanyLines: intercompany_lines.handle,
    vendor_invoices.AnswerVendorInvoice: vendor_invoices.handle_answer,
}
"""Each raises ``Rejected`` for an invalid command, and ``Refused`` where the document does not allow it."""


def apply(detail: Mapping[str, Any], place: Workplace) -> dict[str, Any]:
    """Carries out ``{action: request}``. Returns ``outcome`` and the result of the action.

    What was not done is in ``refused``, a list of ``Refusal``s (contract, section 7). ``actor`` is the person who
    asked, if the request names one.
    """
    detail = whole(detail)
    try:
        command = command_of(detail)
    except Rejected as rejected:
        return _refused(detail, f"refused: {rejected.detail}", rejected)
    asked = {"actor": command.actor} if command.actor else {}
    place = replace(place, actor=place.actor or person(command.actor))
    try:
        must_be_allowed(place.actor or person(None), command)
        return HANDLERS[type(command)](command, place) | asked
    except Refused as refused:
        return _refused(detail, str(refused), refused) | asked
    except Rejected as rejected:
        return _refused(detail, f"refused: {rejected.detail}", rejected) | asked


_NAMES: Final = ("proposal_id", "vendor_invoice", "journal_id", "id", "message", "number")
"""What names the document of a request."""


def _refused(detail: Mapping[str, Any], outcome: str, why: Refused | Rejected) -> dict[str, Any]:
    """The answer to an ``{action: request}`` that was not carried out, with the document that the request names."""
    request = next((one for one in detail.values() if isinstance(one, Mapping)), {})
    named = (request.get(name) for name in _NAMES)
    refusal = Refusal(request.get("company"), next((one for one in named if one), None), why.reason, why.detail)
    return {"outcome": outcome, "refused": [asdict(refusal)]}
