"""The ledger against the batches in which it leaves: each document once, sums that agree, answers that come. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from sys import intern
from typing import Final, Protocol

from project_invoicing.domain.account_sums import unpacked
from project_invoicing.domain.ledger_batch import BatchId, BatchKind, BatchState, LedgerBatch
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.reconciliation import Difference
from project_invoicing.rules.ledger_unanswered import is_overdue
from project_invoicing.rules.reconciliation.findings import Finding
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.ledger import ExportSchedule

DOCUMENTS: Final = "batch_documents"
TOTALS: Final = "batch_totals"
ANSWERS: Final = "batch_answers"
BATCH: Final = "ledger batch"
_LATE: Final = timedelta(hours=36)
"""Batches are made once a day."""

_NAMED: Final = 5
"""How many batches a finding about a period names."""

Document = tuple[str, str, str]
"""Company, source and number."""
Sums = dict[str, Decimal]
"""By account."""


class Booking(Protocol):
    """A ledger transaction."""

    @property
    def account(self) -> str: ...
    @property
    def accounting_date(self) -> date: ...
    @property
    def accounting_amount(self) -> Decimal: ...


class Waiting(Protocol):
    """A document on the list of what is ready to leave."""

    @property
    def company(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def document(self) -> str: ...
    @property
    def first(self) -> date: ...
    @property
    def done(self) -> tuple[str, ...]: ...
    @property
    def why(self) -> str | None: ...


@dataclass(slots=True)
class _Booked:
    """A debit, and what was booked on each account."""

    debit: Decimal = ZERO
    accounts: Sums = field(default_factory=dict)

    def add(self, account: str, amount: Decimal) -> None:
        self.debit += max(amount, ZERO)
        self.accounts[account] = self.accounts.get(account, ZERO) + amount

    def join(self, other: _Booked) -> None:
        self.debit += other.debit
        for account, amount in other.accounts.items():
            self.accounts[account] = self.accounts.get(account, ZERO) + amount


@dataclass(slots=True)
class Exported:
    """Keeps each document of the ledger with its sums by period, until it is found in a batch or on the list.

    Of a document it holds an amount for each account, and not for each line.
    """

    setup: FinanceSetup
    at: str
    _sums: dict[Document, dict[str, _Booked]] = field(default_factory=dict)
    _booked: defaultdict[tuple[str, str], _Booked] = field(default_factory=lambda: defaultdict(_Booked))
    _listed: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _oldest: dict[str, date] = field(default_factory=dict)

    def add_page(self, company: str, source: str, document: str, entries: Iterable[Booking]) -> None:
        known = self._sums.setdefault((company, source, document), {})
        for entry in entries:
            period = self.setup.period_named(company, entry.accounting_date)
            if period is not None:
                if period not in known:
                    known[period] = _Booked()
                known[period].add(intern(entry.account), entry.accounting_amount)

    def add_claim(self, document: Document, period: str, batch: BatchId) -> None:
        """The document is in this batch with what it has in the period."""
        booked = self._sums.get(document, {}).pop(period, None)
        if booked is not None and batch.kind is BatchKind.LEDGER:
            self._booked[document[0], period].join(booked)

    def add_waiting(self, one: Waiting) -> Iterator[Finding]:
        """The document waits for a batch, with what is in none yet."""
        self._sums.pop((one.company, one.source, one.document), None)
        self._listed[one.company] += 1
        self._oldest[one.company] = min(one.first, self._oldest.get(one.company, one.first))
        if one.why:
            yield _finding(DOCUMENTS, one.source, one.document, f"cannot leave: {one.why}", one.company)

    def missing(self) -> Iterator[Finding]:
        """Documents of the ledger that are in no batch and do not wait for one."""
        for (company, source, document), periods in self._sums.items():
            if periods:
                told = f"is posted, in no batch of {', '.join(sorted(periods))}, and does not wait for one"
                yield _finding(DOCUMENTS, source, document, told, company)

    def standing_still(self, company: str, newest: LedgerBatch | None) -> Iterator[Finding]:
        """A company that makes batches every day has made none, and documents wait."""
        if company not in self._oldest or self._schedule(company) is not ExportSchedule.DAILY:
            return
        now = datetime.fromisoformat(self.at)
        recent = newest is not None and now - datetime.fromisoformat(newest.opened_at) < _LATE
        if not recent and now.date() - self._oldest[company] > timedelta(days=1):
            number = self._listed[company]
            documents = "1 document waits" if number == 1 else f"{number} documents wait"
            told = f"{documents} for a batch, and none was made for a day"
            yield _finding(DOCUMENTS, "company", company, told, company)

    def totals(self, company: str, batches: Iterable[LedgerBatch]) -> Iterator[Finding]:
        """The sums of a company's ledger batches against those of their documents, and gaps in the numbers of any."""
        ledger: defaultdict[str, list[LedgerBatch]] = defaultdict(list)
        last: dict[BatchKind, int] = {}
        in_period: dict[tuple[BatchKind, str], int] = {}
        for batch in batches:
            if batch.number != last.get(batch.kind, 0) + 1:
                told = f"comes after number {last.get(batch.kind, 0)}: a number is left out"
                yield _finding(TOTALS, BATCH, str(batch.id), told, company)
            place = (batch.kind, batch.period)
            if batch.period_number != in_period.get(place, 0) + 1:
                told = f"is number {batch.period_number} of {batch.period} after number {in_period.get(place, 0)}"
                yield _finding(TOTALS, BATCH, str(batch.id), told, company)
            last[batch.kind], in_period[place] = batch.number, batch.period_number
            if batch.kind is BatchKind.LEDGER:
                ledger[batch.period].append(batch)
        for period in sorted({*ledger, *(of for one, of in self._booked if one == company)}):
            yield from self._of_period(company, period, ledger[period])

    def _of_period(self, company: str, period: str, batches: list[LedgerBatch]) -> Iterator[Finding]:
        booked = self._booked[company, period]
        debit = sum((batch.accounting_totals.debit for batch in batches), ZERO)
        currency = self.setup.currency_of_company(company)
        if off := debit - booked.debit:
            told = f"its ledger batches have a debit of {debit:f}, their documents one of {booked.debit:f}"
            yield Finding(TOTALS, Difference("period", period, told, company, off, currency))
        kept = [batch.account_sums for batch in batches if batch.account_sums is not None]
        if len(kept) < len(batches):
            return
        sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        for account, amount in chain.from_iterable(unpacked(one).items() for one in kept):
            sums[account] += amount
        for account in sorted({*sums, *booked.accounts}):
            there, here = sums[account], booked.accounts.get(account, ZERO)
            if off := there - here:
                told = f"{period}: its ledger batches have {there:f}, their documents {here:f}; {_named(batches)}"
                yield Finding(TOTALS, Difference("account", account, told, company, off, currency))

    def answers(self, company: str, open: Iterable[LedgerBatch], newest: Iterable[LedgerBatch]) -> Iterator[Finding]:
        """What is not accepted, and what the ``newest`` batches say of another period."""
        hours = self.setup.parameters(company).ledger.answer_hours
        for batch in open:
            if told := _trouble(batch, hours, self.at):
                left = batch.answered.open_debit
                yield Finding(
                    ANSWERS,
                    Difference(BATCH, str(batch.id), told, company, left, batch.accounting_currency if left else None),
                )
        for batch in {batch.id: batch for batch in (*open, *newest)}.values():
            if batch.answered.elsewhere:
                told = f"was posted there on {batch.answered.elsewhere}, which is not of {batch.period}"
                yield _finding(ANSWERS, BATCH, str(batch.id), told, company)
            if batch.state is BatchState.VOIDED_THERE:
                yield _finding(ANSWERS, BATCH, str(batch.id), "was voided there, and is still in this ledger", company)

    def _schedule(self, company: str) -> ExportSchedule:
        return self.setup.parameters(company).ledger.schedule


