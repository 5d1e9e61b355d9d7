"""The origins of ledger transactions that an earlier version wrote without them, from the document they belong to.

Pure, and from stored documents that never change, so that it has the same result whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_totals import Terms, Totals
from project_invoicing.domain.invoice_voucher import InvoiceAccounts, LineAccounts, voucher_lines
from project_invoicing.domain.ledger import Origin, VoucherLine
from project_invoicing.domain.money import ZERO, ExchangeRate
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.sales_tax import TaxRounding

_HUNDRED: Final = Decimal(100)
_FINEST: Final = Decimal("0.001")
"""Amounts are computed only to see what belongs together, so their last digit does not matter."""


def with_origins(booked: Sequence[VoucherLine], invoice: Invoice, lines: Sequence[ProposalLine]) -> list[VoucherLine]:
    """The ``booked`` lines of an invoice's voucher with their origins and the bases of sales tax.

    The invoice's lines say which accounts they were posted to, so what was added up is added up again. Where they do
    not (they were posted before lines said so), a line of the voucher has what all lines of the invoice have in common,
    and no base.
    """
    rebuilt = {_place(one): one for one in _rebuilt(booked, invoice, lines)}
    common = Origin.of_all(
        Origin(invoice.customer, line.contract, line.actual_id, invoice.invoice_date) for line in lines
    )
    common = replace(common, customer=invoice.customer, document_date=invoice.invoice_date)
    return [_with_origin(one, rebuilt.get(_place(one)), common) for one in booked]


def _with_origin(one: VoucherLine, found: VoucherLine | None, common: Origin) -> VoucherLine:
    if found is None:
        return replace(one, origin=common)
    return replace(one, origin=found.origin, sales_tax_base=found.sales_tax_base)


def _place(line: VoucherLine) -> tuple[object, ...]:
    """What tells a line of a voucher from the others: what lines agree in that are added up, and the side."""
    dimensions = tuple(sorted((line.dimensions or {}).items()))
    same = (line.posting_type, line.account, line.currency, line.exchange_rate, line.project, dimensions)
    return (*same, line.sales_tax_code, (line.amount, line.accounting_amount) > (ZERO, ZERO))


def _rebuilt(booked: Sequence[VoucherLine], invoice: Invoice, lines: Sequence[ProposalLine]) -> tuple[VoucherLine, ...]:
    """The lines of the voucher, computed from those of the invoice; none if these do not say how they were posted."""
    if not all(line.charges for line in lines):
        return ()
    totals = Totals(invoice.subtotal, invoice.sales_tax, tuple(lines), {})
    if any(totals.revenue(line) and not line.charges[0].revenue_account for line in lines):
        return ()
    owed = next((one for one in booked if one.posting_type is PostingType.CUSTOMER_BALANCE), None)
    accounts = InvoiceAccounts(
        [_accounts(line) for line in lines],
        {tax.code: tax.account or "" for line in lines for tax in line.charges[0].taxes or ()},
        owed.account if owed else "",
    )
    dimensions = owed.dimensions if owed else None
    return voucher_lines(invoice.invoice_number, totals, _terms(invoice), accounts, dimensions)


def _accounts(line: ProposalLine) -> LineAccounts:
    charge = line.charges[0]
    earned = (charge.revenue_type, charge.revenue_account)
    revenue = (earned[0], earned[1]) if earned[0] and earned[1] else None
    return LineAccounts(revenue, charge.discount_account or None)


def _terms(invoice: Invoice) -> Terms:
    return Terms(
        company=invoice.company,
        proposal_id=invoice.proposal_id,
        customer=invoice.customer,
        currency=invoice.currency,
        currency_precision=_FINEST,
        accounting_precision=_FINEST,
        exchange_rate=ExchangeRate(invoice.exchange_rate * _HUNDRED, _HUNDRED),
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        accounting_date=invoice.accounting_date,
        tax_rounding=TaxRounding(_FINEST),
    )
