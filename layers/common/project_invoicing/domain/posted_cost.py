"""Where a posted cost is: on the balance sheet, in profit and loss, or not in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from project_invoicing.domain.codes import CostSide, PostingType

_SIDES: Final[Mapping[PostingType, CostSide]] = {
    PostingType.COST: CostSide.PROFIT_AND_LOSS,
    PostingType.WIP_COST_VALUE: CostSide.BALANCE,
    PostingType.WIP_COST_ITEM: CostSide.BALANCE,
}


def side_of(accounts: Mapping[PostingType, str]) -> CostSide | None:
    """The side that a cost with these accounts is on; ``None`` for one that is not in the ledger."""
    return next((_SIDES[posting_type] for posting_type in accounts if posting_type in _SIDES), None)
