"""The approval of a borrower's vendor invoice: its steps, and whether it may be posted (WFL-01 to WFL-06, ICV-08).

The steps and who may take them are those of proposals. What is approved is the voucher that posting it would make, in
the currency of the invoice; the accounting date and the rate follow from the day of posting.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.actor import BY_EVENT, Actor
from project_invoicing.domain.codes import ApprovalState, PostingFailure
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger import VoucherLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.states import ApprovalVerb
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.rules.figures import Figures
from project_invoicing.setup.models.companies import Parameters
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.documents.edited_by import editors, must_not_have_edited
from project_invoicing.use_cases.vendor_invoices.read import KnownVendorInvoices

if TYPE_CHECKING:
    from project_invoicing.domain.approval import Approval
    from project_invoicing.use_cases.invoices.approval_step import Content
    from project_invoicing.use_cases.vendor_invoices.post import Judged, VendorInvoicePosting


class VendorInvoiceInApproval:
    """A vendor invoice in its approval. ``run`` judges it as posting would."""

    switch: Final = "approve_vendor_invoices"

    def __init__(self, one: VendorInvoice, run: VendorInvoicePosting) -> None:
        self.one, self.run = one, run

    @property
    def called(self) -> str:
        return f"vendor invoice {self.one.invoice_number}"

    @property
    def company(self) -> str:
        return self.one.company

    @property
    def state(self) -> ApprovalState:
        return self.one.approval_state

    @property
    def approval(self) -> Approval | None:
        return self.one.approval

    def approves(self, parameters: Parameters) -> bool:
        return parameters.approve_vendor_invoices

    def was_done(self, entry: HistoryEntry) -> bool:
        return self.run.known.invoices.was_done(self.one, entry)

    def must_be_open(self) -> None:
        if not self.one.is_open:
            detail = f"{self.called} is {self.one.status.replace('_', ' ')}: nothing is left to approve"
            raise Refused(PostingFailure.ALREADY_POSTED, detail)

    def content(self) -> Content:
        from project_invoicing.use_cases.invoices.approval_step import Content  # noqa: PLC0415 - it is loaded then

        made = self.run.judged(self.one)
        return Content(_digest(made.voucher.lines if made.voucher else ()), _total(made))

    def editors(self) -> dict[str, str]:
        return editors_of(self.run.known, self.one)

    def must_be_as_submitted(self) -> None:
        must_be_as_approved(self.run.known, self.run.judged(self.one), self.run.at)

    def write(self, verb: ApprovalVerb, made: Approval, noted: HistoryEntry) -> None:
        invoices = self.run.known.invoices
        transact(invoices.client, invoices.approval_step(self.one, verb, made, noted))


def must_be_released(known: KnownVendorInvoices, one: VendorInvoice, actor: Actor) -> None:
    """Refuses to post one that is not approved, where the company approves them (WFL-01).

    Where it does not and has ``four_eyes``, refuses to let a person post what it has edited in the lender.
    """
    parameters = known.setups.current.parameters(one.company)
    if parameters.approve_vendor_invoices:
        if one.approval_state is not ApprovalState.APPROVED:
            detail = f"{one.company} approves vendor invoices, and {one.invoice_number} of {one.lender} is not approved"
            raise Refused(PostingFailure.NOT_APPROVED, detail)
        return
    if actor.is_system or not parameters.four_eyes:
        return
    edited = editors_of(known, one)
    if edited and not actor.is_known:
        detail = f"{one.company} posts with four eyes: say who posts vendor invoice {one.invoice_number}"
        raise Refused(PostingFailure.FOUR_EYES, detail)
    must_not_have_edited(edited, actor, f"the proposal of vendor invoice {one.invoice_number}", "post")


def must_be_as_approved(known: KnownVendorInvoices, made: Judged, at: str) -> None:
    """Refuses to post, or to approve, what is not as it was submitted, and takes the approval back (WFL-03)."""
    one = made.invoice
    if one.approval is None or not made.setup.parameters(one.company).approve_vendor_invoices:
        return
    if _digest(made.voucher.lines if made.voucher else ()) == one.approval.digest:
        return
    why = (
        f"it would not be posted as it was submitted: accounts, dimensions, tax or amounts of {_total(made)} are others"
    )
    after = replace(one.approval, state=ApprovalState.DRAFT, at=at, by=BY_EVENT.called, comment=why, digest=None)
    noted = {"approval": ApprovalState.DRAFT, "comment": why}
    done = HistoryEntry(at, BY_EVENT, Done.APPROVAL_TAKEN_BACK, {"approval": one.approval_state}, noted)
    transact(known.invoices.client, known.invoices.approval_step(one, ApprovalVerb.TAKEN_BACK, after, done))
    raise Refused(PostingFailure.NOT_APPROVED, f"vendor invoice {one.invoice_number} has to be approved anew: {why}")


def editors_of(known: KnownVendorInvoices, one: VendorInvoice) -> dict[str, str]:
    """Who has edited the lender's proposal: nobody edits anything else of a vendor invoice."""
    invoice = known.proposals.invoices.get(one.lender, one.invoice_number)
    header = known.proposals.get(invoice.proforma_id) if invoice else None
    return editors(known.proposals.history(header.id)) if header and header.edit_count else {}


def _total(made: Judged) -> str:
    one = made.invoice
    return f"{Figures(made.setup).amount(one.total, one.currency)} {one.currency}"


def _digest(lines: Sequence[VoucherLine]) -> str:
    said = [
        [
            one.account,
            one.posting_type,
            one.project,
            sorted((one.dimensions or {}).items()),
            one.sales_tax_code,
            one.amount.normalize(),
            one.origin.actual_id,
        ]
        for one in lines
    ]
    return blake2b(json.dumps(said, default=str).encode(), digest_size=16).hexdigest()
