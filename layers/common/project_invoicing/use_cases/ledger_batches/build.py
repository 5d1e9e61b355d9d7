"""Makes batches for general ledgers: a saga that only rolls forward.

A batch is opened together with its first documents, under the next number, once the one before it is sealed. Each
transaction takes documents from the list of what is ready, claims them, and counts them on the header. When none is
left, or the batch is full, its list is sealed; then its files are written, the manifest last, and it is ready. After a
crash the next run goes on where this one stopped. Two runs at once compete for the header's version: each document is
in one batch, and no number is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from project_invoicing.chunks import chunks
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.ledger_batch import (
    BatchKind,
    BatchLine,
    BatchState,
    LedgerBatch,
    LedgerLine,
    LeftOut,
    ListedDocument,
    ReceivablesWay,
    Sides,
)
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.refusals import Refusal, Refused, unknown_company
from project_invoicing.domain.states import BatchVerb
from project_invoicing.errors import Conflict, IntegrationError
from project_invoicing.rules import ledger_files
from project_invoicing.rules.ledger_files import added, amount_text, of_sign
from project_invoicing.set_aside import Defect, each, guarded
from project_invoicing.setup.models.companies import PeriodStatus
from project_invoicing.setup.models.ledger import ExportSchedule
from project_invoicing.store.leaving import Taken, Turn
from project_invoicing.store.transactions import Write, write_one
from project_invoicing.store.unit_of_work import UnitOfWork, retried
from project_invoicing.use_cases.ledger_batches.files import OutOfTime
from project_invoicing.use_cases.ledger_batches.lines import DocumentMissing
from project_invoicing.use_cases.ledger_batches.occasions import BY_CLOCK, Asked, Occasion
from project_invoicing.use_cases.people import must_be_allowed

if TYPE_CHECKING:
    from project_invoicing.setup.lookups import FinanceSetup
    from project_invoicing.store.ledger_batches import LedgerBatches
    from project_invoicing.store.ready import Ready, ReadyDocument
    from project_invoicing.use_cases.ledger_batches.documents import Documents
    from project_invoicing.use_cases.ledger_batches.files import BatchFiles

DOCUMENTS: Final = 450
"""The most documents of a page of a batch's list."""
_OF_SEVERAL_PERIODS: Final = 80
"""The most of them with a write of their own in the page's transaction, beside those of header, page and opening."""
_ORDER: Final = (BatchKind.PAYABLES, BatchKind.RECEIVABLES, BatchKind.LEDGER)
"""Receivables come before the ledger batch that counts what went there."""
_TRIES: Final = 50
_NOTHING: Final = Sides(ZERO, ZERO)

Json = dict[str, Any]


class Held(NamedTuple):
    """A document that cannot leave, and why. It stays on the list."""

    company: str
    source: str
    document: str
    reason: str


class Looked(NamedTuple):
    """What a batch takes of a document, and what it must know for that. ``rest``: lines of other periods are left."""

    ready: ReadyDocument
    listed: ListedDocument
    digits: Mapping[str, int]
    dimensions: frozenset[str]
    rest: bool

    @property
    def is_whole(self) -> bool:
        """The batch takes all of it at once, as most documents are of one period: its page says where it was listed."""
        return not self.rest and not self.ready.done and self.ready.first == self.listed.first_date


