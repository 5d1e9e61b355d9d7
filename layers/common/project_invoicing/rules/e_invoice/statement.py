"""An invoice document as EN 16931 wants it stated: what both syntaxes write, and what the business rules look at.

A credit note's amounts are positive. A price is never negative (BR-27): the quantity takes the sign. Tax rows of the
same category and rate are one (BR-S-08).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from project_invoicing.domain.invoice_document import (
    BankAccount,
    DocumentLine,
    InvoiceDocument,
    LineTax,
    Party,
    Profile,
    Syntax,
    TaxCategory,
    TaxRow,
)
from project_invoicing.domain.money import ZERO, round_to
from project_invoicing.domain.payment_reference import accounts_to_pay, payment_reference

CENT = Decimal("0.01")
PIECE = "C62"
"""The unit "one", where a unit has no code."""
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

SPECIFICATIONS = {
    Profile.EN16931: "urn:cen.eu:en16931:2017",
    Profile.PEPPOL: "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
    Profile.XRECHNUNG: "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
}
"""BT-24 of each profile."""
PEPPOL_BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
"""BT-23, the business process, of Peppol and XRechnung."""
CASH_DISCOUNT = {
    "en": "{percent} % cash discount until {until}",
    "de": "{percent} % Skonto bis {until}",
    "fr": "{percent} % d'escompte jusqu'au {until}",
    "es": "{percent} % de descuento por pronto pago hasta el {until}",
    "pl": "{percent} % skonta do {until}",
    "ja": "{until}までのお支払いで{percent} %割引",
}


def clean(text: str | None) -> str:
    """A text without what XML can't say, and without blanks around it."""
    return _NOT_IN_XML.sub("", text).strip() if text else ""


@dataclass(frozen=True, slots=True)
class LineCategory:
    """The VAT category and rate that a line says (BT-151, BT-152). No rate is said outside the scope of tax."""

    category: TaxCategory | None
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Line:
    """``price`` is for ``base_quantity`` units, for one where that is ``None``.

    ``net`` is quantity times price, minus ``allowance``, plus ``charge``.
    """

    source: DocumentLine
    quantity: Decimal
    unit: str
    price: Decimal
    base_quantity: Decimal | None
    allowance: Decimal
    charge: Decimal
    net: Decimal
    categories: tuple[LineCategory, ...]

    @property
    def name(self) -> str:
        """BT-153."""
        named = (self.source.category, self.source.task, self.source.project)
        texts = (self.source.description, *(one.text for one in named if one))
        return next(filter(None, map(clean, texts)), str(self.source.kind).replace("_", " "))

    @property
    def description(self) -> str:
        """BT-154: what the line is of, without what its name already says."""
        source = self.source
        named = (source.project, source.task, source.role, source.resource)
        texts = (clean(one.text) for one in named if one)
        return ", ".join(text for text in texts if text and text != self.name)


@dataclass(frozen=True, slots=True)
class TaxBreakdown:
    """A row of BG-23. ``codes``: the sales tax codes in it."""

    category: TaxCategory | None
    percent: Decimal | None
    base: Decimal
    tax: Decimal
    exemption_code: str
    exemption_text: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """``accounting_tax`` (BT-111) is ``None`` where the invoice is in the currency of the ledger."""

    document: InvoiceDocument
    profile: Profile
    sign: int
    lines: tuple[Line, ...]
    taxes: tuple[TaxBreakdown, ...]
    accounting_tax: Decimal | None

    @property
    def specification(self) -> str:
        return SPECIFICATIONS[self.profile]

    @property
    def process(self) -> str | None:
        return None if self.profile is Profile.EN16931 else PEPPOL_BILLING

    @property
    def type_code(self) -> str:
        """BT-3."""
        return "381" if self.document.is_credit_note else "380"

    @property
    def net(self) -> Decimal:
        return self.document.subtotal * self.sign

    @property
    def tax(self) -> Decimal:
        return self.document.sales_tax * self.sign

    @property
    def total(self) -> Decimal:
        return self.document.total * self.sign

    @property
    def outside_scope(self) -> bool:
        """Nothing of it is subject to VAT: then nobody's VAT identifier is said (BR-O-02)."""
        return bool(self.taxes) and all(row.category is TaxCategory.OUTSIDE_SCOPE for row in self.taxes)

    def tax_id(self, party: Party) -> str:
        """BT-31, BT-48."""
        return "" if self.outside_scope else re.sub(r"\s", "", clean(party.tax_id))

    @property
    def delivered_to(self) -> Party | None:
        """BG-15, said where the buyer's country makes the supply free of tax (BR-IC-12)."""
        within = any(row.category is TaxCategory.INTRA_COMMUNITY for row in self.taxes)
        return self.document.buyer if within else None

    @property
    def accounts(self) -> tuple[BankAccount, ...]:
        """BG-17: the accounts in the invoice's currency, or those of no currency, that have a number."""
        return accounts_to_pay(self.document)

    @property
    def payment_reference(self) -> str:
        """BT-83."""
        return payment_reference(self.document)

    @property
    def payment_code(self) -> str:
        """BT-81, the same for all accounts (UBL-SR-47): a SEPA credit transfer or another one."""
        sepa = self.document.currency == "EUR" and all(clean(one.iban) for one in self.accounts)
        return "58" if sepa else "30"

    @property
    def payment_terms(self) -> str:
        """BT-20. XRechnung has a form of its own for a cash discount (BR-DE-18)."""
        document = self.document
        terms = clean(document.terms_of_payment)
        if self.profile is Profile.XRECHNUNG:
            terms = terms.replace("#", "")
        until, percent = document.cash_discount_date, document.cash_discount_percent
        if until is None or percent is None or not document.total:
            return terms
        if self.profile is Profile.XRECHNUNG:
            days = max((until - document.invoice_date).days, 0)
            return f"{terms}\n#SKONTO#TAGE={days}#PROZENT={percent:.2f}#\n".lstrip("\n")
        form = CASH_DISCOUNT.get(document.presentation.language, CASH_DISCOUNT["en"])
        discount = form.format(percent=digits(percent), until=until.isoformat())
        return f"{terms}; {discount}" if terms else discount


