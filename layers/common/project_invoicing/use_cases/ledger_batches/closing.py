"""What a set-up leaves behind in periods that it closes: documents in no batch, and batches that are not accepted.

And what it would make wrong: what has not left yet is in the accounting currency in which it was posted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.codes import BatchKind, BatchState
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.models.companies import FiscalPeriod, PeriodStatus
from project_invoicing.setup.models.ledger import ExportSchedule

if TYPE_CHECKING:
    from project_invoicing.domain.ledger_batch import LedgerBatch
    from project_invoicing.setup.lookups import FinanceSetup
    from project_invoicing.store.ledger_batches import LedgerBatches
    from project_invoicing.store.ready import Ready, ReadyDocument

MOST: Final = 200
_NAMED: Final = 5


@dataclass(slots=True)
class LeftBehind:
    """``more``: only the first documents were counted. ``asked``: the company makes batches, or has made some."""

    waiting: list[ReadyDocument] = field(default_factory=list)
    batches: list[LedgerBatch] = field(default_factory=list)
    more: bool = False
    asked: bool = True

    @property
    def said(self) -> Iterator[str]:
        """A sentence for each kind, which names the first of them."""
        if self.waiting:
            yield _in_no_batch(self.waiting, more=self.more)
        if self.batches:
            names = [f"{one.id} ({one.state})" for one in self.batches]
            yield f"{_of(len(names), 'batch', 'batches')} not accepted: {_first(names)}"


def left_behind(
    batches: LedgerBatches, ready: Ready, setup: FinanceSetup, company: str, first: date, last: date
) -> LeftBehind:
    """What has lines from ``first`` to ``last``. Nothing in a company that has never asked for batches.

    At most five requests, and one more for each hundred batches that are not accepted.
    """
    found = LeftBehind()
    if not _has_batches(batches, setup, company):
        return LeftBehind(asked=False)
    for one in ready.of(company):
        if one.first > last:
            break
        if len(found.waiting) == MOST:
            found.more = True
            break
        if one.last >= first:
            found.waiting.append(one)
    found.batches = [one for one in batches.open(company) if _touches(one, first, last)]
    return found


def closed_by(before: SetupDocument, after: SetupDocument) -> Iterator[tuple[str, FiscalPeriod]]:
    """The fiscal periods that are closed in one set-up and were not in the one before, by company."""
    for company, periods in after.fiscal_periods.items():
        was = {one.start: one.status for one in before.fiscal_periods.get(company, ())}
        for one in periods:
            closed = one.status is PeriodStatus.CLOSED
            if closed and was.get(one.start, PeriodStatus.CLOSED) is not PeriodStatus.CLOSED:
                yield company, one


def recoined(before: SetupDocument, after: SetupDocument) -> list[str]:
    """The companies whose accounting currency is another one in the second set-up."""
    return [
        company
        for company, new in after.companies.items()
        if (old := before.companies.get(company)) and old.accounting_currency != new.accounting_currency
    ]


def closing_warnings(batches: LedgerBatches, ready: Ready, before: FinanceSetup, after: SetupDocument) -> Iterator[str]:
    """What a set-up that is loaded after the one ``before`` leaves behind in the periods that it closes."""
    for company, period in closed_by(before.document, after):
        for said in left_behind(batches, ready, before, company, period.start, period.end).said:
            yield f"{company}: {period.start} to {period.end} is closed, and {said}"


def currency_problems(
    batches: LedgerBatches, ready: Ready, before: SetupDocument, after: SetupDocument
) -> Iterator[str]:
    """Why a set-up cannot be loaded after the one ``before``: a company's accounting currency is another one.

    What waits to leave, and a batch whose list is open, would say the new one of amounts in the old one. A few
    requests for each company whose currency changes.
    """
    for company in recoined(before, after):
        old, new = before.companies[company], after.companies[company]
        waiting = list(islice(ready.of(company), MOST + 1))
        said = [_in_no_batch(waiting[:MOST], more=len(waiting) > MOST)] if waiting else []
        if unsealed := [str(one.id) for one in batches.open(company) if one.state is BatchState.CLAIMING]:
            said.append(f"{_of(len(unsealed), 'batch', 'batches')} not sealed: {_first(unsealed)}")
        if said:
            change = f"{old.accounting_currency} cannot become {new.accounting_currency}"
            repair = f"have them leave first: invoicing ledger build --company {company}"
            yield f"companies.{company}.accounting_currency: {change} while {' and '.join(said)}; {repair}"


def _in_no_batch(waiting: list[ReadyDocument], *, more: bool) -> str:
    number = f"more than {MOST} posted documents are" if more else _of(len(waiting), "posted document")
    names = [f"{one.source.replace('_', ' ')} {one.document}" for one in waiting]
    return f"{number} in no batch for the general ledger: {_first(names)}"


def _has_batches(batches: LedgerBatches, setup: FinanceSetup, company: str) -> bool:
    if setup.parameters(company).ledger.schedule is not ExportSchedule.OFF:
        return True
    return any(batches.last(company, kind) for kind in BatchKind)


def _touches(batch: LedgerBatch, first: date, last: date) -> bool:
    return any(begin <= last and first <= end for begin, end in batch.spans)


def _first(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _of(number: int, one: str, many: str | None = None) -> str:
    return f"1 {one} is" if number == 1 else f"{number} {many or f'{one}s'} are"
