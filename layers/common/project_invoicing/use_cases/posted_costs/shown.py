"""Costs and their vouchers as rows, for previews."""

from __future__ import annotations

from typing import Any

from project_invoicing.domain.codes import CostSide
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.posted_costs import MovedCost
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.result_rows import voucher_row

UNNUMBERED = "new"
"""Stands for a number that is drawn when the voucher is posted."""


def cost_row(made: MovedCost, to: CostSide, setup: FinanceSetup) -> dict[str, Any]:
    """A cost with debit and credit of the voucher that would post it."""
    show, line, row = Figures(setup), made.cost.line, made.cost.row
    voucher = voucher_row(made.voucher.numbered(UNNUMBERED), show)
    billed = made.cost.vendor_invoice
    return {
        "actual_id": row.id,
        "company": made.voucher.company,
        "project": line.project,
        "contract": line.contract,
        "class": line.transaction_class,
        "line_property": line.line_property,
        "transaction_date": line.transaction_date.isoformat(),
        "amount": show.amount(line.amount, line.currency),
        "currency": line.currency,
        "from": made.cost.side,
        "to": to,
        "vendor_invoice": billed.invoice_number if billed else None,
        "lender": billed.lender if billed else None,
        "voucher": voucher,
    }
