"""The fee of a sale, as an actual of its own (FEE-02, OAT-08).

Dataverse keeps a fee in a column of the work's sale. Here it has journal and proposal lines of its own, so it is an
actual of class Fee of its own as well, with an id that follows from that of the work.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid5

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import TransactionClass, TransactionType
from project_invoicing.domain.money import ZERO

_FEE: Final = "fee"
_ONE: Final = Decimal(1)
_SALES: Final = frozenset({TransactionType.UNBILLED_SALES, TransactionType.BILLED_SALES})
_WORK: Final = frozenset({TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL})


def fee_id(work: str) -> str:
    """The id that the fee of this sale has, whether there is one or not."""
    return str(uuid5(UUID(work), _FEE))


def may_have_fee(actual: Actual) -> bool:
    """Whether it is a sale of work. A cost has no fee, and a fee that is an actual in Dataverse has none (OAT-12)."""
    return actual.transaction_type in _SALES and actual.transaction_class in _WORK and actual.fee_of is None


def fee_of(work: Actual) -> Actual:
    """The fee of a sale of work: an actual of its own, in the same version. Zero where the sale has none.

    It has the default category of fees, the quantity 1, and no discount, product or resource.
    """
    amount = work.fee or ZERO
    return replace(
        work,
        id=fee_id(work.id),
        transaction_class=TransactionClass.FEE,
        quantity=-_ONE if amount < ZERO else _ONE,
        price=abs(amount),
        amount=amount,
        category=None,
        product=None,
        resource=None,
        unit=None,
        discount=None,
        fee=None,
        fee_of=work.id,
    )


def in_order(actual: Actual) -> tuple[str, bool]:
    """Sort key of the lines of one day and project: work by its id, each with its fee behind it."""
    return actual.fee_of or actual.id, actual.fee_of is not None
