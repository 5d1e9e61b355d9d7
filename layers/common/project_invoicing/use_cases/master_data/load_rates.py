"""Loads exchange rates from a file, all of it or, if anything in it is wrong, nothing."""

from __future__ import annotations

from project_invoicing.domain.actor import Actor
from project_invoicing.store.rates import ExchangeRates
from project_invoicing.use_cases.master_data.rate_file import Rates, rates_in


def load_rates(rates: ExchangeRates, text: str, at: str, who: Actor | None = None) -> dict[str, int]:
    """Loads a file of ours (``rate_file``) and wakes what waited for these rates.

    Returns how many ``pairs`` and ``days`` the file has, and how many pairs were ``changed``. Days that the file does
    not name keep their rates. Loading it again, whole or after a crash, changes only what is not there yet. Raises
    ``Rejected`` (``schema``) with every line that is wrong before anything is written.
    """
    return store_rates(rates, rates_in(text), at, who)


def store_rates(rates: ExchangeRates, found: Rates, at: str, who: Actor | None = None) -> dict[str, int]:
    """Stores rates that were read, one pair at a time, and counts them as ``load_rates`` does.

    Where a person loads them, each pair keeps who it was with its change.
    """
    changed = [rates.set(pair, days, at, who=who) for pair, days in sorted(found.items())]
    return {"pairs": len(found), "days": sum(map(len, found.values())), "changed": sum(changed)}
