"""What customers of a company owe at a date, from its posted invoices and what was settled of them.

Three requests for a hundred invoices, of all that were posted until that date, or of one customer's. What is open has
no list of its own, so a company with many invoices is read in parts, the newest invoices first: each part is the ageing
of its invoices, and all of them together are that of the company.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Final

from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.payment import Settlement
from project_invoicing.domain.text import decimal
from project_invoicing.errors import Rejected
from project_invoicing.rules.ageing import Aged, Ageing, Bucket
from project_invoicing.rules.figures import Figures
from project_invoicing.store.receivables import Receivables
from project_invoicing.use_cases.documents.given import given_day
from project_invoicing.use_cases.lists.facts import CustomerFacts
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.receivables.shown import Row, settlement_row

_AT_ONCE: Final = 100
_MOST_PAYMENTS: Final = 1_000
"""Of those that are settled against nothing, and of those that are set aside, in an answer that is bounded."""
_PLACE: Final = re.compile(r"\d{4}-\d\d-\d\d(#.{1,100}|~)")
"""Where a part begins: before an invoice under its date."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Asked:
    """A company's open invoices at a date; ``customer``: of that one alone; ``before``: where a part begins."""

    company: str
    at: date
    customer: str | None = None
    before: str | None = None

    @property
    def start(self) -> str:
        """Where the first part begins."""
        return f"{self.at.isoformat()}~"


@dataclass(frozen=True, slots=True)
class Made:
    """``unapplied``: what is settled against nothing, of whatever date, which the first part has.

    ``unreadable``: invoices that nobody can read. ``before``: where the next part begins, ``None`` after the last.
    ``dated``: the days of the invoices that were read, the first and the last. ``fewer``: there are more payments.
    """

    ageing: Ageing
    unapplied: tuple[Settlement, ...]
    unreadable: tuple[str, ...]
    before: str | None = None
    dated: tuple[date, date] | None = None
    fewer: bool = False


def asked(
    place: ListPlace, company: str | None, at: str | None, customer: str | None, before: str | None = None
) -> Asked:
    """What is asked for; without a day, today in the company. Raises ``Rejected`` with the field."""
    if before is not None and not _PLACE.fullmatch(before):
        detail = "before is not what a part of the ageing gave; leave it out to begin with the newest invoices"
        raise Rejected(RejectReason.SCHEMA, detail, entity="ageing", field="before")
    companies = place.companies
    known = company if company is not None else next(iter(companies), None)
    if known is None or known not in companies:
        detail = f"the set-up has no company {company}; there are {', '.join(companies)}"
        raise Rejected(RejectReason.SCHEMA, detail, entity="ageing", field="company")
    return Asked(known, given_day(at, "at") if at else place.setup.today(known, place.at), customer, before)


def ageing(place: ListPlace, question: Asked, *, most: int | None = None) -> Made:
    """Reads the invoices, or a part of at most ``most`` of them."""
    setup, company = place.setup, question.company
    made = Ageing(
        company,
        setup.accounting_currency(company),
        setup.accounting_precision(company),
        question.at,
        question.customer,
    )
    store = place.stores.proposals.invoices
    receivables = Receivables(store.client, store.table)
    unreadable, days = list[str](), list[str]()
    before = f"0|{question.before or question.start}"
    customers = None if question.customer is None else [question.customer]
    while before and (most is None or len(days) < most):
        limit = _AT_ONCE if most is None else min(_AT_ONCE, most - len(days))
        found = store.listed(company, limit, customers=customers, since=None, before=before)
        before = found.before
        numbers = [number for number, _ in found.documents]
        days += [day for _, day in found.documents]
        invoices, settled = store.many(company, numbers), receivables.many(company, numbers)
        unreadable += [number for number in numbers if number not in invoices]
        for number, invoice in invoices.items():
            made.add(invoice, settled.get(number))
    payments = (
        [] if question.before not in (None, question.start) else list(_bounded(receivables.unapplied(company), most))
    )
    fewer = most is not None and len(payments) > _MOST_PAYMENTS
    of_all = payments[:_MOST_PAYMENTS] if fewer else payments
    unapplied = tuple(one for one in of_all if question.customer in (None, one.payment.customer))
    for one in unapplied:
        made.add_unapplied(one.payment)
    made.invoices.sort(key=lambda one: (one.invoice.customer, one.invoice.due_date, one.invoice.invoice_number))
    left = before.partition("|")[2] or None
    dated = (date.fromisoformat(min(days)), date.fromisoformat(max(days))) if days else None
    return Made(made, unapplied, tuple(unreadable), left, dated, fewer)


