"""The lines of a scenario as models: what each may say, and the event with which it calls a function."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from local import schedules
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.text import guid

_SOURCE: Final = "project-invoicing.manual"
_EDITING: Final = "document_editing"

Json = dict[str, Any]


def _instant(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            return utc_text(moment)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"write an instant as 2026-08-27T16:05:00Z, not {text!r}")


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"write a date as 2026-08-27, not {text!r}") from None


def _row_id(text: str) -> str:
    if id := guid(text):
        return id
    raise ValueError(f"write the GUID of a row, braces or not, not {text!r}")


def _figure(value: str | int | Decimal) -> str | int | Decimal:
    try:
        if not isinstance(value, bool) and Decimal(value).is_finite():
            return value
    except InvalidOperation:
        pass
    raise ValueError(f'write a figure as "8.5" or 8.5, not {value!r}')


_Named = Annotated[str, AfterValidator(lambda text: guid(text) or text.strip())]
"""A number as it is, or the id of a proposal's proforma as Dataverse writes it."""


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Line(_Given):
    """``at`` is the clock of everything that the line sets off: an instant in UTC, to the second."""

    at: Annotated[str, AfterValidator(_instant)]


class DataverseLine(Line):
    dataverse: Json


class SetupLine(Line):
    setup: Json


_Figure = Annotated[str | int | Decimal, AfterValidator(_figure)]


class Approve(_Given):
    """What is approved. Prices and costs are those of one unit."""

    project: str
    price: _Figure | None = None
    kind: Literal["time", "expense", "material", "milestone", "fee"] = "time"
    hours: _Figure | None = None
    quantity: _Figure | None = None
    cost: _Figure = "0"
    billable: _Figure | None = None
    date: Annotated[str, AfterValidator(_day)] | None = None
    company: str | None = None
    contract: str | None = None
    contract_line: str | None = None
    customer: str | None = None
    resource: str | None = None
    category: str | None = None
    product: str | None = None
    currency: str | None = None
    cost_currency: str | None = None
    description: str | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> Approve:
        if self.price is None:
            raise ValueError("say the price of one unit, or the amount of a milestone or a fee")
        if self.kind == "time" and (self.hours is None) == (self.quantity is None):
            raise ValueError("say how many hours")
        if self.kind != "time" and self.hours is not None:
            raise ValueError("hours are for time; write quantity")
        return self


class Confirm(_Given):
    """Which proforma is confirmed, and of which contract, where work of several waits to be billed."""

    proposal: str
    contract: str | None = None
    date: Annotated[str, AfterValidator(_day)] | None = None
    accounting_date: Annotated[str, AfterValidator(_day)] | None = None


def _proforma(given: Any) -> Any:
    return {"proposal": given} if isinstance(given, str) else given


class ShortLine(Line):
    """A line in the short form, which the stand-in for Dataverse makes into rows before the scenario runs."""


class ApproveLine(ShortLine):
    approve: Approve


class ConfirmLine(ShortLine):
    confirm: Annotated[Confirm, BeforeValidator(_proforma)]


class CallLine(Line):
    """A line that calls one function."""

    @property
    def function(self) -> str:
        return _EDITING

    @property
    def action(self) -> str:
        """What the line does, as it says itself: ``edit``, or the name of the function that runs."""
        return next(iter(self.model_fields_set - {"at"}))

    def named(self) -> dict[str, str]:
        """What the line names, by the field that names it: ``{"edit.company": "USPM", …}``."""
        request = self.model_dump(exclude={"at"}, exclude_unset=True)[self.action]
        return {f"{self.action}.{name}": value for name, value in request.items() if isinstance(value, str)}

    def event(self) -> Json:
        """The event the function is called with."""
        return self._event("Manual Edit", self.model_dump(exclude={"at"}, exclude_unset=True))

    def _event(self, detail_type: str, detail: Json) -> Json:
        return {"source": _SOURCE, "detail-type": detail_type, "time": self.at, "detail": detail}


