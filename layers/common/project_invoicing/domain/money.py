"""Money, rounding and exchange rates. The only module that rounds amounts.

Amounts are rounded half away from zero to the currency's precision unless a sales tax rule says otherwise
(contract, section 5). A precision is a step such as ``0.01``, ``1`` or ``0.05``.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from enum import StrEnum

_EXACT = Context(prec=60)
_SHOWN = Context(prec=28)
"""Digits of a rate as shown and stored: a third never ends. Amounts are converted with the exact rate."""
ZERO = Decimal(0)
MONEY_LIMIT = Decimal(1_000_000_000)
"""The largest amount of a single row, in either direction."""


class Rounding(StrEnum):
    NORMAL = "normal"
    UP = "up"
    DOWN = "down"


_MODES = {Rounding.NORMAL: ROUND_HALF_UP, Rounding.UP: ROUND_UP, Rounding.DOWN: ROUND_DOWN}


def round_to(amount: Decimal, precision: Decimal, method: Rounding = Rounding.NORMAL) -> Decimal:
    """Rounds to a multiple of ``precision``: normal half away from zero, up away from zero, down toward zero.

    TAX-34 to TAX-37. The result carries the digits of ``precision`` (``987.30`` for 0.01).
    """
    if precision <= ZERO:
        raise ValueError(f"precision must be positive, not {precision}")
    steps = _EXACT.divide(amount, precision)
    whole = steps.to_integral_value(rounding=_MODES[method])
    rounded = _EXACT.multiply(whole, precision).quantize(precision, context=_EXACT)
    return rounded or abs(rounded)  # no negative zero


@dataclass(frozen=True, slots=True)
class Money:
    """An amount that never travels without its currency. Adding two currencies is a ``TypeError``."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount if self.amount else self.amount, self.currency)

    def _same(self, other: object) -> Decimal:
        if not isinstance(other, Money) or other.currency != self.currency:
            raise TypeError(f"cannot add {other!r} to an amount in {self.currency}")
        return other.amount


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """How many units of accounting currency ``factor`` units of a transaction currency are worth (FXR-12, FXR-18).

    A journal line shows ``rate`` 125 with ``factor`` 100; a voucher shows ``multiplier`` 1.25. Finance multiplies; a
    Dataverse rate divides and is never used here.
    """

    rate: Decimal
    factor: Decimal

    @property
    def multiplier(self) -> Decimal:
        return _SHOWN.divide(self.rate, self.factor).normalize(_SHOWN)

    def convert(self, amount: Decimal, precision: Decimal) -> Decimal:
        """``amount`` in accounting currency, rounded to that currency's ``precision``."""
        return round_to(_EXACT.divide(_EXACT.multiply(amount, self.rate), self.factor), precision)


SAME_CURRENCY = ExchangeRate(Decimal(100), Decimal(100))
"""The rate of a currency to itself: no conversion, shown as 100 (FXR-14)."""
