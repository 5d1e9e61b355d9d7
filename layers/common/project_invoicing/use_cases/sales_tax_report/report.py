"""The sales tax report of a company for an interval, from its posted invoices and those of its lenders.

It reads what has its tax date in the interval: four requests for fifty invoices, and one or two more for each that is
longer than a page. Of a lender's other invoices it reads the headers only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Final, NamedTuple

from project_invoicing.domain.calendar import Interval, add_months
from project_invoicing.domain.codes import RejectReason, VendorInvoiceStatus
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.ledger import INVOICE, VENDOR_INVOICE, Voucher
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.errors import Rejected
from project_invoicing.rules.sales_tax_report import (
    NONE,
    Differs,
    Direction,
    NotPosted,
    Received,
    TaxDocument,
    TaxRecord,
    TaxReport,
    converting,
)
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.ledger_ahead import DOCUMENTS, LedgerAhead
from project_invoicing.store.vendor_invoices import VendorInvoices
from project_invoicing.use_cases.documents.given import given_day
from project_invoicing.use_cases.invoices.draft import posted_before
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.vendor_invoices.read import by_actual

_NOT_TOLD: Final = "nobody can tell which taxes its lines have: an earlier version posted it, and its set-up is gone"


@dataclass(frozen=True, slots=True)
class Asked:
    """A company's report for the tax dates of an interval; ``code``: of one code, or of what has ``none``."""

    company: str
    interval: Interval
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """``lines``: the records of the report by date, document and line, if they were asked for.

    ``whole``: every document of the interval is in it.
    """

    report: TaxReport
    lines: list[TaxRecord]
    whole: bool


def asked(place: ListPlace, company: str | None, first: str | None, last: str | None, code: str | None) -> Asked:
    """What is asked for. Without days: the last interval that is over. Raises ``Rejected`` with the field."""
    companies = place.companies
    known = company if company is not None else next(iter(companies), None)
    if known is None or known not in companies:
        raise _bad("company", f"the set-up has no company {company}; there are {', '.join(companies)}")
    usual = last_over(place.setup, place.setup.today(known, place.at))
    begin, end = given_day(first, "from") if first else None, given_day(last, "to") if last else None
    if begin and not end:
        end = add_months(begin, 1) - timedelta(days=1)
    if end and not begin:
        begin = end.replace(day=1)
    interval = Interval(begin or usual.first, end or usual.last)
    if interval.last < interval.first:
        raise _bad("to", f"to is {interval.last}, which is before {interval.first}")
    return Asked(known, interval, code)


def last_over(setup: FinanceSetup, today: date) -> Interval:
    """The last settlement interval that is over, of the first code that has one; else the last month."""
    for code in setup.document.sales_tax.codes:
        now = setup.settled_in(code, today)
        before = setup.settled_in(code, now[1].first - timedelta(days=1)) if now else None
        if before:
            return before[1]
    last = today.replace(day=1) - timedelta(days=1)
    return Interval(last.replace(day=1), last)


def report(place: ListPlace, asked: Asked, *, lines: bool = False, most: int | None = None) -> Made:
    """The report; ``lines`` with its records. Stops after ``most`` documents, and is then not ``whole``.

    Raises ``Rejected`` for a code that neither the set-up nor any of the lines has.
    """
    setup, company = place.setup, asked.company
    made = TaxReport(company, setup.accounting_currency(company), asked.interval, setup.settled_in, asked.code)
    kept: list[TaxRecord] = []
    ledger = LedgerAhead(place.stores.ledger.client, place.stores.ledger.table)
    converts = partial(converting, precision=setup.accounting_precision(company))
    for some in _invoices(place, asked):
        if most is not None and made.documents + len(some.invoices) > most:
            return Made(made, [], whole=False)
        for number in some.unreadable:
            made.cannot_tell(number, None, "", Differs.NOT_TOLD, "it cannot be read")
        posted = _posted_here(place, made, some)
        keys = {one.invoice_number: _key(one, posted) for one in some.invoices}
        here = [one for one in some.invoices if one.invoice_number in posted or one.company == company]
        ledger.look_ahead(company, [key for one in here if (key := keys[one.invoice_number])])
        for one, found in _with_lines(place, some._replace(invoices=here)):
            owed, key = posted.get(one.invoice_number), keys[one.invoice_number]
            if found is None:
                made.cannot_tell(one.invoice_number, key[1] if key else None, one.currency, Differs.NOT_TOLD, _NOT_TOLD)
                continue
            vouchers = list(ledger.vouchers(key[0], company, key[1])) if key else []
            received = _received(owed, found, vouchers) if owed else None
            records = made.add(TaxDocument(company, one, found, converts, received), vouchers)
            kept += records if lines else ()
    codes = setup.document.sales_tax.codes
    if asked.code not in (None, NONE, *codes) and not made.rows:
        raise _bad("code", f"the set-up has no sales tax code {asked.code}; there are {', '.join([*codes, NONE])}")
    return Made(made, sorted(kept, key=_place), whole=True)


