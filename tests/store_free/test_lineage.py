"""What a posted line hands on, and how much of an invoice's tax is left for its last credit note (99-22, REG-19)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Actual, RowVersion
from project_invoicing.domain.codes import (
    BillingType,
    ConnectionRole,
    LineKind,
    StagingState,
    TransactionClass,
    TransactionType,
)
from project_invoicing.domain.credited_tax import TaxOfInvoice, charged, counting_invoices
from project_invoicing.domain.invoice_totals import Totals, totals
from project_invoicing.domain.lineage import Charge, ChargedTax, Lineage, continuing, lineage_of
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.sales_tax import Calculation, RoundBy, TaxForm, TaxOrigin, TaxRounding
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.lineage import continued_by

CENT = Decimal("0.01")
BY_TOTAL = TaxRounding(CENT, calculation=Calculation.TOTAL)


def a_line(id: str, amount: str, **columns: Any) -> ProposalLine:
    made = ProposalLine(
        line_number=1,
        actual_id=id,
        kind=LineKind.HOUR,
        transaction_class=TransactionClass.TIME,
        quantity=Decimal(1),
        unit_price=Decimal(amount),
        amount=Decimal(amount),
    )
    return replace(made, **columns)


def invoiced(
    *lines: ProposalLine,
    number: str = "FTI-1",
    percents: dict[str, str] | None = None,
    rounding: TaxRounding = BY_TOTAL,
    originals: dict[str, TaxOfInvoice] | None = None,
    **options: Any,
) -> Totals:
    """A posted invoice: its lines say what they hand on."""
    found = {code: Decimal(percent) for code, percent in (percents or {"VAT": "20"}).items()}
    figures = totals(lines, lambda _: found, rounding, originals=originals, **options)
    posted = [
        replace(line, charges=(replace(line.charges[0], invoice=number, credit=bool(line.takes_back)),))
        for line in figures.lines
    ]
    return replace(figures, lines=tuple(posted))


def credit(original: ProposalLine, **columns: Any) -> ProposalLine:
    id = f"{original.actual_id}/credited"
    line = a_line(id, str(-original.amount), takes_back=original.actual_id, continues=original.charges)
    return replace(line, **columns)


def credited(
    invoice: Totals, parts: Sequence[Sequence[ProposalLine]], **options: Any
) -> tuple[list[Totals], TaxOfInvoice]:
    """Credit notes of these lines one after the other, each at 99 % by now, and what was given back in the end."""
    known = TaxOfInvoice(charged(invoice.lines))
    notes = []
    for number, lines in enumerate(parts):
        note = invoiced(*lines, number=f"CN-{number}", percents={"VAT": "99"}, originals={"FTI-1": known}, **options)
        known = note.originals["FTI-1"]
        notes.append(note)
    return notes, known


THREE = [a_line(name, "10.03") for name in "abc"]


def test_a_line_takes_from_the_one_that_it_continues_what_that_was_posted_with() -> None:
    posted = a_line(
        "a", "1", sales_tax_group="EXP", category="Labor", line_property="CHARGE", dimensions={"CostCenter": "999"}
    )
    taken = continuing(a_line("b", "1", sales_tax_group="DOM", item_sales_tax_group="SERV"), lineage_of(posted))
    assert lineage_of(taken) == lineage_of(posted)
    assert (taken.actual_id, taken.item_sales_tax_group) == ("b", None)


def test_a_line_that_charges_again_takes_percents_and_accounts_but_no_amount() -> None:
    tax = ChargedTax("VAT", Decimal(20), "222100", Decimal("2.01"))
    charge = Charge("FTI-1", None, "411100", "", (tax,), tax_included=True, credit=True, counted=False)
    handed = Lineage(charge=charge).handed_on().charge
    assert handed == Charge(None, None, "411100", "", (replace(tax, amount=Decimal(0)),), tax_included=True)
    assert charge.retaxed().taxes is None


def test_the_percents_of_the_invoice_are_those_of_its_credit_note_whatever_they_are_by_then() -> None:
    invoice = invoiced(a_line("a", "660"))
    (note,), _ = credited(invoice, [[credit(invoice.lines[0])]])
    assert (invoice.sales_tax, note.sales_tax) == (Decimal("132.00"), Decimal("-132.00"))


def test_where_no_tax_was_charged_none_is_given_back() -> None:
    invoice = replace(invoiced(), lines=(replace(a_line("a", "660"), charges=(Charge("FTI-1", taxes=()),)),))
    (note,), _ = credited(invoice, [[credit(invoice.lines[0])]])
    assert note.sales_tax == 0
    assert counting_invoices(note.lines) == []


def test_the_form_of_a_tax_and_whether_it_is_included_come_from_the_invoice_too() -> None:
    forms = {"BOX": TaxForm(TaxOrigin.AMOUNT_PER_UNIT)}
    invoice = invoiced(a_line("a", "120"), percents={"BOX": "1.50"}, forms=forms)
    included = invoiced(a_line("a", "120"), tax_included=True)
    for document, tax, subtotal in ((invoice, "-1.50", "-120"), (included, "-20.00", "-100.00")):
        note = invoiced(credit(document.lines[0], quantity=Decimal(-1)))
        assert (note.sales_tax, note.subtotal) == (Decimal(tax), Decimal(subtotal))
        assert note.total == -document.total


def test_reg_19_each_credit_note_rounds_by_the_rules_and_the_last_gives_back_what_is_left() -> None:
    invoice = invoiced(*THREE)
    notes, _ = credited(invoice, [[credit(line)] for line in invoice.lines])
    assert invoice.sales_tax == Decimal("6.02")
    assert [note.sales_tax for note in notes] == [Decimal("-2.01"), Decimal("-2.01"), Decimal("-2.00")]


@pytest.mark.parametrize("by", RoundBy)
@pytest.mark.parametrize("included", [True, False])
def test_reg_19_nothing_is_left_of_any_code_by_code_or_by_combination(by: RoundBy, included: bool) -> None:
    rounding = replace(BY_TOTAL, by=by)
    invoice = invoiced(
        *THREE, a_line("d", "7.77"), percents={"A": "5.5", "B": "7"}, rounding=rounding, tax_included=included
    )
    parts = [
        [credit(invoice.lines[0]), credit(invoice.lines[3])],
        [credit(invoice.lines[2])],
        [credit(invoice.lines[1])],
    ]
    notes, after = credited(invoice, parts, rounding=rounding, tax_included=included)
    for code, amount in invoice.tax_by_code.items():
        assert sum(note.tax_by_code[code] for note in notes) == -amount
    assert sum(note.total for note in notes) == -invoice.total
    assert after.given_back[0].lines == {"A": 4, "B": 4}


def test_reg_19_what_is_left_of_a_code_comes_back_with_the_last_line_that_has_it() -> None:
    first = invoiced(*THREE[:2], number="FTI-1", percents={"A": "20", "B": "5"})
    lines = [*first.lines, *invoiced(THREE[2], percents={"A": "20"}).lines]
    whole = replace(first, lines=tuple(lines))
    notes, _ = credited(whole, [[credit(line)] for line in lines])
    assert sum(note.tax_by_code.get("B", 0) for note in notes[:2]) == -first.tax_by_code["B"]
    assert sum(note.tax_by_code["A"] for note in notes) == -sum(
        tax.amount for line in lines for tax in line.charges[0].taxes or () if tax.code == "A"
    )


def test_reg_19_a_line_whose_tax_was_edited_stays_outside() -> None:
    """The tax that the invoice charged for it counts as given back: the others come to nothing without it."""
    invoice = invoiced(*THREE)
    shares = [line.charges[0].taxes[0].amount for line in invoice.lines if line.charges[0].taxes]
    edited = credit(invoice.lines[0], retaxed=True)
    notes, _ = credited(invoice, [[edited], [credit(invoice.lines[1])], [credit(invoice.lines[2])]])
    assert notes[0].tax_by_code == {"VAT": Decimal("-9.93")}
    assert sum(note.sales_tax for note in notes[1:]) == -(shares[1] + shares[2])


def test_reg_19_a_line_of_which_only_a_part_is_taken_back_gives_back_no_more_than_its_part() -> None:
    invoice = invoiced(a_line("a", "100"))
    charge = replace(invoice.lines[0].charges[0], counted=False)
    half = replace(credit(invoice.lines[0]), amount=Decimal(-50), continues=(charge,))
    (note,), after = credited(invoice, [[half]])
    assert note.sales_tax == Decimal("-10.00")
    assert after.given_back[0].lines == {}


def test_reg_19_a_credit_of_credits_is_counted_for_itself() -> None:
    invoice = invoiced(*THREE)
    (note,), _ = credited(invoice, [[credit(line) for line in invoice.lines]])
    known = TaxOfInvoice(charged(note.lines))
    assert [tally.lines for tally in known.charged] == [{}, {"VAT": 3}]
    again = []
    for number, line in enumerate(note.lines):
        one = invoiced(credit(line), number=f"RE-{number}", originals={"CN-0": known})
        known = one.originals["CN-0"]
        again.append(one.sales_tax)
    assert (sum(again), note.sales_tax) == (Decimal("6.02"), Decimal("-6.02"))


def test_reg_19_lines_that_take_each_other_back_on_one_document_leave_the_rest_to_be_credited() -> None:
    first, second = a_line("a", "10.03"), a_line("b", "10.03")
    invoice = invoiced(first, second, a_line("a/back", "-10.03", takes_back="a"))
    assert charged(invoice.lines)[0].lines == {"VAT": 1}
    (note,), _ = credited(invoice, [[credit(invoice.lines[1])]])
    assert note.sales_tax == -invoice.sales_tax


# --- which line a row continues ---------------------------------------------------------------------------------------


def a_row(id: str, lineage: Lineage | None = None, amount: int = 100, **columns: Any) -> StagedRow:
    actual = Actual(
        id=id,
        version=RowVersion(1, "", ""),
        transaction_type=TransactionType.BILLED_SALES,
        transaction_class=columns.pop("transaction_class", TransactionClass.TIME),
        billing_type=columns.pop("billing_type", BillingType.CHARGEABLE),
        quantity=Decimal(1),
        price=Decimal(amount),
        amount=Decimal(amount),
    )
    state = columns.pop("state", StagingState.POSTED if lineage else StagingState.PENDING)
    links = {ConnectionRole(role): linked for role, linked in columns.items()}
    return StagedRow(actual, state, 1, 1, links=links, lineage=lineage)


SOLD = Lineage("EXP", "SERV", "Labor", "CHARGE", {"CostCenter": "999"})
BILLED = replace(SOLD, charge=Charge("FTI-1", taxes=(ChargedTax("VAT", Decimal(20), "222100", Decimal(20)),)))


def test_a_billed_sale_continues_what_it_bills_before_what_it_replaces() -> None:
    linked = {"u": a_row("u", SOLD), "b": a_row("b", BILLED)}
    assert continued_by(a_row("x", unbilled="u", replaced="b"), linked).lineage == SOLD
    assert continued_by(a_row("x", replaced="b"), linked).lineage == BILLED.handed_on()
    assert continued_by(a_row("x"), linked).lineage is None


def test_a_credit_line_takes_the_invoice_line_whole() -> None:
    found = continued_by(a_row("x", amount=-100, original="b"), {"b": a_row("b", BILLED)})
    assert (found.lineage, found.takes_back) == (BILLED, "b")
    part = continued_by(a_row("x", amount=-60, original="b"), {"b": a_row("b", BILLED)}).lineage
    assert part is not None
    assert part.charge == replace(BILLED.charge or Charge(), counted=False)


def test_what_is_not_posted_hands_nothing_on() -> None:
    open_ = replace(a_row("u", SOLD), state=StagingState.IMPORTED)
    assert continued_by(a_row("x", unbilled="u"), {"u": open_}).lineage is None
    assert continued_by(a_row("x", unbilled="u"), {}).lineage is None


def test_ret_12_an_applied_retainer_is_a_line_of_its_own() -> None:
    applied = a_row("x", transaction_class=TransactionClass.RETAINER, unbilled="u")
    assert continued_by(applied, {"u": a_row("u", SOLD)}).lineage is None


def test_the_billing_type_of_the_row_says_whether_there_is_money_in_it() -> None:
    free = a_row("x", billing_type=BillingType.NON_CHARGEABLE, unbilled="u")
    assert continued_by(free, {"u": a_row("u", SOLD)}).lineage == replace(SOLD, line_property=None)


def test_what_is_taken_back_on_the_proposal_that_bills_it_hands_on_what_it_has_taken_itself() -> None:
    billed, back = a_row("b", unbilled="u"), a_row("x", amount=-100, original="b")
    here, linked = {"b": billed, "x": back}, {"u": a_row("u", SOLD), "b": billed}
    assert continued_by(back, linked, here).lineage == SOLD
    written = {"b": continuing(a_line("b", "100"), SOLD)}
    assert continued_by(back, {"b": billed}, {}, written).lineage == SOLD
