"""Compares a trial balance of the other ledger with ours, per account and dimensions, for a company and a period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from project_invoicing.domain.ledger_answer import Standing, VoucherStanding, voucher_of_line
from project_invoicing.domain.ledger_batch import BatchKind, BatchState, LedgerBatch, LedgerLine
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.rules.trial_balance import Comparison, OpenVoucher, Place, trial_balance

if TYPE_CHECKING:
    from project_invoicing.setup.lookups import FinanceSetup
    from project_invoicing.store.batch_answers import BatchAnswers
    from project_invoicing.store.ledger_batches import LedgerBatches
    from project_invoicing.store.ready import Ready
    from project_invoicing.use_cases.ledger_batches.documents import Documents
    from project_invoicing.use_cases.ledger_batches.read import BatchReader

_GONE = (BatchState.CLAIMING, BatchState.SEALED)
_LIKELY = 10
_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class Comparing:
    """Reads batches from their files, and what is in none from the ledger."""

    batches: LedgerBatches
    answers: BatchAnswers
    reader: BatchReader
    ready: Ready
    documents: Documents
    setup: FinanceSetup

    def compare(self, company: str, period: str, text: str) -> dict[str, Any]:
        """What differs, with the vouchers that make it up: in no batch, not accepted, or posted into another period.

            {"company", "period", "ok", "accounts": [{"account", "dimensions", "ours", "theirs", "difference",
             "vouchers": [{"voucher", "batch", "state", "amount"}], "more", "unexplained", "likely"}]}

        ``likely``: accepted vouchers whose amount on that account is the difference that is left. ``text``: the trial
        balance as a file. Raises ``Rejected`` for one that cannot be read, and for a period that the company does not
        have; ``Differs`` for files that are not as they were, and ``Conflict`` where documents have got into batches
        meanwhile: they were neither on the list nor in a batch when that was read.
        """
        spans = [(one.start, one.end) for one in self.setup.periods_in(company, period)]
        if not spans:
            raise Rejected("schema", f"{company} has no fiscal period {period}", field="period")
        before = self._taken_so_far(company)
        made = Comparison(trial_balance(text))
        for line, voucher in self._lines(company, period):
            made.add(line.account, line.dimensions, line.accounting_amount, voucher)
        if before != self._taken_so_far(company):
            raise Conflict(f"batches of {company} were made meanwhile; run it again")
        rows = list(made.rows(self.setup.accounting_precision(company)))
        likely = self._likely(company, period, made)
        for row in rows:
            row["likely"] = likely.get((row["account"], row["dimensions"] or ""), [])
        return {"company": company, "period": period, "ok": not rows, "accounts": rows}

    def _lines(self, company: str, period: str) -> Iterator[tuple[LedgerLine, OpenVoucher | None]]:
        """Every line of the period, with its voucher where the other ledger need not have that."""
        taken: set[tuple[str, str]] = set()
        for batch in self._of_period(company, period):
            if batch.state is BatchState.CLAIMING:  # its last page may still be on the list of what is ready
                taken |= {(one.source, one.document) for one in self.batches.listed(batch.id)}
            standing = Standing.after(self.answers.applied(batch.id), batch.kind)
            for line in self._in_batch(batch):
                yield line, _open(batch, standing, voucher_of_line(line), line.voucher)
        for document in self.ready.of(company):
            name = (document.source, document.document)
            if period in document.done or name in taken or document.is_payable:
                continue
            for found in self.documents.lines(company, BatchKind.LEDGER, document.source, document.document):
                if isinstance(found, LedgerLine) and self.setup.period_named(company, found.accounting_date) == period:
                    yield found, OpenVoucher(found.voucher, None, "in no batch")

    def _taken_so_far(self, company: str) -> tuple[int, int] | None:
        last = self.batches.last(company, BatchKind.LEDGER)
        return (last.number, last.list_pages) if last else None

    def _in_batch(self, batch: LedgerBatch) -> Iterator[LedgerLine]:
        if batch.state not in _GONE:
            yield from (line for line in self.reader.lines(batch) if isinstance(line, LedgerLine))
            return
        listed = [(one.source, one.document) for one in self.batches.listed(batch.id)]
        for _, lines in self.documents.each(batch.company, batch.kind, listed):
            yield from (line for line in lines if isinstance(line, LedgerLine) and batch.holds(line.accounting_date))

    def _of_period(self, company: str, period: str) -> Iterator[LedgerBatch]:
        last = self.batches.last(company, BatchKind.LEDGER)
        for first in range(1, (last.number if last else 0) + 1, _TOGETHER):
            for batch in self.batches.between(company, BatchKind.LEDGER, first, first + _TOGETHER - 1):
                if batch.period == period:
                    yield batch

    def _likely(self, company: str, period: str, made: Comparison) -> dict[Place, list[dict[str, str]]]:
        """For each account with a rest: accepted vouchers that have just that amount there, up to ten."""
        wanted = made.unexplained()
        if not wanted:
            return {}
        found: dict[Place, list[dict[str, str]]] = {}
        for batch in self._of_period(company, period):
            sums: dict[tuple[Place, str], Decimal] = {}
            for line in self._in_batch(batch):
                place = made.place(line.account, line.dimensions)
                if place in wanted:
                    sums[place, line.voucher] = sums.get((place, line.voucher), Decimal(0)) + line.accounting_amount
            for (place, voucher), amount in sums.items():
                if abs(amount) == abs(wanted[place]) and len(found.setdefault(place, [])) < _LIKELY:
                    found[place].append({"voucher": voucher, "batch": str(batch.id), "amount": f"{amount:f}"})
        return found


def _open(batch: LedgerBatch, standing: Standing, voucher: str, number: str) -> OpenVoucher | None:
    """The voucher, if the other ledger need not have it in this period, with why."""
    known = standing.of(voucher)
    if batch.state is BatchState.VOIDED_THERE:
        return OpenVoucher(number, str(batch.id), "voided there")
    if not known.is_accepted:
        return OpenVoucher(number, str(batch.id), _why(batch, known))
    if known.posted_date and not batch.holds(known.posted_date):
        return OpenVoucher(number, str(batch.id), f"posted there on {known.posted_date}")
    return None


def _why(batch: LedgerBatch, known: VoucherStanding) -> str:
    said = f": {known.message}" if known.message else ""
    return f"{known.state}{said}" if known.state != "open" else f"batch is {batch.state}"
