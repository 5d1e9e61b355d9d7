"""Proposals and vendor invoices that are to be approved, by company, the oldest first, and who may still approve each.

A company that does not approve has none. What is posted or waits is not listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from project_invoicing.domain.advice import what_to_do
from project_invoicing.domain.codes import ApprovalState, PostingFailure, ProposalStatus
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.rules.approval import Approved, may_approve
from project_invoicing.rules.proforma import currency_of, customer_name_of, customer_of
from project_invoicing.use_cases.lists.asked import STUCK, Asked, Page, companies_from, page_of
from project_invoicing.use_cases.lists.facts import ProposalFacts
from project_invoicing.use_cases.lists.place import ListPlace

PROPOSAL: Final = "proposal"
VENDOR_INVOICE: Final = "vendor_invoice"


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """``status`` is that of the approval, ``since`` and ``by`` are of its last step, ``amount`` is before tax.

    Of a vendor invoice, ``proposal_id`` is its number, ``customer`` the lender, and ``invoice_id`` empty.
    ``may_approve``: who still may, of one that is submitted; ``stuck``: nobody whom the company names.
    """

    company: str | None
    proposal_id: str
    invoice_id: str
    status: str
    customer: str | None
    customer_name: str | None
    amount: str | None
    currency: str | None
    submitted_by: str | None
    since: str | None
    days: int | None
    by: str | None
    comment: str | None
    may_approve: str | None
    stuck: bool
    next: str
    kind: str


def page(place: ListPlace, asked: Asked) -> Page[ApprovalRow]:
    """Two requests for a company that approves, and those for names: a page may be short, and still go on."""
    companies = place.companies
    if asked.number:
        named = [asked.company] if asked.company else companies
        billed = [row for company in named for row in _vendor_invoices(place, asked, company)]
        return Page([*billed, *_rows(place, asked, place.stores.proposals.by_number(named, asked.number).values())])
    if not companies:
        return Page()
    company = next(companies_from(asked, companies))
    billed = [] if asked.place.get("before") else _vendor_invoices(place, asked, company)
    if not place.setup.parameters(company).approval:
        return page_of(asked, companies, billed, "")
    found = place.stores.proposals.oldest(
        company, ProposalStatus.READY, asked.limit, since=None, after=asked.place.get("before")
    )
    rows = [*billed, *_rows(place, asked, (id for id, _ in found.documents))]
    return page_of(asked, companies, rows, found.before)


def _vendor_invoices(place: ListPlace, asked: Asked, company: str) -> list[ApprovalRow]:
    """What lenders have billed and nobody has posted, all of it at once: one request."""
    if not place.setup.parameters(company).approve_vendor_invoices:
        return []
    # Imported late: most companies have none, or approve none.
    from project_invoicing.store.vendor_invoices import VendorInvoices  # noqa: PLC0415

    found = VendorInvoices(place.stores.proposals.client, place.stores.proposals.table).open(company)
    rows = [vendor_invoice_row(place, one) for one in found if asked.number in (None, one.invoice_number)]
    return [row for row in rows if _fits(row, asked)]


def vendor_invoice_row(place: ListPlace, one: VendorInvoice) -> ApprovalRow:
    return ApprovalRow(
        company=one.company,
        proposal_id=one.invoice_number,
        invoice_id="",
        customer=one.lender,
        customer_name=None,
        amount=place.amount(one.subtotal, one.currency),
        currency=one.currency,
        kind=VENDOR_INVOICE,
        **_standing(place, one, one.approval_state),
    )


def _rows(place: ListPlace, asked: Asked, ids: Iterable[str]) -> list[ApprovalRow]:
    found = place.stores.proposals.many(ids).values()
    headers = [one for one in found if one.status is ProposalStatus.READY and _approves(place, one)]
    place = place.seeing(map(ProposalFacts.of, headers))
    rows = (approval_row(place, header) for header in headers)
    return [row for row in rows if _fits(row, asked)]


def _approves(place: ListPlace, header: Proposal) -> bool:
    return header.company is not None and place.setup.parameters(header.company).approval


def _fits(row: ApprovalRow, asked: Asked) -> bool:
    return row.stuck if asked.status == STUCK else asked.status in (None, row.status)


def approval_row(place: ListPlace, header: Proposal) -> ApprovalRow:
    setup = place.setup
    currency = currency_of(header, setup)
    return ApprovalRow(
        company=header.company,
        proposal_id=header.number,
        invoice_id=header.id,
        customer=customer_of(header, setup),
        customer_name=customer_name_of(header, setup),
        amount=place.amount(header.subtotal, currency),
        currency=currency,
        kind=PROPOSAL,
        **_standing(place, header, header.approval_state),
    )


def _standing(place: ListPlace, document: Approved, state: ApprovalState) -> dict[str, Any]:
    """Where the approval of a document stands."""
    approval = document.approval
    may = may_approve(document, place.setup) if state is ApprovalState.SUBMITTED else None
    stuck = may is not None and may.is_stuck
    days = (datetime.fromisoformat(place.at) - datetime.fromisoformat(approval.at)).days if approval else None
    return {
        "status": state,
        "submitted_by": approval.submitted_by if approval else None,
        "since": approval.at if approval else None,
        "days": None if days is None else max(days, 0),
        "by": approval.by if approval else None,
        "comment": approval.comment if approval else None,
        "may_approve": None if may is None else str(may),
        "stuck": stuck,
        "next": _STUCK if stuck else _NEXT[state],
    }


_STUCK: Final = "have an administrator reset it: nobody of those whom the company names is left to approve it"
_NEXT: Final = {
    ApprovalState.DRAFT: what_to_do(PostingFailure.NOT_APPROVED),
    ApprovalState.SUBMITTED: "approve it, reject it, or ask for changes",
    ApprovalState.APPROVED: "post it, where the company does not post by itself what is approved",
    ApprovalState.REJECTED: "correct it, and submit it again",
    ApprovalState.CHANGES_REQUESTED: "change what was asked for, and submit it again",
}
