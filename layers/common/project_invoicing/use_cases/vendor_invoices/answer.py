"""What other payables answer about a vendor invoice: they have posted it, or refuse it (ICV-10)."""

from __future__ import annotations

from project_invoicing.domain.codes import PostingFailure, VendorInvoiceStatus
from project_invoicing.domain.history import HistoryEntry
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.states import VendorInvoiceVerb
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.vendor_invoices.read import KnownVendorInvoices


def take_answer(
    known: KnownVendorInvoices,
    one: VendorInvoice,
    verb: VendorInvoiceVerb,
    number: str | None,
    reason: str | None,
    done: HistoryEntry,
) -> None:
    """Notes the answer. One that comes again changes nothing; one against what is posted is ``Refused``.

    Credits are not told apart: whoever posts elsewhere keeps their order there.
    """
    invoices = known.invoices
    if invoices.was_done(one, done) or (_says_the_same(one, verb) and one.voucher == number and one.reason == reason):
        return
    if not one.is_open:
        detail = f"vendor invoice {one.invoice_number} of {one.lender} is {one.status.replace('_', ' ')} already"
        raise Refused(PostingFailure.ALREADY_POSTED, detail)
    transact(invoices.client, invoices.answered(one, verb, number, reason, done))


def _says_the_same(one: VendorInvoice, verb: VendorInvoiceVerb) -> bool:
    elsewhere = one.status is VendorInvoiceStatus.POSTED_ELSEWHERE and verb is VendorInvoiceVerb.POSTED_ELSEWHERE
    return elsewhere or (one.status is VendorInvoiceStatus.REFUSED and verb is VendorInvoiceVerb.REFUSED)
