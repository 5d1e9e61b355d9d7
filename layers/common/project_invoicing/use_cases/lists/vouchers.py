"""Vouchers in the ledger by company, those with the latest dates first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.store.ledger import PAGE_ENTRIES, Entry, ListedPage, entries
from project_invoicing.use_cases.documents.voucher_keys import document_with
from project_invoicing.use_cases.lists.asked import Asked, Page, companies_from, page_of
from project_invoicing.use_cases.lists.place import ListPlace

_PAGES = 25
"""Pages of the ledger that one page of the list reads at most; one has up to 60 KB."""


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """``amount``: what it debits, in accounting currency; ``None`` for one that is longer than a page of the ledger.

    ``source`` is journal or invoice, ``document`` its number. A voucher that is drawn and not posted has no date.
    """

    company: str
    voucher: str
    date: str | None
    source: str
    document: str
    entries: int
    amount: str | None
    currency: str | None


def page(place: ListPlace, asked: Asked) -> Page[VoucherRow]:
    """Two requests: one to the index, one for pages of the ledger. Its rows are in order page by page."""
    if asked.number:
        return Page(list(_numbered(place, asked, asked.number)))
    left = list(companies_from(asked, place.companies))
    company, at = left[0], asked.place
    limit = min(asked.limit, _PAGES)
    pages, before = place.stores.ledger.listed(company, limit, since=asked.since, before=at.get("before"))
    rows: list[VoucherRow] = []
    skipped = at.get("row", 0)
    for one in pages:
        of_page = _of_page(place, company, one, asked.since)[skipped:]
        room = asked.limit - len(rows)
        rows += of_page[:room]
        if len(of_page) > room:  # the next page begins with this one
            return Page(rows, asked.cursor_at({"company": company, "before": f"0|{one.place}~", "row": skipped + room}))
        skipped = 0
    return page_of(asked, place.companies, rows, before)


def _of_page(place: ListPlace, company: str, page: ListedPage, since: str | None) -> list[VoucherRow]:
    whole = page.source == JOURNAL or len(page.entries) < PAGE_ENTRIES
    groups = groupby(page.entries, key=lambda entry: entry.voucher)
    rows = [_row(place, company, page.source, page.document, list(group), whole=whole) for _, group in groups]
    return [row for row in rows if since is None or str(row.date) >= since]


def _row(
    place: ListPlace, company: str, source: str, document: str, lines: Sequence[Entry], *, whole: bool = True
) -> VoucherRow:
    debit = sum((one.accounting_amount for one in lines if one.accounting_amount > 0), Decimal(0))
    currency = place.setup.currency_of_company(company)
    return VoucherRow(
        company=company,
        voucher=lines[0].voucher,
        date=lines[0].accounting_date.isoformat(),
        source=source,
        document=document,
        entries=len(lines),
        amount=place.amount(debit, currency) if whole else None,
        currency=currency,
    )


def _numbered(place: ListPlace, asked: Asked, voucher: str) -> Iterator[VoucherRow]:
    """The voucher with this number, of each company that has one."""
    stores = place.stores
    for company in [asked.company] if asked.company else place.companies:
        found = document_with(stores.journals, stores.proposals, place.setup, company, voucher)
        if found is None:
            continue
        source, document = found
        lines = [
            line
            for one in stores.ledger.vouchers(source, company, document)
            if one.voucher == voucher
            for line in entries(one)
        ]
        if lines:
            yield _row(place, company, source, document, lines)
        else:
            yield VoucherRow(company, voucher, None, source, document, 0, None, None)
