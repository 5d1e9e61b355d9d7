"""What is left of accrued revenue after it was invoiced, and what puts it right (ARR).

An unbilled sale accrues on two sides, WIP and accrued revenue. The invoice that bills it takes both back. What is left
of either is an imbalance: a correction journal brings it to zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from project_invoicing.domain.codes import PostingType, TransactionClass
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.money import ZERO

_UNDER_ONE_ID = frozenset({TransactionClass.FEE, TransactionClass.MATERIAL})
"""Classes whose accrual and reversal are shown under the id of the unbilled sale (ARR-03)."""


@dataclass(frozen=True, slots=True)
class Part:
    """An amount on one side of an accrual. Debit is positive."""

    posting_type: PostingType
    account: str
    currency: str
    amount: Decimal
    accounting_amount: Decimal


def parts_of(accrual: Accrual, sign: int = 1) -> tuple[Part, ...]:
    """What an accrual posts, or with ``sign`` -1, what taking it back does."""
    return tuple(
        Part(line.posting_type, line.account, line.currency, line.amount, line.accounting_amount)
        for line in accrual.lines(sign)
    )


def left_of(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The sums by side, account and currency; what is zero in both currencies is not there."""
    sums: dict[tuple[PostingType, str, str], tuple[Decimal, Decimal]] = {}
    for one in parts:
        key = one.posting_type, one.account, one.currency
        amount, accounting = sums.get(key, (ZERO, ZERO))
        sums[key] = amount + one.amount, accounting + one.accounting_amount
    return tuple(Part(*key, *both) for key, both in sums.items() if any(both))


def is_symmetric(parts: Iterable[Part]) -> bool:
    """Whether the two sides make zero together, in every currency: their correction then needs no other account."""
    sums: dict[str, Decimal] = {}
    accounting = ZERO
    for one in parts:
        sums[one.currency] = sums.get(one.currency, ZERO) + one.amount
        accounting += one.accounting_amount
    return not accounting and not any(sums.values())


def imbalance_of(parts: Iterable[Part]) -> Decimal:
    """The imbalance in accounting currency: what is left of WIP, else of accrued revenue with its sign turned."""
    sides = dict.fromkeys((PostingType.WIP_SALES_VALUE, _ACCRUED), ZERO)
    for one in parts:
        sides[one.posting_type] += one.accounting_amount
    return sides[PostingType.WIP_SALES_VALUE] or -sides[_ACCRUED]


_ACCRUED = PostingType.ACCRUED_REVENUE_SALES_VALUE


@dataclass(frozen=True, slots=True)
class Taking:
    """What the voucher of an invoice took back of an accrual; nothing, where it left all of it. ``on``: its date.

    ``billed_id`` is the billed sale, or the reversal on a ``journal``, where it was no invoice.
    """

    billed_id: str
    invoice: str
    voucher: str
    on: date
    parts: tuple[Part, ...]
    journal: str | None = None

    @property
    def document(self) -> str:
        """The number of the invoice, or of the journal."""
        return self.journal or self.invoice


@dataclass(frozen=True, slots=True)
class AccrualCorrection:
    """What a correction journal has posted for an unbilled sale."""

    journal: str
    voucher: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Imbalance:
    """An unbilled sale that was accrued and invoiced, and of whose accrual something is left.

    ``accrual`` is as it is now, with the project and dimensions of its line. ``journal``: the draft that it is on.
    """

    company: str
    unbilled_id: str
    transaction_class: TransactionClass
    accrual: Accrual
    takings: tuple[Taking, ...]
    corrections: tuple[AccrualCorrection, ...] = ()
    customer: str | None = None
    contract: str | None = None
    voucher: str | None = None
    transaction_date: date | None = None
    journal: str | None = None

    @property
    def left(self) -> tuple[Part, ...]:
        """The accrual, everything that took it back, and the corrections posted before."""
        return left_after(self.accrual, self.takings, self.corrections)

    @property
    def amount(self) -> Decimal:
        """The imbalance in accounting currency (ARR-02)."""
        return imbalance_of(self.left)

    @property
    def symmetric(self) -> bool:
        return is_symmetric(self.left)

    @property
    def project(self) -> str:
        return self.accrual.project or ""

    @property
    def last(self) -> Taking:
        """What took the accrual back last."""
        return max(self.takings, key=lambda one: (one.on, one.invoice, one.billed_id))

    @property
    def reversal_id(self) -> str:
        """The transaction that took it back: the billed sale, or for fees and items the unbilled sale itself."""
        return self.unbilled_id if self.transaction_class in _UNDER_ONE_ID else self.last.billed_id


def left_after(
    accrual: Accrual, takings: Iterable[Taking], corrections: Iterable[AccrualCorrection]
) -> tuple[Part, ...]:
    """What is left of an accrual."""
    taken = (part for taking in takings for part in taking.parts)
    corrected = (part for correction in corrections for part in correction.parts)
    return left_of((*parts_of(accrual), *taken, *corrected))
