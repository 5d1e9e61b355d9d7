"""Posts the pending vendor invoices of borrowers whose terms let the schedule do it (ICV-10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from project_invoicing.domain.actor import BY_SCHEDULE
from project_invoicing.domain.codes import VendorInvoiceStatus
from project_invoicing.domain.refusals import Refusal
from project_invoicing.rules.vendor_invoice import way
from project_invoicing.setup.models.intercompany import VendorInvoices
from project_invoicing.store.finance_vouchers import FinanceVouchers
from project_invoicing.use_cases.vendor_invoices.post import VendorInvoicePosting
from project_invoicing.use_cases.vendor_invoices.read import KnownVendorInvoices


@dataclass(slots=True)
class ScheduledVendorInvoices:
    """One run at ``at``, while ``time_left``. What is refused is tried again by the next one."""

    known: KnownVendorInvoices
    vouchers: FinanceVouchers
    at: str
    time_left: Callable[[], bool]
    posted: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def run(self) -> None:
        setup = self.known.setups.current
        by_schedule = (row for row in setup.document.intercompany if row.vendor_invoices is VendorInvoices.BY_SCHEDULE)
        for borrower in dict.fromkeys(row.borrower for row in by_schedule):
            run = VendorInvoicePosting(self.known, self.vouchers, borrower, self.at, BY_SCHEDULE)
            for one in self.known.invoices.open(borrower):  # oldest first: a credit comes after its original
                pending = one.status is VendorInvoiceStatus.PENDING
                if pending and way(one, setup) is VendorInvoices.BY_SCHEDULE and self.time_left():
                    run.post([one])
            self.posted += len(run.posted)
            self.refused += run.refused
