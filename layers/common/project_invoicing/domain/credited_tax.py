"""How much of an invoice's sales tax its credit notes have given back, so that the last one leaves nothing.

Each credit note rounds by the rules. If rounding is done on the document's total, several credit notes may round to a
cent more or less than the invoice did. The credit note that takes back the last line with a given sales tax code
therefore gives back whatever is left of that code (REG-19, D-080). Lines whose tax a person edited on the credit note
stay outside: they count as giving back exactly what the invoice charged.

Lines that charge and lines that themselves take back another invoice's lines are counted separately: once either set is
fully credited, none of its tax is left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal_line import ProposalLine

TaxesOfLine = dict[str, Decimal]
"""The sales tax of a line by code."""


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of taxed lines: how many lines have each code, and the tax for it."""

    lines: Mapping[str, int] = field(default_factory=dict)
    taxes: Mapping[str, Decimal] = field(default_factory=dict)

    def and_(self, taxes: Mapping[str, Decimal], lines: int = 1) -> Tally:
        """The tally with one more line that has these taxes, or with ``lines`` more of them."""
        codes = dict.fromkeys([*self.taxes, *taxes])
        return Tally(
            {code: self.lines.get(code, 0) + (lines if code in taxes else 0) for code in codes},
            {code: self.taxes.get(code, ZERO) + taxes.get(code, ZERO) for code in codes},
        )


Tallies = tuple[Tally, Tally]
"""One tally for lines that charge, one for lines that take back those of another invoice."""

NOTHING: Tallies = (Tally(), Tally())


@dataclass(frozen=True, slots=True)
class TaxOfInvoice:
    """What a posted invoice charged, and what credit notes have given back so far (with the opposite sign)."""

    charged: Tallies
    given_back: Tallies = NOTHING


def corrected_invoice(line: ProposalLine) -> str | None:
    """The number of the posted invoice whose line this one takes back."""
    return line.continues[0].invoice if line.takes_back and line.continues else None


def counting_invoices(lines: Iterable[ProposalLine]) -> list[str]:
    """The invoices these lines credit, of those that count how many of their taxed lines are credited."""
    return sorted({str(corrected_invoice(line)) for line in lines if _counts(line)})


def _counts(line: ProposalLine) -> bool:
    """Whether the line takes back the whole of a taxed line of a posted invoice."""
    return corrected_invoice(line) is not None and line.continues[0].counted and bool(line.continues[0].taxes)


def within(lines: Sequence[ProposalLine]) -> set[str]:
    """The actuals of lines that take back each other on one document: nothing of them is left to be credited."""
    here = {line.actual_id for line in lines}
    pairs = [(line.actual_id, line.takes_back) for line in lines if line.takes_back and line.takes_back in here]
    return {actual_id for pair in pairs for actual_id in pair}


def charged(lines: Sequence[ProposalLine]) -> Tallies:
    """What an invoice with these lines charges, counting the lines that can be credited."""
    made = list(NOTHING)
    gone = within(lines)
    for line in lines:
        taxes = line.charges[0].taxes if line.charges else None
        if taxes:
            side = corrected_invoice(line) is not None
            made[side] = made[side].and_({tax.code: tax.amount for tax in taxes}, line.actual_id not in gone)
    return made[0], made[1]


def settled(
    lines: Sequence[ProposalLine], taxes: Sequence[TaxesOfLine], originals: Mapping[str, TaxOfInvoice]
) -> tuple[list[TaxesOfLine], dict[str, TaxOfInvoice]]:
    """The taxes of lines, rounded by the rules; a line that completes the credit of an invoice gets what is left of it.

    Returns them with what has then been given back of each of the ``originals``.
    """
    made = [dict(tax) for tax in taxes]
    after = dict(originals)
    groups: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        if _counts(line) and (invoice := str(corrected_invoice(line))) in originals:
            groups[invoice, line.continues[0].credit].append(number)
    for (invoice, side), members in groups.items():
        known = after[invoice]
        before, whole = known.given_back[side], known.charged[side]
        now = _given(before, lines, made, members)
        for code, count in whole.lines.items():
            if now.lines.get(code) == count:
                _give_rest(lines, made, members, code, whole.taxes[code] + now.taxes[code])
        now = _given(before, lines, made, members)
        given_back = (known.given_back[0], now) if side else (now, known.given_back[1])
        after[invoice] = replace(known, given_back=given_back)
    return made, after


def _given(before: Tally, lines: Sequence[ProposalLine], made: Sequence[TaxesOfLine], members: Iterable[int]) -> Tally:
    """What these lines give back. A line whose tax differs counts as giving back what was charged."""
    for number in members:
        line = lines[number]
        charged_before = {tax.code: -tax.amount for tax in line.continues[0].taxes or ()}
        before = before.and_(charged_before if line.retaxed else made[number])
    return before


def _give_rest(
    lines: Sequence[ProposalLine], made: Sequence[TaxesOfLine], members: Sequence[int], code: str, left: Decimal
) -> None:
    """Puts what is left of a code on the last line that has it."""
    taxed = [number for number in members if not lines[number].retaxed and code in made[number]]
    if taxed:
        made[taxed[-1]][code] -= left
