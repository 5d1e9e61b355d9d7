"""What a stocked item costs: finance's inventory decides, and Dataverse only guesses (NEW-01). Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Protocol

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import PURCHASES, TransactionClass, TransactionType
from project_invoicing.domain.lineage import Lineage
from project_invoicing.domain.money import ZERO, ExchangeRate, round_to
from project_invoicing.setup.lookups import FinanceSetup


class Costed(Protocol):
    """A cost as far as it is resolved. ``amount`` is the actual's."""

    @property
    def company(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def rate(self) -> ExchangeRate: ...
    @property
    def transaction_date(self) -> date: ...


def cost_adjustment(
    actual: Actual, cost: Costed, product: str | None, before: Lineage | None, setup: FinanceSetup
) -> Decimal:
    """What finance's cost of the item adds to a cost, in its currency.

    A reversal takes back what was added to the posted line, whatever the item costs by now. What was bought for the
    project costs what it was bought for.
    """
    if actual.transaction_type is not TransactionType.COST:
        return ZERO
    precision = setup.currency_precision(cost.currency)
    if before and before.cost_adjustment is not None:
        return round_to(before.cost_adjustment, precision) if precision else before.cost_adjustment
    if actual.transaction_class is not TransactionClass.MATERIAL or actual.origin in PURCHASES:
        return ZERO
    unit_cost = setup.item_cost(cost.company, product, cost.transaction_date)
    if unit_cost is None or precision is None:
        return ZERO
    return round_to(unit_cost * actual.quantity / cost.rate.multiplier, precision) - cost.amount
