"""Sales tax of a document: codes, bases, rounding. Whatever the rounding, the lines' taxes sum to the document's.

TAX-12: the codes of a line are those in both its sales tax group and its item sales tax group. The tax of each line
is the difference of two rounded running totals, so nothing is ever left over (INV-17, TAX-22 to TAX-33):

* by code, per line: each code of each line is rounded for itself;
* by code, per document: a running total for each code over all lines;
* by combination: a running total over the codes of a line, restarted for each line, or, per document, one for each
  combination of codes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from project_invoicing.domain.money import ZERO, Rounding, round_to


class RoundBy(StrEnum):
    CODE = "code"
    COMBINATION = "combination"


class Calculation(StrEnum):
    LINE = "line"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class TaxRounding:
    """How tax is rounded: to a step, in a direction, by code or combination, per line or on the document's total."""

    precision: Decimal
    method: Rounding = Rounding.NORMAL
    by: RoundBy = RoundBy.CODE
    calculation: Calculation = Calculation.LINE


@dataclass(frozen=True, slots=True)
class TaxableLine:
    """The net amount of a line and its tax codes with their percents, in the order of the sales tax group."""

    base: Decimal
    percents: Mapping[str, Decimal]


def sales_tax(lines: Sequence[TaxableLine], rounding: TaxRounding) -> list[dict[str, Decimal]]:
    """The tax of each line by code, in the document's currency, signed like the line's base."""
    running: dict[object, Decimal] = defaultdict(lambda: ZERO)
    rounded: dict[object, Decimal] = defaultdict(lambda: ZERO)
    taxes: list[dict[str, Decimal]] = []
    for number, line in enumerate(lines):
        tax: dict[str, Decimal] = {}
        for code, percent in line.percents.items():
            scope = _scope(rounding, number, code, tuple(line.percents))
            running[scope] += line.base * percent / 100
            total = round_to(running[scope], rounding.precision, rounding.method)
            tax[code] = total - rounded[scope]
            rounded[scope] = total
        taxes.append(tax)
    return taxes


def _scope(rounding: TaxRounding, number: int, code: str, combination: tuple[str, ...]) -> object:
    group: object = code if rounding.by is RoundBy.CODE else combination
    return (number, group) if rounding.calculation is Calculation.LINE else group
