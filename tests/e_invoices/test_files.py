"""What the two files of a document say, read back from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from project_invoice_documents.e_invoice.cii import cii
from project_invoice_documents.e_invoice.ubl import ubl
from project_invoicing.domain.invoice_document import (
    BankAccount,
    Corrected,
    InvoiceDocument,
    LineTax,
    Profile,
    TaxCategory,
    TaxRow,
)
from tests.e_invoices.official import broken_in
from tests.e_invoices.test_broken_rules import profiled
from tests.invoice_documents import BUYER, document, line

D = Decimal
OF_LINE = "SpecifiedTradeSettlementLineMonetarySummation"


def said(file: bytes, path: str) -> list[str]:
    """The texts and attributes at a path of local names."""
    steps = [step if step[0] in "@." or not step else f"*[local-name()='{step}']" for step in path.split("/")]
    found = etree.fromstring(file).xpath(f"//{'/'.join(steps)}")
    return [one if isinstance(one, str) else one.text or "" for one in found]


def both(made: InvoiceDocument, path_in_ubl: str, path_in_cii: str) -> list[str]:
    """What both files say of the same; that they differ is a failure."""
    in_ubl, in_cii = said(ubl(made), path_in_ubl), said(cii(made), path_in_cii)
    assert [text.replace("-", "") for text in in_ubl] == [text.replace("-", "") for text in in_cii]
    return in_ubl


CREDIT = document(
    line(hours="-8", discount=D(-10), net=D(-950)),
    line(2, hours="1", discount=D(20), net=D(100)),
    line(3, hours="5", chargeable=False, net=D(0), taxes=()),
    corrects=(Corrected("FTI-1", date(2026, 8, 1)), Corrected("FTI-2")),
)


def test_a_credit_note_has_positive_amounts_and_what_it_corrects() -> None:
    assert said(ubl(CREDIT), "CreditNoteTypeCode") == said(cii(CREDIT), "ExchangedDocument/TypeCode") == ["381"]
    assert both(CREDIT, "PayableAmount", "DuePayableAmount") == ["1011.50"]
    assert both(CREDIT, "CreditNoteLine/LineExtensionAmount", f"{OF_LINE}/LineTotalAmount") == [
        "950.00",
        "-100.00",
        "0.00",
    ]
    assert both(CREDIT, "CreditedQuantity", "BilledQuantity") == ["8", "-1", "-5"]
    assert both(CREDIT, "PriceAmount", "NetPriceProductTradePrice/ChargeAmount") == ["120", "120", "0"]
    assert both(CREDIT, "AllowanceCharge/ChargeIndicator", "ChargeIndicator/Indicator") == ["false", "true"]
    assert both(CREDIT, "AllowanceCharge/Amount", "ActualAmount") == ["10.00", "20.00"]
    corrects = both(CREDIT, "InvoiceDocumentReference/ID", "InvoiceReferencedDocument/IssuerAssignedID")
    assert corrects == ["FTI-1", "FTI-2"]
    assert said(ubl(CREDIT), "PaymentDueDate") == ["2026-10-30"]
    assert broken_in(CREDIT) == {}


def test_a_price_that_does_not_make_the_amount_is_that_of_the_whole_quantity() -> None:
    shared = document(line(hours="8", price="120.00", net=D("319.99")))
    assert both(shared, "Price/PriceAmount", "NetPriceProductTradePrice/ChargeAmount") == ["319.99"]
    assert both(shared, "BaseQuantity", "BasisQuantity") == ["8"]
    assert both(shared, "InvoicedQuantity/@unitCode", "BilledQuantity/@unitCode") == ["HUR"]
    flipped = document(line(hours="2", price="-50", net=D(-100)), line(2))
    assert both(flipped, "InvoicedQuantity", "BilledQuantity") == ["-2", "8"]
    assert both(flipped, "Price/PriceAmount", "NetPriceProductTradePrice/ChargeAmount") == ["50", "120"]


def test_nothing_to_pay_has_no_cash_discount() -> None:
    terms = {"cash_discount_date": date(2026, 10, 10), "cash_discount_percent": D(2)}
    made = document(line(), line(2, hours="-8", net=D(-960)), **terms)
    assert made.total == 0
    assert both(made, "PaymentTerms/Note", "SpecifiedTradePaymentTerms/Description") == ["30 days net"]
    assert "SKONTO" not in ubl(profiled(Profile.XRECHNUNG, made)).decode()


def test_tax_is_one_row_for_category_and_rate_and_in_the_currency_of_the_ledger_too() -> None:
    made = document(
        line(),
        line(2, taxes=(LineTax("VAT-B", D("19.00")),)),
        line(3, hours="1", price="100", taxes=(LineTax("NONE", D(0)),), unit_code=None),
        taxes=(
            TaxRow("VAT", D(19), D(960), D("182.40"), TaxCategory.STANDARD, accounting_tax=D("200.64")),
            TaxRow("VAT-B", D("19.00"), D(960), D("182.40"), TaxCategory.STANDARD, accounting_tax=D("200.64")),
            TaxRow("NONE", D(0), D(100), D(0), TaxCategory.EXEMPT, None, "School", accounting_tax=D(0)),
        ),
        sales_tax=D("364.80"),
        total=D("2384.80"),
        accounting_currency="USD",
    )
    assert both(made, "TaxSubtotal/TaxableAmount", "ApplicableTradeTax/BasisAmount") == ["1920.00", "100.00"]
    assert both(made, "TaxSubtotal/TaxAmount", "ApplicableTradeTax/CalculatedAmount") == ["364.80", "0.00"]
    assert both(made, "TaxExemptionReason", "ExemptionReason") == ["School"]
    assert both(made, "TaxTotal/TaxAmount", "TaxTotalAmount") == ["364.80", "401.28"]
    assert both(made, "TaxTotal/TaxAmount/@currencyID", "TaxTotalAmount/@currencyID") == ["EUR", "USD"]
    assert both(made, "TaxCurrencyCode", "TaxCurrencyCode") == ["USD"]
    assert both(made, "InvoicedQuantity/@unitCode", "BilledQuantity/@unitCode") == ["HUR", "HUR", "C62"]
    assert broken_in(made) == {}


def test_references_period_and_payment_are_said() -> None:
    made = document(
        line(date=date(2026, 9, 2)),
        line(2, date=None),
        line(3, date=date(2026, 9, 29)),
        cash_discount_date=date(2026, 10, 10),
        cash_discount_percent=D("2.0"),
        bank_accounts=(
            BankAccount(iban="DE89 3704 0044 0532 0130 00", currency="USD"),
            BankAccount(iban="DE89 3704 0044 0532 0130 00", bic="COBADEFFXXX", currency="EUR"),
            BankAccount(account_number="4711"),
        ),
    )
    assert both(made, "BuyerReference", "BuyerReference") == ["04011000-12345-34"]
    assert both(made, "OrderReference/ID", "BuyerOrderReferencedDocument/IssuerAssignedID") == ["PO-4711"]
    assert both(made, "ContractDocumentReference/ID", "ContractReferencedDocument/IssuerAssignedID") == ["SC-001"]
    assert said(ubl(made), "Invoice/InvoicePeriod/StartDate") == ["2026-09-02"]
    period = "ApplicableHeaderTradeSettlement/BillingSpecifiedPeriod/EndDateTime/DateTimeString"
    assert both(made, "Invoice/InvoicePeriod/EndDate", period) == ["2026-09-29"]
    means = "SpecifiedTradeSettlementPaymentMeans"
    assert both(made, "PaymentMeansCode", f"{means}/TypeCode") == ["58"]
    assert both(made, "PayeeFinancialAccount/ID", "IBANID") == ["DE89370400440532013000"]
    assert both(made, "PaymentTerms/Note", "SpecifiedTradePaymentTerms/Description") == [
        "30 days net; 2 % cash discount until 2026-10-10"
    ]
    xrechnung = profiled(Profile.XRECHNUNG, made)
    terms = ["30 days net\n#SKONTO#TAGE=10#PROZENT=2.00#\n"]
    assert both(xrechnung, "PaymentTerms/Note", "SpecifiedTradePaymentTerms/Description") == terms
    guideline = "GuidelineSpecifiedDocumentContextParameter/ID"
    assert both(xrechnung, "CustomizationID", guideline)[0].endswith("#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0")


def test_what_is_outside_the_scope_of_tax_says_nobodys_vat_identifier() -> None:
    made = document(
        line(taxes=(LineTax("OUT", D(0)),)),
        taxes=(TaxRow("OUT", D(0), D(960), D(0), TaxCategory.OUTSIDE_SCOPE, "VATEX-EU-O"),),
        sales_tax=D(0),
        total=D(960),
    )
    assert both(made, "PartyTaxScheme/CompanyID", "SpecifiedTaxRegistration/ID") == []
    assert both(made, "Percent", "RateApplicablePercent") == []
    assert said(ubl(profiled(Profile.XRECHNUNG, made)), "TaxSubtotal/TaxCategory/Percent") == ["0"]
    assert broken_in(made) == {}


def test_an_invoice_on_which_nothing_is_charged_has_a_row_of_zero() -> None:
    made = document(line(chargeable=False, net=D(0), taxes=()), taxes=(), subtotal=D(0), sales_tax=D(0), total=D(0))
    assert both(
        made, "TaxSubtotal/TaxCategory/ID", "ApplicableHeaderTradeSettlement/ApplicableTradeTax/CategoryCode"
    ) == ["Z"]
    assert both(made, "PayableAmount", "DuePayableAmount") == ["0.00"]
    assert broken_in(made) == {}


@pytest.mark.parametrize(
    "text", ['<x a="1">&amp;</x>', "]]>", "&#1;", "<!DOCTYPE a [<!ENTITY b SYSTEM 'c'>]>", "a\x00\x08\ud800b"]
)
def test_a_text_cannot_become_a_part_of_the_file(text: str) -> None:
    made = replace(document(line(description=text)), buyer=replace(BUYER, name=text), order_reference=text)
    kept = "ab" if "\x00" in text else text
    buyer = ("AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName", "BuyerTradeParty/Name")
    for paths in (buyer, ("Item/Name", "SpecifiedTradeProduct/Name")):
        assert said(ubl(made), paths[0]) == said(cii(made), paths[1]) == [kept]
    quoted = document(line(unit_code='"><x/>'))
    assert said(ubl(quoted), "InvoicedQuantity/@unitCode") == ['"><x/>']


def test_a_discount_with_tax_in_it_is_in_the_net_price() -> None:
    shown = line(hours="1", price="119.00", discount=D("11.90"), net=D(90), sales_tax=D("17.10"), tax_included=True)
    made = document(shown)
    assert both(made, "AllowanceCharge/Amount", "ActualAmount") == []
    assert both(made, "Price/PriceAmount", "NetPriceProductTradePrice/ChargeAmount") == ["90"]
    assert broken_in(made) == {}
