"""Integration journals by company: what is open, then what is posted; newest period first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from project_invoicing.domain.journal import Journal
from project_invoicing.domain.money import ZERO
from project_invoicing.rules.figures import Figures
from project_invoicing.use_cases.lists.asked import Asked, Page, companies_from, page_of
from project_invoicing.use_cases.lists.place import ListPlace


@dataclass(frozen=True, slots=True)
class JournalRow:
    """``original_journal``: where lines that failed to post were before; ``error_journal``: where they went.

    ``cost`` and ``sales`` of its lines, each amount with its currency; ``None`` for a journal of an earlier version,
    whose header does not say it.
    """

    company: str
    journal_id: str
    status: str
    period: str
    lines: int
    changed_at: str | None
    original_journal: str | None
    error_journal: str | None
    cost: str | None
    sales: str | None


def page(place: ListPlace, asked: Asked) -> Page[JournalRow]:
    """Two requests: the index, the headers. One for each company, if a number is asked for."""
    companies, journals = place.companies, place.stores.journals
    if asked.number:
        among = [asked.company] if asked.company else companies
        found = (journals.many(company, [asked.number]) for company in among)
        return Page(_rows(place, asked, (journal for one in found for journal in one.values())))
    company = next(companies_from(asked, companies))
    listed = journals.listed(
        company, asked.limit, status=asked.status, since=asked.since, before=asked.place.get("before")
    )
    numbers = [number for number, _ in listed.documents]
    headers = journals.many(company, numbers)
    rows = _rows(place, asked, (headers[number] for number in numbers if number in headers))
    return page_of(asked, companies, rows, listed.before)


def _rows(place: ListPlace, asked: Asked, journals: Iterable[Journal]) -> list[JournalRow]:
    return [
        JournalRow(
            company=journal.company,
            journal_id=journal.journal_id,
            status=journal.status,
            period=journal.period,
            lines=journal.line_count - journal.error_lines,
            changed_at=journal.changed_at,
            original_journal=journal.original_journal,
            error_journal=journal.error_journal,
            cost=_money(place, journal, [(one.currency, one.cost) for one in journal.amounts or ()]),
            sales=_money(place, journal, [(one.currency, one.sales) for one in journal.amounts or ()]),
        )
        for journal in journals
        if asked.status in (None, journal.status)  # the index may lag behind
    ]


def _money(place: ListPlace, journal: Journal, sums: list[tuple[str, Decimal]]) -> str | None:
    """The sums that are not zero, else a zero in the company's currency."""
    if journal.amounts is None:
        return None
    figures, own = Figures(place.setup), place.setup.currency_of_company(journal.company) or ""
    some = [(currency, amount) for currency, amount in sums if amount] or [(own, ZERO)]
    return ", ".join(f"{figures.amount(amount, currency)} {currency}".strip() for currency, amount in some)
