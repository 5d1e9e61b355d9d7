"""Lines of the other side against the costs that cleared their account (IWS-01 to IWS-06). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from project_invoicing.domain.codes import StagingState, TransactionType
from project_invoicing.domain.integration_lines import IntegrationLine, Interval, LineState, OtherLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.reconciliation import Cleared, Repair
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.setup.effective import Found
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.companies import PeriodStatus

_SYNC: Final = "Dataverse has no actual of it: have finance synchronize it, and see there why it was not approved"


def interval_of(setup: FinanceSetup, company: str, today: date) -> Interval:
    """From the first open ledger period of this year or the last one until today (IWS-03); else this year's days."""
    earliest = date(today.year - 1, 1, 1)
    periods = setup.document.fiscal_periods.get(company, ())
    open_ = (one.start for one in periods if one.status is PeriodStatus.OPEN and earliest <= one.start <= today)
    return Interval(min(open_, default=date(today.year, 1, 1)), today)


@dataclass(slots=True)
class Comparison:
    """``cleared`` by actual; ``rows``: the staged rows of those actuals that have cleared nothing."""

    setup: FinanceSetup
    cleared: Mapping[str, Cleared]

    def company_of(self, line: OtherLine) -> str | None:
        """The company of the line's project; ``None`` for one that finance does not know."""
        found = self.setup.find(line.project.entity, line.project.id)
        return found.company if isinstance(found, Found) else None

    def day_of(self, line: OtherLine, company: str) -> date | None:
        return self.setup.local_date(company, line.on) if line.on else None

    def judge(
        self, line: OtherLine, company: str, actuals: Sequence[str], rows: Mapping[str, StagedRow]
    ) -> IntegrationLine:
        """Where a line stands. ``actuals``: what Dataverse says came from it, sales among them."""
        theirs = self._posted(line, company)
        ours = sum((self.cleared[id].amount for id in actuals if id in self.cleared), ZERO)
        found = IntegrationLine(
            company,
            line.posting_type,
            LineState.RECONCILED,
            line.entity,
            line.id,
            line.number,
            self.setup.named(line.project),
            self.day_of(line, company),
            theirs or ZERO,
            ours,
            self.setup.accounting_currency(company),
        )
        if theirs is None:
            told = "its amount in accounting currency is not known: map its column, or add the exchange rate"
            found = replace(found, theirs=ours, state=LineState.AMOUNT_DIFFERS, detail=told)
        costs = [rows[id] for id in actuals if id in rows and rows[id].actual.transaction_type is TransactionType.COST]
        waiting = next((row for row in costs if row.state is not StagingState.POSTED), None)
        known = next((id for id in actuals if id in self.cleared), None)
        if waiting:
            return self._not_posted(found, waiting)
        if known:
            return _compared(found, known)
        if costs:
            accounts = ", ".join((costs[0].cost_accounts or {}).values()) or "no account"
            told = f"its cost is posted to {accounts}, which clears nothing here"
            return replace(found, state=LineState.NOT_CLEARED, detail=told, actual_id=costs[0].id)
        return _without_actual(found, [id for id in actuals if id not in rows])

    def missing_lines(self, matched: set[str], intervals: Mapping[str, Interval]) -> Iterable[IntegrationLine]:
        """What journals cleared in the interval of their company and no line of the other side has posted."""
        for id, one in self.cleared.items():
            interval = intervals.get(one.company)
            if id in matched or not one.amount or interval is None or one.on is None or not interval.has(one.on):
                continue
            yield IntegrationLine(
                one.company,
                one.posting_type,
                LineState.MISSING_LINE,
                ACTUAL,
                id,
                None,
                None,
                one.on,
                ZERO,
                one.amount,
                self.setup.accounting_currency(one.company),
                "a journal cleared it, and Dataverse has no line of it",
                id,
            )

    def _posted(self, line: OtherLine, company: str) -> Decimal | None:
        """What finance posted, in accounting currency."""
        if line.posted is not None:
            return line.posted
        currency = self.setup.named(line.currency)
        if line.cost is None or currency is None:
            return None
        accounting = self.setup.accounting_currency(company)
        on = self.day_of(line, company)
        if currency != accounting and on is None:
            return None
        rate = self.setup.exchange_rate(currency, accounting, on or date.max)
        return rate.convert(line.cost, self.setup.accounting_precision(company)) if rate else None

    @staticmethod
    def _not_posted(found: IntegrationLine, row: StagedRow) -> IntegrationLine:
        repair = None
        if row.state is StagingState.IMPORTED:
            told = f"its cost is on journal {row.journal_id}, which is not posted"
        elif row.state is StagingState.PENDING:
            why = f"{row.reason}: {row.detail}" if row.reason else "for an import"
            told, repair = f"its cost waits {why}", Repair.IMPORT
        else:
            told = f"its cost is {row.state}: {row.detail or 'it is not imported'}"
        return replace(found, state=LineState.MISSING_JOURNAL_LINE, detail=told, actual_id=row.id, repair=repair)


def _compared(found: IntegrationLine, actual: str) -> IntegrationLine:
    found = replace(found, actual_id=actual)
    if found.state is LineState.AMOUNT_DIFFERS or not found.difference:
        return found
    if not found.ours:
        return replace(found, state=LineState.NOT_CLEARED, detail="its cost was posted and taken back")
    told = f"finance posted {found.theirs}, our journal cleared {found.ours}"
    return replace(found, state=LineState.AMOUNT_DIFFERS, detail=told)


def _without_actual(found: IntegrationLine, absent: Sequence[str]) -> IntegrationLine:
    if not absent:
        return replace(found, state=LineState.MISSING_ACTUAL, detail=_SYNC)
    told = f"its actual {absent[0]} has not arrived"
    return replace(found, state=LineState.MISSING_ACTUAL, detail=told, actual_id=absent[0], repair=Repair.FETCH)
