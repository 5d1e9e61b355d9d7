"""Precisions and exchange rates."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cached_property

from project_invoicing.domain.money import SAME_CURRENCY, ExchangeRate
from project_invoicing.setup.indexes.dated import Dated
from project_invoicing.setup.indexes.known import KnownData

_CENT = Decimal("0.01")


class CurrencyLookups(KnownData):
    """Rates by currency pair, and the fixed rates of contracts."""

    def currency_precision(self, code: str) -> Decimal | None:
        currency = self.document.currencies.get(code)
        return currency.precision if currency else None

    def accounting_precision(self, company: str) -> Decimal:
        """The step that amounts in the company's accounting currency are rounded to."""
        return self.currency_precision(self.accounting_currency(company)) or _CENT

    def exchange_rate(self, from_: str, to: str, on: date) -> ExchangeRate | None:
        """The newest rate valid on ``on`` (contract, section 5; FXR-11, FXR-14). A pair does not imply its reverse."""
        if from_ == to:
            return SAME_CURRENCY
        rates = self._exchange_rates.get((from_, to))
        return rates.on(on) if rates else None

    @cached_property
    def _exchange_rates(self) -> dict[tuple[str, str], Dated[ExchangeRate]]:
        pairs: dict[tuple[str, str], list[tuple[date, ExchangeRate]]] = defaultdict(list)
        for row in self.document.exchange_rates:
            pairs[row.from_, row.to].append((row.valid_from, ExchangeRate(row.rate, row.factor)))
        return {pair: Dated(rates) for pair, rates in pairs.items()}

    def price_rate(self, contract: str | None, currency: str, company: str, on: date) -> ExchangeRate | None:
        """From ``currency`` to the company's accounting currency: the contract's fixed rate first (FXR-07, FXR-09)."""
        accounting = self.accounting_currency(company)
        agreed = self._agreed_rates.get(contract) if contract and currency != accounting else None
        if agreed and agreed[:2] == (company, currency):
            return agreed[2]
        return self.exchange_rate(currency, accounting, on)

    @cached_property
    def _agreed_rates(self) -> dict[str, tuple[str, str, ExchangeRate]]:
        return {
            name: (contract.company, fixed.currency, ExchangeRate(fixed.rate, fixed.factor))
            for name, contract in self.document.contracts.items()
            if (fixed := contract.fixed_exchange_rate)
        }
