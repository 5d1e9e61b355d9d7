"""Invoices between companies: the lender's against the borrower's vendor invoice, and that against its voucher."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from project_invoicing.domain.codes import PostingType, VendorInvoiceStatus
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.reconciliation import Check, Difference
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.rules.reconciliation.findings import Finding
from project_invoicing.rules.reconciliation.vouchers import Booking

CHECK: Final = "between_companies"
_SAME: Final = ("vendor", "invoice_date", "due_date", "accounting_date", "currency", "subtotal", "sales_tax", "total")


class _Document(NamedTuple):
    borrower: str
    lender: str
    number: str


class BetweenCompanies:
    """Keeps both sides of each document, and what vouchers of vendor invoices say is owed."""

    def __init__(self) -> None:
        self._billed: dict[_Document, Invoice] = {}
        self._owed: dict[_Document, VendorInvoice] = {}
        self._booked: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)

    def add_invoice(self, invoice: Invoice) -> None:
        if invoice.borrower and invoice.posted:
            self._billed[_Document(invoice.borrower, invoice.company, invoice.invoice_number)] = invoice

    def add_vendor_invoice(self, one: VendorInvoice) -> None:
        self._owed[_Document(one.company, one.lender, one.invoice_number)] = one

    def add_page(self, company: str, document: str, entries: Iterable[Booking]) -> None:
        """A page of the ledger with a voucher of a vendor invoice, whose number is its document."""
        owed = (one.amount for one in entries if one.posting_type is PostingType.VENDOR_BALANCE)
        self._booked[company, document] += sum(owed, ZERO)

    def differences(self, check: Check) -> Iterator[Finding]:
        """Only where nothing was posted while the tables were read. ``check`` counts both sides, and what waits."""
        open_ones = sum(1 for one in self._owed.values() if one.is_open)
        check.count("invoices of lenders", len(self._billed))
        check.count("vendor invoices", len(self._owed))
        check.count("of these not posted", open_ones)
        for document in sorted(self._billed.keys() | self._owed.keys()):
            billed, owed = self._billed.get(document), self._owed.get(document)
            if billed and owed:
                yield from _unlike(document, billed, owed)
            elif billed:
                yield _finding(document, f"{document.borrower} has no vendor invoice for it")
            else:
                yield _finding(document, f"{document.lender} has no such invoice")
        yield from self._against_vouchers()

    def _against_vouchers(self) -> Iterator[Finding]:
        named = set[tuple[str, str]]()
        for document, one in sorted(self._owed.items()):
            if one.status is not VendorInvoiceStatus.POSTED or one.voucher is None:
                continue
            place = one.company, one.voucher
            named.add(place)
            off = self._booked.get(place, ZERO) + one.total
            if place not in self._booked:
                yield _finding(document, f"its voucher {one.voucher} is not in the ledger of {one.company}")
            elif off:
                told = (
                    f"voucher {one.voucher} of {one.company} has {-self._booked[place]:f} owed, and not {one.total:f}"
                )
                yield _finding(document, told, off, one.currency)
        for company, voucher in sorted(self._booked.keys() - named):
            told = "no vendor invoice has this voucher"
            yield Finding(CHECK, Difference("voucher", voucher, told, company))


def _unlike(document: _Document, billed: Invoice, owed: VendorInvoice) -> Iterator[Finding]:
    """What is to be the same on both sides and is not."""
    for name in _SAME:
        there, here = getattr(billed, name), getattr(owed, name)
        if there != here:
            off = there - here if isinstance(there, Decimal) else None
            told = f"{name.replace('_', ' ')}: {document.lender} has {there}, {document.borrower} has {here}"
            yield _finding(document, told, off, billed.currency if off is not None else None)


def _finding(document: _Document, told: str, off: Decimal | None = None, currency: str | None = None) -> Finding:
    detail = f"{document.lender} to {document.borrower}: {told}"
    return Finding(CHECK, Difference("vendor_invoice", document.number, detail, document.borrower, off, currency))
