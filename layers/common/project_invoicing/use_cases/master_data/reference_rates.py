"""Takes over the reference rates of the day from a file that somebody publishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.master_data import EXCHANGE_RATE
from project_invoicing.errors import Rejected
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.rates import ExchangeRates
from project_invoicing.use_cases.master_data.load_rates import store_rates
from project_invoicing.use_cases.master_data.rate_file import newest, reference_rates_in

STALE_DAYS: Final = 5
"""From Maundy Thursday to the Tuesday after Easter: the longest time without rates of the European Central Bank."""

Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class ReferenceRates:
    """The file at ``address``. ``checked``: ``address`` with ``.sha256`` has its checksum."""

    rates: ExchangeRates
    setup: FinanceSetup
    read: Read
    address: str
    checked: bool

    def take_over(self, at: str) -> dict[str, int]:
        """Stores what the file says now, and counts it as ``load_rates`` does.

        Of the European Central Bank's file those pairs are taken that lead from a currency of the set-up to the
        accounting currency of a company. ``stale`` is 1 where the newest rates are too old. Raises ``Rejected`` for a
        file that cannot be read or is not the one that the checksum is of, and ``Unavailable``.
        """
        data = self.read(self.address)
        if self.checked:
            _check(data, self.read(f"{self.address}.sha256"))
        found = reference_rates_in(data, _pairs(self.setup))
        last = newest(found)
        stale = last is None or (datetime.fromisoformat(at).date() - last).days > STALE_DAYS
        return {**store_rates(self.rates, found, at), "stale": int(stale)}


def _pairs(setup: FinanceSetup) -> Iterator[tuple[str, str]]:
    accounting = {setup.accounting_currency(company) for company in setup.document.companies}
    return ((code, to) for code in setup.document.currencies for to in accounting)


def _check(data: bytes, said: bytes) -> None:
    """A checksum as ``sha256sum`` writes it: in hexadecimal, at the start of the file."""
    words = said[:200].split()
    if not words or words[0].decode("ascii", "replace").lower() != sha256(data).hexdigest():
        raise Rejected(RejectReason.SCHEMA, "the file is not the one that its checksum is of", entity=EXCHANGE_RATE)
