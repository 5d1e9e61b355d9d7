"""The voucher lines of a correction of accrued revenue, or why it cannot be posted (ARR-07 to ARR-16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from project_invoicing.domain.accrued_revenue import (
    AccrualCorrection,
    Part,
    Taking,
    is_symmetric,
    left_after,
    left_of,
)
from project_invoicing.domain.codes import PostingFailure, PostingType
from project_invoicing.domain.correction_journal import CorrectionJournal, CorrectionLine
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.ledger import Origin, VoucherLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.setup.lookups import FinanceSetup


@dataclass(frozen=True, slots=True)
class Offset:
    """The account that takes what the two sides do not make zero together."""

    account: str
    dimensions: dict[str, str] | None = None


def correction_lines(
    left: Iterable[Part], accrual: Accrual, offset: Offset | None, origin: Origin
) -> tuple[VoucherLine, ...]:
    """Brings both sides to zero (ARR-07), the rest to the offset account (ARR-08, 99-29).

    Project, dimensions and rate are those of the accrual as it is now (ARR-19). Refuses an asymmetric imbalance
    without an offset account.
    """
    parts = tuple(left)

    def line(part: Part, dimensions: dict[str, str] | None) -> VoucherLine:
        return VoucherLine(
            account=part.account,
            posting_type=part.posting_type,
            currency=part.currency,
            amount=-part.amount,
            accounting_amount=-part.accounting_amount,
            exchange_rate=accrual.exchange_rate,
            project=accrual.project,
            dimensions=dimensions,
            origin=origin,
        )

    lines = [line(part, accrual.dimensions) for part in parts]
    if not is_symmetric(parts):
        if offset is None:
            raise Refused(PostingFailure.OFFSET_ACCOUNT_MISSING, _needs_offset(parts))
        lines += (line(part, offset.dimensions) for part in _rest(parts, offset.account))
    return tuple(lines)


def _rest(parts: Iterable[Part], account: str) -> Iterator[Part]:
    """What the offset account takes, by currency."""
    sums: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for one in parts:
        amount, accounting = sums[one.currency]
        sums[one.currency] = amount - one.amount, accounting - one.accounting_amount
    for currency, both in sums.items():
        if any(both):
            yield Part(PostingType.ACCRUED_REVENUE_OFFSET, account, currency, *both)


def _needs_offset(parts: Iterable[Part]) -> str:
    sides = ", ".join(f"{one.account} {one.accounting_amount}" for one in parts)
    return f"{sides} do not make zero together: give an offset account, with its dimensions, for the rest"


def must_be_postable(journal: CorrectionJournal, setup: FinanceSetup) -> date:
    """The voucher date, which a person gives. No other date is ever taken for it (ARR-11)."""
    if journal.voucher_date is None:
        detail = f"journal {journal.number} has no voucher date; give one in an open period"
        raise Refused(PostingFailure.PERIOD_CLOSED, detail)
    if not setup.period_is_open(journal.company, journal.voucher_date):
        detail = f"no fiscal period is open for the voucher date {journal.voucher_date}; give another one"
        raise Refused(PostingFailure.PERIOD_CLOSED, detail)
    return journal.voucher_date


def judge(
    line: CorrectionLine,
    journal: CorrectionJournal,
    row: StagedRow | None,
    takings: Iterable[Taking],
    setup: FinanceSetup,
) -> tuple[VoucherLine, ...]:
    """The voucher lines of one line. Refuses it where its imbalance has changed, or an account asks for more.

    ``row`` is its unbilled sale as it is now, ``takings`` what has taken its accrual back by now.
    """
    if row is None or row.accrual is None or row.correction_journal != journal.number:
        detail = f"unbilled sale {line.unbilled_id} is no longer on journal {journal.number}; remove the line"
        raise Refused(PostingFailure.IMBALANCE_CHANGED, detail)
    now = left_after(row.accrual, takings, row.accrual_corrections)
    if set(now) != set(line.left):
        detail = (
            f"the imbalance of {line.unbilled_id} was {_sides(line.left)} when the journal was made, and is "
            f"{_sides(now)} now; remove the line, and make another journal if something is left"
        )
        raise Refused(PostingFailure.IMBALANCE_CHANGED, detail)
    offset = Offset(line.offset_account, line.offset_dimensions) if line.offset_account else None
    origin = Origin(line.customer, line.contract, line.unbilled_id, line.transaction_date)
    lines = correction_lines(now, row.accrual, offset, origin)
    for one in lines:
        if problem := setup.dimension_problem(journal.company, one.account, one.dimensions or {}):
            raise Refused(PostingFailure.DIMENSION_INVALID, problem)
    return lines


def _sides(parts: Iterable[Part]) -> str:
    return ", ".join(f"{one.account} {one.accounting_amount}" for one in parts) or "nothing"


def posted_as(journal: str, voucher: str, lines: Iterable[VoucherLine]) -> AccrualCorrection:
    """What a correction moved on the two sides of the accrual."""
    own = (one for one in lines if one.posting_type is not PostingType.ACCRUED_REVENUE_OFFSET)
    parts = (Part(one.posting_type, one.account, one.currency, one.amount, one.accounting_amount) for one in own)
    return AccrualCorrection(journal, voucher, left_of(parts))
