"""Reads the rows of sales and their fees, for what Dataverse is told of both (OAT-11)."""

from __future__ import annotations

from collections.abc import Iterable

from project_invoicing.rules.write_back import SaleWithFee, other_half, with_fee
from project_invoicing.store.staging import Staging


def told_with_fees(staging: Staging, ids: Iterable[str]) -> dict[str, SaleWithFee]:
    """By the id of a row: what is told of it together with its fee, or its sale. Rows without a fee are not in it."""
    rows = staging.rows(ids)
    others = {id: other for id, row in rows.items() if (other := other_half(row))}
    both = rows | staging.rows(other for other in others.values() if other not in rows)
    return {id: found for id in others if (found := with_fee(both, id))}
