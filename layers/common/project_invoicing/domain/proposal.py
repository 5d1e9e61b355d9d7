"""An invoice proposal: its header and its pages of lines."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.actual import Proforma
from project_invoicing.domain.codes import ApprovalState, ProposalStatus
from project_invoicing.domain.credited_tax import TaxOfInvoice
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.waits import SHOWN_WAITS, Waits

if TYPE_CHECKING:
    from project_invoicing.domain.approval import Approval

UNRESOLVED: Final = "?"
"""Stands for the company in the index while the set-up does not know the header's contract."""


@dataclass(frozen=True, slots=True)
class HeaderEdits:
    """What a person has set on a proposal before posting.

    ``due_for`` is the invoice date for which the manual due date was set; ``None`` if there was none yet (DUE-03).
    """

    invoice_date: date | None = None
    due_date: date | None = None
    due_for: date | None = None
    dimensions: dict[str, str] | None = None
    accounting_date: date | None = None
    tags: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class BetweenCompanies:
    """What a lender's proposal bills: its sales to one borrower for these accounting dates, in one currency.

    ``customer`` is the borrower's account with the lender, ``vendor`` the lender's account with the borrower.
    ``project`` and ``contract``: only sales of these (ICV-07).
    """

    borrower: str
    customer: str
    vendor: str
    currency: str
    start: date
    end: date
    project: str | None = None
    contract: str | None = None

    @property
    def is_of_some(self) -> bool:
        return bool(self.project or self.contract)

    def has(self, line: JournalLine) -> bool:
        """Whether a posted sale is among those that it bills, whatever its currency and date."""
        return self.project in (None, line.project) and self.contract in (None, line.contract)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal's header as it was read. With ``intercompany`` it comes from no proforma and has a made-up one.

    ``invoice_date`` and ``accounting_date`` are those of a posting that has begun. ``billed_on`` is the accounting date
    that all billed sales of its lines carry, ``None`` where they differ (99-23). ``waits`` is ``None`` until an import
    has looked at it.
    """

    proforma: Proforma
    status: ProposalStatus
    changes: int
    deliveries: int
    company: str | None = None
    line_count: int = 0
    pages: int = 0
    subtotal: Decimal | None = None
    waits: Waits | None = None
    waiting_since: str | None = None
    refusal: dict[str, str] | None = None
    setup_version: int | None = None
    deleting: bool = False
    invoice_number: str | None = None
    voucher: str | None = None
    invoice_date: date | None = None
    accounting_date: date | None = None
    posting_setup_version: int | None = None
    posted_pages: int = 0
    edits: HeaderEdits = HeaderEdits()
    edit_count: int = 0
    intercompany: BetweenCompanies | None = None
    event: str | None = None
    billed_on: date | None = None
    credited: dict[str, TaxOfInvoice] = field(default_factory=dict)
    marked: bool = False
    blocked_by: str | None = None
    """What it is found by in the index of what waits for master data."""
    pinned: bool = False
    """Whether the master data that its lines, or its posting, were begun with is kept beside it."""
    approval: Approval | None = None
    """``None``: nobody has ever submitted it."""
    approval_steps: int = 0

    @property
    def approval_state(self) -> ApprovalState:
        return self.approval.state if self.approval else ApprovalState.DRAFT

    @property
    def in_approval(self) -> bool:
        """Whether it is submitted or approved: it is to be posted as it was submitted."""
        return self.approval_state in (ApprovalState.SUBMITTED, ApprovalState.APPROVED)

    @property
    def id(self) -> str:
        return self.proforma.id

    @property
    def works_for(self) -> str:
        """The company whose projects its lines are of: between companies, the borrower."""
        return self.intercompany.borrower if self.intercompany else str(self.company)

    @property
    def evaluated(self) -> bool:
        return self.waits is not None

    @property
    def waiting_for(self) -> tuple[Wait, ...]:
        return self.waits.shown if self.waits else ()

    @property
    def waits_for_posting(self) -> frozenset[str]:
        return self.waits.documents if self.waits else frozenset()

    @property
    def blockers(self) -> frozenset[str]:
        """The master data that could end one of its waits."""
        return self.waits.blockers if self.waits else frozenset()

    @property
    def second(self) -> bool:
        """Whether it waits because another document has taken what it would take (99-25)."""
        return self.waits is not None and self.waits.second

    @property
    def number(self) -> str:
        return self.proforma.number

    @property
    def withdrawing(self) -> bool:
        """Whether its proforma was canceled and its withdrawal is not complete yet."""
        return self.proforma.canceled and self.status is ProposalStatus.WAITING

    @property
    def lists_some(self) -> bool:
        """Whether the last of ``waiting_for`` only counts the waits that are not listed."""
        return bool(self.waits and self.waits.unlisted) or len(self.waiting_for) > SHOWN_WAITS

    def names(self, documents: Set[str]) -> bool:
        """Whether its waits name each of ``documents``."""
        return not documents if self.waits is None else self.waits.names(documents)


@dataclass(frozen=True, slots=True)
class ProposalPage:
    key: str
    lines: list[ProposalLine]
    version: int
