"""The business rules of EN 16931 that a document can break here, and what Peppol and XRechnung want beyond them.

Each has its official id. What the type of a document, the set-up or the way it is written make impossible is not asked
here; ``docs/documents.md`` lists it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from project_invoicing.domain.invoice_document import InvoiceDocument, Party, Profile, TaxCategory
from project_invoicing.domain.money import ZERO, round_to
from project_invoicing.rules.e_invoice.code_lists import ADDRESS_SCHEMES, COUNTRIES, CURRENCIES, EXEMPTIONS, UNITS
from project_invoicing.rules.e_invoice.statement import (
    CENT,
    LineCategory,
    Statement,
    TaxBreakdown,
    amount,
    clean,
    digits,
    statement,
)

TOLERANCE: Final = Decimal(1)
"""How far the official rules let the tax of a row be from base times rate: less than this (BR-CO-17)."""
RULE_NAMES: Final = {TaxCategory.INTRA_COMMUNITY: "IC"}
"""What the ids of rules call a category, where that is not its code."""
REASON_NEEDED: Final = frozenset(
    {
        TaxCategory.EXEMPT,
        TaxCategory.REVERSE_CHARGE,
        TaxCategory.INTRA_COMMUNITY,
        TaxCategory.EXPORT,
        TaxCategory.OUTSIDE_SCOPE,
    }
)
_FOR_ONE_CATEGORY: Final = {
    "VATEX-EU-G": ("P0104", TaxCategory.EXPORT),
    "VATEX-EU-O": ("P0105", TaxCategory.OUTSIDE_SCOPE),
    "VATEX-EU-IC": ("P0106", TaxCategory.INTRA_COMMUNITY),
    "VATEX-EU-AE": ("P0107", TaxCategory.REVERSE_CHARGE),
    "VATEX-EU-D": ("P0108", TaxCategory.EXEMPT),
    "VATEX-EU-F": ("P0109", TaxCategory.EXEMPT),
    "VATEX-EU-I": ("P0110", TaxCategory.EXEMPT),
    "VATEX-EU-J": ("P0111", TaxCategory.EXEMPT),
}
_MAIL = re.compile(r"[^@\s.][^@\s]*@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """``field``: where the set-up says it, or the part of the document. ``advice``: what to do."""

    id: str
    field: str
    detail: str
    advice: str

    def __str__(self) -> str:
        return f"{self.id}: {self.field}: {self.detail}; {self.advice}"


def broken_rules(document: InvoiceDocument) -> list[BrokenRule]:
    """The rules that an e-invoice of the document would break, each once with its first case. No number is needed."""
    said = statement(document)
    found: dict[tuple[str, str], BrokenRule] = {}
    for part in _PARTS:
        for rule in part(said):
            found.setdefault((rule.id, rule.field), rule)
    return list(found.values())


def _seller(said: Statement, name: str) -> str:
    return f"companies.{said.document.company}.document.{name}"


def _buyer(said: Statement, name: str) -> str:
    return f"customers.{said.document.company}.{said.document.buyer.id}.{name}"


def _code(codes: tuple[str, ...], name: str) -> str:
    return f"sales_tax.codes.{codes[0] if codes else '?'}.{name}"


def _ids_of(category: TaxCategory) -> str:
    return f"BR-{RULE_NAMES.get(category, category.value)}"


def _parties(said: Statement) -> Iterator[BrokenRule]:
    seller, buyer = said.document.seller, said.document.buyer
    if not clean(seller.name):
        yield BrokenRule(
            "BR-06", _seller(said, "legal_name"), "the seller has no name", "give the company's legal name"
        )
    if not clean(buyer.name):
        yield BrokenRule("BR-07", _buyer(said, "name"), f"customer {buyer.id} has no name", "give the customer's name")
    yield from _country(seller, "BR-09", _seller(said, "address.country"))
    yield from _country(buyer, "BR-11", _buyer(said, "address.country"))
    for party, field in ((seller, _seller(said, "tax_id")), (buyer, _buyer(said, "tax_id"))):
        vat = said.tax_id(party)
        if vat and vat[:2] not in COUNTRIES | {"EL"}:
            detail = f"the VAT identifier {vat} of {party.id} does not begin with a country"
            yield BrokenRule("BR-CO-09", field, detail, "begin it with the country's code, as in DE136695976")
    for party, field in (
        (seller, _seller(said, "electronic_address.scheme")),
        (buyer, _buyer(said, "electronic_address.scheme")),
    ):
        address = party.electronic_address
        if address and clean(address.id) and address.scheme not in ADDRESS_SCHEMES:
            detail = f"{address.scheme!r} is no scheme of electronic addresses"
            yield BrokenRule("BR-CL-25", field, detail, "use a code of the EAS list, such as 9930 or 0204")
    if not said.tax_id(seller) and not clean(seller.registration):
        vat = " (the VAT identifier is not said outside the scope of tax)" if said.outside_scope else ""
        detail = f"nothing identifies the seller {seller.id}{vat}"
        field = _seller(said, "registration" if said.outside_scope else "tax_id")
        yield BrokenRule("BR-CO-26", field, detail, "give the VAT identifier or the registration")


def _country(party: Party, id: str, field: str) -> Iterator[BrokenRule]:
    country = clean(party.address.country)
    if not country:
        text = f", only {party.address.country_text!r}" if party.address.country_text else ""
        detail = f"the address of {party.id} has no country code{text}"
        yield BrokenRule(id, field, detail, "give the address with a two-letter code, such as DE")
    elif country not in COUNTRIES:
        yield BrokenRule("BR-CL-14", field, f"{country} is no country", "use a two-letter code, such as DE")


def _identifiers(said: Statement) -> Iterator[BrokenRule]:
    """Who needs which identifier, by the categories of the lines (BR-S-02 and its like)."""
    document = said.document
    seller, buyer = document.seller, document.buyer
    vat, any_number = said.tax_id(seller), said.tax_id(seller) or clean(seller.tax_number)
    bought, any_buyer = said.tax_id(buyer), said.tax_id(buyer) or clean(buyer.registration)
    for category in _categories(said):
        if category is TaxCategory.OUTSIDE_SCOPE:
            continue
        id = f"{_ids_of(category)}-02"
        strict = category in (TaxCategory.INTRA_COMMUNITY, TaxCategory.EXPORT)
        if not (vat if strict else any_number):
            advice = "give the VAT identifier" + ("" if strict else ", or the tax number")
            detail = f"lines of category {category} need the seller's VAT identifier"
            yield BrokenRule(id, _seller(said, "tax_id"), detail, advice)
        missing = {TaxCategory.INTRA_COMMUNITY: not bought, TaxCategory.REVERSE_CHARGE: not any_buyer}
        if missing.get(category):
            detail = f"lines of category {category} need the buyer's VAT identifier"
            yield BrokenRule(id, _buyer(said, "tax_id"), detail, "give the customer's VAT identifier")


def _categories(said: Statement) -> list[TaxCategory]:
    """The categories of the lines, each once."""
    stated = (one.category for line in said.lines for one in line.categories)
    return list(dict.fromkeys(category for category in stated if category))


def _delivery(said: Statement) -> Iterator[BrokenRule]:
    if not any(row.category is TaxCategory.INTRA_COMMUNITY for row in said.taxes):
        return
    if said.document.dated is None:
        detail = "an intra-community supply says when it was made, and no line has a date"
        yield BrokenRule("BR-IC-11", "lines.date", detail, "give the actuals a transaction date in Dataverse")
    if len(clean(said.document.buyer.address.country)) <= 1:
        detail = "an intra-community supply says the country that it went to"
        yield BrokenRule("BR-IC-12", _buyer(said, "address.country"), detail, "give the customer's address")


def _sums(said: Statement) -> Iterator[BrokenRule]:
    document = said.document
    if not said.lines:
        yield BrokenRule("BR-16", "lines", "the invoice has no line", "such an invoice can't be sent as an e-invoice")
    lines = sum((line.net for line in said.lines), ZERO)
    if said.net != round_to(lines, CENT):
        detail = f"the lines sum up to {amount(lines)}, and the subtotal is {amount(said.net)}"
        yield BrokenRule("BR-CO-10", "subtotal", detail, _DEFECT)
    rows = sum((row.tax for row in said.taxes), ZERO)
    if said.tax != round_to(rows, CENT):
        detail = f"the tax of its codes sums up to {amount(rows)}, and the sales tax is {amount(said.tax)}"
        yield BrokenRule("BR-CO-14", "sales_tax", detail, _DEFECT)
    if said.total != round_to(said.net + said.tax, CENT):
        detail = f"{amount(said.net)} and tax {amount(said.tax)} are not the total {amount(said.total)}"
        yield BrokenRule("BR-CO-15", "total", detail, _DEFECT)
    if not said.taxes:
        detail = "no line has a sales tax code"
        advice = (
            "give customer or project a sales tax group, with a code of category O, E or Z where nothing is charged"
        )
        yield BrokenRule("BR-CO-18", _buyer(said, "sales_tax_group"), detail, advice)
    for currency, id in ((document.currency, "BR-CL-04"), (document.accounting_currency, "BR-CL-05")):
        stated = id == "BR-CL-04" or said.accounting_tax is not None
        if stated and currency not in CURRENCIES:
            detail = f"{currency} is no currency of ISO 4217"
            yield BrokenRule(id, f"currencies.{currency}", detail, "an e-invoice can't be in this currency")


_DEFECT: Final = "tell whoever looks after the stack: the figures of the document don't fit together"


def _decimals(said: Statement) -> Iterator[BrokenRule]:
    """No amount has more than two digits, whatever the currency (BR-DEC)."""
    currency = f"currencies.{said.document.currency}.precision"
    amounts = [("BR-DEC-09", said.net), ("BR-DEC-12", said.net), ("BR-DEC-14", said.total), ("BR-DEC-18", said.total)]
    amounts += [(id, value) for row in said.taxes for id, value in (("BR-DEC-19", row.base), ("BR-DEC-20", row.tax))]
    amounts += [("BR-DEC-23", line.net) for line in said.lines]
    amounts += [("BR-DEC-24", line.allowance) for line in said.lines]
    amounts += [("BR-DEC-27", line.charge) for line in said.lines]
    for id, value in amounts:
        if value != round_to(value, CENT):
            detail = f"{digits(value)} has more than two digits after the point"
            yield BrokenRule(id, currency, detail, "an e-invoice needs a currency of two digits at most")


def _lines(said: Statement) -> Iterator[BrokenRule]:
    for line in said.lines:
        source = line.source
        where = f"lines.{source.number}"
        if line.unit not in UNITS:
            field = f"companies.{said.document.company}.document.unit_codes.{source.unit or '?'}"
            detail = f"{line.unit} is no unit of UN/ECE recommendation 20"
            yield BrokenRule("BR-CL-23", field, detail, "use a code of that list, such as HUR, DAY or C62")
        stated = [one for one in line.categories if one.category]
        codes = tuple(tax.code for tax in source.taxes)
        if not stated:
            field = _code(codes, "category") if codes else f"{where}.sales_tax_group"
            detail = f"line {source.number} has no VAT category" + ("" if codes else ", as no sales tax code applies")
            advice = "give the code a category" if codes else "give the line a sales tax group, or its project one"
            yield BrokenRule("BR-CO-04", field, detail, advice)
        if len(line.categories) > 1:
            detail = f"line {source.number} is taxed by {len(line.categories)} codes: {', '.join(codes)}"
            yield BrokenRule("UBL-SR-48", f"{where}.sales_tax_group", detail, "let one code apply to each line")
        for one in stated:
            yield from _rate(said, one, codes)


def _rate(said: Statement, one: LineCategory, codes: tuple[str, ...]) -> Iterator[BrokenRule]:
    """A standard rate is above zero, every other one is zero (BR-S-05 and its like)."""
    category, percent = one.category, one.percent
    if category is None or category is TaxCategory.OUTSIDE_SCOPE:
        return
    standard = category is TaxCategory.STANDARD
    if percent is None or (percent <= ZERO if standard else percent != ZERO):
        codes = codes or next((row.codes for row in said.taxes if row.category is category), ())
        shown = "no percent" if percent is None else f"{digits(percent)} %"
        wanted = "a percent above zero" if standard else "0 %"
        detail = f"category {category} has {shown}, and needs {wanted}"
        yield BrokenRule(f"{_ids_of(category)}-05", _code(codes, "category"), detail, "change the category or the rate")


def _tax_rows(said: Statement) -> Iterator[BrokenRule]:
    bases = _bases(said)
    for row in said.taxes:
        if row.category is None:
            detail = f"{', '.join(row.codes)} has no VAT category"
            yield BrokenRule("BR-47", _code(row.codes, "category"), detail, "give the code a category")
        if row.percent is None and row.category is not TaxCategory.OUTSIDE_SCOPE:
            detail = f"{', '.join(row.codes)} is an amount for a unit, and VAT has a percent"
            yield BrokenRule("BR-48", _code(row.codes, "origin"), detail, "such a tax can't be on an e-invoice")
        yield from _figures(row)
        if row.category:
            yield from _base(row, row.category, bases)
            yield from _reason(row, row.category)
    if any(row.category is TaxCategory.OUTSIDE_SCOPE for row in said.taxes) and not said.outside_scope:
        codes = next(row.codes for row in said.taxes if row.category is TaxCategory.OUTSIDE_SCOPE)
        detail = "what is outside the scope of tax is on an invoice with other categories"
        yield BrokenRule("BR-O-11", _code(codes, "category"), detail, "bill it with an invoice of its own")


def _bases(said: Statement) -> dict[LineCategory, Decimal]:
    bases: dict[LineCategory, Decimal] = defaultdict(lambda: ZERO)
    for line in said.lines:
        for one in set(line.categories):
            bases[one] += line.net
    return bases


def _base(row: TaxBreakdown, category: TaxCategory, bases: dict[LineCategory, Decimal]) -> Iterator[BrokenRule]:
    """The base of a row is the sum of its lines (BR-S-08 and its like)."""
    if category is TaxCategory.STANDARD:
        expected = bases.get(LineCategory(category, row.percent))
    else:  # there is one row of it, whatever its rate
        expected = sum((base for one, base in bases.items() if one.category is category), ZERO)
    if expected is None or round_to(expected, CENT) != row.base:
        detail = (
            f"the lines of {', '.join(row.codes)} sum up to {amount(expected or ZERO)}, its base is {amount(row.base)}"
        )
        yield BrokenRule(f"{_ids_of(category)}-08", f"taxes.{'+'.join(row.codes)}.base", detail, _DEFECT)


def _figures(row: TaxBreakdown) -> Iterator[BrokenRule]:
    """The tax of a row is its base times its rate, nearly (BR-CO-17, BR-S-09), or nothing (BR-E-09 and its like)."""
    percent = row.percent or ZERO
    wanted = round_to(abs(row.base) * percent / 100, CENT)
    codes = ", ".join(row.codes)
    detail = (
        f"{digits(percent)} % of {amount(row.base)} is {amount(wanted)}, and the tax of {codes} is {amount(row.tax)}"
    )
    advice = "set `calculation: total` and `by: code` in `sales_tax.rounding`"
    far = abs(abs(row.tax) - wanted) >= TOLERANCE
    none = abs(row.tax) < Decimal("0.5")
    whole = round_to(percent, Decimal(1)) != ZERO
    if far if whole else not none:
        yield BrokenRule("BR-CO-17", "sales_tax.rounding.calculation", detail, advice)
    if row.category is TaxCategory.STANDARD and far:
        yield BrokenRule("BR-S-09", "sales_tax.rounding.calculation", detail, advice)
    elif row.category and row.category is not TaxCategory.STANDARD and row.tax:
        detail = f"category {row.category} has a tax of {amount(row.tax)}"
        field = _code(row.codes, "category")
        yield BrokenRule(f"{_ids_of(row.category)}-09", field, detail, "change the category or the rate")


def _reason(row: TaxBreakdown, category: TaxCategory) -> Iterator[BrokenRule]:
    """Whether it says why nothing is charged (BR-E-10 and its like)."""
    given = row.exemption_code or row.exemption_text
    codes = ", ".join(row.codes)
    if category in REASON_NEEDED and not given:
        detail = f"{codes} of category {category} does not say why no tax is charged"
        advice = "give the code an exemption_code or an exemption_text"
        yield BrokenRule(f"{_ids_of(category)}-10", _code(row.codes, "exemption_text"), detail, advice)
    if category not in REASON_NEEDED and given:
        detail = f"{codes} of category {category} gives a reason for an exemption"
        advice = "take the reason away, or change the category"
        yield BrokenRule(f"{_ids_of(category)}-10", _code(row.codes, "exemption_text"), detail, advice)
    if row.exemption_code and row.exemption_code.upper() not in EXEMPTIONS:
        field = _code(row.codes, "exemption_code")
        detail = f"{row.exemption_code} is no code of the VATEX list"
        yield BrokenRule("BR-CL-22", field, detail, "use a code of that list, such as VATEX-EU-AE, or only a text")


def _peppol(said: Statement) -> Iterator[BrokenRule]:
    """What the Peppol and XRechnung rules want of the same: those that a set-up can miss."""
    if said.profile is Profile.EN16931:
        return
    document = said.document
    for party, id, field in (
        (document.seller, "PEPPOL-EN16931-R020", _seller(said, "electronic_address")),
        (document.buyer, "PEPPOL-EN16931-R010", _buyer(said, "electronic_address")),
    ):
        if not (party.electronic_address and clean(party.electronic_address.id)):
            yield BrokenRule(id, field, f"{party.id} has no electronic address", "give its scheme and id")
    if said.profile is Profile.XRECHNUNG:
        return
    if not clean(document.buyer_reference) and not clean(document.order_reference):
        detail = "there is neither a buyer reference nor an order reference"
        advice = "give the customer a buyer_reference"
        yield BrokenRule("PEPPOL-EN16931-R003", _buyer(said, "buyer_reference"), detail, advice)
    for row in said.taxes:
        id, category = _FOR_ONE_CATEGORY.get(row.exemption_code.upper(), ("", row.category))
        if category is not row.category:
            detail = f"{row.exemption_code} is for category {category}, not {row.category}"
            field = _code(row.codes, "exemption_code")
            yield BrokenRule(f"PEPPOL-EN16931-{id}", field, detail, "change the code or the category")


def _xrechnung(said: Statement) -> Iterator[BrokenRule]:
    if said.profile is not Profile.XRECHNUNG:
        return
    document = said.document
    seller, buyer = document.seller, document.buyer
    contact = seller.contact
    needed = (
        ("BR-DE-1", _seller(said, "bank_accounts"), bool(said.accounts), f"an account for {document.currency}"),
        ("BR-DE-3", _seller(said, "address.city"), clean(seller.address.city), "the seller's city"),
        ("BR-DE-4", _seller(said, "address.postal_code"), clean(seller.address.postal_code), "the seller's post code"),
        ("BR-DE-5", _seller(said, "contact.name"), clean(contact.name), "the name of a contact"),
        ("BR-DE-6", _seller(said, "contact.phone"), clean(contact.phone), "the contact's telephone"),
        ("BR-DE-7", _seller(said, "contact.email"), clean(contact.email), "the contact's mail address"),
        ("BR-DE-8", _buyer(said, "address.city"), clean(buyer.address.city), "the buyer's city"),
        ("BR-DE-9", _buyer(said, "address.postal_code"), clean(buyer.address.postal_code), "the buyer's post code"),
        (
            "BR-DE-15",
            _buyer(said, "buyer_reference"),
            clean(document.buyer_reference),
            "the buyer reference (Leitweg-ID)",
        ),
    )
    for id, field, given, what in needed:
        if not given:
            yield BrokenRule(id, field, f"XRechnung needs {what}", "give it in the set-up")
    if clean(contact.phone) and len(re.findall(r"\d", contact.phone or "")) < 3:
        detail = f"{contact.phone} has fewer than three digits"
        yield BrokenRule("BR-DE-27", _seller(said, "contact.phone"), detail, "give the whole number")
    if clean(contact.email) and not _MAIL.fullmatch(clean(contact.email)):
        detail = f"{contact.email} is no mail address"
        yield BrokenRule("BR-DE-28", _seller(said, "contact.email"), detail, "give a whole address")


_PARTS: Final[tuple[Callable[[Statement], Iterator[BrokenRule]], ...]] = (
    _parties,
    _identifiers,
    _delivery,
    _lines,
    _tax_rows,
    _sums,
    _decimals,
    _peppol,
    _xrechnung,
)