def _place(record: TaxRecord) -> tuple[str, date, str, str, int]:
    lender = record.other if record.direction is Direction.RECEIVABLE else ""
    return record.direction, record.tax_date, lender, record.invoice, record.line


class _Some(NamedTuple):
    """Some posted invoices of a company, and the numbers of those that cannot be read."""

    of: str
    invoices: list[Invoice]
    unreadable: list[str]


def _invoices(place: ListPlace, asked: Asked) -> Iterator[_Some]:
    """The posted invoices with a tax date in the interval: the company's, and those of its lenders to it."""
    store, interval = place.stores.proposals.invoices, asked.interval
    lenders = sorted({row.lender for row in place.setup.lenders(asked.company)} - {asked.company})
    for source in [asked.company, *lenders]:
        before: str | None = None
        while before != "":
            found = store.listed(
                source,
                DOCUMENTS,
                since=interval.first.isoformat(),
                until=interval.last.isoformat(),
                before=before,
            )
            before = found.before
            numbers = [number for number, _ in found.documents]
            known = store.many(source, numbers)
            due = [one for one in known.values() if interval.first <= one.invoice_date <= interval.last]
            if source != asked.company:
                yield _Some(source, [one for one in due if one.borrower == asked.company], [])
            else:
                yield _Some(source, due, [number for number in numbers if number not in known])


def _with_lines(place: ListPlace, some: _Some) -> Iterator[tuple[Invoice, Sequence[ProposalLine] | None]]:
    """These invoices with their lines and taxes; ``None`` where nobody can tell those any more."""
    proposals = place.stores.proposals
    stored = proposals.invoices.whole(some.invoices)
    for one in some.invoices:
        lines: Sequence[ProposalLine] = stored[one.invoice_number]
        if not all(line.charges for line in lines):
            lines = posted_before(proposals, place.stores.setups, some.of, one.invoice_number)
        yield one, lines if len(lines) >= one.line_count else None


def _posted_here(place: ListPlace, made: TaxReport, some: _Some) -> dict[str, VendorInvoice]:
    """The company's vendor invoices for those of a lender that are posted here; the others are noted."""
    if some.of == made.company:
        return {}
    proposals = place.stores.proposals
    store = VendorInvoices(proposals.client, proposals.table)
    known = store.many(made.company, some.of, [one.invoice_number for one in some.invoices])
    posted = {number: one for number, one in known.items() if one.status is VendorInvoiceStatus.POSTED}
    for one in some.invoices:
        if one.invoice_number not in posted:
            owed = known.get(one.invoice_number)
            made.not_posted.append(NotPosted(one, owed.status if owed else VendorInvoiceStatus.PENDING))
    return posted


def _key(one: Invoice, posted: Mapping[str, VendorInvoice]) -> tuple[str, str] | None:
    """Source and document of the vouchers in the ledger of the company; ``None`` where it has none."""
    owed = posted.get(one.invoice_number)
    if owed is None:
        return INVOICE, one.invoice_number
    return (VENDOR_INVOICE, owed.voucher) if owed.voucher else None


def _received(owed: VendorInvoice, lines: Sequence[ProposalLine], vouchers: Sequence[Voucher]) -> Received:
    entries = by_actual((line for one in vouchers for line in one.lines), {line.actual_id for line in lines})
    return Received(owed.voucher, owed.posted_on or owed.accounting_date, entries)


def _bad(field: str, detail: str) -> Rejected:
    return Rejected(RejectReason.SCHEMA, detail, entity="sales tax report", field=field)
