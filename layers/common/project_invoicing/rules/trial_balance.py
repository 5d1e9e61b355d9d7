"""The trial balance of the other ledger, as a file, and what it differs by from ours. Pure."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from project_invoicing.domain.money import ZERO
from project_invoicing.errors import Rejected
from project_invoicing.rules.ledger_files import amount_text, digits_of

_COLUMNS: Final = ("account", "dimensions", "amount")
_AMOUNT: Final = re.compile(r"-?\d{1,30}(\.\d{1,10})?")
_SHOWN: Final = 50

Place = tuple[str, str]
"""An account with its dimensions, as text: ``Department=D10;Project=P-1`` in the order of their names."""


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Amounts by account and dimensions, debit positive; ``by_dimensions``: whether the file has any."""

    amounts: Mapping[Place, Decimal]
    by_dimensions: bool


@dataclass(frozen=True, slots=True)
class OpenVoucher:
    """A voucher that the other ledger need not have, and why."""

    voucher: str
    batch: str | None
    state: str


def trial_balance(text: str) -> TrialBalance:
    """Reads a file with the columns ``account``, ``amount`` and, if it has them, ``dimensions``.

    Raises ``Rejected`` that names the line and the column.
    """
    lines = text.lstrip("\ufeff").splitlines()
    delimiter = next((one for one in ("\t", ";", ",") if lines and one in lines[0]), ",")
    rows = csv.reader(lines, delimiter=delimiter)
    columns = [name.strip().lower() for name in next(rows, [])]
    if not {"account", "amount"} <= set(columns) <= set(_COLUMNS):
        raise _bad(1, "account", f"the first line names the columns {', '.join(_COLUMNS)}, not {', '.join(columns)}")
    amounts: defaultdict[Place, Decimal] = defaultdict(lambda: ZERO)
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(columns):
            raise _bad(number, "account", f"has {len(row)} cells, not {len(columns)}")
        cells = dict(zip(columns, (cell.strip() for cell in row), strict=True))
        if not cells["account"]:
            raise _bad(number, "account", "has no account")
        if not _AMOUNT.fullmatch(cells["amount"]):
            raise _bad(number, "amount", f"has the amount {cells['amount'][:40]!r}; write it as -1250.00")
        place = (cells["account"], _dimensions(cells.get("dimensions", ""), number))
        amounts[place] += Decimal(cells["amount"])
    return TrialBalance(dict(amounts), any(dimensions for _, dimensions in amounts))


def _dimensions(text: str, number: int) -> str:
    pairs = [part.partition("=") for part in text.split(";") if part.strip()]
    if not all(sign and name.strip() for name, sign, _ in pairs):
        raise _bad(number, "dimensions", f"has the dimensions {text[:40]!r}; write them as Department=D10;Project=P-1")
    return dimensions_text({name.strip(): value.strip() for name, _, value in pairs})


def dimensions_text(dimensions: Mapping[str, str]) -> str:
    """Dimensions as a trial balance writes them."""
    return ";".join(f"{name}={value}" for name, value in sorted(dimensions.items()) if value)


@dataclass(slots=True)
class Comparison:
    """Our ledger of one company and period beside the other one."""

    theirs: TrialBalance
    ours: defaultdict[Place, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    open: defaultdict[Place, defaultdict[OpenVoucher, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: ZERO))
    )

    def place(self, account: str, dimensions: Mapping[str, str]) -> Place:
        return account, dimensions_text(dimensions) if self.theirs.by_dimensions else ""

    def add(self, account: str, dimensions: Mapping[str, str], amount: Decimal, voucher: OpenVoucher | None) -> None:
        """Adds a line of ours; ``voucher`` where the other ledger need not have it."""
        place = self.place(account, dimensions)
        self.ours[place] += amount
        if voucher:
            self.open[place][voucher] += amount

    def unexplained(self) -> dict[Place, Decimal]:
        """What is left of the difference of each account, theirs less ours, without the vouchers that explain it."""
        places = sorted({*self.ours, *self.theirs.amounts})
        left = {place: self._difference(place) + sum(self.open[place].values(), ZERO) for place in places}
        return {place: amount for place, amount in left.items() if amount}

    def rows(self, precision: Decimal) -> Iterator[dict[str, Any]]:
        """The accounts that differ, with the vouchers that make up the difference. Amounts as in the currency."""
        digits = digits_of(precision)
        left = self.unexplained()
        for place in sorted({*self.ours, *self.theirs.amounts}):
            difference = self._difference(place)
            if not difference and place not in left:
                continue
            vouchers = [(one, amount) for one, amount in self.open[place].items() if amount]
            yield {
                "account": place[0],
                "dimensions": place[1] or None,
                "ours": amount_text(self.ours[place], digits),
                "theirs": _text(self.theirs.amounts.get(place, ZERO), digits),
                "difference": _text(difference, digits),
                "vouchers": [
                    {
                        "voucher": one.voucher,
                        "batch": one.batch,
                        "state": one.state,
                        "amount": amount_text(amount, digits),
                    }
                    for one, amount in vouchers[:_SHOWN]
                ],
                "more": max(len(vouchers) - _SHOWN, 0),
                "unexplained": _text(left.get(place, ZERO), digits),
            }

    def _difference(self, place: Place) -> Decimal:
        return self.theirs.amounts.get(place, ZERO) - self.ours[place]


def _text(amount: Decimal, digits: int) -> str:
    """With the currency's digits, or with those that the other side has, if there are more."""
    return amount_text(amount, max(digits, -int(amount.as_tuple().exponent)))


def _bad(line: int, field: str, problem: str) -> Rejected:
    return Rejected("schema", f"line {line} {problem}", entity="trial balance", field=field)
