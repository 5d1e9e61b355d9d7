"""Each of our business rules: a document that breaks it, and that the official rules refuse with the same id."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from project_invoicing.domain.invoice_document import (
    Address,
    Contact,
    DocumentLine,
    EInvoice,
    ElectronicAddress,
    InvoiceDocument,
    LineTax,
    Presentation,
    Profile,
    Syntax,
    TaxCategory,
    TaxRow,
)
from project_invoicing.rules.e_invoice import business_rules, code_lists
from project_invoicing.rules.e_invoice.business_rules import broken_rules
from project_invoicing.rules.e_invoice.statement import CENT
from tests.e_invoices.official import broken_in, codes_of
from tests.invoice_documents import BUYER, SELLER, document, line

D = Decimal
REASON = {TaxCategory.STANDARD: None, TaxCategory.ZERO_RATED: None}


def of(category: TaxCategory | None, percent: str = "0", **row: Any) -> InvoiceDocument:
    """An invoice of one line of 960.00 in a category, with a reason where that needs one."""
    rate = D(percent)
    tax = (960 * rate / 100).quantize(CENT)
    given = TaxRow("VAT", rate, D(960), tax, category, exemption_text=REASON.get(category, "No tax, by law"))  # type: ignore[arg-type]
    changed = replace(given, **row)
    return document(
        line(taxes=(LineTax("VAT", changed.percent),)),
        taxes=(changed,),
        sales_tax=changed.tax,
        total=960 + changed.tax,
    )


def seller(made: InvoiceDocument, **changed: Any) -> InvoiceDocument:
    return replace(made, seller=replace(made.seller, **changed))


def buyer(made: InvoiceDocument, **changed: Any) -> InvoiceDocument:
    return replace(made, buyer=replace(made.buyer, **changed))


def two(first: TaxRow, second: TaxRow, *lines: DocumentLine) -> InvoiceDocument:
    """An invoice with two rows of tax."""
    tax = first.tax + second.tax
    made = document(*lines, taxes=(first, second), sales_tax=tax)
    return replace(made, total=made.subtotal + tax)


S, Z, E, AE, K, G, O = TaxCategory  # noqa: E741 -- the codes themselves
NOWHERE = Address("Main street 1", None, "Springfield", "1", None, None, "Utopia")
NO_IDS: dict[str, Any] = {"tax_id": None, "tax_number": None, "registration": None}
MILLS = {"currency": "KWD", "currency_step": D("0.001")}
HALF = line(hours="1", price="1.005", discount=D("0.001"), net=D("1.004"))

OFFICIAL: dict[str, Callable[[], InvoiceDocument]] = {
    "BR-06": lambda: seller(document(), name=" \x00 "),
    "BR-07": lambda: buyer(document(), name=""),
    "BR-09": lambda: seller(document(), address=NOWHERE),
    "BR-11": lambda: buyer(document(), address=NOWHERE),
    "BR-16": lambda: replace(document(), lines=()),
    "BR-47": lambda: of(None, "19", exemption_text=None),
    "BR-48": lambda: replace(
        of(S), taxes=(TaxRow("VAT", None, D(960), D(0), S),), lines=(line(taxes=(LineTax("VAT", None),)),)
    ),
    "BR-CL-04": lambda: document(currency="BTC"),
    "BR-CL-05": lambda: replace(
        of(S, "19", accounting_tax=D("17.00")), accounting_currency="BTC", exchange_rate=D("0.1")
    ),
    "BR-CL-14": lambda: buyer(document(), address=replace(BUYER.address, country="XX")),
    "BR-CL-22": lambda: of(AE, exemption_code="VATEX-EU-NO"),
    "BR-CL-23": lambda: document(line(unit_code="HOURS")),
    "BR-CL-25": lambda: buyer(document(), electronic_address=ElectronicAddress("1234", "X")),
    "BR-CO-04": lambda: document(line(), line(2, taxes=())),
    "BR-CO-09": lambda: seller(document(), tax_id="136695976"),
    "BR-CO-10": lambda: document(subtotal=D("1210.01"), total=D("1439.91")),
    "BR-CO-14": lambda: document(sales_tax=D("229.91"), total=D("1439.91")),
    "BR-CO-15": lambda: document(total=D("1440.00")),
    "BR-CO-17": lambda: of(S, "19", tax=D("181.40")),
    "BR-CO-18": lambda: document(line(taxes=()), taxes=(), sales_tax=D(0), total=D(960)),
    "BR-CO-26": lambda: seller(document(), **NO_IDS),
    "UBL-SR-48": lambda: two(
        TaxRow("VAT", D(19), D(960), D("182.40"), S),
        TaxRow("CITY", D(1), D(960), D("9.60"), S),
        line(taxes=(LineTax("VAT", D(19)), LineTax("CITY", D(1)))),
    ),
    "BR-S-02": lambda: seller(of(S, "19"), tax_id=None),
    "BR-S-05": lambda: of(S, "0"),
    "BR-S-08": lambda: of(S, "19", base=D(900)),
    "BR-S-09": lambda: of(S, "19", tax=D("183.40")),
    "BR-S-10": lambda: of(S, "19", exemption_text="Because"),
    "BR-Z-02": lambda: seller(of(Z), tax_id=None),
    "BR-Z-05": lambda: of(Z, "7"),
    "BR-Z-08": lambda: of(Z, base=D(900)),
    "BR-Z-09": lambda: of(Z, tax=D("0.40")),
    "BR-Z-10": lambda: of(Z, exemption_code="VATEX-EU-O"),
    "BR-E-02": lambda: seller(of(E), tax_id=None),
    "BR-E-05": lambda: of(E, "7"),
    "BR-E-08": lambda: of(E, base=D(900)),
    "BR-E-09": lambda: of(E, tax=D("0.40")),
    "BR-E-10": lambda: of(E, exemption_text=None),
    "BR-AE-02": lambda: buyer(of(AE), tax_id=None),
    "BR-AE-05": lambda: of(AE, "19"),
    "BR-AE-08": lambda: of(AE, base=D(900)),
    "BR-AE-09": lambda: of(AE, tax=D("0.40")),
    "BR-AE-10": lambda: of(AE, exemption_text=" "),
    "BR-IC-02": lambda: buyer(of(K), tax_id=None),
    "BR-IC-05": lambda: of(K, "19"),
    "BR-IC-08": lambda: of(K, base=D(900)),
    "BR-IC-09": lambda: of(K, tax=D("0.40")),
    "BR-IC-10": lambda: of(K, exemption_text=None),
    "BR-IC-11": lambda: replace(of(K), lines=(line(date=None, taxes=(LineTax("VAT", D(0)),)),)),
    "BR-IC-12": lambda: buyer(of(K), address=NOWHERE),
    "BR-G-02": lambda: seller(of(G), tax_id=None, tax_number="30/123/45678"),
    "BR-G-05": lambda: of(G, "19"),
    "BR-G-08": lambda: of(G, base=D(900)),
    "BR-G-09": lambda: of(G, tax=D("0.40")),
    "BR-G-10": lambda: of(G, exemption_text=None),
    "BR-O-08": lambda: of(O, base=D(900)),
    "BR-O-09": lambda: of(O, tax=D("0.40")),
    "BR-O-10": lambda: of(O, exemption_text=None),
    "BR-O-11": lambda: two(
        TaxRow("VAT", D(19), D(960), D("182.40"), S),
        TaxRow("OUT", D(0), D(100), D(0), O, exemption_text="Outside"),
        line(),
        line(2, hours="1", price="100", taxes=(LineTax("OUT", D(0)),)),
    ),
    "BR-DEC-09": lambda: document(HALF, **MILLS),
    "BR-DEC-12": lambda: document(HALF, **MILLS),
    "BR-DEC-14": lambda: document(HALF, **MILLS),
    "BR-DEC-18": lambda: document(HALF, **MILLS),
    "BR-DEC-19": lambda: document(HALF, **MILLS),
    "BR-DEC-20": lambda: of(S, "19", tax=D("182.405")),
    "BR-DEC-23": lambda: document(HALF, **MILLS),
    "BR-DEC-24": lambda: document(HALF, **MILLS),
    "BR-DEC-27": lambda: document(replace(HALF, discount=D("-0.001"), net=D("1.006")), **MILLS),
}


def profiled(profile: Profile, made: InvoiceDocument | None = None, **changed: Any) -> InvoiceDocument:
    chosen = Presentation(e_invoice=EInvoice(Syntax.UBL, profile))
    return replace(made or document(), presentation=chosen, **changed)


def xrechnung(made: InvoiceDocument | None = None, **changed: Any) -> InvoiceDocument:
    return profiled(Profile.XRECHNUNG, made, **changed)


def exempt(code: str, category: TaxCategory) -> InvoiceDocument:
    return profiled(Profile.PEPPOL, of(category, exemption_code=code))


UNOFFICIAL: dict[str, Callable[[], InvoiceDocument]] = {
    "PEPPOL-EN16931-R003": lambda: profiled(Profile.PEPPOL, buyer_reference=None, order_reference=" "),
    "PEPPOL-EN16931-R010": lambda: buyer(profiled(Profile.PEPPOL), electronic_address=None),
    "PEPPOL-EN16931-R020": lambda: seller(xrechnung(), electronic_address=None),
    "PEPPOL-EN16931-P0104": lambda: exempt("VATEX-EU-G", E),
    "PEPPOL-EN16931-P0105": lambda: exempt("VATEX-EU-O", E),
    "PEPPOL-EN16931-P0106": lambda: exempt("VATEX-EU-IC", E),
    "PEPPOL-EN16931-P0107": lambda: exempt("vatex-eu-ae", E),
    "PEPPOL-EN16931-P0108": lambda: exempt("VATEX-EU-D", G),
    "PEPPOL-EN16931-P0109": lambda: exempt("VATEX-EU-F", G),
    "PEPPOL-EN16931-P0110": lambda: exempt("VATEX-EU-I", G),
    "PEPPOL-EN16931-P0111": lambda: exempt("VATEX-EU-J", G),
    "BR-DE-1": lambda: xrechnung(currency="CHF", bank_accounts=(replace(document().bank_accounts[0], currency="EUR"),)),
    "BR-DE-3": lambda: seller(xrechnung(), address=replace(SELLER.address, city=None)),
    "BR-DE-4": lambda: seller(xrechnung(), address=replace(SELLER.address, postal_code="")),
    "BR-DE-5": lambda: seller(xrechnung(), contact=Contact(None, "+49 30 1", "a@b.example")),
    "BR-DE-6": lambda: seller(xrechnung(), contact=Contact("Ada", None, "a@b.example")),
    "BR-DE-7": lambda: seller(xrechnung(), contact=Contact("Ada", "+49 30 1")),
    "BR-DE-8": lambda: buyer(xrechnung(), address=replace(BUYER.address, city=None)),
    "BR-DE-9": lambda: buyer(xrechnung(), address=replace(BUYER.address, postal_code=None)),
    "BR-DE-15": lambda: xrechnung(buyer_reference=None),
    "BR-DE-27": lambda: seller(xrechnung(), contact=Contact("Ada", "12", "a@b.example")),
    "BR-DE-28": lambda: seller(xrechnung(), contact=Contact("Ada", "+49 30 1", "a@b")),
}
"""The rules of Peppol and XRechnung. No package ships their schematrons, so ours are alone here."""


@pytest.mark.parametrize("id", OFFICIAL)
def test_our_rule_has_the_id_that_the_official_rules_report(id: str) -> None:
    made = OFFICIAL[id]()
    ours = {rule.id for rule in broken_rules(made)}
    official = {id for rules in broken_in(made).values() for id in rules}
    assert id in ours
    assert id in official


@pytest.mark.parametrize("id", UNOFFICIAL)
def test_a_rule_of_peppol_or_xrechnung_is_told(id: str) -> None:
    assert [rule.id for rule in broken_rules(UNOFFICIAL[id]())] == [id]


def test_every_rule_that_we_state_is_broken_here() -> None:
    text = Path(business_rules.__file__).read_text("utf-8")
    stated = set(re.findall(r'"((?:BR-|PEPPOL-|UBL-SR-)[A-Z0-9-]*[0-9])"', text))
    assert stated <= OFFICIAL.keys() | UNOFFICIAL.keys()
    kinds = {category: "IC" if category is K else category.value for category in TaxCategory}
    by_category = {f"BR-{kind}-{rule}" for kind in kinds.values() for rule in ("02", "05", "08", "09", "10")}
    # Outside the scope no identifier and no rate is said, and a zero rate has the tax of 09 with every rate but zero.
    assert by_category - OFFICIAL.keys() == {"BR-O-02", "BR-O-05"}


@pytest.mark.parametrize("profile", Profile)
def test_a_whole_document_breaks_none_and_a_preview_needs_no_number(profile: Profile) -> None:
    assert broken_rules(profiled(profile, invoice_number=None)) == []


def test_a_broken_rule_says_where_the_set_up_has_it_the_figures_and_what_to_do() -> None:
    (drifted, far) = broken_rules(of(S, "19", tax=D("183.40")))
    assert str(drifted) == (
        "BR-CO-17: sales_tax.rounding.calculation: 19 % of 960.00 is 182.40, and the tax of VAT is 183.40; "
        "set `calculation: total` and `by: code` in `sales_tax.rounding`"
    )
    assert far.id == "BR-S-09"
    (missing,) = broken_rules(buyer(of(K), tax_id=None))
    assert (missing.field, missing.advice) == ("customers.USPM.C-100.tax_id", "give the customer's VAT identifier")


def test_our_code_lists_are_those_of_both_syntaxes() -> None:
    for ours, id in (
        (code_lists.COUNTRIES, "BR-CL-14"),
        (code_lists.CURRENCIES, "BR-CL-04"),
        (code_lists.ADDRESS_SCHEMES, "BR-CL-25"),
        (code_lists.EXEMPTIONS, "BR-CL-22"),
        (code_lists.UNITS, "BR-CL-23"),
    ):
        assert ours == codes_of("ubl", id) & codes_of("cii", id)
