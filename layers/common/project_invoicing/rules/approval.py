"""Approval of proposals: who may approve one, and what it is that is approved (WFL-01 to WFL-06).

``four_eyes`` and ``approval`` are one rule: whoever has edited a proposal may not be the one that releases it. It is
released by its approval where the company approves, else by its posting.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from project_invoicing.domain.codes import ApprovalState
from project_invoicing.domain.proposal import Proposal
from project_invoicing.rules.invoice_draft import InvoiceDraft
from project_invoicing.rules.invoice_terms import written_invoice_date
from project_invoicing.rules.invoice_voucher import invoice_voucher
from project_invoicing.setup.lookups import FinanceSetup

_OF_A_LINE: Final = (
    "actual_id",
    "project",
    "category",
    "quantity",
    "unit_price",
    "amount",
    "discount",
    "sales_tax_group",
    "item_sales_tax_group",
    "sales_tax_amount",
)


@dataclass(frozen=True, slots=True)
class MayApprove:
    """``among``: ids that the company names, ``None`` where the role decides. ``not_these`` would be the same person."""

    among: tuple[str, ...] | None
    not_these: tuple[str, ...]

    @property
    def is_stuck(self) -> bool:
        """Whether nobody is left."""
        return self.among == ()

    def __str__(self) -> str:
        if self.among is not None:
            return ", ".join(self.among) or "nobody that the company names"
        but = f" but {' and '.join(self.not_these)}" if self.not_these else ""
        return f"whoever has the role approver{but}"


def may_approve(header: Proposal, setup: FinanceSetup) -> MayApprove:
    """Who may still approve a proposal that is submitted."""
    parameters, approval = setup.parameters(str(header.company)), header.approval
    barred: dict[str, None] = {}
    if approval and approval.submitter and not parameters.submitter_may_approve:
        barred[approval.submitter] = None
    if approval and parameters.four_eyes:
        barred |= dict.fromkeys(approval.editors or ())
    if not parameters.approvers:
        return MayApprove(None, tuple(barred))
    return MayApprove(tuple(one for one in parameters.approvers if one.casefold() not in barred), tuple(barred))


def approval_in_words(header: Proposal, setup: FinanceSetup) -> str:
    """Where the approval of a proposal stands, and what it waits for."""
    approval = header.approval
    if approval is None:
        return "is not submitted for approval yet"
    said = f": {approval.comment}" if approval.comment else ""
    match approval.state:
        case ApprovalState.SUBMITTED:
            return (
                f"waits for approval since {approval.at}, submitted by {approval.by}{said}; who may approve it: "
                f"{may_approve(header, setup)}"
            )
        case ApprovalState.APPROVED:
            return f"was approved on {approval.at} by {approval.by}{said}"
        case ApprovalState.REJECTED:
            return f"was not approved, on {approval.at} by {approval.by}{said}"
        case ApprovalState.CHANGES_REQUESTED:
            return f"was sent back for changes on {approval.at} by {approval.by}{said}"
        case ApprovalState.DRAFT:
            return f"has to be submitted again since {approval.at}, by {approval.by}{said}"


def digest_of(header: Proposal, made: InvoiceDraft, setup: FinanceSetup) -> str:
    """Stands for what posting the proposal would put on its invoice and into the ledger, in its currency.

    The dates are part of it where the invoice date is set; else they follow from the day of posting, as the exchange
    rate always does.
    """
    terms, totals = made.terms, made.totals
    said: list[list[Any]] = [
        [terms.customer, terms.currency, totals.document_type, totals.subtotal, totals.sales_tax, totals.total],
        [
            [line.account, line.posting_type, line.project, _sorted(line.dimensions), line.sales_tax_code, line.amount]
            for line in invoice_voucher(made, "", header.number, setup).lines
        ],
        [
            [*(getattr(line, name) for name in _OF_A_LINE), _sorted(line.dimensions)]
            for line in totals.lines
            if line.shown
        ],
    ]
    if header.edits.invoice_date or written_invoice_date(header, setup):
        said.append([terms.invoice_date, terms.due_date, terms.accounting_date, terms.cash_discount])
    return blake2b(json.dumps(said, default=str).encode(), digest_size=16).hexdigest()


def _sorted(dimensions: Mapping[str, str] | None) -> Iterable[tuple[str, str]]:
    return sorted((dimensions or {}).items())
