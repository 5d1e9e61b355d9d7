"""Figures about what is open: how many, how much in each currency, since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from project_invoicing.domain.journal import Journal
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.proforma import currency_of
from project_invoicing.use_cases.lists.facts import CurrencyFacts, ReferenceFacts
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.master_data.facts import Fact


@dataclass(slots=True)
class Tally:
    """``more``: only the first ones were counted. ``amounts`` are by currency; ``""`` is one that nobody knows yet."""

    number: int = 0
    more: bool = False
    oldest: str | None = None
    amounts: dict[str, Decimal] = field(default_factory=dict)

    def add(self, since: str | None = None, amount: Decimal | None = None, currency: str | None = None) -> None:
        self.number += 1
        if since and (self.oldest is None or since < self.oldest):
            self.oldest = since
        if amount is not None:
            self.amount(amount, currency or "")

    def amount(self, amount: Decimal, currency: str) -> None:
        """Adds an amount. ``currency`` may be followed by what kind it is: ``USD cost``."""
        self.amounts[currency] = self.amounts.get(currency, Decimal(0)) + amount

    def add_amounts(self, journals: Iterable[Journal | None]) -> None:
        """Adds what these journals have, as cost and as sales; nothing where one of them does not say it."""
        several = [journal.amounts if journal else None for journal in journals]
        if None in several:
            return
        for one in (one for amounts in several for one in amounts or ()):
            for kind, amount in (("cost", one.cost), ("sales", one.sales)):
                if amount:
                    self.amount(amount, f"{one.currency} {kind}")

    def money(self, place: ListPlace) -> list[tuple[str, str]]:
        """Amount and currency, in the order of the currencies."""
        return [
            (str(place.amount(value, name.partition(" ")[0] or None)), name)
            for name, value in sorted(self.amounts.items())
        ]


@dataclass(frozen=True, slots=True)
class Open:
    """Proposals and rows that are open, and the set-up that knows their currencies."""

    place: ListPlace
    headers: list[Proposal]
    rows: list[StagedRow]

    @classmethod
    def seen(cls, place: ListPlace, headers: Iterable[Proposal], rows: Iterable[StagedRow]) -> Open:
        """Reads what their currencies are called: a request or two, for all of them together."""
        proposals, actuals = list(headers), list(rows)
        facts: list[Fact] = [
            *map(CurrencyFacts.of, proposals),
            *(ReferenceFacts(row.actual.currency) for row in actuals),
        ]
        return cls(place.seeing(facts), proposals, actuals)

    def count(self, tally: Tally, one: Proposal | StagedRow) -> None:
        if isinstance(one, Proposal):
            amount = one.proforma.total if one.subtotal is None else one.subtotal
            tally.add(one.waiting_since, amount, currency_of(one, self.place.setup))
        else:
            tally.add(one.since, one.actual.amount, self.place.setup.named(one.actual.currency))
