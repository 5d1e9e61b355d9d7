"""Finds the costs that posted vendor invoices have brought a borrower (PCO-15).

Where such a cost is now stands on the row of the lender's sale: nothing else is of that one cost. A row that says
nothing is where the voucher of the vendor invoice has put it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.calendar import add_months
from project_invoicing.domain.ledger import VENDOR_INVOICE
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.rules.lent_costs import lent_line, must_have_brought_it
from project_invoicing.rules.posted_costs import PostedCost, no_ledger_entry
from project_invoicing.use_cases.vendor_invoices.read import KnownVendorInvoices, by_actual

if TYPE_CHECKING:
    from project_invoicing.use_cases.posted_costs.find import Choice

_AHEAD: Final = 12
"""Months by which work may be billed before its day: older invoices than that have nothing of a choice."""
_FIRST: Final = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class LentCosts:
    """Reads the costs of a borrower. Nothing here writes."""

    known: KnownVendorInvoices
    company: str

    def chosen(self, choice: Choice) -> Iterator[list[PostedCost]]:
        """The costs that fit, those of a vendor invoice at a time."""
        since = add_months(max(choice.since, _FIRST), -_AHEAD)
        for one in self.known.invoices.posted_since(self.company, since):
            lines = [line for line in self._lines(one) if choice.fits(line)]
            if lines:
                yield self._costs(one, lines, self.known.staging.readable(line.actual_id for line in lines))

    def of(self, row: StagedRow) -> PostedCost:
        """The cost of a lender's sale. Raises ``Refused`` where the borrower has none."""
        billed = self.known.billed_with(self.company, str(row.company), row.intercompany_proposal)[1]
        one = must_have_brought_it(billed, row, self.company)
        lines = [line for line in self._lines(one) if line.actual_id == row.id]
        for cost in self._costs(one, lines, {row.id: row}):
            return cost
        raise no_ledger_entry(row.id, f"vendor invoice {one.invoice_number} has no cost for it")

    def again(self, cost: PostedCost, row: StagedRow | None) -> PostedCost:
        """The cost as it is by its row of now."""
        if row is None:
            raise no_ledger_entry(cost.row.id, "it is gone")
        return replace(cost, row=row, accounts=row.cost_accounts or cost.accounts)

    def _lines(self, one: VendorInvoice) -> Iterator[ProposalLine]:
        for line in self.known.lines(one):
            if line.shown:
                yield replace(line, transaction_date=line.transaction_date or one.invoice_date)

    def _costs(self, one: VendorInvoice, lines: Sequence[ProposalLine], rows: dict[str, StagedRow]) -> list[PostedCost]:
        ids = {line.actual_id for line in lines}
        vouchers = self.known.ledger.vouchers(VENDOR_INVOICE, one.company, one.voucher) if one.voucher else ()
        entries = by_actual((entry for voucher in vouchers for entry in voucher.lines), ids)
        found: list[PostedCost] = []
        for line in lines:
            row = rows.get(line.actual_id)
            for entry in entries.get(line.actual_id, ()):
                if row and not entry.sales_tax_code:
                    accounts = row.cost_accounts or {entry.posting_type: entry.account}
                    found.append(PostedCost(row, lent_line(line, entry, one), accounts, vendor_invoice=one))
        return found
