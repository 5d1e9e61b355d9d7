"""Adjusts the accounting of one posted transaction: its dimensions, and nothing else (ADA-01 to ADA-11). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from project_invoicing.domain.codes import (
    ConnectionRole,
    PostingFailure,
    PostingType,
    StagingState,
    TransactionClass,
)
from project_invoicing.domain.finance_voucher import NewVoucher
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_totals import Terms, revenue
from project_invoicing.domain.invoice_voucher import LineAccounts, revenue_lines
from project_invoicing.domain.journal_line import COST_KINDS, Accrual, CostAccounts, JournalLine, cost_lines
from project_invoicing.domain.ledger import ADJUST_ACCOUNTING, VoucherLine
from project_invoicing.domain.lineage import Lineage, lineage_of
from project_invoicing.domain.money import ZERO, ExchangeRate
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.sales_tax import TaxRounding
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.lineage import handed_on_by
from project_invoicing.rules.periods import period_not_open
from project_invoicing.setup.lookups import FinanceSetup

Dimensions = Mapping[str, str | None]
"""What is to be changed: the new value of each dimension named, ``None`` to take it off. Others stay."""
_ADJUSTED: Final = frozenset(
    {TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL, TransactionClass.FEE}
)
_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class OnJournal:
    """A posted cost or unbilled sale with its line. ``accounts``: where a cost is now."""

    row: StagedRow
    line: JournalLine
    accounts: CostAccounts

    @property
    def lineage(self) -> Lineage:
        return self.row.lineage or handed_on_by(self.line)


@dataclass(frozen=True, slots=True)
class OnInvoice:
    """A posted billed sale with its line on the invoice."""

    row: StagedRow
    line: ProposalLine
    invoice: Invoice

    @property
    def lineage(self) -> Lineage:
        return self.row.lineage or lineage_of(self.line, self.line.charges[0] if self.line.charges else None)


Posted = OnJournal | OnInvoice


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What an adjustment makes. ``voucher``: ``None`` where the transaction has nothing in the ledger (ADA-04)."""

    posted: Posted
    lineage: Lineage
    accrual: Accrual | None
    voucher: NewVoucher | None


def row_to_adjust(id: str, row: StagedRow | None, taker: StagedRow | None, company: str) -> StagedRow:
    """The row whose accounting an adjustment of an actual moves: its own, or the billed sale's once it is invoiced.

    ``taker`` is the row that bills or takes back the actual. Raises ``Refused`` (ADA-01, ADA-06).
    """
    if row is None or row.company not in (None, company):
        raise Refused(PostingFailure.NOT_POSTED, f"{company} has no actual {id}")
    if row.actual.transaction_class not in _ADJUSTED:
        what = f"actual {id} is of class {row.actual.transaction_class}"
        raise Refused(PostingFailure.NOT_ADJUSTABLE, f"{what}; time, expense, material and fee can be adjusted")
    if row.state is not StagingState.POSTED:
        if row.proposal_id:
            raise Refused(PostingFailure.ON_PROPOSAL, f"actual {id} is on proposal {row.proposal_id}, not posted yet")
        raise Refused(PostingFailure.NOT_POSTED, f"actual {id} is {row.state}; its journal has to be posted first")
    if row.intercompany_proposal:
        detail = f"actual {id} is billed between companies by {row.intercompany_proposal}: its dimensions stay"
        raise Refused(PostingFailure.NOT_ADJUSTABLE, detail)
    if original := row.links.get(ConnectionRole.ORIGINAL):
        detail = f"actual {id} takes back {original}: together they are zero, wherever they are"
        raise Refused(PostingFailure.TAKEN_BACK, detail)
    if row.taken_by is None:
        return row
    if taker is None or ConnectionRole.UNBILLED not in taker.links:
        detail = f"actual {id} is taken back by {row.taken_by}: together they are zero, wherever they are"
        raise Refused(PostingFailure.TAKEN_BACK, detail)
    if taker.state is not StagingState.POSTED:
        where = f"proposal {taker.proposal_id}" if taker.proposal_id else f"billed sale {taker.id}"
        raise Refused(PostingFailure.ON_PROPOSAL, f"actual {id} is on {where}, which is not posted")
    return row_to_adjust(taker.id, taker, None, company)


def adjusted(
    posted: Posted,
    dimensions: Dimensions,
    company: str,
    on: date,
    setup: FinanceSetup,
    *,
    posting_type: PostingType | None = None,
    reason: str | None = None,
) -> Adjustment | None:
    """What adjusting a transaction makes; ``None`` where it is like that already. Raises ``Refused``.

    ``posting_type`` leaves the other side of a cost as it is (ADA-03).
    """
    if isinstance(posted, OnInvoice):
        made = _on_invoice(posted, dimensions, company, setup, posting_type)
    elif posted.line.kind in COST_KINDS:
        made = _of_cost(posted, dimensions, posting_type)
    else:
        made = _of_sale(posted, dimensions, posting_type)
    lineage, accrual, before, after = made
    if lineage == posted.lineage and accrual == posted.row.accrual:
        return None
    lines = tuple(_exchanged(before, after))
    if not lines:
        return Adjustment(posted, lineage, accrual, None)
    if not setup.period_is_open(company, on):
        raise period_not_open(company, on)
    for line in after:
        if problem := setup.dimension_problem(company, line.account, line.dimensions or {}):
            raise Refused(PostingFailure.DIMENSION_INVALID, problem)
    voucher = NewVoucher(company, ADJUST_ACCOUNTING, on, lines, actual_id=posted.row.id, reason=reason)
    return Adjustment(posted, lineage, accrual, voucher)


