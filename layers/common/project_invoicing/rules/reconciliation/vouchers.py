"""Checks the ledger by itself, and against it the accounting amounts of rows and what was moved (INV-01, INV-22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from project_invoicing.domain.codes import PostingType, StagingState
from project_invoicing.domain.journal_line import COST_KINDS, side_of
from project_invoicing.domain.ledger import (
    ACCRUAL_RECONCILIATION,
    ADJUST_ACCOUNTING,
    INVOICE,
    JOURNAL,
    PERSONS,
    POST_COSTS,
)
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.reconciliation import Difference
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.rules.reconciliation.findings import Finding
from project_invoicing.setup.lookups import FinanceSetup

_MOVES: Final = (POST_COSTS, ADJUST_ACCOUNTING, ACCRUAL_RECONCILIATION)
_COSTS: Final = (PostingType.COST, PostingType.WIP_COST_VALUE, PostingType.WIP_COST_ITEM)
_ON_SIDES: Final = (*_COSTS, PostingType.INTERCOMPANY_COST)
_REVENUE = (
    PostingType.INVOICED_REVENUE,
    PostingType.INVOICED_REVENUE_ON_ACCOUNT,
    PostingType.WIP_INVOICED_ON_ACCOUNT,
    PostingType.DISCOUNT,
)


class Amount(Protocol):
    """What the checks need of a ledger transaction, from a page or a voucher."""

    @property
    def posting_type(self) -> PostingType: ...
    @property
    def accounting_amount(self) -> Decimal: ...


class Booking(Amount, Protocol):
    """A ledger transaction with the number of its voucher."""

    @property
    def voucher(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def project(self) -> str | None: ...


class Number(NamedTuple):
    """A voucher's number in its company."""

    company: str
    voucher: str


class Told(NamedTuple):
    """What rows say of a voucher: their accounting amount, one of the rows, and whether the ledger must have it."""

    amount: Decimal
    id: str
    must: bool


class Booked(NamedTuple):
    """What the ledger says of a voucher; ``source`` and ``document`` are what it was posted with."""

    amount: Decimal
    source: str
    document: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """A voucher on which rows and ledger differ, or that only one of them has."""

    number: Number
    told: Told | None
    booked: Booked | None


