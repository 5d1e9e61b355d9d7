"""Books as beancount itself reads and checks them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from beancount import loader
from beancount.core import realization
from beancount.core.data import Transaction

from project_invoicing.domain.ledger_batch import LedgerLine

Balances = dict[tuple[str, str], Decimal]
"""By account, without its root, and currency."""


def loaded(text: str) -> list[Any]:
    """The directives of a book that the checker accepts."""
    directives, errors, _ = loader.load_string(text)
    assert [error.message for error in errors] == []
    return list(directives)


def entries(directives: Iterable[Any]) -> list[Any]:
    return [one for one in directives if isinstance(one, Transaction)]


def balances(directives: Iterable[Any]) -> Balances:
    """As beancount adds them up."""
    made: Balances = {}
    accounts: Any = realization  # it says nothing of its types
    for account in accounts.iter_children(accounts.realize(directives), leaf_only=True):
        for position in account.balance:
            made[account.account.rsplit(":", 1)[-1], position.units.currency] = position.units.number
    return {key: amount for key, amount in made.items() if amount}


def totals(lines: Iterable[LedgerLine]) -> Balances:
    """As we add them up."""
    made: Balances = defaultdict(Decimal)
    for line in lines:
        made[line.account, line.accounting_currency] += line.accounting_amount
    return {key: amount for key, amount in made.items() if amount}
