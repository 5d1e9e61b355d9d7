"""Reads what is posted at fixed prices, for an estimate that is made elsewhere (FPR-03). It reads whole tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.master_data import RowKey, SeenRow
from project_invoicing.domain.tables import MILESTONE
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.fixed_prices import FixedPrices, Period
from project_invoicing.setup.indexes.references import look_up
from project_invoicing.store import whole_tables
from project_invoicing.store.whole_master_data import everything
from project_invoicing.use_cases.explain.stores import Stores


@dataclass(frozen=True, slots=True)
class FixedPriceRow:
    """A contract line in a period: ``cost`` in the accounting currency, the rest in that of the contract.

    ``contract_value`` is the sum of its milestones as Dataverse has them now, and the same in each of its periods;
    ``None`` where no milestone has arrived.
    """

    company: str
    contract: str | None
    contract_line: str
    period: str
    cost: str
    accounting_currency: str | None
    on_account_invoiced: str
    contract_value: str | None
    currency: str | None


def report(stores: Stores, company: str) -> list[FixedPriceRow]:
    """By contract line and period. A line of which only milestones are known has one row without a period."""
    found = FixedPrices(company, stores.setup)
    for journal in whole_tables.journal_headers(stores.journals):
        if journal.company == company and (header := journal.decoded()).posted_pages:
            for page in stores.journals.pages(company, header.journal_id):
                for line in page.lines if page.posted else ():
                    found.add_cost(line)
    for stored in whole_tables.proposal_headers(stores.proposals):
        invoice = stored.decoded() if stored.company == company else None
        if isinstance(invoice, Invoice) and invoice.posted:
            for billed in stores.proposals.invoices.lines(company, invoice.invoice_number):
                found.add_invoiced(invoice, billed)
    for key, seen in everything(stores.master):
        if isinstance(key, RowKey) and key.entity == MILESTONE and isinstance(seen, SeenRow):
            _add_milestone(found, seen, stores)
    return list(_rows(found))


def _add_milestone(found: FixedPrices, row: SeenRow, stores: Stores) -> None:
    line = look_up(row.columns.get("contract_line"))
    amount = row.columns.get("amount")
    name = stores.setup.resolve(line.entity, line.id) if line and row.company == found.company else None
    if name and amount is not None and not row.deleted:
        found.add_milestone(name, Decimal(str(amount)))


def _rows(found: FixedPrices) -> Iterator[FixedPriceRow]:
    show, accounting = Figures(found.setup), found.setup.currency_of_company(found.company)
    for name, line in sorted(found.lines.items()):
        for period, sums in sorted((line.periods or {"": Period()}).items()):
            yield FixedPriceRow(
                company=found.company,
                contract=line.contract,
                contract_line=name,
                period=period,
                cost=show.amount(sums.cost, accounting),
                accounting_currency=accounting,
                on_account_invoiced=show.amount(sums.on_account, line.currency),
                contract_value=show.amount(line.value, line.currency),
                currency=line.currency,
            )
