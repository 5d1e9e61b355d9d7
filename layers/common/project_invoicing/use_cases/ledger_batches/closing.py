"""What a fiscal period that is closed would leave behind: documents in no batch, and batches that are not accepted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.codes import BatchKind
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
    """``more``: only the first documents were counted."""

    waiting: list[ReadyDocument] = field(default_factory=list)
    batches: list[LedgerBatch] = field(default_factory=list)
    more: bool = False

    @property
    def said(self) -> Iterator[str]:
        """A sentence for each kind, which names the first of them."""
        if self.waiting:
            number = (
                f"more than {MOST} posted documents are" if self.more else _of(len(self.waiting), "posted document")
            )
            names = [f"{one.source.replace('_', ' ')} {one.document}" for one in self.waiting]
            yield f"{number} in no batch for the general ledger: {_first(names)}"
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
        return found
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


def closing_warnings(batches: LedgerBatches, ready: Ready, before: FinanceSetup, after: SetupDocument) -> Iterator[str]:
    """What a set-up that is loaded after the one ``before`` leaves behind in the periods that it closes."""
    for company, period in closed_by(before.document, after):
        for said in left_behind(batches, ready, before, company, period.start, period.end).said:
            yield f"{company}: {period.start} to {period.end} is closed, and {said}"


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
