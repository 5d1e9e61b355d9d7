"""Whether a fiscal period of a company can be closed: what is still open in it, point by point.

What counts is the accounting date with which something would be posted. An open period takes, too, what is dated in
the periods just before it that are not open, where the company moves such dates (JRN-08). A proposal that names no date
would be posted today. Where a company has batches for a general ledger, what of the period has not left counts, too.
Bounded: the first pages of what is open, at most 27 requests whatever the history, and six for the batches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from project_invoicing.domain.calendar import first_day, last_day
from project_invoicing.domain.codes import JournalStatus, ProposalStatus
from project_invoicing.domain.correction_journal import CorrectionStatus
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.domain.proposal import UNRESOLVED, Proposal
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.invoice_terms import invoice_date_of, written_accounting_date
from project_invoicing.rules.line_dates import written_dates
from project_invoicing.rules.review import lacks_approval
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.companies import FiscalPeriod, PeriodStatus
from project_invoicing.store.correction_journals import CorrectionJournals
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.queue_lists import SHARDS_OF_ROWS
from project_invoicing.store.ready import Ready
from project_invoicing.store.vendor_invoices import VendorInvoices
from project_invoicing.store.write_backs import Document
from project_invoicing.use_cases.ledger_batches.closing import left_behind
from project_invoicing.use_cases.lists.asked import bad
from project_invoicing.use_cases.lists.counts import Open, Tally
from project_invoicing.use_cases.lists.overview import says_why
from project_invoicing.use_cases.lists.place import ListPlace

MOST: Final = 200
_NEWEST: Final = 100
"""Of corrections of accrued revenue, which are few in a month."""
_WRITE_BACK_CHECKS: Final = ("write_back_failed", "write_back_unfinished", "write_back_differs")

Report = dict[str, Any]


class Point(StrEnum):
    """The points of the checklist, in the order in which they are worked off."""

    REJECTED = "rejected"
    ROWS = "rows"
    JOURNALS_IN_ERROR = "journals in error"
    JOURNALS = "journals"
    UNKNOWN_COMPANY = "unknown company"
    WAITING = "waiting"
    REFUSED = "refused"
    UNAPPROVED = "not approved"
    READY = "ready"
    POSTING = "posting"
    VENDOR_INVOICES = "vendor invoices"
    CORRECTION_JOURNALS = "correction journals"
    NOT_WRITTEN_BACK = "not written back"
    WRITE_BACK_DIFFERS = "write-back differs"
    RECONCILED = "reconciled"
    DIFFERENCES = "differences"
    IN_NO_BATCH = "in no batch"
    NOT_ACCEPTED = "not accepted"


@dataclass(slots=True)
class Checklist:
    """``points`` has every point; one whose number is zero is done. ``first`` to ``last`` are the dates that count.

    ``report_at``: when the last reconciliation ran, if any did. ``without_batches``: the company makes none for a
    general ledger and never did, so what is in none is not counted.
    """

    place: ListPlace
    company: str
    period: FiscalPeriod
    first: date
    last: date
    points: dict[Point, Tally] = field(default_factory=lambda: {point: Tally() for point in Point})
    report_at: str | None = None
    without_batches: bool = False

    def has_days_of(self, journal: Journal) -> bool:
        """Whether the journal's period, which may be a day, a month, a year or all times, has a day that counts."""
        return first_day(journal.period) <= self.last.isoformat() and last_day(journal.period) >= self.first.isoformat()

    @property
    def done(self) -> bool:
        return not any(tally.number or tally.more for tally in self.points.values())


def periods_of(setup: FinanceSetup, company: str) -> list[FiscalPeriod]:
    """The fiscal periods of a company, the latest first."""
    periods = setup.document.fiscal_periods.get(company, [])
    return sorted(periods, key=lambda period: period.start, reverse=True)


