"""Explains a borrower's vendor invoice: where it stands, its voucher, and who has to do what. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from project_invoicing.domain.codes import ApprovalState, PostingFailure, VendorInvoiceStatus
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.rules.approval import approval_in_words, may_approve
from project_invoicing.rules.explaining.explanation import Explanation
from project_invoicing.rules.explaining.words import Words
from project_invoicing.rules.vendor_invoice import way
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.intercompany import VendorInvoices


def vendor_invoice_in_words(one: VendorInvoice, vouchers: Sequence[Voucher], setup: FinanceSetup) -> Explanation:
    """``vouchers``: what it was posted with."""
    words = Words(setup)
    total = words.money(one.total, one.currency)
    made = Explanation(
        "vendor invoice",
        one.invoice_number,
        one.company,
        f"Vendor invoice {one.invoice_number} of {one.lender} for {total} with tax: {one.status.replace('_', ' ')}",
        facts={
            "lender": one.lender,
            "vendor": one.vendor,
            "invoice date": one.invoice_date.isoformat(),
            "due date": one.due_date.isoformat(),
            "subtotal": words.money(one.subtotal, one.currency),
            "sales tax": words.money(one.sales_tax, one.currency),
            "total": total,
        },
        voucher_lines=list(words.voucher_lines(vouchers)),
    )
    made.happened(f"{one.lender} posted its invoice of the same number, accounting date {one.accounting_date}")
    match one.status:
        case VendorInvoiceStatus.POSTED:
            with_voucher = f"with voucher {one.voucher}" if one.voucher else "without a ledger entry"
            made.facts["posted"] = f"{with_voucher}, accounting date {one.posted_on}"
        case VendorInvoiceStatus.POSTED_ELSEWHERE:
            made.facts["posted"] = "by other payables" + (f", as {one.voucher}" if one.voucher else "")
        case VendorInvoiceStatus.REFUSED:
            made.facts["refused"] = f"by other payables: {one.reason}"
    if one.is_open:
        _say_what_to_do(made, one, setup)
    return made


def _say_what_to_do(made: Explanation, one: VendorInvoice, setup: FinanceSetup) -> None:
    call, of = "invoicing vendor-invoices", f"{one.invoice_number} --company {one.company}"
    who = way(one, setup)
    if who is VendorInvoices.ELSEWHERE:
        made.advise(f"other payables post it; what they answer: `{call} answer {of} --posted NUMBER`")
        return
    if setup.parameters(one.company).approve_vendor_invoices:
        made.facts["approval"] = approval_in_words(one, setup)
        if one.approval_state is ApprovalState.SUBMITTED:
            made.advise(f"have it approved by whoever may, {may_approve(one, setup)}: `{call} approve {of}`")
            return
        if one.approval_state is not ApprovalState.APPROVED:
            made.advise_on(PostingFailure.NOT_APPROVED)
            return
    if who is VendorInvoices.BY_SCHEDULE:
        made.advise(f"the schedule posts it; if it does not, this says why: `{call} preview {of}`")
    else:
        made.advise(f"look at debit and credit, and post it: `{call} preview {of}`, `{call} post {of}`")
