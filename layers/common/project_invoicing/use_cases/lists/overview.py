"""What there is to do, in figures: what waits and why, what can be posted, and what went wrong.

It reads the first pages of what is open and nothing of what is posted: twelve requests for one company, and two for
each other one, whatever the history; one more for each that borrows. Where there is more than that, a figure says so.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from project_invoicing.domain.codes import BatchRefusal, ProposalStatus, TransactionType, WaitReason
from project_invoicing.domain.map_status import MapStatus
from project_invoicing.domain.proposal import UNRESOLVED, Proposal
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.states import MapState
from project_invoicing.rules.review import lacks_approval
from project_invoicing.store.queue_lists import SHARDS_OF_ROWS
from project_invoicing.use_cases.lists.counts import Open, Tally
from project_invoicing.use_cases.lists.place import ListPlace

MOST_COMPANIES: Final = 10
_PROPOSALS: Final = 100
"""Of all companies together: what is read in one request."""
_JOURNALS: Final = 200
_WITH_AMOUNTS: Final = 100
"""Journals whose headers are read for their amounts: one request."""
_ROWS: Final = 50
"""Of each partition of the import queue."""
_REJECTED: Final = 200
_LEAVING: Final = 100

Report = dict[str, Any]


@dataclass(slots=True)
class Overview:
    """``companies`` are those that it is about; ``left_out`` counts the others.

    ``leaving``: what the general ledger lacks, by reason, of companies that make batches by themselves.
    ``waiting`` by reason; ``fresh`` are rows that no import has looked at. ``refused`` are proposals whose posting was
    refused, which ``proposals`` has by status, too; ``unapproved`` are ready
    and to be approved first. ``vendor_invoices`` are those of other companies that nobody has posted.
    ``report`` is that of the last reconciliation.
    """

    place: ListPlace
    companies: list[str]
    left_out: int
    waiting: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    more_waits: bool = False
    fresh: Tally = field(default_factory=Tally)
    proposals: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    unapproved: Tally = field(default_factory=Tally)
    refused: Tally = field(default_factory=Tally)
    vendor_invoices: Tally = field(default_factory=Tally)
    journals: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    rejected: Tally = field(default_factory=Tally)
    leaving: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    maps: list[MapStatus] = field(default_factory=list)
    report: Report | None = None


def overview(place: ListPlace, company: str | None = None) -> Overview:
    """Of one company, or of the first ``MOST_COMPANIES``."""
    every = place.companies
    chosen = [company] if company else every[:MOST_COMPANIES]
    headers, more_proposals = _proposals(place, chosen if place.only is not None else [*chosen, UNRESOLVED])
    rows, more_rows = _rows(place, company)
    opened = Open.seen(place, headers, rows)
    made = Overview(opened.place, chosen, 0 if company else len(every) - len(chosen), more_waits=more_rows)
    for header in headers:
        _count_proposal(made, opened, header, more=more_proposals)
    for row in rows:
        _count_row(made, opened, row)
    made.fresh.more = more_rows
    _count_journals(made, chosen)
    _count_vendor_invoices(made, chosen)
    _count_leaving(made, chosen)
    found, after = place.queue.rejected(None, _REJECTED, reason=None, since=None)
    made.rejected.more = after is not None
    for one in found:
        if place.shows(one.company, company):
            made.rejected.add(one.rejection.at)
    made.maps = [status for status in place.stores.maps.all().values() if status.state is not MapState.RUNNING]
    made.report = place.report()
    return made


def says_why(row: StagedRow) -> bool:
    """Whether a row waits by itself: one that waits with its proposal is told by that."""
    return row.reason is not None or row.actual.transaction_type is not TransactionType.BILLED_SALES


def _proposals(place: ListPlace, companies: list[str]) -> tuple[list[Proposal], bool]:
    """The newest open ones of each company: one request each, and one for all their headers."""
    limit, ids, more = max(_PROPOSALS // max(len(companies), 1), 1), [], False
    for company in companies:
        found, goes_on = place.stores.proposals.opened(company, limit)
        ids += found
        more |= goes_on
    return list(place.stores.proposals.many(ids).values()), more


def _rows(place: ListPlace, company: str | None) -> tuple[list[StagedRow], bool]:
    pages = [place.queue.pending(shard, _ROWS) for shard in range(SHARDS_OF_ROWS)]
    rows = [row for found, _ in pages for row in found if place.shows(row.company, company)]
    return [row for row in rows if says_why(row)], any(more for _, more in pages)


def _count_proposal(made: Overview, opened: Open, header: Proposal, *, more: bool) -> None:
    unapproved = lacks_approval(header, made.place.setup)
    tallies = [made.unapproved if unapproved else made.proposals[header.status]]
    if header.status is ProposalStatus.WAITING:
        made.more_waits |= more
        reason = header.waiting_for[0].reason if header.waiting_for else WaitReason.REFERENCE_MISSING
        tallies.append(made.waiting[reason] if header.waiting_for or header.company is None else made.fresh)
    if header.refusal and not unapproved:
        tallies.append(made.refused)
    for tally in tallies:
        tally.more |= more
        opened.count(tally, header)


def _count_row(made: Overview, opened: Open, row: StagedRow) -> None:
    opened.count(made.waiting[row.reason] if row.reason else made.fresh, row)


def _count_vendor_invoices(made: Overview, companies: list[str]) -> None:
    """One request for each company that another one lends to; none for the others."""
    borrowers = {one.borrower for one in made.place.setup.document.intercompany}
    for company in filter(borrowers.__contains__, companies):
        # Imported late, as below: most stacks have one company.
        from project_invoicing.store.vendor_invoices import VendorInvoices  # noqa: PLC0415

        stores = made.place.stores
        for one in VendorInvoices(stores.proposals.client, stores.proposals.table).open(company):
            made.vendor_invoices.add(f"{one.invoice_date}T00:00:00Z", one.total, one.currency)


def _count_leaving(made: Overview, companies: list[str]) -> None:
    """Three requests for each company that makes batches by itself; none for the others."""
    for company in made.place.exporting:
        if company not in companies:
            continue
        # Imported late: most stacks make no batches, and the overview is what the workspace starts with.
        from project_invoicing.use_cases.lists.unexported import of_company  # noqa: PLC0415

        rows, after = of_company(made.place, company, _LEAVING, None)
        for row in rows:
            amount = Decimal(row.amount) if row.amount else None
            since = row.since if "T" in row.since else f"{row.since}T00:00:00Z"
            made.leaving[row.reason].add(since, amount, row.currency)
        made.leaving[BatchRefusal.IN_NO_BATCH].more |= after is not None


def _count_journals(made: Overview, companies: list[str]) -> None:
    """One request for each company, whose index has the states, and one for the amounts of all that are open."""
    states: dict[tuple[str, str], str] = {}
    for company in companies:
        found, more = made.place.stores.journals.open_states(company, _JOURNALS)
        states |= {(company, number): state for number, state in found.items()}
        for state in found.values():
            made.journals[state].number += 1
            made.journals[state].more |= more
    if 0 < len(states) <= _WITH_AMOUNTS:
        headers = made.place.stores.journals.headers(states)
        for state, tally in made.journals.items():
            tally.add_amounts(headers.get(key) for key, of in states.items() if of == state)