def account_number(account: BankAccount) -> str:
    """BT-84."""
    return re.sub(r"\s", "", clean(account.iban)) or clean(account.account_number)


def amount(value: Decimal) -> str:
    """Two digits, as the standard wants; more only where the amount has them, which is refused before posting."""
    rounded = round_to(value, CENT)
    return str(rounded) if rounded == value else digits(value)


def digits(value: Decimal) -> str:
    """A quantity, price or percent without an exponent and without zeros at its end."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def statement(document: InvoiceDocument) -> Statement:
    """What an e-invoice of the document says."""
    sign = -1 if document.is_credit_note else 1
    rows = {(row.code, row.percent): row for row in document.taxes}
    spare = _category(document.taxes[0]) if document.taxes else LineCategory(TaxCategory.ZERO_RATED, ZERO)
    lines = tuple(_line(one, sign, rows, spare) for one in document.lines)
    taxes = tuple(_breakdown(document.taxes, sign))
    if not taxes and lines and all(line.categories == (spare,) for line in lines):
        # Nothing is charged. BR-CO-18 still wants a row.
        taxes = (TaxBreakdown(TaxCategory.ZERO_RATED, ZERO, ZERO, ZERO, "", "", ()),)
    return Statement(document, profile_of(document), sign, lines, taxes, _accounting_tax(document, sign))


def profile_of(document: InvoiceDocument) -> Profile:
    """Whose identifiers it carries. Peppol has no invoices within a PDF: there they are those of EN 16931."""
    chosen = document.presentation.e_invoice
    if chosen is None or (chosen.syntax is Syntax.FACTUR_X and chosen.profile is Profile.PEPPOL):
        return Profile.EN16931
    return chosen.profile


def _accounting_tax(document: InvoiceDocument, sign: int) -> Decimal | None:
    if document.accounting_currency in (None, document.currency):
        return None
    taxes = [row.accounting_tax for row in document.taxes if row.accounting_tax is not None]
    return sum(taxes, ZERO) * sign if len(taxes) == len(document.taxes) else None


def _line(source: DocumentLine, sign: int, rows: dict[tuple[str, Decimal | None], TaxRow], spare: LineCategory) -> Line:
    quantity, price, discount, net = (
        source.quantity * sign,
        source.unit_price,
        source.discount * sign,
        source.net * sign,
    )
    base_quantity = None
    if not source.chargeable:
        price = discount = ZERO
    if source.tax_included:
        discount = ZERO  # it has tax in it; the price, which has none, is after it
    if price < ZERO:
        quantity, price = -quantity, -price
    gross = net + discount
    if round_to(quantity * price, CENT) != gross:
        # Rounded otherwise, shared among customers, or taxed inside: the price of the whole quantity is exact.
        quantity = quantity.copy_sign(gross) if quantity else Decimal(1).copy_sign(gross)
        price, base_quantity = abs(gross), abs(quantity)
        if base_quantity == 1:
            base_quantity = None
    return Line(
        source,
        quantity,
        clean(source.unit_code) or PIECE,
        price,
        base_quantity,
        max(discount, ZERO),
        max(-discount, ZERO),
        net,
        tuple(_line_categories(source, rows)) or ((spare,) if not net else ()),
    )


def _line_categories(source: DocumentLine, rows: dict[tuple[str, Decimal | None], TaxRow]) -> Iterable[LineCategory]:
    for tax in source.taxes:
        row = rows.get((tax.code, tax.percent))
        if row:
            yield _category(row)


def _category(row: TaxRow | LineTax) -> LineCategory:
    category = row.category if isinstance(row, TaxRow) else None
    return LineCategory(category, None if category is TaxCategory.OUTSIDE_SCOPE else row.percent)


def _breakdown(rows: Iterable[TaxRow], sign: int) -> Iterable[TaxBreakdown]:
    together: dict[LineCategory, list[TaxRow]] = {}
    for row in rows:
        together.setdefault(_category(row), []).append(row)
    for key, same in together.items():
        codes = list(dict.fromkeys(filter(None, (clean(row.exemption_code) for row in same))))
        texts = list(dict.fromkeys(filter(None, (clean(row.exemption_text) for row in same))))
        yield TaxBreakdown(
            key.category,
            key.percent,
            sum((row.base for row in same), ZERO) * sign,
            sum((row.tax for row in same), ZERO) * sign,
            codes[0] if len(codes) == 1 else "",
            "; ".join(texts or codes if len(codes) > 1 else texts),
            tuple(dict.fromkeys(row.code for row in same)),
        )
