"""Checks exchange rates that were posted with against those of today: a change is flagged, never applied backwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from project_invoicing.domain.codes import ConnectionRole, StagingState
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal_line import COST_KINDS, JournalLine
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.reconciliation import Difference
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.line_dates import written_dates
from project_invoicing.rules.proforma import contract_of
from project_invoicing.rules.reconciliation.findings import Finding, of_row
from project_invoicing.setup.lookups import FinanceSetup

CHECK = "rate_changed_after_use"


@dataclass(frozen=True, slots=True)
class UsedRates:
    """Journal lines by the rate of their accounting date, or of their contract; invoices by that of their voucher."""

    setup: FinanceSetup

    def is_suspect(self, row: StagedRow) -> bool:
        """Whether the row of a posted journal line has another rate than that of the day it asks for.

        A line may have been posted on another day, and a sale at the rate of its contract: its line tells. A reversal
        has the rate of its original (FXR-13), which is looked at itself.
        """
        if row.state is not StagingState.POSTED or not row.journal_id or row.price_rate is None or not row.company:
            return False
        reference = row.actual.currency
        currency = self.setup.resolve(reference.entity, reference.id) if reference else None
        accounting = self.setup.currency_of_company(row.company)
        if None in (currency, accounting) or currency == accounting or ConnectionRole.ORIGINAL in row.links:
            return False
        _, day = written_dates(row.actual, row.company, self.setup)
        return self.setup.exchange_rate(str(currency), str(accounting), day) != row.price_rate

    def of_line(self, row: StagedRow, line: JournalLine) -> Iterator[Finding]:
        company = str(row.company)
        contract = None if line.kind in COST_KINDS else line.contract
        now = self.setup.price_rate(contract, line.currency, company, line.accounting_date)
        if now is None or now == line.rate:
            return
        off = None
        if row.accounting_amount is not None:
            off = now.convert(line.amount, self.setup.accounting_precision(company)) - row.accounting_amount
        yield of_row(CHECK, row, self.setup, _says(line.currency, line.accounting_date, line.rate.multiplier, now), off)

    def of_invoice(self, invoice: Invoice, header: Proposal | None) -> Iterator[Finding]:
        """A posted invoice; without a header nobody can tell its contract."""
        accounting = self.setup.currency_of_company(invoice.company)
        if not invoice.posted or header is None or accounting in (None, invoice.currency):
            return
        contract = contract_of(header.proforma, self.setup)
        now = self.setup.price_rate(contract, invoice.currency, invoice.company, invoice.accounting_date)
        if now is None or now.multiplier == invoice.exchange_rate:
            return
        detail = _says(invoice.currency, invoice.accounting_date, invoice.exchange_rate, now)
        precision = self.setup.accounting_precision(invoice.company)
        used = ExchangeRate(invoice.exchange_rate, Decimal(1))
        off = now.convert(invoice.total, precision) - used.convert(invoice.total, precision)
        yield Finding(CHECK, Difference("invoice", invoice.invoice_number, detail, invoice.company, off, accounting))


def _says(currency: str, day: date, used: Decimal, now: ExchangeRate) -> str:
    return f"was posted with {used:f} for {currency} on {day}, and the rate of that day is {now.multiplier:f} by now"
