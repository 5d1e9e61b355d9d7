"""Vouchers: what posting writes into the ledger. Debit is positive, credit negative.

A voucher that does not balance in every transaction currency and in the accounting currency cannot be constructed
(INV-01).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.money import ZERO

T = TypeVar("T")

JOURNAL: Final = "journal"
INVOICE: Final = "invoice"
"""The kinds of document that have vouchers: the values of ``source``."""
VENDOR_INVOICE: Final = "vendor_invoice"
"""A vendor invoice: a pending one leaves for payables without a voucher, a posted one has a voucher of ours."""
POST_COSTS: Final = "post_costs"
ADJUST_ACCOUNTING: Final = "adjust_accounting"
ACCRUAL_RECONCILIATION: Final = "accrual_reconciliation"
PERSONS: Final = (POST_COSTS, ADJUST_ACCOUNTING, ACCRUAL_RECONCILIATION, VENDOR_INVOICE)
"""Sources of vouchers that a person's finance document makes: each voucher is a document, under its own number."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who and what a ledger transaction is about, for whoever reads it without our documents.

    ``None``: it is about several of them, or nobody says. ``document_date`` is the transaction date of a journal line,
    or the date of an invoice.
    """

    customer: str | None = None
    contract: str | None = None
    actual_id: str | None = None
    document_date: date | None = None

    @classmethod
    def of_all(cls, origins: Iterable[Origin]) -> Origin:
        """What these have in common."""
        found = set(origins)
        if len(found) == 1:
            return found.pop()
        return cls(
            _only({one.customer for one in found}),
            _only({one.contract for one in found}),
            _only({one.actual_id for one in found}),
            _only({one.document_date for one in found}),
        )


def _only(values: set[T]) -> T | None:
    return next(iter(values)) if len(values) == 1 else None


NO_ORIGIN: Final = Origin()


@dataclass(frozen=True, slots=True)
class VoucherLine:
    """One ledger transaction: ``amount`` in ``currency``, ``accounting_amount`` in the company's currency.

    ``exchange_rate`` multiplies (1.25), unlike the rate of a journal line (125 per 100; FXR-12). ``sales_tax_base`` is
    what a tax was charged on, without tax, with the sign of the tax.
    """

    account: str
    posting_type: PostingType
    currency: str
    amount: Decimal
    accounting_amount: Decimal
    exchange_rate: Decimal
    project: str | None = None
    dimensions: dict[str, str] | None = None
    sales_tax_code: str | None = None
    sales_tax_base: Decimal | None = None
    origin: Origin = NO_ORIGIN
    tags: dict[str, str] | None = None


class Unbalanced(ValueError):
    """A voucher whose lines do not sum to zero: a defect in the rules, never in the input."""


@dataclass(frozen=True, slots=True)
class Voucher:
    """A balanced set of ledger transactions under one number of one company."""

    voucher: str
    company: str
    accounting_date: date
    source: str
    source_id: str
    lines: tuple[VoucherLine, ...]

    def __post_init__(self) -> None:
        by_currency: dict[str, Decimal] = defaultdict(lambda: ZERO)
        accounting = ZERO
        for line in self.lines:
            by_currency[line.currency] += line.amount
            accounting += line.accounting_amount
        wrong = {currency: total for currency, total in by_currency.items() if total}
        if wrong or accounting:
            raise Unbalanced(f"voucher {self.voucher} of {self.source_id}: {wrong}, accounting currency {accounting}")


def summed(lines: Iterable[VoucherLine]) -> tuple[VoucherLine, ...]:
    """Adds up lines that agree in everything but their amounts; where they sum to zero, keeps debit and credit apart.

    So amounts that cancel out still appear in the ledger (99-24, D-008), and only a zero line is left out. The order is
    that of first appearance, with cancelling lines last: a posting that began before they were kept continues with the
    same pages. A sum has the origin that its parts have in common; the document's own lines say which actual
    contributed which part.
    """
    alike: dict[tuple[object, ...], list[VoucherLine]] = {}
    for line in lines:
        dimensions = tuple(sorted(line.dimensions.items())) if line.dimensions else ()
        key = (
            line.posting_type,
            line.account,
            line.currency,
            line.exchange_rate,
            line.project,
            dimensions,
            line.sales_tax_code,
            tuple(sorted(line.tags.items())) if line.tags else (),
        )
        alike.setdefault(key, []).append(line)
    sums = [(_sum(some), some) for some in alike.values()]
    cancelled = [side for whole, some in sums if not _is_something(whole) for side in _sides(some)]
    return (*(whole for whole, _ in sums if _is_something(whole)), *cancelled)


def _is_something(line: VoucherLine) -> bool:
    return bool(line.amount or line.accounting_amount)


def _sides(alike: list[VoucherLine]) -> Iterator[VoucherLine]:
    """The debit and credit sums of lines that cancel out."""
    nothing = (ZERO, ZERO)
    debit = [line for line in alike if (line.amount, line.accounting_amount) > nothing]
    credit = [line for line in alike if (line.amount, line.accounting_amount) < nothing]
    yield from (_sum(side) for side in (debit, credit) if side)


def _sum(alike: list[VoucherLine]) -> VoucherLine:
    if len(alike) == 1:
        return alike[0]
    bases = [line.sales_tax_base for line in alike if line.sales_tax_base is not None]
    return replace(
        alike[0],
        amount=sum((line.amount for line in alike), ZERO),
        accounting_amount=sum((line.accounting_amount for line in alike), ZERO),
        sales_tax_base=sum(bases, ZERO) if bases else None,
        origin=Origin.of_all(line.origin for line in alike),
    )
