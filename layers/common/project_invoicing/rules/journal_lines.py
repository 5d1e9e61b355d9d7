"""The journal line of an actual: cost or sale, never both (JRN-15)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from project_invoicing.domain.actual import Actual, in_order
from project_invoicing.domain.codes import (
    PURCHASES,
    ConnectionRole,
    CostOrigin,
    TransactionClass,
)
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import COST_KINDS, JournalLine
from project_invoicing.domain.money import ZERO, ExchangeRate, round_to
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.defaults import ruled_tags
from project_invoicing.rules.owner import lent_within_company
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.setup.lookups import FinanceSetup

_UNIT_COST: Final = Decimal("0.000001")


def needs_no_import(actual: Actual, setup: FinanceSetup) -> str | None:
    """Why an actual never becomes a journal line, for people who look at its row (SKIP-08)."""
    if actual.skip_sync:
        return "its skip sync was set after it had been imported"
    if actual.transaction_class is TransactionClass.TAX:
        return "sales tax is computed by finance; tax actuals are not imported"
    if lent_within_company(actual, setup):
        return "its resource was lent within one legal entity"
    return None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that can become a journal line now. ``taken_back``: the row that it takes back, as it was read for it."""

    row: StagedRow
    resolved: Resolved
    period: str
    taken_back: StagedRow | None = None

    @property
    def writes(self) -> int:
        """How many writes it costs: on the row, and on what the row takes back."""
        return 2 if self.row.takes else 1

    @property
    def order(self) -> tuple[object, ...]:
        """Sort key of the line: by period and date, cost before sale, work before its fee, however they arrived."""
        actual = self.row.actual
        kind = 0 if actual.transaction_type in COST_KINDS else 1
        project = self.resolved.project or ""
        return (self.period, self.resolved.transaction_date, project, kind, *in_order(actual))


def original_rate(original: StagedRow, setup: FinanceSetup) -> ExchangeRate | None:
    """The rate of the actual that a reversal takes back, so that its accrual comes to exactly zero (FXR-13, D-025)."""
    if original.price_rate is not None:
        return original.price_rate
    outcome = resolve(original.actual, setup)
    return outcome.rate if isinstance(outcome, Resolved) else None


def discounted_as(resolved: Resolved, actual: Actual, reverses: JournalLine | None) -> Resolved:
    """A reversal treats its discount as the line that it ``reverses`` did, whatever the company's setting is now.

    FEE-10: otherwise an accrual posted gross would be reversed net, and the discount would stay accrued forever.
    """
    gross = -actual.amount
    if reverses is None or reverses.sales_amount not in (gross, gross + resolved.discount):
        return resolved
    return replace(resolved, accrued_discount=ZERO if reverses.sales_amount == gross else resolved.discount)


def tagged_line(candidate: Candidate, number: int, voucher: str, journal: Journal, setup: FinanceSetup) -> JournalLine:
    """The line of an actual on this journal, with the tags that its header and rules give (TAG-02, TAG-07)."""
    line = journal_line(candidate, number, voucher)
    labels = setup.active_tags(journal.company)
    if not labels or candidate.resolved.continues:
        return line
    of_journal = {label: value for label, value in (journal.tags or {}).items() if label in labels}
    return replace(line, tags=ruled_tags(line, of_journal | (line.tags or {}), journal.company, setup))


def saved_tags(line: JournalLine, company: str, setup: FinanceSetup) -> dict[str, str] | None:
    """The tags of a line that a person has edited: the rules run again (TAG-07), unless it continues a posted one."""
    if line.original_id or line.charges:
        return line.tags
    return ruled_tags(line, line.tags, company, setup)


def journal_line(candidate: Candidate, number: int, voucher: str) -> JournalLine:
    """The line of an actual: cost or sale, never both (JRN-15)."""
    actual, resolved = candidate.row.actual, candidate.resolved
    cost = actual.transaction_type in COST_KINDS
    return JournalLine(
        line_number=number,
        actual_id=actual.id,
        voucher=voucher,
        kind=actual.transaction_type,
        transaction_class=actual.transaction_class,
        category=resolved.category,
        line_property=resolved.line_property,
        transaction_date=resolved.transaction_date,
        accounting_date=resolved.accounting_date,
        quantity=actual.quantity,
        unit_cost=_unit_cost(actual, resolved) if cost else ZERO,
        cost_amount=resolved.amount if cost else ZERO,
        unit_price=ZERO if cost else actual.price,
        sales_amount=ZERO if cost else resolved.amount - resolved.accrued_discount,
        currency=resolved.currency,
        price_exchange_rate=resolved.rate.rate,
        price_factor=resolved.rate.factor,
        sales_tax_group=None if cost else resolved.sales_tax_group,
        item_sales_tax_group=None if cost else resolved.item_sales_tax_group,
        resource=resolved.resource,
        project=resolved.project,
        contract=resolved.contract,
        contract_line=resolved.contract_line,
        customer=resolved.customer,
        chargeable=resolved.chargeable,
        description=actual.description,
        dimensions=resolved.dimensions,
        worker_dimensions=resolved.worker_dimensions if cost else None,
        purchase=cost and resolved.origin in PURCHASES,
        expense_report=cost and resolved.origin is CostOrigin.EXPENSE_REPORT,
        original_id=candidate.row.links.get(ConnectionRole.ORIGINAL),
        took=candidate.row.takes,
        charges=tuple(charge.handed_on() for charge in resolved.charges),
        cost_adjustment=resolved.cost_adjustment,
        tags=resolved.tags,
    )


def _unit_cost(actual: Actual, resolved: Resolved) -> Decimal:
    """The actual's own, unless finance's cost of the item is another one (NEW-01)."""
    if resolved.cost_adjustment is None or not actual.quantity:
        return actual.price
    return round_to(resolved.amount / actual.quantity, _UNIT_COST)
