"""What waits, why, and what to do about it: proposals, then rows that say themselves what they wait for.

Rows that wait with their proposal are told by it. Proposals come company by company, by the day they came; then rows
that belong on a journal, of all companies, by the time they came: the oldest first, each by an index (D-157). Last come
billed rows without a proposal, proforma by proforma.
What the general ledger of a company does not have yet comes after all that, where the company makes batches by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from project_invoicing.domain.advice import what_to_do
from project_invoicing.domain.codes import BatchRefusal, ProposalStatus
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.text import guid
from project_invoicing.rules.explaining.words import Words
from project_invoicing.rules.proforma import company_unknown, currency_of, customer_name_of, customer_of
from project_invoicing.store.queue_lists import END, KINDS_OF_ROWS, SHARDS_OF_ROWS
from project_invoicing.use_cases.lists.asked import Asked, Page, bad, companies_from
from project_invoicing.use_cases.lists.facts import ProposalFacts, ReferenceFacts
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.lists.unexported import UnexportedRow, of_company

PROPOSAL, ACTUAL = "proposal", "actual"


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """``kind`` is proposal or actual, or that of what the general ledger waits for; ``id`` its number or id.

    ``days``: for how many it has waited. ``what``: the customer of a proposal, the kind of an actual. ``next``: what to
    do. ``invoice_id``: the proforma.
    """

    kind: str
    id: str
    company: str | None
    what: str
    amount: str | None
    currency: str | None
    since: str | None
    days: int | None
    reason: str
    detail: str | None
    next: str
    invoice_id: str | None = None


def page(place: ListPlace, asked: Asked) -> Page[WaitingRow]:
    """At most three requests for a company's proposals, five for rows. And those for rows of master data, if any."""
    if asked.number:
        return Page(_numbered(place, asked, asked.number))
    if "leaving" in asked.place:
        return _leaving(place, asked)
    return _rows(place, asked) if "kind" in asked.place else _proposals(place, asked)


def _proposals(place: ListPlace, asked: Asked) -> Page[WaitingRow]:
    """Those of one company. The next page is of the next one, and after the last come the rows."""
    left = list(companies_from(asked, place.companies_of_proposals))
    listed = place.stores.proposals.oldest(
        left[0], ProposalStatus.WAITING, asked.limit, since=asked.since, after=asked.place.get("after")
    )
    headers = place.stores.proposals.many(id for id, _ in listed.documents) if listed.documents else {}
    place = place.seeing(map(ProposalFacts.of, headers.values()))
    found = (_of_proposal(place, asked, headers[id]) for id, _ in listed.documents if id in headers)
    rows = [row for row in found if row]
    if listed.before:
        return Page(rows, asked.cursor_at({"company": left[0], "after": listed.before}))
    return Page(rows, asked.cursor_at({"company": left[1]} if len(left) > 1 else {"kind": KINDS_OF_ROWS[0]}))


def _rows(place: ListPlace, asked: Asked) -> Page[WaitingRow]:
    """Those of one kind; the next page goes on with it, or with the next kind."""
    kind = asked.place["kind"]
    at = [str(asked.place.get(f"at{shard}", "")) for shard in range(SHARDS_OF_ROWS)]
    if kind not in KINDS_OF_ROWS or not all(one in ("", END) or one.startswith(kind) for one in at):
        raise bad("cursor", "cursor is not one that a page of this list gave; leave it out to begin at the top")
    rows, reached = place.queue.waiting(
        kind, at, asked.limit, company=asked.company, reason=asked.reason, since=asked.since
    )
    place = place.seeing(ReferenceFacts(row.actual.currency) for row in rows)
    made = [_of_row(place, row) for row in rows]
    if any(one != END for one in reached):
        more = {f"at{shard}": one for shard, one in enumerate(reached) if one}
        return Page(made, asked.cursor_at({"kind": kind, **more}))
    left = KINDS_OF_ROWS[KINDS_OF_ROWS.index(kind) + 1 :]
    return Page(made, asked.cursor_at({"kind": left[0]}) if left else _then_leaving(place, asked, 0))


