"""Invoice proposals by company: what is open under the day it came, then what is posted by invoice date; newest first.

By customer, the posted ones are found through the customer's invoices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from project_invoicing.domain.codes import ProposalStatus
from project_invoicing.domain.proposal import Proposal
from project_invoicing.rules.proforma import currency_of, customer_name_of, customer_of
from project_invoicing.use_cases.lists.asked import Asked, Page, companies_from, page_of
from project_invoicing.use_cases.lists.facts import ProposalFacts
from project_invoicing.use_cases.lists.place import ListPlace


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """``date``: the day it came; of a posted one its invoice date. ``amount``: its subtotal, else what is expected.

    ``reason`` and ``detail``: the first thing that it waits for, else why its posting was refused.
    """

    company: str | None
    proposal_id: str
    invoice_id: str
    status: str
    date: str | None
    customer: str | None
    customer_name: str | None
    amount: str | None
    currency: str | None
    lines: int
    invoice_number: str | None
    waiting_since: str | None
    reason: str | None
    detail: str | None


def page(place: ListPlace, asked: Asked) -> Page[ProposalRow]:
    """Three requests: the index, the headers, and the rows of their customers and currencies, if any."""
    companies, proposals = place.companies_of_proposals, place.stores.proposals
    if asked.number:
        ids = proposals.by_number([asked.company] if asked.company else companies, asked.number)
        return Page(_rows(place, asked, ((id, None) for id in ids.values())))
    found = proposals.listed(
        next(companies_from(asked, companies)),
        asked.limit,
        status=asked.status,
        customer=(asked.customer, place.who_pays(asked.customer)) if asked.customer else None,
        since=asked.since,
        before=asked.place.get("before"),
    )
    return page_of(asked, companies, _rows(place, asked, found.documents), found.before)


def _rows(place: ListPlace, asked: Asked, documents: Iterable[tuple[str, str | None]]) -> list[ProposalRow]:
    days = dict(documents)
    headers = place.stores.proposals.many(days)
    place = place.seeing(map(ProposalFacts.of, headers.values()))
    rows = (proposal_row(place, headers[id], days[id]) for id in days if id in headers)
    return [row for row in rows if _fits(row, asked)]


def _fits(row: ProposalRow, asked: Asked) -> bool:
    """Whether a header is as asked for: the index may lag behind, and has no reasons."""
    if row.status == ProposalStatus.CANCELED:
        return False
    return asked.status in (None, row.status) and asked.reason in (None, row.reason)


def proposal_row(place: ListPlace, header: Proposal, day: str | None) -> ProposalRow:
    currency, customer = currency_of(header, place.setup), customer_of(header, place.setup)
    wait, refusal = next(iter(header.waiting_for), None), header.refusal or {}
    on = header.invoice_date.isoformat() if header.invoice_date else day
    return ProposalRow(
        company=header.company,
        proposal_id=header.number,
        invoice_id=header.id,
        status=header.status,
        date=on or (header.waiting_since or header.proforma.version.occurred_at)[: len("2026-08-31")],
        customer=customer,
        customer_name=customer_name_of(header, place.setup),
        amount=place.amount(header.proforma.total if header.subtotal is None else header.subtotal, currency),
        currency=currency,
        lines=header.line_count,
        invoice_number=header.invoice_number,
        waiting_since=header.waiting_since,
        reason=str(wait.reason) if wait else refusal.get("reason"),
        detail=wait.detail if wait else refusal.get("detail"),
    )
