"""What an estimate of fixed-price revenue needs of what is posted here, by contract line and period (FPR-03). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from project_invoicing.domain.codes import ON_ACCOUNT, BillingMethod, TransactionType
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.milestones import contract_of
from project_invoicing.setup.lookups import FinanceSetup


@dataclass(slots=True)
class Period:
    """``cost`` in accounting currency, ``on_account`` in the currency of the contract."""

    cost: Decimal = ZERO
    on_account: Decimal = ZERO


@dataclass(slots=True)
class Line:
    """A contract line with a fixed price. ``value``: the sum of its milestones, in the currency of the contract.

    ``periods`` by name (2026-08); ``""`` is outside all fiscal periods.
    """

    contract: str | None = None
    currency: str | None = None
    value: Decimal | None = None
    periods: dict[str, Period] = field(default_factory=dict)


@dataclass(slots=True)
class FixedPrices:
    """Adds up what is posted in one company, and the milestones that it has."""

    company: str
    setup: FinanceSetup
    lines: dict[str, Line] = field(default_factory=dict)

    def add_cost(self, line: JournalLine) -> None:
        """A posted line of a journal. Only a cost that the ledger has counts, and no work under time and material."""
        if line.kind is not TransactionType.COST or not line.in_ledger or line.accounting_amount is None:
            return
        if of := self._line(line.contract_line):
            name = self.setup.period_named(self.company, line.accounting_date) or ""
            of.periods.setdefault(name, Period()).cost += line.accounting_amount

    def add_invoiced(self, invoice: Invoice, line: ProposalLine) -> None:
        """A line of a posted invoice: on-account lines count, without tax."""
        of = self._line(line.contract_line) if line.transaction_class in ON_ACCOUNT else None
        if of:
            name = self.setup.period_named(self.company, invoice.accounting_date) or ""
            of.periods.setdefault(name, Period()).on_account += line.amount
            of.currency = of.currency or invoice.currency

    def add_milestone(self, contract_line: str, amount: Decimal) -> None:
        if of := self._line(contract_line):
            of.value = (of.value or ZERO) + amount

    def _line(self, name: str | None) -> Line | None:
        """The entry of a contract line; ``None`` unless it has a fixed price."""
        if not name or self.setup.billing_method(self.company, name) is not BillingMethod.FIXED_PRICE:
            return None
        if name not in self.lines:
            self.lines[name] = Line(*contract_of(name, self.company, self.setup))
        return self.lines[name]
