"""Sales tax of a document: bases, codes, rounding. Whatever the rounding, the lines' taxes sum to the document's.

TAX-12: the codes of a line are those in both its sales tax group and its item sales tax group. What each of them takes
is computed exactly, by its origin (TAX-16 to TAX-21), and only then rounded: the tax of a line is the difference of two
rounded running totals, so that nothing is ever left over (INV-17). Which taxes run in one total:

=============  ==================================================  ===========================================
rounding by    calculation ``line``                                calculation ``total``, or a code whose
                                                                   marginal base is the balance of the invoice
=============  ==================================================  ===========================================
code           one code of one line (TAX-22, TAX-24, TAX-30)       one code of all lines (TAX-23, 25, 32)
combination    all codes of one line (TAX-31); of all lines where  all codes of all lines that have the same
               the whole document has one combination (TAX-26,     combination of them (TAX-27, 29, 33)
               TAX-28)
=============  ==================================================  ===========================================

The one split field is how the printed examples are read. With the same settings, ``line`` and ``combination``, two
lines of one combination share the remainder (16.97, not 2 x 8.49), but lines 1 and 3 of a document that has two
combinations do not (1.12 and 3.34, not 3.33). Both hold, and the order of the lines does not change the document's tax,
if lines share where there is nothing but one combination (D-011). Lines without codes do not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from project_invoicing.domain.money import ZERO, Rounding, round_to

_EXACT = Context(prec=60)


class TaxOrigin(StrEnum):
    """What a code's tax is computed from.

    ``percent_of_net``: the line's amount before tax (TAX-16). ``percent_of_gross``: that and the line's other taxes; of
    several such codes, each adds those before it in the sales tax group (TAX-17). ``percent_of_tax``: the tax of
    another code of the line, zero where the line does not have it (TAX-18). ``amount_per_unit``: the quantity (TAX-19).
    ``calculated_percent_of_net``: the tax is this percent of amount and tax together (TAX-20, TAX-21).
    """

    PERCENT_OF_NET = "percent_of_net"
    PERCENT_OF_GROSS = "percent_of_gross"
    PERCENT_OF_TAX = "percent_of_tax"
    CALCULATED_PERCENT_OF_NET = "calculated_percent_of_net"
    AMOUNT_PER_UNIT = "amount_per_unit"


class MarginalBase(StrEnum):
    """Whether a code follows ``calculation`` or is always computed on the whole document (TAX-22 to TAX-29)."""

    NET_PER_LINE = "net_per_line"
    NET_OF_INVOICE_BALANCE = "net_of_invoice_balance"


class RoundBy(StrEnum):
    CODE = "code"
    COMBINATION = "combination"


class Calculation(StrEnum):
    LINE = "line"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class TaxForm:
    """How a code is computed. ``base_code``: the code whose tax ``percent_of_tax`` is charged on."""

    origin: TaxOrigin = TaxOrigin.PERCENT_OF_NET
    base_code: str | None = None
    marginal_base: MarginalBase = MarginalBase.NET_PER_LINE


@dataclass(frozen=True, slots=True)
class TaxRounding:
    """How tax is rounded: to a step, in a direction, by code or combination, per line or on the document's total.

    ``currency``: the precision of the document's currency. The result of these rules is then rounded to it, half away
    from zero, because no finer amount can be posted (TAX-37).
    """

    precision: Decimal
    method: Rounding = Rounding.NORMAL
    by: RoundBy = RoundBy.CODE
    calculation: Calculation = Calculation.LINE
    currency: Decimal | None = None

    def posted(self, tax: Fraction) -> Decimal:
        """The part of an exact tax that is posted. The rule is symmetric: a credit returns what the invoice charged."""
        exact = _EXACT.divide(Decimal(tax.numerator), Decimal(tax.denominator))
        rounded = round_to(exact, self.precision, self.method)
        return rounded if self.currency is None else round_to(rounded, self.currency)


@dataclass(frozen=True, slots=True)
class TaxableLine:
    """The amount and quantity of a line and its tax codes, in the order of the sales tax group.

    ``percents`` are amounts per unit for codes of that origin, and 0 for a code that the line is exempt from. A line
    that continues a computed one has its own ``forms`` and ``included``; otherwise the document's apply.
    """

    base: Decimal
    percents: Mapping[str, Decimal]
    quantity: Decimal = ZERO
    forms: Mapping[str, TaxForm] | None = None
    included: bool | None = None


PERCENT_OF_NET = TaxForm()
_BALANCE = MarginalBase.NET_OF_INVOICE_BALANCE
NO_FORMS: Mapping[str, TaxForm] = MappingProxyType({})

_ON_TAXES = {TaxOrigin.PERCENT_OF_TAX: 1, TaxOrigin.PERCENT_OF_GROSS: 2}
"""Origins that depend on other taxes, in the order in which they can be computed."""


def sales_tax(
    lines: Sequence[TaxableLine],
    rounding: TaxRounding,
    forms: Mapping[str, TaxForm] = NO_FORMS,
    *,
    included: bool = False,
) -> list[dict[str, Decimal]]:
    """The tax of each line by code, in the document's currency, signed like the line.

    ``forms`` lists codes that are not a plain percent of the net amount. ``included``: the lines' amounts include tax.
    """
    rates: dict[Hashable, dict[str, _Rate]] = {}
    running: dict[Hashable, Fraction] = defaultdict(Fraction)
    posted: dict[Hashable, Decimal] = defaultdict(lambda: ZERO)
    taxes: list[dict[str, Decimal]] = []
    for line, totals in zip(lines, _running_totals(lines, rounding, forms), strict=True):
        own = forms if line.forms is None else line.forms
        inside = included if line.included is None else line.included
        computed = (tuple(line.percents.items()), tuple(own.get(code) for code in line.percents), inside)
        if computed not in rates:
            rates[computed] = _rates(line.percents, own, inside)
        amount, quantity = Fraction(line.base), Fraction(line.quantity)
        tax: dict[str, Decimal] = {}
        for code, rate in rates[computed].items():
            total = totals[code]
            running[total] += rate.tax(amount, quantity)
            rounded = rounding.posted(running[total])
            tax[code] = rounded - posted[total]
            posted[total] = rounded
        taxes.append(tax)
    return taxes


def _running_totals(
    lines: Sequence[TaxableLine], rounding: TaxRounding, forms: Mapping[str, TaxForm]
) -> Iterator[dict[str, Hashable]]:
    """For each line, the running total that each of its codes belongs to."""
    known = [forms, *(line.forms for line in lines if line.forms)]
    balances = {code for each in known for code, form in each.items() if form.marginal_base is _BALANCE}
    combinations = [frozenset(line.percents) for line in lines]
    alike = rounding.by is RoundBy.COMBINATION and len(set(combinations) - {frozenset()}) == 1
    of_document = alike or rounding.calculation is Calculation.TOTAL
    for number, combination in enumerate(combinations):
        totals: dict[str, Hashable] = {}
        for code in combination:
            together = combination if rounding.by is RoundBy.COMBINATION else frozenset({code})
            totals[code] = together if of_document or together & balances else (number, together)
        yield totals


@dataclass(frozen=True, slots=True)
class _Rate:
    """What a code charges per unit of a line's amount and of its quantity. Exact: thirds stay thirds."""

    of_amount: Fraction
    of_quantity: Fraction

    def tax(self, amount: Fraction, quantity: Fraction) -> Fraction:
        tax = amount * self.of_amount
        return tax + quantity * self.of_quantity if self.of_quantity else tax