def _bounded(payments: Iterable[Settlement], most: int | None) -> Iterable[Settlement]:
    """One more than an answer may have, so that it can say that there are more; all of them without a bound."""
    return payments if most is None else islice(payments, _MOST_PAYMENTS + 1)


def shown(made: Made, place: ListPlace, *, most: int | None = None) -> dict[str, Any]:
    """The ageing as JSON.

    {"company", "at", "currency", "rows", "accounting", "totals", "total", "invoices", "unapplied", "aside",
     "unreadable"}

    with amounts as decimal strings; ``rows`` and ``totals`` by currency, ``accounting`` and ``total`` in ``currency``.
    """
    found = made.ageing
    customers = {aged.customer for aged in found.by_customer()}
    place = place.seeing(CustomerFacts(found.company, customer) for customer in sorted(customers))
    show = Figures(place.setup)
    store = place.stores.proposals.invoices
    receivables = Receivables(store.client, store.table)
    kept = list(_bounded(receivables.aside(), most))
    aside = [one for one in kept if _is_shown(one.payment.company, found.company, place)]
    return {
        "company": found.company,
        "at": found.at.isoformat(),
        "currency": found.accounting_currency,
        "rows": [aged_row(one, place, found.company, show) for one in found.by_customer()],
        "accounting": [aged_row(one, place, found.company, show) for one in found.by_customer_accounted()],
        "totals": [aged_row(one, place, found.company, show) for one in found.totals()],
        "total": aged_row(found.total(), place, found.company, show),
        "invoices": list(_invoices(found, show)),
        "unapplied": [settlement_row(one, show) for one in made.unapplied],
        "aside": [settlement_row(one, show) for one in aside],
        "unreadable": list(made.unreadable),
    }


def _is_shown(company: str, asked: str, place: ListPlace) -> bool:
    """What is of no company of ours is shown with each, to those who see all of them."""
    return company == asked or (place.only is None and company not in place.setup.document.companies)


def aged_row(aged: Aged, place: ListPlace, company: str, show: Figures) -> Row:
    return {
        "customer": aged.customer or None,
        "customer_name": place.customer_name(company, aged.customer) if aged.customer else None,
        "currency": aged.currency,
        **{str(bucket): show.amount(amount, aged.currency) for bucket, amount in aged.buckets.items()},
        "open": show.amount(aged.open, aged.currency),
        "unapplied": show.amount(aged.unapplied, aged.currency),
        "balance": show.amount(aged.balance, aged.currency),
        "invoices": aged.invoices,
    }


def _invoices(found: Ageing, show: Figures) -> Iterator[Row]:
    for one in found.invoices:
        invoice = one.invoice
        yield {
            "customer": invoice.customer,
            "invoice_number": invoice.invoice_number,
            "invoice_date": invoice.invoice_date.isoformat(),
            "due_date": invoice.due_date.isoformat(),
            "currency": invoice.currency,
            "total": show.amount(invoice.total, invoice.currency),
            "open": show.amount(one.balance.open, invoice.currency),
            "accounting_open": show.accounting(one.accounting, invoice.company),
            "bucket": one.bucket,
        }


BUCKETS: Final[Mapping[str, str]] = {
    Bucket.NOT_DUE: "not due",
    Bucket.TO_30: "1 to 30 days",
    Bucket.TO_60: "31 to 60 days",
    Bucket.TO_90: "61 to 90 days",
    Bucket.OVER_90: "over 90 days",
}
"""What the buckets are called where people read them."""


def csv_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as a file with a head, for a spreadsheet. Empty without rows."""
    known = list(rows)
    if not known:
        return ""
    text = io.StringIO()
    file = csv.DictWriter(text, list(known[0]), lineterminator="\n")
    file.writeheader()
    file.writerows({name: _cell(value) for name, value in row.items()} for row in known)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A spreadsheet takes no text for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA) and decimal(value) is None:
        return f"'{value}"
    return value
