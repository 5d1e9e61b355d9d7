"""Ten documents of different kinds, for the tests that look at what is printed of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from project_invoicing.domain.codes import LineKind
from project_invoicing.domain.invoice_document import (
    Address,
    BankAccount,
    Brand,
    Contact,
    Corrected,
    DocumentFormat,
    ElectronicAddress,
    Grouping,
    InvoiceDocument,
    LineTax,
    Named,
    Presentation,
    TaxCategory,
    TaxRow,
    Texts,
)
from tests.invoice_documents import BUYER, SELLER, document, line

D = Decimal
SWISS_SELLER = replace(
    SELLER, name="Contoso Suisse SA", address=Address("Bahnhofstrasse 1", None, "Zürich", "8001", None, "CH")
)
SWISS_BANK = BankAccount(iban="CH9300762011623852957", bank="ZKB", holder="Contoso Suisse SA", currency="CHF")
NESTED = tuple(
    line(
        number,
        f"{number % 7 + 1}.25",
        project=Named(f"P-{number % 3}", f"Project {number % 3}"),
        task=Named(f"T-{number % 5}", f"Task {number % 5}"),
        date=date(2026, 9, number % 28 + 1),
    )
    for number in range(1, 81)
)


def kinds() -> dict[str, InvoiceDocument]:
    by_task = (Grouping.PROJECT, Grouping.TASK)
    return {
        "detail": document(
            *NESTED, presentation=Presentation(group_by=by_task, brand=Brand("#004d40", "#ffab00"), texts=_texts())
        ),
        "summary": document(*NESTED, presentation=Presentation("de", format=DocumentFormat.SUMMARY, group_by=by_task)),
        "discounts": document(
            line(1, discount=D("60.00"), net=D("900.00")),
            line(2, "1", "1500.00", kind=LineKind.FEE, description="Milestone: go-live", unit=None, resource=None),
            line(3, chargeable=False, net=D(0)),
            presentation=Presentation("en"),
            cash_discount_date=date(2026, 10, 10),
            cash_discount_percent=D("2.5"),
        ),
        "on_account": document(
            line(1), line(2, "-1", "300.00", kind=LineKind.ON_ACCOUNT), presentation=Presentation("pl")
        ),
        "credit": document(
            line(1, "-8", takes_back="FTI-00000040"),
            corrects=(Corrected("FTI-00000040", date(2026, 8, 31)), Corrected("FTI-00000039")),
            presentation=Presentation("es"),
        ),
        "intercompany": document(line(1), borrower="USSI", presentation=Presentation("en")),
        "yen": document(
            line(1, "8", "12000", description="要件定義と設計のレビュー。非常に長い説明がここに続きます。" * 3),
            currency="JPY",
            currency_step=D(1),
            sales_tax=D(18240),
            total=D(114240),
            buyer=replace(BUYER, name="株式会社ファブリカム"),
            taxes=(TaxRow("VAT", D(19), D(96000), D(18240), TaxCategory.STANDARD, accounting_tax=D("112.35")),),
            exchange_rate=D("0.0061595"),
            presentation=Presentation("ja"),
        ),
        "dinar": document(
            line(1, "3", "10.125"),
            currency="BHD",
            currency_step=D("0.001"),
            taxes=(TaxRow("VAT", None, D("30.375"), D("5.77"), accounting_tax=D("14.01")),),
        ),
        "swiss": document(
            line(1),
            currency="CHF",
            currency_step=D("0.05"),
            accounting_currency="CHF",
            seller=SWISS_SELLER,
            bank_accounts=(SWISS_BANK,),
            presentation=Presentation("fr"),
        ),
        "reverse_charge": document(
            line(1, taxes=(LineTax("RC", D(0)),), description="Ł" * 45 + " " + "é" * 200),
            sales_tax=D(0),
            total=D(960),
            taxes=(
                TaxRow(
                    "RC", D(0), D(960), D(0), TaxCategory.REVERSE_CHARGE, "VATEX-EU-AE", "Reverse charge, article 196"
                ),
            ),
            missing=("buyer.address", "lines.task"),
            buyer=replace(BUYER, address=Address()),
        ),
    }


def _texts() -> Texts:
    return Texts("We bill our work of September.", "Please pay in time.", "Thank you.", "Contoso · Berlin\nHRB 86891")


def hostile(text: str) -> InvoiceDocument:
    """A document that says ``text`` wherever text comes from outside."""
    named = Named(text, text)
    address = Address(text, text, text, text, text, text, text)
    party = replace(
        SELLER,
        id=text,
        name=text,
        address=address,
        tax_id=text,
        tax_number=text,
        registration=text,
        electronic_address=ElectronicAddress(text, text),
        contact=Contact(text, text, text),
    )
    one = line(
        description=text,
        unit=text,
        taxes=(LineTax(text, None),),
        project=named,
        task=named,
        role=named,
        resource=named,
        category=named,
        contract_line=named,
        takes_back=text,
    )
    return document(
        one,
        invoice_number=text,
        seller=party,
        buyer=party,
        contract=named,
        proforma=text,
        proforma_name=text,
        order_reference=text,
        buyer_reference=text,
        terms_of_payment=text,
        borrower=text,
        missing=(text,),
        corrects=(Corrected(text),),
        bank_accounts=(BankAccount(text, text, text, text, text),),
        taxes=(TaxRow(text, None, D(960), D("182.40"), TaxCategory.EXEMPT, text, text, D(1)),),
        accounting_currency=text,
        presentation=Presentation(
            language=text,
            group_by=(Grouping.PROJECT,),
            brand=Brand(text, text, text),
            texts=Texts(text, text, text, text),
        ),
    )
