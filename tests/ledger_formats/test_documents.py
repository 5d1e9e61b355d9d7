"""Receivables and payables as documents: invoices of customers, and of vendors with their headers apart."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest

from project_invoicing.domain.ledger_batch import BatchId, BatchKind, PayableLine, ReceivableLine, TaxOfDocument
from project_invoicing.rules.ledger_formats.formats import ready_made
from project_invoicing.rules.ledger_formats.refusals import FormatRefused
from tests.ledger_formats.samples import format_like, written

RECEIVABLES = BatchId("USPM", BatchKind.RECEIVABLES, 2)
PAYABLES = BatchId("GBPM", BatchKind.PAYABLES, 1)
INVOICE = ReceivableLine(
    company="USPM",
    invoice_number="FTI-00000001",
    document_type="invoice",
    corrects=None,
    customer="C-001",
    invoice_date=date(2026, 5, 30),
    accounting_date=date(2026, 5, 31),
    due_date=date(2026, 6, 29),
    terms_of_payment="N30",
    currency="GBP",
    subtotal=Decimal("1200.00"),
    sales_tax=Decimal("240.00"),
    total=Decimal("1440.00"),
    voucher="PV-00000003",
    taxes=(TaxOfDocument("VAT20", Decimal("1200.00"), Decimal("240.00")),),
)
CREDIT_NOTE = replace(
    INVOICE,
    invoice_number="FTI-00000002",
    document_type="credit_note",
    corrects="FTI-00000001",
    subtotal=Decimal("-1200.00"),
    sales_tax=Decimal("-240.00"),
    total=Decimal("-1440.00"),
)
VENDOR_INVOICE = PayableLine(
    company="GBPM",
    invoice_number="IC-000001",
    document_type="invoice",
    vendor="V-USPM",
    lender="USPM",
    invoice_date=date(2026, 5, 30),
    accounting_date=date(2026, 5, 31),
    due_date=date(2026, 6, 29),
    currency="GBP",
    subtotal=Decimal("1200.00"),
    sales_tax=Decimal("240.00"),
    total=Decimal("1440.00"),
)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


def test_a_free_text_invoice_is_one_row_with_its_customer_dates_and_net_amount() -> None:
    [text] = written(ready_made("d365_free_text_invoice"), [INVOICE, CREDIT_NOTE], batch=RECEIVABLES).values()
    first, second = rows(text)

    assert first == {
        "FREETEXTNUMBER": "FTI-00000001",
        "LINENUMBER": "1",
        "INVOICEDATE": "2026-05-30",
        "DUEDATE": "2026-06-29",
        "CUSTOMERACCOUNT": "C-001",
        "INVOICEACCOUNT": "C-001",
        "POSTINGPROFILE": "GEN",
        "CURRENCYCODE": "GBP",
        "TERMSOFPAYMENT": "N30",
        "AMOUNT": "1200.00",
        "DESCRIPTION": "USPM-receivables-000002 USPM:FTI-00000001",
    }
    assert (second["FREETEXTNUMBER"], second["AMOUNT"]) == ("FTI-00000002", "-1200.00")


def test_a_netsuite_invoice_has_an_id_of_its_own_that_a_second_import_is_refused_by() -> None:
    [text] = written(ready_made("netsuite_invoice"), [INVOICE], batch=RECEIVABLES).values()
    [row] = rows(text)

    assert (row["External ID"], row["Invoice #"], row["Customer"]) == ("USPM:FTI-00000001", "FTI-00000001", "C-001")
    assert (row["Amount"], row["Tax Amount"], row["Item"]) == ("1200.00", "240.00", "Project services")


def test_a_vendor_invoice_has_its_header_in_a_second_file() -> None:
    files = written(ready_made("d365_vendor_invoice"), [VENDOR_INVOICE], batch=PAYABLES)
    assert list(files) == ["part-0001.csv", "part-0001-headers.csv"]
    [line], [header] = (rows(text) for text in files.values())

    assert line["HEADERREFERENCE"] == header["HEADERREFERENCE"] == "GBPM:USPM:IC-000001"
    assert (header["INVOICENUMBER"], header["INVOICEACCOUNT"], header["IMPORTEDAMOUNT"]) == (
        "IC-000001",
        "V-USPM",
        "1440.00",
    )
    assert (line["INVOICELINENUMBER"], line["NETAMOUNT"], line["CURRENCY"]) == ("1", "1200.00", "GBP")


def test_headers_end_with_the_parts_that_they_are_of() -> None:
    invoices = [replace(VENDOR_INVOICE, invoice_number=f"IC-{number:06d}") for number in range(5)]
    files = written(format_like("d365_vendor_invoice", limits={"lines_per_part": 2}), invoices, batch=PAYABLES)

    assert {name: len(rows(text)) for name, text in files.items()} == {
        "part-0001.csv": 2,
        "part-0001-headers.csv": 2,
        "part-0002.csv": 2,
        "part-0002-headers.csv": 2,
        "part-0003.csv": 1,
        "part-0003-headers.csv": 1,
    }


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([INVOICE, INVOICE], "lines"),
        ([replace(INVOICE, customer="")], "CUSTOMERACCOUNT"),
        ([replace(INVOICE, customer="=1")], "CUSTOMERACCOUNT"),
        ([replace(INVOICE, subtotal=Decimal("1.234"))], "AMOUNT"),
    ],
)
def test_an_invoice_that_cannot_be_written_is_refused_by_name(lines: list[ReceivableLine], field: str) -> None:
    with pytest.raises(FormatRefused) as raised:
        written(ready_made("d365_free_text_invoice"), lines, batch=RECEIVABLES)

    assert [(one.document, one.field) for one in raised.value.problems] == [("USPM:FTI-00000001", field)]
