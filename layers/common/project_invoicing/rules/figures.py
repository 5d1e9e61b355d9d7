"""Amounts and other figures as shown to people and in results."""

from __future__ import annotations

from decimal import Decimal
from typing import overload

from project_invoicing.setup.lookups import FinanceSetup


class Figures:
    """Formats amounts with the digits of their currency, other figures without trailing zeros."""

    def __init__(self, setup: FinanceSetup) -> None:
        self._setup = setup

    @overload
    def amount(self, value: Decimal, currency: str | None) -> str: ...

    @overload
    def amount(self, value: Decimal | None, currency: str | None) -> str | None: ...

    def amount(self, value: Decimal | None, currency: str | None) -> str | None:
        """``value`` with at least the digits of ``currency``: 1000 in USD is ``1000.00``."""
        if value is None:
            return None
        precision = self._setup.currency_precision(currency) if currency else None
        digits = precision.as_tuple().exponent if precision is not None else -2
        exponent = min(int(value.normalize().as_tuple().exponent), int(digits), 0)
        return f"{value.quantize(Decimal(1).scaleb(exponent)):f}"

    def money(self, value: Decimal | None, currency: str | None) -> str:
        """``amount`` with its currency, for a person."""
        return f"{self.amount(value, currency)} {currency or '(currency unknown)'}"

    def accounting(self, value: Decimal | None, company: str | None) -> str | None:
        """``value`` with the digits of the company's accounting currency."""
        return self.amount(value, self._setup.currency_of_company(company))

    @staticmethod
    def figure(value: Decimal | None) -> str | None:
        return None if value is None else f"{value.normalize():f}"
