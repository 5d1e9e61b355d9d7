"""What receivables tells of payments, and what is open of a posted invoice after them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple

from project_invoicing.domain.codes import PaymentRefusal
from project_invoicing.domain.money import ZERO

_AMOUNTS: Final = ("amount", "cash_discount", "written_off")


@dataclass(frozen=True, slots=True)
class Payment:
    """One settlement, as receivables tells it (PAY-03). The newest ``version`` of a ``settlement_id`` counts.

    ``amount``, ``cash_discount`` and ``written_off`` are in ``currency``, that of the invoice. What lowers the debt of
    an invoice is positive, what pays a credit note out is negative. ``credit_note``: the amount is what a credit note
    gives to the invoice. ``customer``: of a payment that is settled against nothing. One that is ``canceled`` counts
    nothing, and may say nothing else.
    """

    company: str
    settlement_id: str
    version: int
    date: date | None = None
    currency: str | None = None
    amount: Decimal = ZERO
    cash_discount: Decimal = ZERO
    written_off: Decimal = ZERO
    invoice_number: str | None = None
    credit_note: str | None = None
    customer: str | None = None
    canceled: bool = False

    @property
    def documents(self) -> tuple[str, ...]:
        """The numbers of the invoice and the credit note that it settles; none once it is canceled."""
        if self.canceled:
            return ()
        return tuple(number for number in (self.invoice_number, self.credit_note) if number)

    @property
    def text(self) -> str:
        """All of it as JSON: the same for the same payment, however its figures were written."""
        return json.dumps(self.as_detail(), separators=(",", ":"), sort_keys=True)

    def as_detail(self) -> dict[str, Any]:
        """What it says, without what it leaves out."""
        found: dict[str, Any] = {}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, Decimal):
                value = f"{value.normalize():f}" if value else None
            if value not in (None, False):
                found[name] = value.isoformat() if isinstance(value, date) else value
        return found

    def part_in(self, document: str) -> Settled:
        """What it settles of one of its ``documents``."""
        of_credit_note = document == self.credit_note
        return Settled(
            self.settlement_id,
            self.version,
            self.date or date.min,
            -self.amount if of_credit_note else self.amount,
            ZERO if of_credit_note else self.cash_discount,
            ZERO if of_credit_note else self.written_off,
            self.invoice_number if of_credit_note else self.credit_note,
        )


def payment_in(text: str) -> Payment:
    """What ``Payment.text`` says."""
    said = json.loads(text)
    amounts = {name: Decimal(said[name]) for name in _AMOUNTS if name in said}
    day = date.fromisoformat(said["date"]) if "date" in said else None
    return Payment(**{**said, **amounts, "date": day})


class Settled(NamedTuple):
    """What one settlement has settled of a document. ``other``: the document on its other side, if it has one."""

    settlement_id: str
    version: int
    date: date
    amount: Decimal
    cash_discount: Decimal = ZERO
    written_off: Decimal = ZERO
    other: str | None = None

    @property
    def sum(self) -> Decimal:
        return self.amount + self.cash_discount + self.written_off


class Standing(StrEnum):
    """How a posted invoice stands: ``paid`` once nothing is open, whichever way it was settled."""

    OPEN = "open"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Receivable:
    """What was settled of a posted invoice or credit note, by settlement id.

    ``changes``: how often it changed. ``partly_is_paid``: a part that is paid is told to Dataverse as its state Paid,
    as the company's parameter was when it changed (99-34).
    """

    company: str
    invoice_number: str
    settlements: tuple[Settled, ...] = ()
    changes: int = 0
    partly_is_paid: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """What is open of a document of this ``total`` of which so much is ``settled``, in its currency."""

    total: Decimal
    settled: Decimal
    touched: bool

    @classmethod
    def of(cls, total: Decimal, settlements: Iterable[Settled], until: date | None = None) -> Balance:
        """``until``: only what was settled up to this day."""
        known = [one for one in settlements if until is None or one.date <= until]
        return cls(total, sum((one.sum for one in known), ZERO), bool(known))

    @property
    def open(self) -> Decimal:
        """Never beyond zero: what is settled beyond the total is ``over``."""
        left = self.total - self.settled
        if not self.total:
            return ZERO
        return max(left, ZERO) if self.total > ZERO else min(left, ZERO)

    @property
    def over(self) -> Decimal:
        """What was settled beyond the total, which is the customer's; negative where the customer owes it."""
        return self.open - (self.total - self.settled)

    @property
    def standing(self) -> Standing:
        if not self.touched or self.open == self.total != ZERO:
            return Standing.OPEN
        return Standing.PARTLY_PAID if self.open else Standing.PAID


class Effect(StrEnum):
    """What came of a payment that was told."""

    APPLIED = "applied"
    UNAPPLIED = "unapplied"
    CANCELED = "canceled"
    REPEATED = "repeated"
    OLDER = "older"
    SET_ASIDE = "set_aside"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Settlement:
    """The newest version of a settlement that was told.

    ``reason`` and ``detail``: why it is set aside. It then counts nowhere, and is tried again. ``of_ours``: the set-up
    has its company.
    """

    payment: Payment
    at: str
    reason: PaymentRefusal | None = None
    detail: str | None = None
    of_ours: bool = True

    @property
    def is_unapplied(self) -> bool:
        """Money of a customer that is settled against no invoice."""
        said = self.payment
        return self.reason is None and not said.canceled and said.invoice_number is None

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents in which it counts."""
        return () if self.reason else self.payment.documents
