"""Precisions, exchange rates, and what stocked items cost."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from project_invoicing.domain.master_data import RateKey
from project_invoicing.domain.money import SAME_CURRENCY, ExchangeRate
from project_invoicing.setup.indexes.dated import Dated
from project_invoicing.setup.indexes.master_data import MasterDataLookups
from project_invoicing.setup.indexes.shared import shared

RATE_TYPE: Final = "default"
"""The type of the exchange rates that finance converts with."""
_CURRENCY: Final = "transactioncurrency"
_CENT: Final = Decimal("0.01")


class CurrencyLookups(MasterDataLookups):
    """Rates by currency pair, and the fixed rates of contracts."""

    def currency_precision(self, code: str) -> Decimal | None:
        """The step of a currency by the policy, else by a row of it that was read."""
        currency = self.document.currencies.get(code)
        if currency:
            return currency.precision
        if code not in self._precisions:
            rows = (row for row in self.view.rows(_CURRENCY) if row.columns.get("code") == code)
            digits = next((known for row in rows if (known := row.columns.get("precision")) is not None), None)
            if digits is None:
                return None
            self._precisions[code] = Decimal(1).scaleb(-int(Decimal(digits)))
        return self._precisions[code]

    @cached_property
    def _precisions(self) -> dict[str, Decimal]:
        """The precisions that rows have given; a view may still get more rows."""
        return {}

    def accounting_precision(self, company: str) -> Decimal:
        """The step that amounts in the company's accounting currency are rounded to."""
        return self.currency_precision(self.accounting_currency(company)) or _CENT

    def exchange_rate(self, from_: str, to: str, on: date) -> ExchangeRate | None:
        """The newest rate valid on ``on`` (contract, section 5; FXR-11, FXR-14). A pair does not imply its reverse.

        Of a rate in the document and one that arrived, both from the same day on, the latter counts.
        """
        if from_ == to:
            return SAME_CURRENCY
        if (from_, to) in self._rates:
            return self._rates[from_, to].on(on)
        seen = self.view.rates(RATE_TYPE, from_, to)
        days = self._written_rates.get((from_, to), {}) | dict(seen.days if seen else ())
        found = Dated(days.items())
        if self.view.has(RateKey(RATE_TYPE, from_, to)):
            self._rates[from_, to] = found
        return found.on(on)

    @cached_property
    def _rates(self) -> dict[tuple[str, str], Dated[ExchangeRate]]:
        """The rates that this view has been asked for: the document's, and the rows' over them."""
        return {}

    @shared
    def _written_rates(self) -> dict[tuple[str, str], dict[date, ExchangeRate]]:
        pairs: dict[tuple[str, str], dict[date, ExchangeRate]] = defaultdict(dict)
        for row in self.document.exchange_rates:
            pairs[row.from_, row.to][row.valid_from] = ExchangeRate(row.rate, row.factor)
        return dict(pairs)

    def item_cost(self, company: str, product: str | None, on: date) -> Decimal | None:
        """What finance issues a unit of a stocked item for on a day, in accounting currency (NEW-01)."""
        costs = self._item_costs.get((company, product or ""))
        return costs.on(on) if costs else None

    @shared
    def _item_costs(self) -> dict[tuple[str, str], Dated[Decimal]]:
        items: dict[tuple[str, str], list[tuple[date, Decimal]]] = defaultdict(list)
        for row in self.document.item_costs:
            items[row.company, row.product].append((row.valid_from, row.unit_cost))
        return {item: Dated(costs) for item, costs in items.items()}

    def price_rate(self, contract: str | None, currency: str, company: str, on: date) -> ExchangeRate | None:
        """From ``currency`` to the company's accounting currency: the contract's fixed rate first (FXR-07, FXR-09)."""
        accounting = self.accounting_currency(company)
        agreed = self.contract(company, contract) if currency != accounting else None
        fixed = agreed.fixed_exchange_rate if agreed else None
        if fixed and fixed.currency == currency:
            return ExchangeRate(fixed.rate, fixed.factor)
        return self.exchange_rate(currency, accounting, on)
