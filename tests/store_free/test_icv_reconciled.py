"""ICV-09, ICV-10: both sides of each invoice between companies are compared, and the borrower's with its voucher."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import VendorInvoiceStatus
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.reconciliation import Check
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.rules.reconciliation.between_companies import BetweenCompanies
from project_invoicing.store.ledger import entries
from tests.store_free.test_icv import INVOICE, booked

BILLED = Invoice(
    invoice_number=INVOICE.invoice_number,
    proposal_id="IC-000001",
    proforma_id="made-up",
    company="GBPM",
    customer="IC-USPM",
    document_type="invoice",
    invoice_date=INVOICE.invoice_date,
    due_date=INVOICE.due_date,
    accounting_date=INVOICE.accounting_date,
    currency="USD",
    subtotal=INVOICE.subtotal,
    sales_tax=INVOICE.sales_tax,
    total=INVOICE.total,
    voucher="PV-00000001",
    exchange_rate=Decimal("0.8"),
    line_count=1,
    posted=True,
    borrower="USPM",
    vendor="V-GBPM",
)
POSTED = replace(INVOICE, status=VendorInvoiceStatus.POSTED, voucher="VIV-000001", posted_on=date(2026, 9, 1))


def found(
    billed: Invoice | None = BILLED, owed: VendorInvoice | None = INVOICE, voucher: str | None = None
) -> list[tuple[str, Decimal | None]]:
    both = BetweenCompanies()
    if billed:
        both.add_invoice(billed)
    if owed:
        both.add_vendor_invoice(owed)
    if voucher:
        both.add_page("USPM", voucher, entries(booked().numbered(voucher)))
    check = Check("between_companies")
    return [(one.difference.detail, one.difference.amount) for one in both.differences(check)]


@pytest.mark.parametrize(
    ("owed", "voucher"),
    [
        (INVOICE, None),
        (POSTED, "VIV-000001"),
        (replace(INVOICE, status=VendorInvoiceStatus.POSTED_ELSEWHERE, voucher="AP-17"), None),
        (replace(INVOICE, status=VendorInvoiceStatus.REFUSED, reason="no order"), None),
    ],
)
def test_icv_10_both_sides_agree_whoever_posts_it(owed: VendorInvoice, voucher: str | None) -> None:
    assert found(BILLED, owed, voucher) == []


@pytest.mark.parametrize(
    ("changes", "told", "off"),
    [
        ({"total": Decimal(1100)}, "GBPM to USPM: total: GBPM has 1200, USPM has 1100", Decimal(100)),
        ({"due_date": date(2026, 9, 30)}, "GBPM to USPM: due date: GBPM has 2026-09-14, USPM has 2026-09-30", None),
        ({"currency": "GBP"}, "GBPM to USPM: currency: GBPM has USD, USPM has GBP", None),
    ],
)
def test_icv_10_what_one_side_has_otherwise_is_named(changes: dict[str, Any], told: str, off: Decimal | None) -> None:
    assert found(BILLED, replace(INVOICE, **changes)) == [(told, off)]


def test_icv_01_an_invoice_of_one_side_alone_is_named() -> None:
    assert found(BILLED, None) == [("GBPM to USPM: USPM has no vendor invoice for it", None)]
    assert found(None, INVOICE) == [("GBPM to USPM: GBPM has no such invoice", None)]
    assert found(replace(BILLED, posted=False), None) == []
    assert found(replace(BILLED, borrower=None), None) == []


def test_icv_02_the_vendor_invoice_is_what_its_voucher_has_owed() -> None:
    assert found(BILLED, POSTED) == [("GBPM to USPM: its voucher VIV-000001 is not in the ledger of USPM", None)]
    dearer = Decimal(1300)
    told, off = found(replace(BILLED, total=dearer), replace(POSTED, total=dearer), "VIV-000001")[0]
    assert (told, off) == ("GBPM to USPM: voucher VIV-000001 of USPM has 1200 owed, and not 1300", Decimal(100))
    assert found(BILLED, INVOICE, "VIV-000009") == [("no vendor invoice has this voucher", None)]
