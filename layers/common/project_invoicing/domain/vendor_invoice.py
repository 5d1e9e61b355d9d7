"""The vendor invoice of a borrower that matches an invoice of its lender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from project_invoicing.domain.codes import ApprovalState, VendorInvoiceStatus

if TYPE_CHECKING:
    from project_invoicing.domain.approval import Approval


@dataclass(frozen=True, slots=True)
class VendorInvoice:
    """The vendor invoice of ``company``, the borrower, for the invoice that its lender posted (IC-09).

    ``accounting_date`` is the lender's; ``posted_on`` that of the borrower's own ``voucher``, which is the number there
    of one that other payables have posted (ICV-10). ``approval_steps`` counts the steps of its approval.
    """

    invoice_number: str
    company: str
    vendor: str
    lender: str
    status: VendorInvoiceStatus
    invoice_date: date
    due_date: date
    accounting_date: date
    currency: str
    subtotal: Decimal
    sales_tax: Decimal
    total: Decimal
    line_count: int = 0
    voucher: str | None = None
    posted_on: date | None = None
    reason: str | None = None
    approval: Approval | None = None
    approval_steps: int = 0

    @property
    def approval_state(self) -> ApprovalState:
        return self.approval.state if self.approval else ApprovalState.DRAFT

    @property
    def in_approval(self) -> bool:
        return self.approval_state in (ApprovalState.SUBMITTED, ApprovalState.APPROVED)

    @property
    def is_open(self) -> bool:
        return self.status in (VendorInvoiceStatus.PENDING, VendorInvoiceStatus.REFUSED)
