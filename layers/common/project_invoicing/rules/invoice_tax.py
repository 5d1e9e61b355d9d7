"""Totals of a proposal or invoice with the sales tax that the set-up gives its lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.credited_tax import TaxOfInvoice
from project_invoicing.domain.invoice_totals import Totals, totals
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.setup.lookups import FinanceSetup


def totals_of(
    lines: list[ProposalLine],
    setup: FinanceSetup,
    invoice_date: date,
    currency: str | None = None,
    originals: Mapping[str, TaxOfInvoice] | None = None,
) -> Totals:
    """Subtotal and sales tax of a proposal's lines on a date, the tax in whole steps of ``currency`` (TAX-37).

    Refuses when the sales tax set-up has a gap.
    """
    step = setup.currency_precision(currency) if currency else None
    return totals(
        lines,
        lambda line: _percents(line, setup, invoice_date),
        replace(setup.tax_rounding, currency=step),
        setup.tax_forms,
        tax_included=setup.document.sales_tax.amounts_include_tax,
        originals=originals,
    )


def _percents(line: ProposalLine, setup: FinanceSetup, on: date) -> Mapping[str, Decimal]:
    tax = setup.document.sales_tax
    for name, known, kind in (
        (line.sales_tax_group, tax.groups, "group"),
        (line.item_sales_tax_group, tax.item_groups, "item group"),
    ):
        if name is not None and name not in known:
            raise Refused(
                PostingFailure.SALES_TAX_SETUP_MISSING,
                f"line {line.line_number} (actual {line.actual_id}) has sales tax {kind} {name}, which does not exist",
            )
    percents = {}
    for code in setup.sales_tax_codes(line.sales_tax_group, line.item_sales_tax_group):
        percent = ZERO if setup.is_exempt(code, line.sales_tax_group) else setup.tax_percent(code, on)
        if percent is None:
            raise Refused(PostingFailure.SALES_TAX_SETUP_MISSING, f"sales tax code {code} has no percent on {on}")
        percents[code] = percent
    return percents
