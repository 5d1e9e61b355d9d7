"""The lines of an intercompany invoice: what was posted, whatever the actual says now (IC-15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from project_invoicing.domain.codes import ConnectionRole, WaitReason
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.lineage import continuing
from project_invoicing.domain.named import Named
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import KINDS, ProposalLine
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.lineage import handed_on_by
from project_invoicing.rules.proposal_lines import ProposalPlan, named

Sale = tuple[StagedRow, JournalLine]
"""A posted inter-organizational sale and the line it was posted with."""


Billed = Mapping[str, ProposalLine]
"""Lines of posted intercompany invoices, by the sales they bill."""


def plan_between(
    header: Proposal, sales: Sequence[Sale], existing: Sequence[ProposalLine], taken_back: Billed = MappingProxyType({})
) -> ProposalPlan:
    """The lines of an intercompany proposal: the sales in its currency, whatever their billing type, with accruals.

    ``taken_back``: the invoice lines of the sales that some of them reverse.
    """
    result = ProposalPlan()
    currency = header.intercompany.currency if header.intercompany else None
    due = [sale for sale in sales if sale[1].currency == currency]
    first = 1 + max((line.line_number for line in existing), default=0)
    for number, (row, posted) in enumerate(sorted(due, key=_order), start=first):
        result.lines.append((row, _line(row, posted, number, taken_back)))
    if not due and not existing:
        result.waits.append(Wait(WaitReason.BILLED_SALES_MISMATCH, "none of its sales is left to be billed"))
    return result


def may_be_billed(rows: Sequence[StagedRow], billed: Set[str]) -> list[StagedRow]:
    """Those of a lender's posted sales that a proposal may bill (IC-16).

    A reversal is billed only beside its original, or where the original is among the ``billed``: on the same proposal
    already, or on one that is posted.
    """
    there = billed | {row.id for row in rows}
    return [row for row in rows if row.links.get(ConnectionRole.ORIGINAL, row.id) in there]


def _order(sale: Sale) -> tuple[date, str, str]:
    row, posted = sale
    return (posted.transaction_date, posted.project or "", row.id)


def _line(row: StagedRow, posted: JournalLine, number: int, taken_back: Billed) -> ProposalLine:
    """The posted line, with the invoiced percents and accounts of the sale it reverses (99-22).

    Its dimensions are those that the sale has now.
    """
    original = taken_back.get(row.links.get(ConnectionRole.ORIGINAL, ""))
    charges = original.charges if original else ()
    if original and posted.sales_amount != -original.amount:
        charges = tuple(replace(charge, counted=False) for charge in charges)
    line = ProposalLine(
        line_number=number,
        actual_id=row.id,
        kind=KINDS[posted.transaction_class],
        transaction_class=posted.transaction_class,
        quantity=posted.quantity,
        unit_price=posted.unit_price,
        amount=posted.sales_amount,
        resource=posted.resource,
        project=posted.project,
        contract=posted.contract,
        contract_line=posted.contract_line,
        description=row.actual.external_description or row.actual.description,
        accruals=(row.accrual,) if row.accrual else (),
        takes_back=row.links.get(ConnectionRole.ORIGINAL),
        continues=charges,
        transaction_date=posted.transaction_date,
        unit=Named(row.actual.unit) if row.actual.unit else None,
        task=named(row.actual.task),
        role=named(row.actual.role),
    )
    return continuing(line, row.lineage or handed_on_by(posted))
