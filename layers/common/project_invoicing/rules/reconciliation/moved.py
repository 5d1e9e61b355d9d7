"""What was moved after its posting: vouchers against the rows that name them, costs where their rows say they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final, Protocol

from project_invoicing.domain.codes import PostingType, StagingState
from project_invoicing.domain.journal_line import COST_KINDS
from project_invoicing.domain.ledger import ADJUST_ACCOUNTING, JOURNAL, POST_COSTS
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.posted_cost import side_of
from project_invoicing.domain.reconciliation import Difference
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.rules.reconciliation.findings import Finding
from project_invoicing.rules.reconciliation.vouchers import Booking
from project_invoicing.setup.lookups import FinanceSetup

CHECK: Final = "moved"
_MOVES: Final = (POST_COSTS, ADJUST_ACCOUNTING)
_COSTS: Final = (PostingType.COST, PostingType.WIP_COST_VALUE, PostingType.WIP_COST_ITEM)


class MovedBooking(Booking, Protocol):
    """A ledger transaction with the actual that it is about."""

    @property
    def actual_id(self) -> str | None: ...


class Moved:
    """Keeps the vouchers that rows name and those of the ledger, and what costs come to on each account."""

    def __init__(self, setup: FinanceSetup) -> None:
        self.setup = setup
        self._named: dict[tuple[str, str, str], str] = {}
        self._booked: dict[tuple[str, str, str], str] = {}
        self._told: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        self._costs: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        self._unknown: set[str] = set()
        """Companies with costs of which an early version did not say where they are."""

    def add_row(self, row: StagedRow) -> None:
        company = row.company or ""
        for source, number in row.corrections:
            if number:
                self._named[company, source, number] = row.id
        if row.state is not StagingState.POSTED or row.actual.transaction_type not in COST_KINDS:
            return
        if row.cost_accounts is None:
            self._unknown.add(company)
        elif side_of(row.cost_accounts):
            account = next(iter(row.cost_accounts.values()))
            self._told[company, account] += row.accounting_amount or ZERO

    def add_page(self, company: str, source: str, document: str, entries: Iterable[MovedBooking]) -> None:
        for entry in entries:
            if source in _MOVES:
                self._booked[company, source, document] = entry.actual_id or ""
            if source in (JOURNAL, *_MOVES) and entry.posting_type in _COSTS:
                self._costs[company, entry.account] += entry.accounting_amount

    def differences(self) -> Iterator[Finding]:
        """Only where nothing was posted while the tables were read."""
        for key in sorted(self._named.keys() ^ self._booked.keys()):
            company, source, number = key
            id = self._named.get(key) or self._booked[key]
            where = "it is not in the ledger" if key in self._named else "no row names it"
            told = f"voucher {number} of {source.replace('_', ' ')}: {where}"
            yield Finding(CHECK, Difference(ACTUAL, id, told, company))
        for place in sorted(self._told.keys() | self._costs.keys()):
            company, account = place
            off = self._told[place] - self._costs[place]
            if off and company not in self._unknown:
                told = f"the ledger has costs of {self._costs[place]:f}, the rows have {self._told[place]:f} there"
                currency = self.setup.currency_of_company(company)
                yield Finding(CHECK, Difference("account", account, told, company, off, currency))
