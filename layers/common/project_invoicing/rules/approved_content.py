"""What is approved: what posting a proposal would put on its invoice and into the ledger (WFL-03)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final

from project_invoicing.domain.proposal import Proposal
from project_invoicing.rules.invoice_draft import InvoiceDraft
from project_invoicing.rules.invoice_terms import written_invoice_date
from project_invoicing.rules.invoice_voucher import invoice_voucher
from project_invoicing.setup.lookups import FinanceSetup

_OF_A_LINE: Final = (
    "actual_id",
    "project",
    "category",
    "quantity",
    "unit_price",
    "amount",
    "discount",
    "sales_tax_group",
    "item_sales_tax_group",
    "sales_tax_amount",
)


def digest_of(header: Proposal, made: InvoiceDraft, setup: FinanceSetup) -> str:
    """Stands for what posting the proposal would put on its invoice and into the ledger, in its currency.

    The dates are part of it where the invoice date is set; else they follow from the day of posting, as the exchange
    rate always does.
    """
    terms, totals = made.terms, made.totals
    said: list[list[Any]] = [
        [terms.customer, terms.currency, totals.document_type, totals.subtotal, totals.sales_tax, totals.total],
        [
            [
                *(line.account, line.posting_type, line.project),
                *(_sorted(line.dimensions), line.sales_tax_code, line.amount),
                *([_sorted(line.tags)] if line.tags else []),
            ]
            for line in invoice_voucher(made, "", header.number, setup).lines
        ],
        [
            [*(getattr(line, name) for name in _OF_A_LINE), _sorted(line.dimensions)]
            for line in totals.lines
            if line.shown
        ],
    ]
    if header.edits.invoice_date or written_invoice_date(header, setup):
        said.append([terms.invoice_date, terms.due_date, terms.accounting_date, terms.cash_discount])
    return blake2b(json.dumps(said, default=str).encode(), digest_size=16).hexdigest()


def _sorted(dimensions: Mapping[str, str] | None) -> Iterable[tuple[str, str]]:
    return sorted((dimensions or {}).items())
