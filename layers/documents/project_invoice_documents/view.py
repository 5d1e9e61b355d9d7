"""What a document shows, in the order in which it shows it: texts alone, in their language. Pages and PDF print it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from project_invoice_documents.payment_codes import PaymentCode, code_of, spaced_iban
from project_invoice_documents.wording import Wording, clean, digits_of, paragraphs
from project_invoicing.domain.codes import LineKind
from project_invoicing.domain.invoice_document import (
    Address,
    DocumentFormat,
    DocumentLine,
    Grouping,
    InvoiceDocument,
    Party,
    TaxRow,
)
from project_invoicing.domain.money import ZERO, round_to
from project_invoicing.domain.payment_reference import accounts_to_pay, payment_reference

PRIMARY, ACCENT = "#1f4e79", "#c55a11"
_COLOUR = re.compile("#[0-9a-fA-F]{6}")
Pair = tuple[str, str]


class RowKind(StrEnum):
    GROUP = "group"
    LINE = "line"
    SUBTOTAL = "subtotal"


@dataclass(frozen=True, slots=True)
class Row:
    """``net`` is what a line adds to the sum that is carried to the next page, and zero for other rows."""

    kind: RowKind
    text: str
    amount: str = ""
    level: int = 0
    position: str = ""
    date: str = ""
    details: tuple[str, ...] = ()
    quantity: str = ""
    price: str = ""
    tax: str = ""
    net: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class TaxLine:
    code: str
    percent: str
    base: str
    tax: str
    accounting: str
    note: str


@dataclass(frozen=True, slots=True)
class Headed:
    """A party: its name, its address, and its numbers."""

    name: str
    lines: tuple[str, ...]
    facts: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class View:
    wording: Wording
    currency: str
    digits: int
    title: str
    number: str
    watermark: str | None
    primary: str
    accent: str
    seller: Headed
    buyer: Headed
    facts: tuple[Pair, ...]
    notes: tuple[str, ...]
    introduction: tuple[str, ...]
    rows: tuple[Row, ...]
    annex: tuple[Row, ...]
    totals: tuple[Pair, ...]
    total: Pair
    taxes: tuple[TaxLine, ...]
    accounting_head: str
    payment: tuple[tuple[Pair, ...], ...]
    payment_texts: tuple[str, ...]
    code: PaymentCode | None
    closing: tuple[str, ...]
    footer: tuple[str, ...]

    def amount(self, value: Decimal) -> str:
        return self.wording.number(value, self.digits)


def view_of(document: InvoiceDocument, *, preview: bool = False) -> View:
    return _Maker(document, preview).view()


class _Maker:
    def __init__(self, document: InvoiceDocument, preview: bool) -> None:
        self.document = document
        self.preview = preview
        self.words = Wording.of(document.presentation.language)
        self.digits = digits_of(document.currency, document.currency_step)
        self.account = next(iter(accounts_to_pay(document)), None)
        self.code = None if preview else code_of(document)

    def view(self) -> View:
        document, words = self.document, self.words
        shown = document.presentation
        summary = shown.format is DocumentFormat.SUMMARY
        detail = tuple(self._grouped(document.lines, shown.group_by))
        return View(
            wording=words,
            currency=clean(document.currency),
            digits=self.digits,
            title=words.say("credit_note" if document.is_credit_note else "invoice"),
            number="" if self.preview else clean(document.number),
            watermark=words.say("preview") if self.preview else None,
            primary=_colour(shown.brand.primary, PRIMARY),
            accent=_colour(shown.brand.accent, ACCENT),
            seller=self._party(document.seller),
            buyer=self._party(document.buyer),
            facts=tuple(self._facts()),
            notes=tuple(self._notes()),
            introduction=tuple(paragraphs(shown.texts.introduction)),
            rows=tuple(self._summed(document.lines, shown.group_by)) if summary else detail,
            annex=detail if summary else (),
            totals=(
                (words.say("subtotal"), self._money(document.subtotal)),
                (words.say("sales_tax"), self._money(document.sales_tax)),
            ),
            total=(
                words.say("total_credit" if document.is_credit_note else "total"),
                words.with_currency(self._money(document.total), document.currency),
            ),
            taxes=tuple(self._tax(row) for row in document.taxes),
            accounting_head=self._accounting_head(),
            payment=tuple(self._payment()),
            payment_texts=tuple(self._payment_texts()),
            code=self.code,
            closing=tuple(paragraphs(shown.texts.closing)),
            footer=tuple(paragraphs(shown.texts.footer)) or self._own_footer(),
        )

    def _money(self, amount: Decimal) -> str:
        return self.words.number(amount, self.digits)

    def _party(self, party: Party) -> Headed:
        contact = party.contact
        facts = [
            (self.words.say(key), clean(value))
            for key, value in (
                ("tax_id", party.tax_id),
                ("tax_number", party.tax_number),
                ("registration", party.registration),
                ("phone", contact.phone),
                ("email", contact.email),
            )
            if value
        ]
        names = [clean(contact.name)] if contact.name else []
        return Headed(clean(party.name), (*names, *self._address(party.address)), tuple(facts))

    def _address(self, address: Address) -> list[str]:
        place = " ".join(clean(part) for part in (address.postal_code, address.city) if part)
        country = self.words.country(address.country) if address.country else clean(address.country_text or "")
        lines = [clean(address.street or ""), clean(address.street_2 or ""), place]
        return [line for line in (*lines, clean(address.region or ""), country) if line]

    def _facts(self) -> Iterator[Pair]:
        document, say = self.document, self.words.say
        if not self.preview and document.invoice_number:
            yield say("number"), clean(document.invoice_number)
        yield say("invoice_date"), self.words.day(document.invoice_date)
        if not document.is_credit_note and "due_date" not in document.missing:
            yield say("due_date"), self.words.day(document.due_date)
        if document.dated:
            first, last = (self.words.day(day) for day in document.dated)
            yield say("service_period"), first if first == last else f"{first} \N{EN DASH} {last}"
        contract = document.contract
        named = " ".join(dict.fromkeys((contract.id, contract.text))) if contract else None
        for key, value in (
            ("customer", document.buyer.id),
            ("order", document.order_reference),
            ("buyer_reference", document.buyer_reference),
            ("contract", named),
            ("proforma", document.proforma_name or document.proforma),
            ("terms", document.terms_of_payment),
        ):
            if value:
                yield say(key), clean(value)

    def _notes(self) -> Iterator[str]:
        document, say = self.document, self.words.say
        for one in document.corrects:
            number = clean(one.invoice_number)
            if one.invoice_date:
                yield say("corrects", number=number, date=self.words.day(one.invoice_date))
            else:
                yield say("corrects_undated", number=number)
        if document.borrower:
            yield say("intercompany", company=clean(document.borrower))
        if document.missing:
            yield say("not_known", names=", ".join(self.words.missing(name) for name in document.missing))

    def _grouped(self, lines: Sequence[DocumentLine], by: Sequence[Grouping], level: int = 0) -> Iterator[Row]:
        if not by:
            yield from (self._line(line, level) for line in lines)
            return
        for name, members in self._groups(lines, by[0]):
            yield Row(RowKind.GROUP, f"{self.words.group(by[0])}: {name}", level=level)
            yield from self._grouped(members, by[1:], level + 1)
            yield self._subtotal(name, members, level)

    def _summed(self, lines: Sequence[DocumentLine], by: Sequence[Grouping], level: int = 0) -> Iterator[Row]:
        """A row for each group of the last kind; by kinds of lines where nothing is said."""
        if not by:
            for kind in LineKind:
                if members := [line for line in lines if line.kind is kind]:
                    yield self._sum(self.words.of_kind(kind), members, 0)
            return
        for name, members in self._groups(lines, by[0]):
            if len(by) == 1:
                yield self._sum(f"{self.words.group(by[0])}: {name}", members, level)
            else:
                yield Row(RowKind.GROUP, f"{self.words.group(by[0])}: {name}", level=level)
                yield from self._summed(members, by[1:], level + 1)
                yield self._subtotal(name, members, level)

    def _groups(self, lines: Sequence[DocumentLine], by: Grouping) -> Iterator[tuple[str, list[DocumentLine]]]:
        """In the order in which they come up, dates in their own; what has none comes last."""
        found: dict[tuple[bool, str], list[DocumentLine]] = defaultdict(list)
        names: dict[tuple[bool, str], str] = {}
        for line in lines:
            key, name = self._member_of(line, by)
            found[key].append(line)
            names.setdefault(key, name)
        keys = sorted(found) if by is Grouping.DATE else sorted(found, key=lambda key: key[0])
        for key in keys:
            yield names[key], found[key]

    def _member_of(self, line: DocumentLine, by: Grouping) -> tuple[tuple[bool, str], str]:
        if by is Grouping.DATE:
            if line.date:
                return (False, line.date.isoformat()), self.words.day(line.date)
        elif named := getattr(line, by.value):
            return (False, named.id), clean(named.text)
        return (True, ""), self.words.say("nothing")

    def _subtotal(self, name: str, members: Sequence[DocumentLine], level: int) -> Row:
        total = sum((line.net for line in members), ZERO)
        return Row(RowKind.SUBTOTAL, self.words.say("group_subtotal", name=name), self._money(total), level)

    def _sum(self, text: str, members: Sequence[DocumentLine], level: int) -> Row:
        """One row for all of them. Its quantity is of what is charged, as its amount is."""
        net = sum((line.net for line in members), ZERO)
        charged = [line for line in members if line.chargeable]
        units = {line.unit for line in charged}
        quantity = ""
        if len(units) == 1 and (unit := next(iter(units))):
            quantity = f"{self.words.number(sum((line.quantity for line in charged), ZERO))} {clean(unit)}"
        return Row(RowKind.LINE, text, self._money(net), level, quantity=quantity, net=net)

    def _line(self, line: DocumentLine, level: int) -> Row:
        words = self.words
        text = clean(line.description or "") or words.of_kind(line.kind)
        percents = [words.percent(tax.percent) if tax.percent is not None else clean(tax.code) for tax in line.taxes]
        unit = clean(line.unit or "")
        return Row(
            RowKind.LINE,
            text,
            self._money(line.net),
            level,
            position=str(line.number),
            date=words.day(line.date) if line.date else "",
            details=tuple(self._details(line, text)),
            quantity=f"{words.number(line.quantity)} {unit}".strip(),
            price=words.number(line.unit_price, self.digits),
            tax=" + ".join(percents),
            net=line.net,
        )

    def _details(self, line: DocumentLine, text: str) -> Iterator[str]:
        words, grouped = self.words, self.document.presentation.group_by
        parts: list[str] = []
        if line.kind is LineKind.ON_ACCOUNT:
            parts.append(words.of_kind("less_on_account" if line.net < 0 else "on_account"))
        elif line.kind is LineKind.FEE:
            parts.append(words.of_kind(line.kind))
        for by in (Grouping.RESOURCE, Grouping.ROLE, Grouping.TASK, Grouping.PROJECT, Grouping.CATEGORY):
            named = getattr(line, by.value)
            if named and by not in grouped:
                parts.append(clean(named.text))
        shown = [part for part in dict.fromkeys(parts) if part and part != text]
        if shown:
            yield " · ".join(shown)
        if line.discount:
            yield f"{words.say('discount')} {words.with_currency(self._money(-line.discount), self.document.currency)}"
        if not line.chargeable:
            yield words.say("not_charged")
        if line.tax_included and line.sales_tax:
            yield words.say(
                "tax_included", amount=self._money(line.net + line.sales_tax), tax=self._money(line.sales_tax)
            )
        if line.takes_back:
            yield words.say("takes_back", number=clean(line.takes_back))

    def _tax(self, row: TaxRow) -> TaxLine:
        document, words = self.document, self.words
        accounting = ""
        if row.accounting_tax is not None and document.accounting_currency:
            digits = digits_of(document.accounting_currency, document.accounting_step)
            accounting = words.number(row.accounting_tax, digits)
        note = " · ".join(clean(part) for part in (row.exemption_code, row.exemption_text) if part)
        percent = words.percent(row.percent) if row.percent is not None else ""
        return TaxLine(clean(row.code), percent, self._money(row.base), self._money(row.tax), accounting, note)

    def _accounting_head(self) -> str:
        currency = self.document.accounting_currency
        if not currency or all(row.accounting_tax is None for row in self.document.taxes):
            return ""
        return self.words.say("tax_in", currency=clean(currency))

    def _payment(self) -> Iterator[tuple[Pair, ...]]:
        document, say = self.document, self.words.say
        if document.is_credit_note or document.total <= 0:
            return
        account = self.account
        if account is None:
            return
        pairs = [
            (say(key), value)
            for key, value in (
                ("holder", clean(account.holder or document.seller.name)),
                ("iban", spaced_iban(account.iban) if account.iban else ""),
                ("account_number", clean(account.account_number or "") if not account.iban else ""),
                ("bic", clean(account.bic or "")),
                ("bank", clean(account.bank or "")),
            )
            if value
        ]
        if not self.preview and document.invoice_number:
            pairs.append((say("reference"), clean(payment_reference(document))))
        yield tuple(pairs)

    def _payment_texts(self) -> Iterator[str]:
        document, words = self.document, self.words
        if document.is_credit_note:
            yield words.say("credited")
        elif document.cash_discount_date and document.cash_discount_percent and document.total > 0:
            share = (100 - document.cash_discount_percent) / 100
            pay = round_to(document.total * share, document.currency_step)
            yield words.say(
                "cash_discount",
                percent=words.percent(document.cash_discount_percent),
                date=words.day(document.cash_discount_date),
                amount=words.with_currency(self._money(pay), document.currency),
            )
        if document.accounting_currency and document.accounting_currency != document.currency:
            yield words.say(
                "rate",
                currency=clean(document.currency),
                rate=words.number(document.exchange_rate, most=8),
                accounting=clean(document.accounting_currency),
            )
        yield from paragraphs(document.presentation.texts.payment)

    def _own_footer(self) -> tuple[str, ...]:
        seller = self._party(self.document.seller)
        numbers = " · ".join(f"{label} {value}" for label, value in seller.facts[:3])
        return tuple(
            line for line in (" · ".join((seller.name, *self._address(self.document.seller.address))), numbers) if line
        )


def _colour(given: str | None, usual: str) -> str:
    return given if given and _COLOUR.fullmatch(given) else usual
