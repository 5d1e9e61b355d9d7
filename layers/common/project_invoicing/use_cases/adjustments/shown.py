"""Adjustments and their vouchers as rows, for previews."""

from __future__ import annotations

from typing import Any

from project_invoicing.rules.adjusted_accounting import Adjustment
from project_invoicing.rules.figures import Figures
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.posted_costs.shown import UNNUMBERED
from project_invoicing.use_cases.result_rows import voucher_row


def adjustment_row(id: str, made: Adjustment, setup: FinanceSetup) -> dict[str, Any]:
    """Dimensions before and after, with debit and credit; ``voucher`` is ``None`` where nothing is in the ledger."""
    voucher = voucher_row(made.voucher.numbered(UNNUMBERED), Figures(setup)) if made.voucher else None
    line = made.posted.line
    return {
        "actual_id": id,
        "project": line.project,
        "class": line.transaction_class,
        "before": made.posted.lineage.dimensions or {},
        "after": made.lineage.dimensions or {},
        "voucher": voucher,
    }