class RunLine(CallLine):
    """``scheduled``: as by its schedule, which does more than a person asks for."""

    run: str
    scheduled: Literal[True] | None = None
    company: _Named | None = None
    proposal_id: _Named | None = None
    journal_id: _Named | None = None
    invoice_date: Annotated[str, AfterValidator(_day)] | None = None
    actual_id: Annotated[str, AfterValidator(_row_id)] | None = None
    original_journal: _Named | None = None
    period_start: Annotated[str, AfterValidator(_day)] | None = None
    kind: Literal["ledger", "receivables", "payables"] | None = None
    actor: str | None = None

    @model_validator(mode="after")
    def _schedules_name_nothing(self) -> RunLine:
        if self.scheduled and (named := self.named()):
            raise ValueError(f"what is scheduled runs for everything; leave {', '.join(named)} out")
        return self

    @property
    def function(self) -> str:
        return self.run

    @property
    def action(self) -> str:
        return self.run

    def named(self) -> dict[str, str]:
        return self.model_dump(exclude={"at", "run", "scheduled"}, exclude_none=True)

    def event(self) -> Json:
        if self.scheduled:
            return schedules.event(self.at)
        return self._event("Manual Run", self.model_dump(exclude={"at", "run"}, exclude_none=True))


class _Document(_Given):
    company: _Named
    proposal_id: _Named | None = None
    journal_id: _Named | None = None
    actor: str | None = None

    @model_validator(mode="after")
    def _names_one(self) -> _Document:
        if (self.proposal_id is None) == (self.journal_id is None):
            raise ValueError("name one of proposal_id and journal_id")
        return self


class _Edit(_Document):
    """Further keys are what is to be changed. What may be changed is for the function to say."""

    model_config = ConfigDict(extra="allow")
    actual_id: str | None = None


class _Approval(_Given):
    company: _Named
    proposal_id: _Named | None = None
    vendor_invoice: _Named | None = None
    lender: _Named | None = None
    comment: str | None = None
    actor: str | None = None


class _Reset(_Given):
    company: _Named
    journal_id: _Named
    actor: str | None = None


class _Replay(_Given):
    entity: str
    id: str
    actor: str | None = None


class _IntercompanyInvoice(_Given):
    """Also ``from`` and ``to``; whether these are days is for the function to say."""

    model_config = ConfigDict(extra="allow")
    company: _Named
    borrower: _Named


class _Costs(_Given):
    """Also which costs, and the accounting date; what these may say is for the function to say."""

    model_config = ConfigDict(extra="allow")
    company: _Named
    to: str


class _Adjusts(_Given):
    """Also what gets other dimensions or tags, and which; what these may say is for the function to say."""

    model_config = ConfigDict(extra="allow")
    company: _Named


class _OfBorrower(_Given):
    """Also which vendor invoices, and what to do with them; what these may say is for the function to say."""

    model_config = ConfigDict(extra="allow")
    company: _Named


class _LinesBetween(_Given):
    """Also which lines are taken off or added."""

    model_config = ConfigDict(extra="allow")
    company: _Named
    proposal_id: _Named


class _Batch(_Given):
    """Further keys are what is said of it, for the function to read."""

    model_config = ConfigDict(extra="allow")
    company: _Named
    kind: str
    number: int
    actor: str | None = None


class LedgerLine(CallLine):
    """A line about what comes back from the other ledger."""

    @property
    def function(self) -> str:
        return "ledger_answers"


class AcknowledgeLine(LedgerLine):
    acknowledge: _Batch


class DeliverLine(LedgerLine):
    deliver: _Batch


class _Payment(_Given):
    """Further keys are what is said of it, for the function to read."""

    model_config = ConfigDict(extra="allow")
    company: _Named
    settlement_id: str
    version: int
    actor: str | None = None


class PaymentLine(LedgerLine):
    """What receivables tells of a payment."""

    payment: _Payment


class EditLine(CallLine):
    edit: _Edit


class DeleteLinesLine(CallLine):
    delete_lines: _Document


