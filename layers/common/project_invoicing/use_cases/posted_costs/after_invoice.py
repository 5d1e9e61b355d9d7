"""Posts costs to profit and loss with the invoice after which all of their sales are invoiced (PCO-12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from project_invoicing.domain.actor import BY_EVENT
from project_invoicing.domain.codes import ConnectionRole, CostSide
from project_invoicing.domain.refusals import Refusal
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.posted_costs import PostedCost, all_invoiced
from project_invoicing.store.finance_vouchers import FinanceVouchers
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.posted_costs.find import PostedCosts
from project_invoicing.use_cases.posted_costs.post import CostPosting
from project_invoicing.use_cases.setups import SetupVersions


@dataclass(frozen=True, slots=True)
class CostsOfInvoices:
    """Posts at ``at`` what invoices have brought to its end. Run again, it finds nothing left."""

    journals: Journals
    staging: Staging
    proposals: Proposals
    vouchers: FinanceVouchers
    setups: SetupVersions
    at: str

    def post(self, company: str, invoice_number: str) -> tuple[int, list[Refusal]]:
        """How many costs were posted, and why others were not. Does nothing where the company does not want it."""
        invoice = self.proposals.invoices.get(company, invoice_number)
        if invoice is None or not self.setups.current.parameters(company).post_costs_on_invoice:
            return 0, []
        costs = PostedCosts(self.journals, self.staging, self.vouchers.ledger, company)
        place = (self.setups, CostSide.PROFIT_AND_LOSS, invoice.accounting_date, self.at, BY_EVENT)
        run = CostPosting(costs, self.vouchers, *place)
        run.post(one for one in costs.of_sales(self._sales(company, invoice_number)) if _is_due(one))
        return len(run.posted), run.refused

    def _sales(self, company: str, invoice_number: str) -> Iterator[StagedRow]:
        """The unbilled sales that an invoice bills."""
        for _, lines in self.proposals.invoices.pages(company, invoice_number):
            billed = self.staging.readable(line.actual_id for line in lines)
            ids = {id for row in billed.values() if (id := row.links.get(ConnectionRole.UNBILLED))}
            yield from self.staging.readable(ids).values()


def _is_due(cost: PostedCost) -> bool:
    return cost.side is CostSide.BALANCE and all_invoiced(cost.sales)
