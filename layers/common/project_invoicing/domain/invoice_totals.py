"""The customer invoice: subtotal, sales tax and the revenue of each line, all computed before anything is written.

Where amounts include tax, a line keeps its amount, and its revenue is what remains after tax: subtotal and revenue are
net, and subtotal plus tax equals the amount on the proforma.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from project_invoicing.domain.credited_tax import TaxesOfLine, TaxOfInvoice, settled
from project_invoicing.domain.lineage import Charge, ChargedTax
from project_invoicing.domain.money import ZERO, ExchangeRate
from project_invoicing.domain.proposal_line import ProposalLine, subtotal
from project_invoicing.domain.sales_tax import (
    NO_FORMS,
    PERCENT_OF_NET,
    TaxableLine,
    TaxForm,
    TaxRounding,
    sales_tax,
)


class DocumentType(StrEnum):
    """CORR-25: the sign of the document's total decides; a document may mix lines of both signs."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class CashDiscountTerms:
    """``percent`` off for a payment on or before ``until`` (DUE-12). Nothing is posted for it before the payment."""

    until: date
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """What the invoice is computed with: who, when, in which currencies.

    Taxes and payment terms depend on ``invoice_date``, the ledger and the exchange rate on ``accounting_date`` (99-23).
    """

    company: str
    proposal_id: str
    customer: str
    currency: str
    currency_precision: Decimal
    accounting_precision: Decimal
    exchange_rate: ExchangeRate
    invoice_date: date
    due_date: date
    accounting_date: date
    tax_rounding: TaxRounding
    cash_discount: CashDiscountTerms | None = None


def revenue(line: ProposalLine, *, tax_included: bool) -> Decimal:
    """The revenue of a line: its amount without tax, zero where it is not chargeable."""
    if not line.chargeable:
        return ZERO
    return line.amount - (line.sales_tax_amount or ZERO) if tax_included else line.amount


def net_by_code(lines: Iterable[ProposalLine]) -> dict[str, Decimal]:
    """For each sales tax code, the revenue of the lines of a posted invoice that are taxed by it."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        for charge in line.charges:
            for tax in charge.taxes or ():
                sums[tax.code] += revenue(line, tax_included=charge.tax_included)
    return dict(sums)


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a proposal or invoice in its currency, with each line's own taxes.

    ``originals``: what will have been given back of the invoices it credits (REG-19).
    """

    subtotal: Decimal
    sales_tax: Decimal
    lines: tuple[ProposalLine, ...]
    tax_by_code: Mapping[str, Decimal]
    tax_included: bool = False
    originals: Mapping[str, TaxOfInvoice] = field(default_factory=dict)

    def revenue(self, line: ProposalLine) -> Decimal:
        """The revenue of one of ``lines``."""
        included = line.charges[0].tax_included if line.charges else self.tax_included
        return revenue(line, tax_included=included)

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.sales_tax

    @property
    def document_type(self) -> DocumentType:
        return DocumentType.CREDIT_NOTE if self.total < ZERO else DocumentType.INVOICE


Percents = Callable[[ProposalLine], Mapping[str, Decimal]]
"""Finds a line's sales tax codes with their percents, or amounts per unit, on the invoice date."""


def totals(
    lines: Sequence[ProposalLine],
    percents: Percents,
    rounding: TaxRounding,
    forms: Mapping[str, TaxForm] = NO_FORMS,
    *,
    tax_included: bool = False,
    originals: Mapping[str, TaxOfInvoice] | None = None,
) -> Totals:
    """Computes the subtotal, and the sales tax of each chargeable line and of the document (TAX-15, TAX-38).

    A line that continues an invoice line uses that line's codes and percents (99-22). ``originals`` are the invoices
    that the document credits; crediting their last line leaves nothing of their tax (REG-19).
    """
    charged = [line for line in lines if line.chargeable]
    taxable = [_taxable(line, percents) for line in charged]
    rounded = sales_tax(taxable, rounding, forms, included=tax_included)
    taxes, after = settled(charged, rounded, originals or {})
    by_actual = {
        line.actual_id: _charged(line, one, tax, forms, tax_included)
        for line, one, tax in zip(charged, taxable, taxes, strict=True)
    }
    by_code: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for tax in taxes:
        for code, amount in tax.items():
            by_code[code] += amount
    taxed = tuple(by_actual.get(line.actual_id) or _untaxed(line) for line in lines)
    inside = sum((line.sales_tax_amount or ZERO for line in taxed if line.charges[0].tax_included), ZERO)
    net = subtotal(charged) - inside
    return Totals(net, sum(by_code.values(), ZERO), taxed, dict(by_code), tax_included, after)


def _taxable(line: ProposalLine, percents: Percents) -> TaxableLine:
    before = line.inherited
    if before is None:
        return TaxableLine(line.amount, percents(line), line.quantity)
    taxes = before.taxes or ()
    return TaxableLine(
        line.amount,
        {tax.code: tax.percent for tax in taxes},
        line.quantity,
        {tax.code: tax.form for tax in taxes},
        before.tax_included,
    )


def _charged(
    line: ProposalLine, one: TaxableLine, tax: TaxesOfLine, forms: Mapping[str, TaxForm], included: bool
) -> ProposalLine:
    """The line with its sales tax and everything that the tax was computed with."""
    before = line.inherited
    if before:
        taxes = tuple(replace(each, amount=tax[each.code]) for each in before.taxes or ())
        included = before.tax_included
    else:
        taxes = tuple(
            ChargedTax.by(code, percent, forms.get(code, PERCENT_OF_NET), tax[code])
            for code, percent in one.percents.items()
        )
    charge = Charge(taxes=taxes, tax_included=included)
    return replace(line, sales_tax_amount=sum(tax.values(), ZERO), charges=(charge,))


def _untaxed(line: ProposalLine) -> ProposalLine:
    return replace(line, sales_tax_amount=ZERO, charges=(Charge(taxes=()),))


def accounted(document: Totals, terms: Terms) -> Totals:
    """The same document with each line's revenue in accounting currency, rounded per actual."""
    lines = tuple(
        replace(
            line,
            accounting_amount=terms.exchange_rate.convert(document.revenue(line), terms.accounting_precision),
        )
        for line in document.lines
    )
    return replace(document, lines=lines)
