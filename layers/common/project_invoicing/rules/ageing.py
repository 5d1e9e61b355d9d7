"""What customers owe at a date, by how long it is overdue (PAY-03). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.money import ZERO, round_to
from project_invoicing.domain.payment import Balance, Payment, Receivable


class Bucket(StrEnum):
    """How many days something is overdue."""

    NOT_DUE = "not_due"
    TO_30 = "days_1_30"
    TO_60 = "days_31_60"
    TO_90 = "days_61_90"
    OVER_90 = "over_90"


_ENDS: Final = ((0, Bucket.NOT_DUE), (30, Bucket.TO_30), (60, Bucket.TO_60), (90, Bucket.TO_90))


def bucket_of(due: date, at: date) -> Bucket:
    """What is due on the day itself is not overdue."""
    late = (at - due).days
    return next((bucket for last, bucket in _ENDS if late <= last), Bucket.OVER_90)


class OpenInvoice(NamedTuple):
    """An invoice or credit note that is open at the date, in its currency and in that of the company."""

    invoice: Invoice
    balance: Balance
    bucket: Bucket
    accounting: Decimal


@dataclass(slots=True)
class Aged:
    """What a customer owes in a currency. ``unapplied``: what was paid beyond totals, or settled against nothing."""

    customer: str
    currency: str
    buckets: dict[Bucket, Decimal] = field(default_factory=lambda: dict.fromkeys(Bucket, ZERO))
    unapplied: Decimal = ZERO
    invoices: int = 0

    @property
    def open(self) -> Decimal:
        return sum(self.buckets.values(), ZERO)

    @property
    def balance(self) -> Decimal:
        """What is left once the customer has applied everything."""
        return self.open - self.unapplied

    @property
    def says_anything(self) -> bool:
        return bool(self.invoices or self.unapplied)


@dataclass(slots=True)
class Ageing:
    """The open invoices of a company at a date, by customer and currency, and in its accounting currency.

    An invoice counts from its date on, a settlement from its own. In accounting currency an invoice is worth what it
    was posted with: rates that change since, and what is gained by them, are for receivables to say. What is settled
    against nothing has no such rate, and counts in its own currency alone.
    """

    company: str
    accounting_currency: str
    precision: Decimal
    at: date
    customer: str | None = None
    rows: dict[tuple[str, str], Aged] = field(default_factory=dict)
    accounting: dict[str, Aged] = field(default_factory=dict)
    invoices: list[OpenInvoice] = field(default_factory=list)

    def add(self, invoice: Invoice, receivable: Receivable | None) -> None:
        """An invoice with what was settled of it."""
        if invoice.invoice_date > self.at or self.customer not in (None, invoice.customer):
            return
        balance = Balance.of(invoice.total, receivable.settlements if receivable else (), self.at)
        if balance.over:
            self._row(invoice.customer, invoice.currency).unapplied += balance.over
            self._total(invoice.customer).unapplied += self._converted(invoice, balance.over)
        if not balance.open:
            return
        bucket, accounting = bucket_of(invoice.due_date, self.at), self._converted(invoice, balance.open)
        self.invoices.append(OpenInvoice(invoice, balance, bucket, accounting))
        for aged, amount in (
            (self._row(invoice.customer, invoice.currency), balance.open),
            (self._total(invoice.customer), accounting),
        ):
            aged.buckets[bucket] += amount
            aged.invoices += 1

    def add_unapplied(self, payment: Payment) -> None:
        """Money of a customer that is settled against nothing."""
        who, currency = payment.customer, payment.currency
        if who is None or currency is None or payment.date is None or payment.date > self.at:
            return
        if self.customer in (None, who):
            amount = payment.amount + payment.cash_discount + payment.written_off
            self._row(who, currency).unapplied += amount
            if currency == self.accounting_currency:
                self._total(who).unapplied += amount

    def by_customer(self) -> Iterator[Aged]:
        """A row for each customer and currency of which there is anything."""
        return (self.rows[key] for key in sorted(self.rows) if self.rows[key].says_anything)

    def by_customer_accounted(self) -> Iterator[Aged]:
        """A row for each customer, in accounting currency."""
        return (self.accounting[key] for key in sorted(self.accounting) if self.accounting[key].says_anything)

    def totals(self) -> Iterator[Aged]:
        """A row for each currency."""
        sums: dict[str, Aged] = {}
        for row in self.by_customer():
            _add(sums.setdefault(row.currency, Aged("", row.currency)), row)
        return (sums[currency] for currency in sorted(sums))

    def total(self) -> Aged:
        """All of it, in accounting currency."""
        made = Aged("", self.accounting_currency)
        for row in self.by_customer_accounted():
            _add(made, row)
        return made

    def _row(self, customer: str, currency: str) -> Aged:
        return self.rows.setdefault((customer, currency), Aged(customer, currency))

    def _total(self, customer: str) -> Aged:
        return self.accounting.setdefault(customer, Aged(customer, self.accounting_currency))

    def _converted(self, invoice: Invoice, amount: Decimal) -> Decimal:
        return round_to(amount * invoice.exchange_rate, self.precision)


def _add(to: Aged, row: Aged) -> None:
    for bucket, amount in row.buckets.items():
        to.buckets[bucket] += amount
    to.unapplied += row.unapplied
    to.invoices += row.invoices