def _then_leaving(place: ListPlace, asked: Asked, number: int) -> str | None:
    """The cursor at what waits to be in the general ledger, of the next company that makes batches by itself."""
    if asked.reason not in (None, *BatchRefusal) or asked.since:
        return None
    companies = [one for one in place.exporting if asked.company in (None, one)]
    return asked.cursor_at({"leaving": number}) if number < len(companies) else None


def _leaving(place: ListPlace, asked: Asked) -> Page[WaitingRow]:
    """What the general ledger of one company does not have yet."""
    number, companies = asked.place["leaving"], [one for one in place.exporting if asked.company in (None, one)]
    if number >= len(companies):
        return Page()
    found, after = of_company(place, companies[number], asked.limit, asked.place.get("after"))
    rows = [_of_unexported(one) for one in found if asked.reason in (None, one.reason)]
    if after:
        return Page(rows, asked.cursor_at({"leaving": number, "after": after}))
    return Page(rows, _then_leaving(place, asked, number + 1))


def _of_unexported(one: UnexportedRow) -> WaitingRow:
    return WaitingRow(
        kind=one.kind,
        id=one.id,
        company=one.company,
        what="for the general ledger",
        amount=one.amount,
        currency=one.currency,
        since=one.since,
        days=one.days,
        reason=one.reason,
        detail=one.detail,
        next=one.next,
    )


def _numbered(place: ListPlace, asked: Asked, number: str) -> list[WaitingRow]:
    """The proposal with this number, or the actual with this id, if it waits."""
    id = guid(number)
    if id:
        staged = place.stores.staging.readable([id]).values()
        place = place.seeing(ReferenceFacts(row.actual.currency) for row in staged)
        return [_of_row(place, row) for row in staged if row.reason]
    companies = [asked.company] if asked.company else place.companies_of_proposals
    ids = place.stores.proposals.by_number(companies, number).values()
    headers = place.stores.proposals.many(ids).values()
    place = place.seeing(map(ProposalFacts.of, headers))
    found = (_of_proposal(place, asked, header) for header in headers)
    return [row for row in found if row]


def _of_proposal(place: ListPlace, asked: Asked, header: Proposal) -> WaitingRow | None:
    """A proposal with the first reason that fits; ``None`` for one that does not wait, or not for that."""
    if header.status is not ProposalStatus.WAITING:
        return None
    waits = header.waiting_for if header.company else (company_unknown(header.proforma, place.setup),)
    wait: Wait | None = next((one for one in waits if asked.reason in (None, one.reason)), None)
    if wait is None:
        return None
    currency, customer = currency_of(header, place.setup), customer_of(header, place.setup)
    more = f" (and {len(waits) - 1} more)" if len(waits) > 1 else ""
    return WaitingRow(
        kind=PROPOSAL,
        id=header.number,
        company=header.company,
        what=" ".join(text for text in (customer, customer_name_of(header, place.setup)) if text),
        amount=place.amount(header.proforma.total, currency),
        currency=currency,
        since=header.waiting_since,
        days=_days(header.waiting_since, place.at),
        reason=wait.reason,
        detail=f"{wait.detail}{more}",
        next=what_to_do(wait.reason),
        invoice_id=header.id,
    )


def _of_row(place: ListPlace, row: StagedRow) -> WaitingRow:
    words, reason = Words(place.setup), str(row.reason)
    currency = words.currency(row.actual)
    return WaitingRow(
        kind=ACTUAL,
        id=row.id,
        company=row.company,
        what=words.kind(row.actual),
        amount=place.amount(row.actual.amount, currency),
        currency=currency,
        since=row.since,
        days=_days(row.since, place.at),
        reason=reason,
        detail=row.detail,
        next=what_to_do(reason),
    )


def _days(since: str | None, at: str) -> int | None:
    return max((datetime.fromisoformat(at) - datetime.fromisoformat(since)).days, 0) if since else None