class _OwnColumns(_Given):
    """Finance's own columns of a row of master data; what these may say is for the function to say."""

    part: str
    company: _Named | None = None
    number: str
    columns: Json
    actor: str | None = None


class EditMasterDataLine(CallLine):
    edit_master_data: _OwnColumns


class SubmitProposalLine(CallLine):
    submit_proposal: _Approval


class ApproveProposalLine(CallLine):
    approve_proposal: _Approval


class RejectProposalLine(CallLine):
    reject_proposal: _Approval


class RequestChangesLine(CallLine):
    request_changes: _Approval


class RecallProposalLine(CallLine):
    recall_proposal: _Approval


class ResetApprovalLine(CallLine):
    reset_approval: _Approval


class ResetLine(CallLine):
    reset: _Reset


class ReplayLine(CallLine):
    replay: _Replay


class IntercompanyInvoiceLine(CallLine):
    intercompany_invoice: _IntercompanyInvoice


class _Correction(_Given):
    """Further keys are what is wanted or changed, for the function to read."""

    model_config = ConfigDict(extra="allow")
    company: _Named
    journal_id: str | None = None


class CorrectionLine(CallLine):
    """A line about a correction journal, whose number is not one of the journals of actuals."""

    def named(self) -> dict[str, str]:
        return {name: value for name, value in super().named().items() if not name.endswith(".journal_id")}


class CreateAccrualJournalLine(CorrectionLine):
    create_accrual_journal: _Correction


class EditAccrualJournalLine(CorrectionLine):
    edit_accrual_journal: _Correction


class RemoveAccrualLinesLine(CorrectionLine):
    remove_accrual_lines: _Correction


class PostAccrualJournalLine(CorrectionLine):
    post_accrual_journal: _Correction


class IntercompanyLinesLine(CallLine):
    intercompany_lines: _LinesBetween


class PostVendorInvoicesLine(CallLine):
    post_vendor_invoices: _OfBorrower


class AnswerVendorInvoiceLine(CallLine):
    answer_vendor_invoice: _OfBorrower


class PostCostsLine(CallLine):
    post_costs: _Costs


class AdjustAccountingLine(CallLine):
    adjust_accounting: _Adjusts


class CorrectTagsLine(CallLine):
    correct_tags: _Adjusts


KINDS: Final[Mapping[str, type[Line]]] = {
    "dataverse": DataverseLine,
    "approve": ApproveLine,
    "confirm": ConfirmLine,
    "run": RunLine,
    "edit": EditLine,
    "edit_master_data": EditMasterDataLine,
    "delete_lines": DeleteLinesLine,
    "submit_proposal": SubmitProposalLine,
    "approve_proposal": ApproveProposalLine,
    "reject_proposal": RejectProposalLine,
    "request_changes": RequestChangesLine,
    "recall_proposal": RecallProposalLine,
    "reset_approval": ResetApprovalLine,
    "reset": ResetLine,
    "replay": ReplayLine,
    "intercompany_invoice": IntercompanyInvoiceLine,
    "intercompany_lines": IntercompanyLinesLine,
    "post_vendor_invoices": PostVendorInvoicesLine,
    "answer_vendor_invoice": AnswerVendorInvoiceLine,
    "post_costs": PostCostsLine,
    "adjust_accounting": AdjustAccountingLine,
    "correct_tags": CorrectTagsLine,
    "create_accrual_journal": CreateAccrualJournalLine,
    "edit_accrual_journal": EditAccrualJournalLine,
    "remove_accrual_lines": RemoveAccrualLinesLine,
    "post_accrual_journal": PostAccrualJournalLine,
    "acknowledge": AcknowledgeLine,
    "deliver": DeliverLine,
    "payment": PaymentLine,
    "setup": SetupLine,
}
"""The models of a line, by the key that only such a line has."""

COMPANIES: Final = frozenset({"company", "borrower"})
PROPOSALS: Final = frozenset({"proposal_id"})
JOURNALS: Final = frozenset({"journal_id", "original_journal"})
"""The fields that name one."""
