"""The balances our journals left on accounts that other finance modules post to as well (LED-55, LED-56)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from sys import intern
from typing import Final, NamedTuple, Protocol

from project_invoicing.domain.codes import INTEGRATION_ACCOUNTS, ConnectionRole, PostingType, StagingState
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.reconciliation import Cleared, IntegrationAccount
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.reconciliation.findings import id_bytes, id_text
from project_invoicing.setup.lookups import FinanceSetup

_CENT = Decimal("0.01")
_NO_ORIGIN: Final = "not told"


class Booking(Protocol):
    """A ledger transaction, as far as it matters here."""

    @property
    def posting_type(self) -> PostingType: ...
    @property
    def account(self) -> str: ...
    @property
    def accounting_date(self) -> date: ...
    @property
    def accounting_amount(self) -> Decimal: ...
    @property
    def actual_id(self) -> str | None: ...


class _Cleared(NamedTuple):
    """The amount of an actual on an integration account, and what it takes back."""

    account: IntegrationAccount
    amount: Decimal
    original: bytes | None
    origin: str


@dataclass(slots=True)
class IntegrationAccounts:
    """Keeps, for each actual on such an account, the account, its amount, and what it takes back."""

    setup: FinanceSetup
    _accounts: dict[tuple[str, PostingType, str], IntegrationAccount] = field(default_factory=dict)
    _cleared: dict[bytes, _Cleared] = field(default_factory=dict)
    _dates: dict[bytes, date] = field(default_factory=dict)
    """The accounting date of each actual in the ledger, as far as its pages say which actual a line is of."""

    def add_row(self, row: StagedRow) -> None:
        if row.state is not StagingState.POSTED:
            return
        for posting_type, account in (row.cost_accounts or {}).items():
            if posting_type in INTEGRATION_ACCOUNTS:
                original = row.links.get(ConnectionRole.ORIGINAL)
                credit = -(row.accounting_amount or ZERO)
                place = self._account(row.company or "", posting_type, account)
                self._cleared[id_bytes(row.id)] = _Cleared(
                    place,
                    credit,
                    id_bytes(original) if original else None,
                    intern(str(row.actual.origin or _NO_ORIGIN)),
                )

    def add_page(self, company: str, entries: Iterable[Booking]) -> None:
        for entry in entries:
            if entry.posting_type in INTEGRATION_ACCOUNTS:
                self._account(company, entry.posting_type, entry.account).balance += entry.accounting_amount
                if entry.actual_id:
                    self._dates[id_bytes(entry.actual_id)] = entry.accounting_date

    def all(self) -> list[IntegrationAccount]:
        """The accounts with their balances, and the actuals that make them up, except those taken back completely."""
        taken_back: set[bytes] = set()
        for id, cleared in self._cleared.items():
            before = self._cleared.get(cleared.original) if cleared.original else None
            if before and cleared.original and before[:2] == (cleared.account, -cleared.amount):
                taken_back |= {id, cleared.original}
        for id, cleared in self._cleared.items():
            if cleared.amount and id not in taken_back:
                cleared.account.open[id] = cleared.amount
            sums = cleared.account.credited
            sums[cleared.origin] = sums.get(cleared.origin, ZERO) - cleared.amount
        return [account for _, account in sorted(self._accounts.items())]

    def cleared(self) -> dict[str, Cleared]:
        """What each posted cost cleared, with what took it back."""
        found: dict[bytes, Cleared] = {}
        for id, one in self._cleared.items():
            first = one.original if one.original in self._cleared else id
            before = found.get(first)
            amount = (before.amount if before else ZERO) - one.amount
            company, posting_type = one.account.company, PostingType(one.account.posting_type)
            found[first] = Cleared(company, posting_type, amount, self._dates.get(first))
        return {id_text(id): one for id, one in found.items()}

    def _account(self, company: str, posting_type: PostingType, account: str) -> IntegrationAccount:
        place = (company, posting_type, account)
        if place not in self._accounts:
            currency = self.setup.currency_of_company(company)
            precision = self.setup.currency_precision(currency) if currency else None
            self._accounts[place] = IntegrationAccount(*place, currency, precision or _CENT)
        return self._accounts[place]