def without_sums(batches: Iterable[LedgerBatch]) -> int:
    """How many of these keep no sums by account, as those of an earlier version: their periods are not compared."""
    return sum(batch.kind is BatchKind.LEDGER and batch.account_sums is None for batch in batches)


def _named(batches: list[LedgerBatch]) -> str:
    named = ", ".join(str(batch.id) for batch in batches[:_NAMED]) or "no batch"
    return f"{named} and {len(batches) - _NAMED} more" if len(batches) > _NAMED else named


def _trouble(batch: LedgerBatch, hours: int, at: str) -> str | None:
    """Why somebody has to look at a batch that is not accepted."""
    if batch.trouble:
        return f"its files are not there: {batch.trouble}"
    if batch.state is BatchState.PARTLY:
        left, why = batch.vouchers - batch.answered.accepted, batch.answered.message or "no reason given"
        return f"{left} of its {batch.vouchers} vouchers are not accepted: {why}"
    if batch.state is BatchState.REFUSED:
        return f"is refused: {batch.answered.message or 'no reason given'}"
    if is_overdue(batch, hours, at):
        return f"is {batch.state} and has had no answer for more than {hours} hours"
    return None


def _finding(check: str, entity: str, id: str, detail: str, company: str) -> Finding:
    return Finding(check, Difference(entity, id, detail, company))
