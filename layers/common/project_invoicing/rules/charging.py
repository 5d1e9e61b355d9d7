"""The billed part of a sale: whether it is chargeable, its amount in the digits of its currency, its discount."""

from __future__ import annotations

from decimal import Decimal

from project_invoicing.domain.actual import DISCOUNT, Actual
from project_invoicing.domain.codes import NO_MONEY, ON_ACCOUNT, BillingMethod, TransactionType
from project_invoicing.domain.money import ZERO, round_to
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.companies import LineProperty

_DISCOUNTED = frozenset({TransactionType.UNBILLED_SALES, TransactionType.BILLED_SALES})


def is_chargeable(actual: Actual, line_property: LineProperty) -> bool:
    """Whether the customer pays for it, by billing type and line property; on-account sales are always chargeable."""
    on_account = actual.transaction_class in ON_ACCOUNT
    return actual.billing_type not in NO_MONEY and (line_property.chargeable or on_account)


def discount_of(actual: Actual, chargeable: bool, billing_method: BillingMethod) -> Decimal | None:
    """The discount of a chargeable time-and-material sale; ``None`` where the column holds no amount.

    FEE-01, FEE-11, FEE-12. Other sales have no discount, whatever their column says.
    """
    fixed = billing_method is BillingMethod.FIXED_PRICE or actual.transaction_class in ON_ACCOUNT
    if actual.transaction_type not in _DISCOUNTED or fixed or not chargeable:
        return ZERO
    return None if DISCOUNT in actual.custom else actual.discount or ZERO


def billed_of(actual: Actual, setup: FinanceSetup) -> tuple[Decimal, Decimal]:
    """Amount and discount of a sale as on its line, as far as they are known without full resolution (FEE-01)."""
    currency = setup.resolve(actual.currency.entity, actual.currency.id) if actual.currency else None
    precision = setup.currency_precision(currency) if currency else None
    discount = ZERO
    if actual.fee_of and setup.billing_method_of(actual.contract_line) is BillingMethod.FIXED_PRICE:
        return ZERO, ZERO
    if actual.discount:
        method = setup.billing_method_of(actual.contract_line)
        discount = discount_of(actual, actual.billing_type not in NO_MONEY, method) or ZERO
    return in_digits(actual.amount, precision), in_digits(discount, precision)


def in_digits(amount: Decimal, precision: Decimal | None) -> Decimal:
    """The amount rounded, or exactly as sent if rounding does not change it or the precision is unknown."""
    if precision is None:
        return amount
    rounded = round_to(amount, precision)
    return amount if rounded == amount else rounded