_Made = tuple[Lineage, Accrual | None, Sequence[VoucherLine], Sequence[VoucherLine]]
"""The lineage and the accrual after an adjustment, and the lines in the ledger before and after it."""


def _of_cost(posted: OnJournal, dimensions: Dimensions, posting_type: PostingType | None) -> _Made:
    lineage = posted.lineage
    project, worker = lineage.dimensions, lineage.worker_dimensions
    if posting_type is None:
        named = {name: value for name, value in dimensions.items() if name in (worker or {})}
        after = replace(lineage, dimensions=_changed(project, dimensions), worker_dimensions=_changed(worker, named))
        return after, None, _cost_lines(posted, lineage), _cost_lines(posted, after)
    if posting_type not in posted.accounts:
        known = ", ".join(posted.accounts) or "none"
        detail = f"actual {posted.row.id} has no {posting_type} in the ledger; what it has there: {known}"
        raise Refused(PostingFailure.NOT_ADJUSTABLE, detail)
    before = _cost_lines(posted, lineage)
    kept = next((line.dimensions or {} for line in before if line.posting_type is not posting_type), {})
    if posting_type is PostingType.PAYROLL_ALLOCATION:
        after = replace(lineage, worker_dimensions=_changed(worker, dimensions))
    else:
        stays = {name: kept[name] for name in dimensions if name in kept}
        after = replace(
            lineage,
            dimensions=_changed(project, dimensions),
            worker_dimensions={**(worker or {}), **stays} or None,
        )
    lines = _cost_lines(posted, after)
    for old, new in zip(before, lines, strict=True):
        wanted = _changed(old.dimensions, dimensions) if old.posting_type is posting_type else old.dimensions
        if new.dimensions != wanted:
            detail = f"actual {posted.row.id}: {old.posting_type} cannot have other dimensions than its other side here"
            raise Refused(PostingFailure.NOT_ADJUSTABLE, detail)
    return after, None, before, lines


def _of_sale(posted: OnJournal, dimensions: Dimensions, posting_type: PostingType | None) -> _Made:
    _must_be_of_both_sides(posted.row, posting_type)
    after, accrual = replace(posted.lineage, dimensions=_changed(posted.lineage.dimensions, dimensions)), None
    before_lines: Sequence[VoucherLine] = ()
    lines: Sequence[VoucherLine] = ()
    if known := posted.row.accrual:
        accrual = replace(known, dimensions=_changed(known.dimensions, dimensions))
        before_lines, lines = (one.lines(1, posted.line.origin, posted.line.tags) for one in (known, accrual))
    return after, accrual, before_lines, lines


def _on_invoice(
    posted: OnInvoice, dimensions: Dimensions, company: str, setup: FinanceSetup, posting_type: PostingType | None
) -> _Made:
    """The revenue of the line; accrual, tax and customer balance stay (ADA-07)."""
    _must_be_of_both_sides(posted.row, posting_type)
    lineage = posted.lineage
    after = replace(lineage, dimensions=_changed(lineage.dimensions, dimensions))
    before_lines, lines = (
        _revenue(replace(posted.line, dimensions=one.dimensions), posted.invoice, company, setup)
        for one in (lineage, after)
    )
    return after, posted.row.accrual, before_lines, lines


def _must_be_of_both_sides(row: StagedRow, posting_type: PostingType | None) -> None:
    if posting_type is not None:
        detail = f"actual {row.id} is a sale: its dimensions are the same on all of its accounts; name no posting type"
        raise Refused(PostingFailure.NOT_ADJUSTABLE, detail)


def _changed(dimensions: Mapping[str, str] | None, changes: Dimensions) -> dict[str, str] | None:
    made = {**(dimensions or {}), **changes}
    return {name: value for name, value in made.items() if value is not None} or None


def _cost_lines(posted: OnJournal, lineage: Lineage) -> tuple[VoucherLine, ...]:
    line = replace(posted.line, dimensions=lineage.dimensions, worker_dimensions=lineage.worker_dimensions)
    amounts = (posted.row.accounting_amount, line.accounting_amount, ZERO)
    return cost_lines(line, posted.accounts, next(one for one in amounts if one is not None))


def _revenue(line: ProposalLine, invoice: Invoice, company: str, setup: FinanceSetup) -> tuple[VoucherLine, ...]:
    """The voucher lines of an invoice line's revenue, as it was posted; none where it does not say to what account."""
    charge = line.charges[0] if line.charges else None
    if charge is None or charge.revenue_type is None or charge.revenue_account is None:
        return ()
    precision = setup.accounting_precision(company)
    terms = Terms(
        company=company,
        proposal_id=invoice.proposal_id,
        customer=invoice.customer,
        currency=invoice.currency,
        currency_precision=setup.currency_precision(invoice.currency) or precision,
        accounting_precision=precision,
        exchange_rate=ExchangeRate(invoice.exchange_rate * _HUNDRED, _HUNDRED),
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        accounting_date=invoice.accounting_date,
        tax_rounding=TaxRounding(precision),
    )
    to = LineAccounts((charge.revenue_type, charge.revenue_account), charge.discount_account or None)
    return tuple(revenue_lines(line, revenue(line, tax_included=charge.tax_included), terms, to))


def _exchanged(before: Sequence[VoucherLine], after: Sequence[VoucherLine]) -> Iterator[VoucherLine]:
    """Takes back each line that has other dimensions afterwards, and posts it with these."""
    for old, new in zip(before, after, strict=True):
        if old.dimensions != new.dimensions and (old.amount or old.accounting_amount):
            yield replace(old, amount=-old.amount, accounting_amount=-old.accounting_amount)
            yield new