def period_named(setup: FinanceSetup, company: str, named: str | None, at: str) -> FiscalPeriod | None:
    """The period with a day (``2026-08-31``) or with the first day of a month (``2026-08``).

    Without a name: the oldest open one that is over, else the one of today. ``None`` where the company has none.
    Raises ``Rejected`` for a name that is none, and for a day in no period.
    """
    periods = periods_of(setup, company)
    if named:
        try:
            day = date.fromisoformat(named if len(named) > len("2026-08") else f"{named}-01")
        except ValueError:
            raise bad("period", f"period is {named!r}; write a month as 2026-08, or a day as 2026-08-31") from None
        found = next((one for one in periods if one.start <= day <= one.end), None)
        if found is None:
            raise bad("period", f"{company} has no fiscal period with {day}; see `fiscal_periods` in the set-up")
        return found
    today = setup.today(company, at)
    over = [one for one in periods if one.status is PeriodStatus.OPEN and one.end < today]
    around = [one for one in periods if one.start <= today]
    return next(iter([*over[-1:], *around, *periods]), None)


def checklist(place: ListPlace, company: str, period: FiscalPeriod) -> Checklist:
    setup = place.setup
    first = _first_day(setup, company, period)
    headers, more_headers = _headers(place, company)
    unknown, more_unknown = _headers(place, UNRESOLVED) if place.only is None else ([], False)
    rows, more_rows = _rows(place, company)
    opened = Open.seen(place, [*headers, *unknown], rows)
    made = Checklist(opened.place, company, period, first, period.end)

    def within(day: date) -> bool:
        return first <= day <= period.end

    by_point: dict[Point, list[Proposal | StagedRow]] = defaultdict(list)
    for header in headers:
        if within(_posting_day(header, setup, place.at)):
            by_point[_point_of(header, setup)].append(header)
    by_point[Point.UNKNOWN_COMPANY] = list(unknown)
    by_point[Point.ROWS] = [row for row in rows if within(written_dates(row.actual, company, setup)[1])]
    for point, found in by_point.items():
        for one in found:
            opened.count(made.points[point], one)
    for point in (Point.WAITING, Point.REFUSED, Point.UNAPPROVED, Point.READY, Point.POSTING):
        made.points[point].more = more_headers
    made.points[Point.UNKNOWN_COMPANY].more = more_unknown
    made.points[Point.ROWS].more = more_rows
    _journals(made)
    _vendor_invoices(made, within)
    _correction_journals(made, within)
    _rejected(made)
    _write_backs(made, within)
    _reconciled(made)
    _batches(made)
    return made


def _first_day(setup: FinanceSetup, company: str, period: FiscalPeriod) -> date:
    """The first day that counts: the first after the open period before, where dates move into this one."""
    if period.status is not PeriodStatus.OPEN or not setup.parameters(company).auto_open_period:
        return period.start
    before = [one.end for one in periods_of(setup, company) if one.status is PeriodStatus.OPEN]
    ends = [end for end in before if end < period.start]
    return max(ends) + timedelta(days=1) if ends else date.min


def _headers(place: ListPlace, company: str) -> tuple[list[Proposal], bool]:
    """Open proposals of a company: one request, and one for a hundred of them."""
    ids, more = place.stores.proposals.opened(company, MOST)
    return list(place.stores.proposals.many(ids).values()), more


def _posting_day(header: Proposal, setup: FinanceSetup, at: str) -> date:
    """The accounting date with which it would be posted now; of one whose posting was begun, the one it has."""
    return (
        header.accounting_date
        or written_accounting_date(header, setup)
        or header.invoice_date
        or invoice_date_of(header, setup, None, at)
    )


def _point_of(header: Proposal, setup: FinanceSetup) -> Point:
    if header.status is ProposalStatus.WAITING:
        return Point.WAITING
    if lacks_approval(header, setup):
        return Point.UNAPPROVED
    if header.status is ProposalStatus.READY:
        return Point.REFUSED if header.refusal else Point.READY
    return Point.POSTING


def _rows(place: ListPlace, company: str) -> tuple[list[StagedRow], bool]:
    """Rows of the company, and of none that is known yet, that are on no document."""
    pages = [place.queue.pending(shard, MOST) for shard in range(SHARDS_OF_ROWS)]
    rows = [row for found, _ in pages for row in found if place.shows(row.company, company)]
    return [row for row in rows if says_why(row)], any(more for _, more in pages)


