"""Posts the costs that a company lets its schedule post, once a day (PCO-12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from project_invoicing.domain.actor import BY_SCHEDULE
from project_invoicing.domain.refusals import Refusal
from project_invoicing.setup.models.companies import ScheduledCosts
from project_invoicing.store.finance_vouchers import FinanceVouchers
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.posted_costs.find import Choice, PostedCosts
from project_invoicing.use_cases.posted_costs.post import CostPosting
from project_invoicing.use_cases.setups import SetupVersions

if TYPE_CHECKING:
    from project_invoicing.use_cases.posted_costs.lent import LentCosts


@dataclass(slots=True)
class ScheduledPosting:
    """One run at ``at``, while ``time_left``. The next one goes on: what is posted is no longer found.

    ``posted`` counts the costs.
    """

    journals: Journals
    staging: Staging
    vouchers: FinanceVouchers
    setups: SetupVersions
    proposals: Proposals
    at: str
    time_left: Callable[[], bool]
    posted: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def run(self) -> None:
        setup = self.setups.current
        for company, parameters in setup.document.parameters.items():
            on = setup.local_date(company, self.at)
            if parameters.scheduled_costs and self.journals.costs_posted(company) != (on, setup.version):
                for asked in parameters.scheduled_costs:
                    if not self._of(company, asked, on):
                        return
                self.journals.all_costs_posted(company, on, setup.version)

    def _of(self, company: str, asked: ScheduledCosts, on: date) -> bool:
        """Posts what is due; ``False`` where time ran out."""
        costs = PostedCosts(self.journals, self.staging, self.vouchers.ledger, company, self._lent(company))
        run = CostPosting(costs, self.vouchers, self.setups, asked.to, on, self.at, BY_SCHEDULE)
        choice = Choice(project=asked.project, since=asked.since, until=asked.until)
        for cost in costs.chosen(choice, asked.to):
            if not self.time_left():
                break
            if run.is_offered(cost):
                run.post([cost])
        else:
            self._count(run)
            return True
        self._count(run)
        return False

    def _lent(self, company: str) -> LentCosts | None:
        if not self.setups.current.document.intercompany:
            return None
        # Imported late: most organizations do not lend.
        from project_invoicing.use_cases.posted_costs.lent import LentCosts  # noqa: PLC0415
        from project_invoicing.use_cases.vendor_invoices.read import KnownVendorInvoices  # noqa: PLC0415

        return LentCosts(KnownVendorInvoices(self.proposals, self.staging, self.vouchers.ledger, self.setups), company)

    def _count(self, run: CostPosting) -> None:
        self.posted += len(run.posted)
        self.refused += run.refused
