"""Explains the vendor invoices of a borrower from the stores."""

from __future__ import annotations

from collections.abc import Iterator

from project_invoicing.domain.codes import VendorInvoiceStatus
from project_invoicing.domain.ledger import VENDOR_INVOICE
from project_invoicing.rules.explaining.explanation import Explanation
from project_invoicing.rules.explaining.history import woven
from project_invoicing.rules.explaining.vendor_invoices import vendor_invoice_in_words
from project_invoicing.store.vendor_invoices import VendorInvoices
from project_invoicing.use_cases.explain.batches import say_where
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.vendor_invoices.read import lenders_of


def explain_vendor_invoices(stores: Stores, company: str, number: str) -> Iterator[Explanation]:
    """Those with this number, of each lender that has used it. One request where there is none."""
    store = VendorInvoices(stores.proposals.client, stores.proposals.table)
    for one in store.of_lenders(company, lenders_of(company, stores.setup), number):
        here = one.voucher if one.status is VendorInvoiceStatus.POSTED else None
        vouchers = list(stores.ledger.vouchers(VENDOR_INVOICE, company, here)) if here else []
        made = vendor_invoice_in_words(one, vouchers, stores.setup)
        if here:
            say_where(stores, made, VENDOR_INVOICE, company, here, here)
        yield woven(made, store.history(one))