@dataclass(slots=True)
class Building:
    """One run at ``at``. ``time_left`` says whether another step may be begun.

    ``written`` has the batches whose files it wrote, ``held`` what could not be taken, and ``troubles`` what is wrong
    with files, by batch. ``asked`` is known once it runs.
    """

    batches: LedgerBatches
    ready: Ready
    documents: Documents
    files: BatchFiles
    setup: FinanceSetup
    at: str
    time_left: Callable[[], bool] = lambda: True
    written: list[LedgerBatch] = field(default_factory=list)
    held: dict[tuple[str, str, str], Held] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    finished: bool = True
    refused: list[Refusal] = field(default_factory=list)
    asked: Asked = BY_CLOCK

    def run(self, asked: Asked) -> Json:
        """Makes what there is to make. One company or kind that fails does not stop the others.

        Raises ``Conflict`` if other runs were always faster.
        """
        self.asked = asked
        if not self._is_refused():
            request = asked.request
            companies = [request.company] if request.company else sorted(self.setup.document.companies)
            todo = [
                (company, kind)
                for company in companies
                for kind in _ORDER
                if request.kind in (None, kind) and self._is_concerned(company)
            ]
            each("batches", ((f"{one} {of}", (one, of)) for one, of in todo), lambda which: self._kind(*which))
        return self.report() | asked.request.signed

    def _is_concerned(self, company: str) -> bool:
        """A new set-up concerns those that want closed periods made into batches; other runs finish what was begun."""
        schedule = self.setup.parameters(company).ledger.schedule
        return self.asked.occasion is not Occasion.SETUP or schedule is ExportSchedule.ON_CLOSE

    def _is_refused(self) -> bool:
        request, wrong = self.asked.request, self.asked.wrong
        try:
            must_be_allowed(self.asked.who, request)
        except Refused as refused:
            self.refused.append(Refusal(request.company, None, refused.reason, refused.detail))
        if wrong:
            self.refused.append(Refusal(None, None, wrong.reason, wrong.detail))
        if request.company and request.company not in self.setup.document.companies:
            self.refused.append(unknown_company(request.company))
        return bool(self.refused)

    def report(self) -> Json:
        """``batches`` that became ready, ``held`` documents, ``troubles`` with files; ``finished`` if time sufficed."""
        return {
            "batches": [
                {
                    "company": batch.company,
                    "kind": batch.kind,
                    "number": batch.number,
                    "period": batch.period,
                    "documents": batch.documents,
                    "lines": batch.lines,
                    "manifest_sha256": batch.manifest_sha256,
                }
                for batch in self.written
            ],
            "held": [one._asdict() for one in self.held.values()],
            "troubles": [{"batch": batch, "reason": reason} for batch, reason in self.troubles.items()],
            "finished": self.finished,
            "refused": [asdict(one) for one in self.refused],
        }

    # --- what is made ---

    def _kind(self, company: str, kind: BatchKind) -> None:
        retried(f"batches of {company}, {kind}", partial(self._seal_all, company, kind), attempts=_TRIES)
        self._write_files(company, kind)

    def _seal_all(self, company: str, kind: BatchKind) -> None:
        """Finishes the batch that was begun, then makes one for each period in which something waits, oldest first."""
        turn = Turn.begin(self.batches, company)
        last = self.batches.last(company, kind)
        if last and last.state is BatchState.CLAIMING:
            self._fill(turn, last, is_new=False)
        for period in self._periods(company, kind):
            while self._goes_on() and self._fill(turn, self._opened(company, kind, period), is_new=True):
                pass

    def _goes_on(self) -> bool:
        self.finished = self.finished and self.time_left()
        return self.finished

    def _periods(self, company: str, kind: BatchKind) -> list[str]:
        """The periods that documents on the list may have lines in, and that may be made into batches now."""
        way = self.setup.parameters(company).receivables
        found: set[str] = set()
        if not self._may_make(company):
            return []
        for one in self.ready.of(company):
            if _is_of(kind, one, way):
                names = self.setup.periods_named(company, one.first, one.last)
                if not names:
                    self._hold(one, f"no fiscal period has {one.first}; see `fiscal_periods` in the set-up")
                found.update(names)
        return sorted(name for name in found if self._may_make(company, name))

    def _may_make(self, company: str, period: str | None = None) -> bool:
        if self.asked.occasion is Occasion.ASKED:
            return True
        schedule = self.setup.parameters(company).ledger.schedule
        if schedule is ExportSchedule.ON_CLOSE:
            return period is None or all(
                one.status is PeriodStatus.CLOSED for one in self.setup.periods_in(company, period)
            )
        return schedule is ExportSchedule.DAILY and self.asked.occasion is Occasion.SCHEDULE

    def _opened(self, company: str, kind: BatchKind, period: str) -> LedgerBatch:
        """The header of the next batch of a period, which is written with its first documents."""
        last = self.batches.last(company, kind)
        parameters = self.setup.parameters(company)
        currency = self.setup.accounting_currency(company)
        return LedgerBatch(
            company=company,
            kind=kind,
            number=last.number + 1 if last else 1,
            period=period,
            period_number=self.batches.period(company, kind, period)[0] + 1,
            state=BatchState.CLAIMING,
            setup_version=self.setup.version,
            receivables=parameters.receivables,
            opened_at=self.at,
            accounting_currency=currency,
            spans=tuple((one.start, one.end) for one in self.setup.periods_in(company, period)),
            text=parameters.ledger.text,
            digits={currency: self._digits(currency, None)},
        )

    def _fill(self, turn: Turn, batch: LedgerBatch, *, is_new: bool) -> bool:
        """Takes documents until none is left, or the batch is full, then seals it. Whether there may be more."""
        limit = self.setup.parameters(batch.company).ledger.batch_lines
        for some in chunks(self._waiting(batch), DOCUMENTS):
            if not self._goes_on():
                return False
            for taken in _pages(self._taken(batch, some, limit)):
                batch, is_new = self._claim(turn, batch, taken, is_new=is_new), False
            if batch.lines >= limit:
                break
        if is_new:
            return False
        self._seal(batch)
        return batch.lines >= limit

    def _waiting(self, batch: LedgerBatch) -> Iterator[ReadyDocument]:
        """The documents on the list that may have lines in the batch's period."""
        last = max(end for _, end in batch.spans)
        for one in self.ready.of(batch.company):
            if one.first > last:
                return
            touched = any(first <= one.last and one.first <= end for first, end in batch.spans)
            if touched and batch.period not in one.done and _is_of(batch.kind, one, batch.receivables):
                yield one

    def _taken(self, batch: LedgerBatch, some: Iterable[ReadyDocument], limit: int) -> Iterator[Looked]:
        """What the batch takes of these documents, until it is full. One that cannot leave is held, and its reason."""
        by_name = {(one.source, one.document): one for one in some}
        lines, digits = batch.lines, dict(batch.digits)
        for name, read in self.documents.each(batch.company, batch.kind, by_name):
            if lines >= limit:
                return
            document = by_name[name]
            looked = guarded("document", f"{batch.company} {' '.join(name)}", self._look, batch, document, read, digits)
            if isinstance(looked, Defect):
                self._hold(document, f"{looked.name} while it was read")
            elif isinstance(looked, str):
                self._hold(document, looked)
            elif looked:
                digits |= looked.digits
                lines += looked.listed.lines
                yield looked

    def _look(
        self, batch: LedgerBatch, document: ReadyDocument, lines: Iterator[BatchLine], digits: Mapping[str, int]
    ) -> Looked | str | None:
        """What a batch takes of a document, why it cannot leave, or ``None`` for one with no line in its period."""
        tally = _Tally(batch, dict(digits))
        try:
            for line in lines:
                if why := self._counted(tally, line, document):
                    return why
        except DocumentMissing as missing:
            return str(missing)
        if not tally.seen:
            return "it has no line in the ledger"
        return tally.of(document)

    def _counted(self, tally: _Tally, line: BatchLine, document: ReadyDocument) -> str | None:
        """Counts a line. Says why it cannot leave, if it cannot."""
        amount = line.amount if isinstance(line, LedgerLine) else line.total
        accounted = self.documents.accounted(line, self.setup)
        if accounted is None:
            return (
                f"no exchange rate from {line.currency} to {tally.batch.accounting_currency} on {line.accounting_date}"
            )
        if line.currency not in tally.digits:
            tally.digits[line.currency] = self._digits(line.currency, amount)
        if why := ledger_files.why_not(line, tally.digits):
            return why
        if not tally.batch.holds(line.accounting_date):
            period = self.setup.period_named(line.company, line.accounting_date)
            if period is None:
                return f"no fiscal period has {line.accounting_date}; see `fiscal_periods` in the set-up"
            tally.elsewhere(period, document)
            return None
        tally.add(line, accounted)
        return None

    def _digits(self, currency: str, amount: Decimal | None) -> int:
        """The decimals of a currency; where the set-up does not know it any longer, those of the amount."""
        precision = self.setup.currency_precision(currency)
        if precision is not None:
            return ledger_files.digits_of(precision)
        return 2 if amount is None else ledger_files.digits_in(amount)

    # --- what is written ---

    def _claim(self, turn: Turn, batch: LedgerBatch, taken: list[Looked], *, is_new: bool) -> LedgerBatch:
        listed = [one.listed for one in taken]
        values: Json = {
            "documents": batch.documents + len(listed),
            "vouchers": batch.vouchers + sum(one.vouchers for one in listed),
            "lines": batch.lines + sum(one.lines for one in listed),
            "list_pages": batch.list_pages + 1,
            "totals": _summed([batch.totals, *(one.sides for one in listed)]),
            "accounting_totals": Sides(
                batch.accounting_totals.debit + sum(one.debit for one in listed),
                batch.accounting_totals.credit + sum(one.credit for one in listed),
            ),
            "digits": dict(batch.digits) | {name: digits for one in taken for name, digits in one.digits.items()},
            "dimensions": tuple(sorted({*batch.dimensions, *(name for one in taken for name in one.dimensions)})),
            "first_date": min(filter(None, (batch.first_date, *(one.first_date for one in listed)))),
            "last_date": max(filter(None, (batch.last_date, *(one.last_date for one in listed)))),
        }
        if is_new:
            after = replace(batch, **values)
            told = {"company": batch.company, "kind": batch.kind, "number": batch.number, "period": batch.period}
            made = HistoryEntry(self.at, self.asked.who, Done.CREATED, {}, told)
            writes: list[Write] = [*self.batches.opened(after), self.batches.noted(batch.id, made)]
        else:
            write, after = self.batches.changed(batch, BatchVerb.CLAIMED, **values)
            writes = [write]
        own = [one for one in taken if not one.is_whole]
        staying = frozenset((one.listed.source, one.listed.document) for one in own)
        page = Taken(batch.id, after.list_pages, batch.period, listed, staying)
        writes += turn.take(page)
        writes += [
            self.ready.done_with(one.ready, batch.period) if one.rest else self.ready.taken(one.ready) for one in own
        ]
        UnitOfWork(self.batches.client, writes).commit()
        turn.finish(page)
        return after

    def _seal(self, batch: LedgerBatch) -> None:
        """Closes the list. A ledger batch counts what went to receivables batches of its period since the last one."""
        if batch.kind is not BatchKind.LEDGER:
            write, _ = self.batches.changed(batch, BatchVerb.SEALED, sealed_at=self.at)
            UnitOfWork(self.batches.client, [write]).commit()
            return
        _, before = self.batches.period(batch.company, batch.kind, batch.period)
        last = self.batches.last(batch.company, BatchKind.RECEIVABLES)
        now = last.number - (last.state is BatchState.CLAIMING) if last else 0
        since = [
            one
            for one in self.batches.between(batch.company, BatchKind.RECEIVABLES, before + 1, now)
            if one.period == batch.period
        ]
        left = _left_out(since)
        write, _ = self.batches.changed(batch, BatchVerb.SEALED, sealed_at=self.at, left_out=left)
        counted = [self.batches.counted(batch, before, now)] if now > before else []
        UnitOfWork(self.batches.client, [write, *counted]).commit()

    def _write_files(self, company: str, kind: BatchKind) -> None:
        """Writes the files of what is sealed, in order: each manifest names the one before it."""
        for batch in self._sealed(company, kind):
            if not self._goes_on():
                return
            try:
                self.written.append(self.files.write(batch, self.at))
            except OutOfTime:
                self.finished = False
                return
            except IntegrationError as error:
                found = self.batches.get(batch.id)
                if found and found.state is not BatchState.SEALED:
                    continue  # another run was faster
                self.troubles[str(batch.id)] = str(error)
                if found and found.trouble != str(error):
                    self._quietly(self.batches.troubled(found, str(error))[0])
                return

    def _sealed(self, company: str, kind: BatchKind) -> list[LedgerBatch]:
        """The batches whose files are to be written, oldest first: the newest ones, back to one that is ready."""
        found: list[LedgerBatch] = []
        batch = self.batches.last(company, kind)
        while batch and batch.state in (BatchState.CLAIMING, BatchState.SEALED):
            found += [batch] if batch.state is BatchState.SEALED else []
            batch = self.batches.get(replace(batch.id, number=batch.number - 1)) if batch.number > 1 else None
        return found[::-1]

    def _hold(self, document: ReadyDocument, why: str) -> None:
        """The document stays on the list, with the reason."""
        place = (document.company, document.source, document.document)
        self.held[place] = Held(*place, why)
        if document.why != why:
            self._quietly(self.ready.held(document, why))

    def _quietly(self, write: Write) -> None:
        """A write that only explains: if another run has changed the item, that one explains it."""
        with suppress(Conflict):
            write_one(self.batches.client, write)