@dataclass(slots=True)
class Vouchers:
    """Keeps, for each voucher, its amount according to its rows and according to the ledger."""

    setup: FinanceSetup
    _told: dict[Number, Told] = field(default_factory=dict)
    _booked: dict[Number, Booked] = field(default_factory=dict)
    _balances: dict[tuple[Number, str], Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    def add_row(self, row: StagedRow) -> None:
        if row.state is not StagingState.POSTED or not row.voucher:
            return
        number = Number(row.company or "", row.voucher)
        before = self._told.get(number)
        amount = (row.accounting_amount or ZERO) + (before.amount if before else ZERO)
        self._told[number] = Told(amount, row.id, bool(row.accrual) or not row.journal_id)

    def add_page(self, company: str, source: str, document: str, entries: Iterable[Booking]) -> None:
        """Adds up a page of the ledger. A voucher that does not balance on it may continue on the next.

        No row names the voucher of a person's document.
        """
        sums: dict[tuple[Number, str], Decimal] = defaultdict(lambda: ZERO)
        booked: dict[Number, Decimal] = defaultdict(lambda: ZERO)
        has_rows = source not in PERSONS
        for entry in entries:
            number = Number(company, entry.voucher)
            sums[number, entry.currency] += entry.amount
            sums[number, ""] += entry.accounting_amount
            if has_rows:
                booked[number] += weight(entry, source)
        for key, amount in sums.items():
            if amount:
                self._balances[key] += amount
        for number, amount in booked.items():
            before = self._booked.get(number)
            self._booked[number] = Booked(amount + (before.amount if before else ZERO), source, document)

    def unbalanced(self) -> Iterator[Finding]:
        """Vouchers that do not sum to zero in a currency, or in the accounting currency (INV-01)."""
        for (number, currency), amount in self._balances.items():
            if amount:
                detail = f"does not balance in {currency or 'accounting currency'} (INV-01)"
                named = currency or self.setup.currency_of_company(number.company)
                yield Finding("balance", Difference("voucher", number.voucher, detail, number.company, amount, named))

    def suspects(self, between_companies: Container[tuple[str, str]]) -> Iterator[Suspect]:
        """Vouchers on which the two sides differ. Vouchers ``between_companies`` have no rows that give an amount."""
        for number, told in self._told.items():
            booked = self._booked.pop(number, None)
            if booked is None and (not told.must or not told.amount):
                continue
            if booked is None or not agree(told.amount, booked):
                yield Suspect(number, told, booked)
        for number, booked in self._booked.items():
            if booked.amount and number not in between_companies:
                yield Suspect(number, None, booked)

    def judge(
        self, suspect: Suspect, now: Booked, row: StagedRow | None, ids: Sequence[str], rows: Iterable[StagedRow]
    ) -> Iterator[Finding]:
        """The difference on a voucher, unless both sides agree as they are now.

        ``row`` is the one that ``suspect`` names; ``ids`` are the actuals of the document, or for a journal those of
        this voucher alone, and ``rows`` their rows. A journal's voucher belongs to one actual, and is reported for that
        actual.
        """
        company, voucher = suspect.number
        amount = sum((one.accounting_amount or ZERO for one in rows if one.voucher == voucher), ZERO)
        if agree(amount, now) or (row and not row.voucher):
            return
        entity, id = (ACTUAL, ids[0]) if now.source == JOURNAL and ids else ("voucher", voucher)
        off = (abs(amount) if now.source == JOURNAL else amount) - now.amount
        there = f"the ledger has {now.amount} under {now.source} {now.document}"
        detail = f"voucher {voucher}: {there}, the rows {amount} (INV-22)"
        currency = self.setup.currency_of_company(company)
        yield Finding("vouchers", Difference(entity, id, detail, company, off, currency))


def weight(line: Amount, source: str) -> Decimal:
    """An entry's share of the amount its actuals carry: revenue for an invoice, the debit for a journal."""
    if source == INVOICE:
        return -line.accounting_amount if line.posting_type in _REVENUE else ZERO
    return max(line.accounting_amount, ZERO)


def agree(told: Decimal, booked: Booked) -> bool:
    return (told if booked.source == INVOICE else abs(told)) == booked.amount


class MovedBooking(Booking, Protocol):
    """A ledger transaction with the actual that it is about."""

    @property
    def actual_id(self) -> str | None: ...


class Moved:
    """What was moved after its posting, against its rows: vouchers, and costs where their rows say they are.

    Keeps the vouchers that rows name and those of the ledger, and what costs come to on each account.
    """

    def __init__(self, setup: FinanceSetup) -> None:
        self.setup = setup
        self._named: dict[tuple[str, str, str], str] = {}
        self._booked: dict[tuple[str, str, str], str] = {}
        self._told: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        self._costs: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        self._lent: dict[tuple[str, str], tuple[str, Decimal]] = {}
        """Where the moved costs of lent work are, by borrower and actual, with what the lender sold it for."""
        self._moves: dict[tuple[str, str], dict[str, Decimal]] = {}
        """What vouchers of posted costs come to on each account, by company and actual."""
        self._unknown: set[str] = set()
        """Companies with costs of which an early version did not say where they are."""

    def add_row(self, row: StagedRow) -> None:
        company = row.company or ""
        for source, number, borrower in row.corrections:
            if number:
                self._named[borrower or company, source, number] = row.id
            if borrower and row.cost_accounts:
                self._lent[borrower, row.id] = (next(iter(row.cost_accounts.values())), row.actual.amount)
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
            if source == POST_COSTS and entry.actual_id:
                moves = self._moves.setdefault((company, entry.actual_id), {})
                if entry.posting_type in _ON_SIDES:
                    moves[entry.account] = moves.get(entry.account, ZERO) + entry.accounting_amount
            elif source in (JOURNAL, *_MOVES) and entry.posting_type in _COSTS:
                self._costs[company, entry.account] += entry.accounting_amount

    def differences(self) -> Iterator[Finding]:
        """Only where nothing was posted while the tables were read."""
        for key in sorted(self._named.keys() ^ self._booked.keys()):
            company, source, number = key
            id = self._named.get(key) or self._booked[key]
            where = "it is not in the ledger" if key in self._named else "no row names it"
            told = f"voucher {number} of {source.replace('_', ' ')}: {where}"
            yield Finding("moved", Difference(ACTUAL, id, told, company))
        for moved, moves in self._moves.items():
            if moved in self._lent:
                yield from self._lent_elsewhere(moved, moves)
                continue
            for account, amount in moves.items():
                self._costs[moved[0], account] += amount
        for place in sorted(self._told.keys() | self._costs.keys()):
            company, account = place
            off = self._told[place] - self._costs[place]
            if off and company not in self._unknown:
                told = f"the ledger has costs of {self._costs[place]:f}, the rows have {self._told[place]:f} there"
                currency = self.setup.currency_of_company(company)
                yield Finding("moved", Difference("account", account, told, company, off, currency))

    def _lent_elsewhere(self, key: tuple[str, str], moves: Mapping[str, Decimal]) -> Iterator[Finding]:
        """A cost of lent work that its vouchers have not moved to where the row of the lender's sale says."""
        (company, id), (account, sold) = key, self._lent[key]
        left = {at: amount for at, amount in moves.items() if amount}
        taken = [amount for at, amount in left.items() if at != account]
        if not left or (len(taken) == 1 and left.get(account) == -taken[0] and (taken[0] < ZERO) == (sold > ZERO)):
            return
        there = ", ".join(f"{amount:f} on {at}" for at, amount in sorted(left.items()))
        told = f"its vouchers of posted costs come to {there}; the row has the cost of {company} on {account}"
        yield Finding("moved", Difference(ACTUAL, id, told, company))