def _rates(percents: Mapping[str, Decimal], forms: Mapping[str, TaxForm], included: bool) -> dict[str, _Rate]:
    """The rates of a line's codes, in order. Every origin is linear, so two one-unit lines are enough to find them."""
    one, none = Fraction(1), Fraction()
    of_amount = _taxes(percents, forms, one, none, included)
    of_quantity = _taxes(percents, forms, none, one, included)
    return {code: _Rate(of_amount[code], of_quantity[code]) for code in percents}


def _taxes(
    percents: Mapping[str, Decimal], forms: Mapping[str, TaxForm], amount: Fraction, quantity: Fraction, included: bool
) -> dict[str, Fraction]:
    """The exact tax of each code on an amount that may or may not include the taxes."""

    def on(net: Fraction) -> dict[str, Fraction]:
        taxes: dict[str, Fraction] = {}
        for code in sorted(percents, key=lambda code: _ON_TAXES.get(forms.get(code, PERCENT_OF_NET).origin, 0)):
            form, percent = forms.get(code, PERCENT_OF_NET), Fraction(percents[code])
            match form.origin:
                case TaxOrigin.PERCENT_OF_NET:
                    taxes[code] = net * percent / 100
                case TaxOrigin.PERCENT_OF_GROSS:
                    taxes[code] = (net + sum(taxes.values())) * percent / 100
                case TaxOrigin.PERCENT_OF_TAX:
                    taxes[code] = taxes.get(form.base_code or "", Fraction()) * percent / 100
                case TaxOrigin.AMOUNT_PER_UNIT:
                    taxes[code] = quantity * percent
                case TaxOrigin.CALCULATED_PERCENT_OF_NET:
                    taxes[code] = amount * percent / 100 if included else net * percent / (100 - percent)
        return taxes

    if not included:
        return on(amount)
    # Tax is linear in the net amount, so the taxes on two sample nets give the net behind this amount.
    at_zero, at_one = (sum(on(Fraction(net)).values()) for net in (0, 1))
    return on((amount - at_zero) / (1 + at_one - at_zero))