def _journals(made: Checklist) -> None:
    """Open journals whose periods have days that count."""
    journals = made.place.stores.journals
    found, more = journals.opened(made.company, MOST, made.first.isoformat())
    by_point: dict[Point, list[Journal]] = {Point.JOURNALS_IN_ERROR: [], Point.JOURNALS: []}
    for journal in journals.many(made.company, found).values():
        if made.has_days_of(journal):
            by_point[Point.JOURNALS_IN_ERROR if journal.status is JournalStatus.ERROR else Point.JOURNALS] += [journal]
    for point, several in by_point.items():
        for journal in several:
            made.points[point].add(journal.changed_at)
        made.points[point].add_amounts(several)
        made.points[point].more = more


def _vendor_invoices(made: Checklist, within: Callable[[date], bool]) -> None:
    """What other companies have billed and nobody has posted here, by the accounting date that it would get."""
    stores = made.place.stores
    for one in VendorInvoices(stores.proposals.client, stores.proposals.table).open(made.company):
        if within(one.accounting_date):
            made.points[Point.VENDOR_INVOICES].add(one.invoice_date.isoformat(), one.total, one.currency)


def _correction_journals(made: Checklist, within: Callable[[date], bool]) -> None:
    """The newest corrections of accrued revenue that have lines to post. Without a date, one may belong here."""
    stores = made.place.stores
    store = CorrectionJournals(stores.journals.client, stores.journals.table)
    for journal in store.listed(made.company, _NEWEST, before=None)[0]:
        is_open = journal.status not in (CorrectionStatus.POSTED, CorrectionStatus.DELETED)
        if is_open and (journal.voucher_date is None or within(journal.voucher_date)):
            made.points[Point.CORRECTION_JOURNALS].add(journal.created_at)


def _rejected(made: Checklist) -> None:
    """What came since the period began: an event that could not be read has no accounting date."""
    since = made.period.start.isoformat()
    found, after = made.place.queue.rejected(None, MOST, reason=None, since=since)
    for one in found:
        if made.place.shows(one.company, made.company):
            made.points[Point.REJECTED].add(one.rejection.at)
    made.points[Point.REJECTED].more = after is not None


def _write_backs(made: Checklist, within: Callable[[date], bool]) -> None:
    stores, tally = made.place.stores, made.points[Point.NOT_WRITTEN_BACK]
    found, more = stores.write_backs.unfinished(MOST)
    own = [one for one in found if one.company == made.company]
    journals = stores.journals.many(made.company, _numbers(own, JOURNAL))
    invoices = stores.proposals.invoices.many(made.company, _numbers(own, INVOICE))
    counts = [
        *(made.has_days_of(journal) for journal in journals.values()),
        *(within(invoice.accounting_date) for invoice in invoices.values()),
    ]
    for _ in filter(None, counts):
        tally.add()
    tally.more = more


def _numbers(documents: Iterable[Document], source: str) -> list[str]:
    return [one.number for one in documents if one.source == source]


def _reconciled(made: Checklist) -> None:
    """The last reconciliation must have run to its end after the period was over, and have found nothing."""
    report = made.place.report()
    made.report_at = report["at"] if report else None
    ran = report is not None and report["complete"]
    if not ran or made.place.setup.local_date(made.company, str(made.report_at)) <= made.period.end:
        made.points[Point.RECONCILED].add()
    for check in report["checks"] if report else ():
        written = check["name"] in _WRITE_BACK_CHECKS
        tally = made.points[Point.WRITE_BACK_DIFFERS if written else Point.DIFFERENCES]
        for found in check["found"]:
            if found["company"] in (None, made.company):
                tally.add()
        tally.more |= check["more"] > 0


def _batches(made: Checklist) -> None:
    """What of the period itself has not left for the general ledger, or was not accepted there."""
    stores = made.place.stores
    table, tables = stores.named.ledger_batches_table, stores.ledger.client
    if not table:
        return
    period = made.period
    setup, company = made.place.setup, made.company
    found = left_behind(LedgerBatches(tables, table), Ready(tables, table), setup, company, period.start, period.end)
    made.without_batches = not found.asked
    for document in found.waiting:
        made.points[Point.IN_NO_BATCH].add(document.first.isoformat())
    made.points[Point.IN_NO_BATCH].more = found.more
    for batch in found.batches:
        answered = batch.answered.open_debit
        debit = batch.accounting_totals.debit if answered is None else answered
        made.points[Point.NOT_ACCEPTED].add(batch.sealed_at, debit, batch.accounting_currency)
