"""The fee of a sale follows the sale, where the table map of actuals has a column of fees."""

from __future__ import annotations

from project_invoicing.dataverse.mapping import reads_fees
from project_invoicing.store.staging import Staging


def follow_fee(staging: Staging, work: str, at: str) -> None:
    """Makes the fee of a sale, of which something was delivered ``at`` a time, fit the sale as it is stored now."""
    if reads_fees():
        from project_invoicing.store.fee_rows import follow  # noqa: PLC0415  most organizations have no such column

        follow(staging, work, at)
