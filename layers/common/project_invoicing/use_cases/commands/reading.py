"""From ``{action: request}`` to a command: the only place where a request is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from project_invoicing.errors import Rejected
from project_invoicing.use_cases.commands.accrual_journals import (
    CreateAccrualJournal,
    EditAccrualJournal,
    PostAccrualJournal,
    RemoveAccrualLines,
)
from project_invoicing.use_cases.commands.adjust_accounting import AdjustAccounting, PreviewAdjustment
from project_invoicing.use_cases.commands.approval import (
    ApproveProposal,
    RecallProposal,
    RejectProposal,
    RequestChanges,
    ResetApproval,
    SubmitProposal,
)
from project_invoicing.use_cases.commands.bill_intercompany import BillIntercompany
from project_invoicing.use_cases.commands.command import LINES, NAMING, SAID, Command, Edit
from project_invoicing.use_cases.commands.correct_tags import CorrectTags
from project_invoicing.use_cases.commands.delete_lines import DeleteJournalLines, DeleteProposalLines
from project_invoicing.use_cases.commands.dismiss import Dismiss
from project_invoicing.use_cases.commands.edit_header import EditHeader
from project_invoicing.use_cases.commands.edit_journal_line import EditJournal, EditJournalLine
from project_invoicing.use_cases.commands.edit_lines import EditJournalLines, EditProposalLines
from project_invoicing.use_cases.commands.edit_master_data import EditMasterData
from project_invoicing.use_cases.commands.edit_proposal_line import EditProposalLine
from project_invoicing.use_cases.commands.intercompany_lines import IntercompanyLines
from project_invoicing.use_cases.commands.post_costs import PostCosts, PreviewCosts
from project_invoicing.use_cases.commands.preview import Preview, PreviewJournal
from project_invoicing.use_cases.commands.replay import Replay
from project_invoicing.use_cases.commands.reset_journal import ResetJournal
from project_invoicing.use_cases.commands.vendor_invoices import (
    AnswerVendorInvoice,
    PostVendorInvoices,
    PreviewVendorInvoice,
)
from project_invoicing.use_cases.commands.workplace import bad
from project_invoicing.use_cases.documents.requests import named

COMMANDS: Final[tuple[type[Command], ...]] = (
    EditHeader,
    EditProposalLine,
    EditJournalLine,
    EditJournal,
    EditProposalLines,
    EditJournalLines,
    DeleteProposalLines,
    DeleteJournalLines,
    ResetJournal,
    Replay,
    Dismiss,
    Preview,
    PreviewJournal,
    BillIntercompany,
    SubmitProposal,
    ApproveProposal,
    RejectProposal,
    RequestChanges,
    RecallProposal,
    ResetApproval,
    EditMasterData,
    CreateAccrualJournal,
    EditAccrualJournal,
    RemoveAccrualLines,
    PostAccrualJournal,
    PreviewCosts,
    PostCosts,
    PreviewAdjustment,
    AdjustAccounting,
    CorrectTags,
    PreviewVendorInvoice,
    PostVendorInvoices,
    AnswerVendorInvoice,
    IntercompanyLines,
)
ACTIONS: Final = tuple(dict.fromkeys(command.ACTION for command in COMMANDS))
"""The actions that a request may ask for."""
_EITHER: Final[Mapping[str, tuple[type[Command], type[Command]]]] = {
    DeleteProposalLines.ACTION: (DeleteJournalLines, DeleteProposalLines),
    Preview.ACTION: (PreviewJournal, Preview),
}
"""Of actions on documents: the command for a journal, and the one for a proposal."""
_UNKNOWN, _MISSING = "extra_forbidden", "missing"
_FIRST: Final = (_UNKNOWN, SAID)
"""Errors reported before others of the same request: unknown names first, then values that a field does not accept."""


def command_of(detail: Mapping[str, Any]) -> Command:
    """The command in ``{action: request}``. Raises ``Rejected`` (``schema``) if it is not a valid one."""
    for action, request in detail.items():
        if action not in ACTIONS:
            known = ", ".join(ACTIONS)
            raise bad(action, f"{action} is not possible here, only {known}; proposals come from Dataverse (PROP-04)")
        if not isinstance(request, Mapping):
            raise bad(action, f"{action} is written as an object that names a document, not {request!r}")
        return _read(_model(action, request), request)
    raise bad("detail", f"the request says nothing to do; it can say {', '.join(ACTIONS)}")


def _model(action: str, request: Mapping[str, Any]) -> type[Command]:
    """The command for an action: one that names a journal is for journals, an edit without lines for a header."""
    possible = [command for command in COMMANDS if action == command.ACTION]
    if len(possible) == 1:
        return possible[0]
    journal = request.get("journal_id") is not None
    if journal and request.get("proposal_id") is not None:
        raise bad("journal_id", f"{action} names journal_id or proposal_id, not both")
    if action == Edit.ACTION:
        return _edit(request, journal=journal)
    of_journal, of_proposal = _EITHER[action]
    return of_journal if journal else of_proposal


def _edit(request: Mapping[str, Any], *, journal: bool) -> type[Command]:
    if LINES in request:
        if "actual_id" in request:
            raise bad("actual_id", "edit names actual_id or lines, not both")
        return EditJournalLines if journal else EditProposalLines
    if journal:
        return EditJournal if "tags" in request and "actual_id" not in request else EditJournalLine
    return EditProposalLine if "actual_id" in request else EditHeader


def _read(model: type[Command], request: Mapping[str, Any]) -> Command:
    """Reads the command. Names it has no use for are still checked as ids and numbers, and then ignored."""
    useless = NAMING - model.model_fields.keys()
    try:
        return model.model_validate({name: value for name, value in named(request).items() if name not in useless})
    except ValidationError as error:
        first = min(error.errors(include_url=False), key=_rank)
        raise _rejected(model, first) from None


def _rank(error: ErrorDetails) -> int:
    return _FIRST.index(error["type"]) if error["type"] in _FIRST else len(_FIRST)


def _rejected(model: type[Command], error: ErrorDetails) -> Rejected:
    field = str(error["loc"][0]) if error["loc"] else model.ACTION
    if error["type"] == _MISSING:
        return bad(field, f"the request needs {field}")
    if error["type"] != _UNKNOWN:
        return bad(field, error["msg"] if error["type"] == SAID else f"{field}: {error['msg']}")
    if issubclass(model, Edit):
        return bad(field, f"{field} cannot be edited; what can: {', '.join(model.editable())}")
    known = ", ".join(one.alias or name for name, one in model.model_fields.items())
    return bad(field, f"{model.ACTION} knows no {field}; what it knows: {known}")
