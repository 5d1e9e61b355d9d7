"""By how much the books are off where an actual changed after posting: what its line would be posted with now.

Its line is built as an import builds it and converted at the rate it was posted with (D-085). Pure: reads nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_totals import revenue
from project_invoicing.domain.money import ZERO, ExchangeRate
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.invoice_tax import totals_of
from project_invoicing.rules.journal_lines import Candidate, journal_line
from project_invoicing.rules.owner import Invalid
from project_invoicing.rules.proposal_lines import proposal_line
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.setup.lookups import FinanceSetup


@dataclass(frozen=True, slots=True)
class PostedAs:
    """What a row was posted with: on a journal, whether it was accrued without its discount; else the invoice.

    ``gross`` is only needed for a row with a discount, the invoice's ``lines`` only where amounts include sales tax.
    """

    gross: bool = False
    invoice: Invoice | None = None
    lines: Sequence[ProposalLine] = ()


def amount_now(row: StagedRow, posted: PostedAs, setup: FinanceSetup) -> Decimal | str:
    """What the line of a posted row would come to now in accounting currency; a text where that is unknown.

    Chargeability, discount, tax groups and digits follow the rules (FEE-06, FEE-07, 99-21, TAX-37).
    """
    rate = row.price_rate
    if posted.invoice:
        rate = ExchangeRate(posted.invoice.exchange_rate, Decimal(1))
    if rate is None:
        return f"{row.proposal_id or row.journal_id} is not there, so that its exchange rate is not known"
    outcome = resolve(row.actual, setup, rate)
    if isinstance(outcome, Invalid):
        return f"{outcome.field}: {outcome.detail}"
    if not isinstance(outcome, Resolved):
        return outcome.wait.detail
    if outcome.company != row.company:
        return f"it belongs to {outcome.company} now"
    try:
        earned = _invoiced(row, outcome, posted, setup) if posted.invoice else _journalised(row, outcome, posted)
    except Refused as refused:
        return str(refused)
    return rate.convert(earned, setup.accounting_precision(outcome.company))


def _journalised(row: StagedRow, resolved: Resolved, posted: PostedAs) -> Decimal:
    as_posted = replace(resolved, accrued_discount=ZERO if posted.gross else resolved.discount)
    return journal_line(Candidate(row, as_posted, ""), row.line_number or 0, row.voucher or "").amount


def _invoiced(row: StagedRow, resolved: Resolved, posted: PostedAs, setup: FinanceSetup) -> Decimal:
    """The revenue of its line, taxed as it was posted: by the tax groups of the invoice, not those of the set-up."""
    line = proposal_line(row, resolved, {})
    if not setup.document.sales_tax.amounts_include_tax or not posted.invoice:
        return revenue(line, tax_included=False)
    before = next((one for one in posted.lines if one.actual_id == row.id), None)
    if before:
        line = replace(before, amount=line.amount, quantity=line.quantity, chargeable=line.chargeable)
    others = [one for one in posted.lines if one.actual_id != row.id]
    made = totals_of([*others, line], setup, posted.invoice.invoice_date, posted.invoice.currency)
    return made.revenue(made.lines[-1])
