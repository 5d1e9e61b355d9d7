"""Invoice documents for the tests of what is made of them: one as customers know it, and what tests change of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from project_invoicing.domain.codes import LineKind
from project_invoicing.domain.invoice_document import (
    Address,
    BankAccount,
    Contact,
    DocumentLine,
    ElectronicAddress,
    InvoiceDocument,
    LineTax,
    Named,
    Party,
    TaxCategory,
    TaxRow,
)
from project_invoicing.domain.invoice_totals import DocumentType

SELLER = Party(
    id="USPM",
    name="Contoso Consulting GmbH",
    address=Address("Unter den Linden 21", None, "Berlin", "10117", None, "DE"),
    tax_id="DE136695976",
    registration="HRB 86891",
    electronic_address=ElectronicAddress("9930", "DE136695976"),
    contact=Contact("Receivables", "+49 30 901820", "invoices@contoso.example"),
)
BUYER = Party(
    id="C-100",
    name="Fabrikam AG",
    address=Address("Marienplatz 8", "Hof 2", "München", "80331", None, "DE"),
    tax_id="DE811569869",
    electronic_address=ElectronicAddress("9930", "DE811569869"),
)
BANK = BankAccount(
    iban="DE89370400440532013000", bic="COBADEFFXXX", bank="Commerzbank", holder="Contoso Consulting GmbH"
)


def line(number: int = 1, hours: str = "8", price: str = "120.00", **changed: Any) -> DocumentLine:
    """An hour line, taxed by ``VAT`` at 19 percent unless told otherwise."""
    given = DocumentLine(
        number=number,
        kind=LineKind.HOUR,
        quantity=Decimal(hours),
        unit_price=Decimal(price),
        net=Decimal(hours) * Decimal(price),
        date=date(2026, 9, 14),
        description="Design of the interface",
        unit="hour",
        unit_code="HUR",
        taxes=(LineTax("VAT", Decimal(19)),),
        project=Named("P-001", "Website"),
        task=Named("T-1", "Design"),
        role=Named("R-1", "Developer"),
        resource=Named("W-1", "Ada Lovelace"),
        category=Named("Consulting"),
        contract_line=Named("CL-1", "Time and material"),
    )
    return replace(given, **changed)


def document(*lines: DocumentLine, **changed: Any) -> InvoiceDocument:
    """An invoice of these lines in euro. Base, tax and totals follow from their net amounts, at 19 percent."""
    listed = lines or (line(), line(2, "2.5", "100.00", description="Review"))
    net = sum((one.net for one in listed), Decimal(0))
    tax = (net * 19 / 100).quantize(Decimal("0.01"))
    given = InvoiceDocument(
        company="USPM",
        invoice_number="FTI-00000042",
        document_type=DocumentType.CREDIT_NOTE if net < 0 else DocumentType.INVOICE,
        invoice_date=date(2026, 9, 30),
        due_date=date(2026, 10, 30),
        currency="EUR",
        currency_step=Decimal("0.01"),
        seller=SELLER,
        buyer=BUYER,
        subtotal=net,
        sales_tax=tax,
        total=net + tax,
        lines=listed,
        taxes=(TaxRow("VAT", Decimal(19), net, tax, TaxCategory.STANDARD),),
        accounting_currency="EUR",
        proforma="INV-0042",
        proforma_name="September",
        contract=Named("SC-001", "Fabrikam framework"),
        order_reference="PO-4711",
        buyer_reference="04011000-12345-34",
        terms_of_payment="30 days net",
        bank_accounts=(BANK,),
    )
    return replace(given, **changed)
