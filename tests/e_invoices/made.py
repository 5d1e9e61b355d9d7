"""Documents as postings make them, in any mix of categories, discounts, credits, retainers, steps and currencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import strategies as st

from project_invoicing.domain.codes import LineKind
from project_invoicing.domain.invoice_document import (
    BankAccount,
    Contact,
    Corrected,
    DocumentLine,
    EInvoice,
    InvoiceDocument,
    LineTax,
    Named,
    Presentation,
    Profile,
    Syntax,
    TaxCategory,
    TaxRow,
    Texts,
)
from project_invoicing.domain.invoice_totals import DocumentType
from project_invoicing.domain.money import ZERO, round_to
from tests.invoice_documents import BANK, BUYER, SELLER, document

D = Decimal
T = TypeVar("T")
CODES: dict[str, tuple[TaxCategory, Decimal, str | None, str | None]] = {
    "VAT19": (TaxCategory.STANDARD, D(19), None, None),
    "VAT7": (TaxCategory.STANDARD, D("7.0"), None, None),
    "OTHER7": (TaxCategory.STANDARD, D("7.00"), None, None),
    "TVA55": (TaxCategory.STANDARD, D("5.5"), None, None),
    "ZERO": (TaxCategory.ZERO_RATED, ZERO, None, None),
    "EXEMPT": (TaxCategory.EXEMPT, ZERO, "VATEX-EU-132", None),
    "SCHOOL": (TaxCategory.EXEMPT, ZERO, "VATEX-EU-132-1I", "Education"),
    "REVERSE": (TaxCategory.REVERSE_CHARGE, ZERO, None, "Reverse charge & <more>"),
    "WITHIN": (TaxCategory.INTRA_COMMUNITY, ZERO, "VATEX-EU-IC", None),
    "EXPORT": (TaxCategory.EXPORT, ZERO, "VATEX-EU-G", None),
}
OUTSIDE: dict[str, tuple[TaxCategory, Decimal, str | None, str | None]] = {
    "OUT": (TaxCategory.OUTSIDE_SCOPE, ZERO, "VATEX-EU-O", None)
}
STEPS = {"EUR": "0.01", "JPY": "1", "CHF": "0.05", "USD": "0.01", "HUF": "5"}
TEXTS = st.one_of(
    st.none(), st.sampled_from(["", " ", "30 days", "<b>&amp;]]>", "Zürich 東京", "a\x00\x0b\ufffe\ud800b", "#"])
)
FEW_TEXTS = st.text(max_size=40)


def amounts(step: Decimal) -> st.SearchStrategy[Decimal]:
    return st.integers(-200_000, 200_000).map(lambda number: number * step)


@st.composite
def _lines(draw: st.DrawFn, step: Decimal, codes: Sequence[str], known: dict[str, Any]) -> list[DocumentLine]:
    lines = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        code = draw(st.sampled_from(codes))
        chargeable = draw(st.integers(0, 5)) > 0
        quantity = draw(st.integers(-4000, 4000).map(lambda one: D(one) / 16))
        price = draw(st.integers(-30000, 30000).map(lambda one: D(one) / 1000))
        discount = draw(st.one_of(st.just(ZERO), amounts(step))) if chargeable else ZERO
        # Most are what quantity and price say. Shares and taxes inside are not.
        net = round_to(quantity * price, step) - discount if draw(st.integers(0, 4)) else draw(amounts(step))
        lines.append(
            DocumentLine(
                number=number,
                kind=draw(st.sampled_from(LineKind)),
                quantity=quantity,
                unit_price=price,
                net=net if chargeable else ZERO,
                discount=discount,
                chargeable=chargeable,
                date=date(2026, 9, 1) + timedelta(draw(st.integers(0, 29)))
                if number == 1 or draw(st.booleans())
                else None,
                description=draw(st.one_of(TEXTS, FEW_TEXTS)),
                unit_code=draw(st.sampled_from([None, "HUR", "DAY", "C62", "KGM"])),
                taxes=(LineTax(code, known[code][1]),) if chargeable else (),
                project=draw(st.sampled_from([None, Named("P-1", "Web & more")])),
                resource=draw(st.sampled_from([None, Named("W-1", "\x07")])),
            )
        )
    return lines


@st.composite
def documents(draw: st.DrawFn) -> InvoiceDocument:
    """Whole: its customer and company are set up for e-invoices, and its tax is calculated by total and code."""
    currency = draw(st.sampled_from(list(STEPS)))
    step = D(STEPS[currency])
    known = draw(st.sampled_from([CODES, CODES, CODES, OUTSIDE]))
    codes = draw(st.lists(st.sampled_from(sorted(known)), min_size=1, max_size=4, unique=True))
    lines = draw(_lines(step, codes, known))
    taxes = []
    for code in dict.fromkeys(tax.code for one in lines for tax in one.taxes):
        category, percent, reason, text = known[code]
        base = sum((one.net for one in lines if one.taxes and one.taxes[0].code == code), ZERO)
        tax = round_to(base * percent / 100, min(step, D("0.05")))
        accounting = round_to(tax * D("1.17"), D("0.01")) if currency != "EUR" else None
        taxes.append(TaxRow(code, percent, base, tax, category, reason, text, accounting))
    net, tax = sum((one.net for one in lines), ZERO), sum((one.tax for one in taxes), ZERO)
    profile = draw(st.sampled_from(Profile))
    credit = net + tax < ZERO
    return replace(
        document(),
        lines=tuple(lines),
        taxes=tuple(taxes),
        currency=currency,
        currency_step=step,
        accounting_currency=draw(st.sampled_from(["EUR", "EUR", None])),
        subtotal=net,
        sales_tax=tax,
        total=net + tax,
        document_type=DocumentType.CREDIT_NOTE if credit else DocumentType.INVOICE,
        corrects=draw(st.sampled_from([(), (Corrected("FTI-1", date(2026, 8, 1)), Corrected("FTI-2"))])),
        seller=replace(SELLER, tax_number=draw(st.sampled_from([None, "30/123/45678"]))),
        buyer=replace(BUYER, contact=draw(st.sampled_from([Contact(), Contact("Ada <x>", "1", "a@b.example")]))),
        bank_accounts=draw(
            st.sampled_from(
                [(BANK,), (BANK, BankAccount(account_number="1 & 2", holder="C")), (replace(BANK, bic=None),)]
            )
        ),
        terms_of_payment=draw(TEXTS),
        cash_discount_date=draw(st.sampled_from([None, date(2026, 10, 10)])),
        cash_discount_percent=D("2.5"),
        order_reference=draw(TEXTS),
        presentation=Presentation(
            language=draw(st.sampled_from(["en", "de", "ja", "it"])),
            texts=Texts(introduction=draw(TEXTS)),
            e_invoice=EInvoice(draw(st.sampled_from(Syntax)), profile),
        ),
    )


CHANGES: tuple[dict[str, Any], ...] = (
    {"seller": replace(SELLER, tax_id=None)},
    {"seller": replace(SELLER, tax_id=None, registration=None, tax_number="30/1")},
    {"seller": replace(SELLER, name="\x01", tax_id="de136695976")},
    {"buyer": replace(BUYER, tax_id=None)},
    {"buyer": replace(BUYER, tax_id=None, registration="HRB 1", electronic_address=None)},
    {"buyer": replace(BUYER, name="", tax_id="811569869")},
    {"buyer": replace(BUYER, address=replace(BUYER.address, country=None))},
    {"currency": "KWD"},
    {"bank_accounts": ()},
    {"taxes": ()},
)
"""What a set-up may have forgotten."""


@st.composite
def careless(draw: st.DrawFn) -> InvoiceDocument:
    """A document with anything forgotten, and tax rows and lines that need not fit together. Some are whole."""

    def mostly(value: T, *others: T) -> T:
        return draw(st.sampled_from([value] * 18 + [*others]))

    made = replace(draw(documents()), **mostly({}, *CHANGES))
    rows = tuple(
        replace(
            row,
            category=mostly(row.category, *TaxCategory, None),
            tax=row.tax + mostly(ZERO, D("0.40"), D("0.99"), D(1), D("1.01"), D("0.001")),
            base=row.base + mostly(ZERO, D("0.5"), D(1)),
            exemption_text=mostly(row.exemption_text, None, "Why"),
        )
        for row in made.taxes
    )
    lines = tuple(
        replace(
            one,
            taxes=mostly(one.taxes, (), (*one.taxes, LineTax("VAT19", D(19)))),
            date=mostly(one.date, None),
            unit_code=mostly(one.unit_code, "HOURS"),
        )
        for one in made.lines
    )
    tax = sum((row.tax for row in rows), ZERO) + mostly(ZERO, D("0.01"))
    total = made.subtotal + tax + mostly(ZERO, D("0.01"))
    return replace(made, taxes=rows, lines=lines, sales_tax=tax, total=total)