@dataclass(slots=True)
class _Tally:
    """What a batch takes of one document, counted line by line."""

    batch: LedgerBatch
    digits: dict[str, int]
    seen: bool = False
    rest: bool = False
    lines: int = 0
    vouchers: int = 0
    totals: dict[str, Sides] = field(default_factory=dict)
    accounting: Sides = _NOTHING
    dimensions: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    days: tuple[date, date] | None = None
    _voucher: str | None = None

    def elsewhere(self, period: str, document: ReadyDocument) -> None:
        """A line of another period: it is left on the list, unless a batch of that period has it."""
        self.seen = True
        self.rest = self.rest or period not in document.done

    def add(self, line: BatchLine, accounted: Decimal) -> None:
        self.seen = True
        self.lines += 1
        if not isinstance(line, LedgerLine) or line.voucher != self._voucher:
            self.vouchers += 1
        if isinstance(line, LedgerLine):
            self._voucher = line.voucher
            self.dimensions.update(line.dimensions)
        self.totals[line.currency] = added(self.totals.get(line.currency, _NOTHING), ledger_files.sides(line))
        self.accounting = added(self.accounting, of_sign(accounted))
        first, last = self.days or (line.accounting_date, line.accounting_date)
        self.days = min(first, line.accounting_date), max(last, line.accounting_date)

    def of(self, document: ReadyDocument) -> Looked | None:
        if self.days is None:
            return None
        accounting = self.digits[self.batch.accounting_currency]
        listed = ListedDocument(
            source=document.source,
            document=document.document,
            first_date=self.days[0],
            last_date=self.days[1],
            vouchers=self.vouchers,
            lines=self.lines,
            debit=Decimal(amount_text(self.accounting.debit, accounting)),
            credit=Decimal(amount_text(self.accounting.credit, accounting)),
            totals={
                currency: [amount_text(side, self.digits[currency]) for side in (sides.debit, sides.credit)]
                for currency, sides in self.totals.items()
            },
        )
        known = {currency: self.digits[currency] for currency in self.totals}
        return Looked(document, listed, known, frozenset(self.dimensions), self.rest)


