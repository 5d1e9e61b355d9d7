"""What the other ledger will find when it translates our amounts again: a cent here and there (D-172)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from project_invoicing.domain.ledger_batch import LedgerLine
from project_invoicing.domain.money import ZERO, ExchangeRate
from project_invoicing.rules.ledger_formats.entries import Entry
from project_invoicing.setup.models.ledger_formats import LedgerFormat

_TOLD: Final = 100
_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Difference:
    """``out_of_balance``: debit less credit of the entry by their translation. ``off``: what its lines differ by.

    Both in ``currency``, the accounting currency; ``off`` is the sum over the lines, without signs.
    """

    entry: str
    currency: str
    out_of_balance: Decimal
    off: Decimal


@dataclass(frozen=True, slots=True)
class Differences:
    """``entries``: how many differ; ``largest``: the most that one is out of balance; ``first``: up to a hundred."""

    entries: int = 0
    largest: Decimal = ZERO
    first: tuple[Difference, ...] = ()


def difference(format: LedgerFormat, entry: Entry) -> Difference | None:
    """What the target will compute otherwise than we did; ``None`` where it computes nothing, or the same."""
    if not format.translated:
        return None
    total, off, currency = ZERO, ZERO, ""
    for line in entry.lines:
        if not isinstance(line, LedgerLine):
            return None
        theirs = _translated(line)
        total += theirs
        off += abs(theirs - line.accounting_amount)
        currency = line.accounting_currency
    return Difference(entry.id, currency, total, off) if total or off else None


def counted(found: Iterable[Difference]) -> Differences:
    number, largest, first = 0, ZERO, []
    for each in found:
        number += 1
        largest = max(largest, abs(each.out_of_balance))
        if number <= _TOLD:
            first.append(each)
    return Differences(number, largest, tuple(first))


def _translated(line: LedgerLine) -> Decimal:
    """A line's amount times its rate, with the digits of the accounting amount: each line is rounded by itself."""
    step = _ONE.scaleb(int(line.accounting_amount.as_tuple().exponent))
    return ExchangeRate(line.exchange_rate, _ONE).convert(line.amount, step)