def _pages(taken: Iterable[Looked]) -> Iterator[list[Looked]]:
    """Those that a batch takes, in one page as a rule."""
    page: list[Looked] = []
    own = 0
    for one in taken:
        page.append(one)
        own += not one.is_whole
        if own == _OF_SEVERAL_PERIODS:
            yield page
            page, own = [], 0
    if page:
        yield page


def _is_of(kind: BatchKind, document: ReadyDocument, way: ReceivablesWay) -> bool:
    """Whether a document goes into batches of a kind, by the way in which a company's receivables go."""
    if document.is_payable:
        return kind is BatchKind.PAYABLES
    if document.source == INVOICE:
        return kind is (BatchKind.RECEIVABLES if way is ReceivablesWay.DOCUMENTS else BatchKind.LEDGER)
    return kind is BatchKind.LEDGER


def _summed(some: Iterable[Mapping[str, Sides]]) -> dict[str, Sides]:
    totals: dict[str, Sides] = {}
    for one in some:
        for currency, sides in one.items():
            totals[currency] = added(totals.get(currency, _NOTHING), sides)
    return dict(sorted(totals.items()))


def _left_out(batches: Iterable[LedgerBatch]) -> LeftOut:
    found = list(batches)
    totals = _summed(batch.totals for batch in found)
    return LeftOut(
        sum(batch.documents for batch in found),
        {currency: sides.debit - sides.credit for currency, sides in totals.items()},
    )
