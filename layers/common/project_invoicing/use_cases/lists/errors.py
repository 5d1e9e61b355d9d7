"""What went wrong last: imports, proposals, journals and write-backs that failed, the newest first (IWS-07, STG-21).

Nothing is kept for it: each document says itself why it failed last, so there is one entry a document, and it is gone
as soon as a run succeeds. What was rejected has a list of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import Final

from project_invoicing.domain.advice import what_to_do
from project_invoicing.domain.codes import JournalStatus, ProposalStatus, WaitReason
from project_invoicing.domain.journal import refusals
from project_invoicing.domain.text import number_of
from project_invoicing.store.queue_lists import END, KINDS_OF_REFUSALS, KINDS_OF_ROWS, SHARDS_OF_ROWS, After
from project_invoicing.store.write_backs import INVOICE_DOCUMENT, PAYMENT, Refusal
from project_invoicing.use_cases.lists.approvals import page
from project_invoicing.use_cases.lists.asked import STUCK, Asked, Kind
from project_invoicing.use_cases.lists.place import ListPlace

KEPT: Final = timedelta(days=90)
NEWEST: Final = 100
"""How many are shown."""
_AT_ONCE: Final = 100
_MOST_PAGES: Final = 20
"""The most pages of rows or proposals that are read: the newest stand last in them."""
_NO_ERRORS: Final = frozenset({WaitReason.NOT_PREVALIDATED, WaitReason.INACTIVE, WaitReason.BEGINNING_BALANCE})
"""Reasons to wait that are none: nobody has to do anything."""
_REFUSED: Final = "write_back_failed"
_STUCK: Final = "approval_stuck"
_PARTS: Final = {PAYMENT: "what is open of it", INVOICE_DOCUMENT: "how far its document is"}


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """``kind`` is journal, proposal, vendor_invoice, actual or write-back; ``id`` is its number, else its id.

    ``next``: what to do.
    """

    at: str
    company: str | None
    kind: str
    id: str
    reason: str
    detail: str
    next: str


@dataclass(frozen=True, slots=True)
class Errors:
    """``more`` counts older ones. ``whole``: all was read; else some may be missing, which the other lists have."""

    rows: list[ErrorRow]
    more: int
    whole: bool


def errors(place: ListPlace, company: str | None = None, first: str | None = None) -> Errors:
    """The newest errors of the last ninety days, or from the day ``first`` on."""
    since = first or (date.fromisoformat(place.at[:10]) - KEPT).isoformat()
    reading = _Reading(place, company, since)
    rows: dict[tuple[str, str | None, str], ErrorRow] = {}
    for row in reading.all():
        known = rows.get((row.kind, row.company, row.id))
        if row.at >= since and place.shows(row.company, company) and (known is None or known.at < row.at):
            rows[row.kind, row.company, row.id] = row
    newest = sorted(rows.values(), key=lambda row: (row.at, row.kind, row.id), reverse=True)
    return Errors(newest[:NEWEST], max(len(newest) - NEWEST, 0), reading.whole)


@dataclass(slots=True)
class _Reading:
    """What failed in a company, or in all, since a day."""

    place: ListPlace
    company: str | None
    since: str
    whole: bool = True

    def all(self) -> Iterator[ErrorRow]:
        for one in [self.company] if self.company else self.place.companies:
            yield from self._journals(one)
            yield from self._proposals(one)
            yield from self._approvals(one)
        yield from self._actuals()
        yield from self._write_backs()

    def _journals(self, company: str) -> Iterator[ErrorRow]:
        """Journals in error, each with the first reason of its lines."""
        store = self.place.stores.journals
        listed = store.listed(company, NEWEST, status=JournalStatus.ERROR, since=None, before=None)
        self.whole &= not listed.before
        for journal in store.many(company, [number for number, _ in listed.documents]).values():
            at = journal.changed_at or self.place.at
            if journal.status is JournalStatus.ERROR and at >= self.since:
                lines = (line for page in store.pages(company, journal.journal_id) for line in page.lines)
                for failed in islice(refusals(journal, lines), 1):
                    yield _row(at, company, "journal", journal.journal_id, str(failed.reason), failed.detail)

    def _proposals(self, company: str) -> Iterator[ErrorRow]:
        """Proposals that wait, each with its first reason."""
        store, after = self.place.stores.proposals, None
        for _ in range(_MOST_PAGES):
            listed = store.oldest(company, ProposalStatus.WAITING, _AT_ONCE, since=None, after=after)
            headers = store.many(id for id, _ in listed.documents) if listed.documents else {}
            for header in headers.values():
                wait = next((one for one in header.waiting_for if one.reason not in _NO_ERRORS), None)
                if wait and header.waiting_since:
                    number = header.number
                    yield _row(header.waiting_since, header.company, "proposal", number, wait.reason, wait.detail)
            after = listed.before
            if not after:
                return
        self.whole = False

    def _approvals(self, company: str) -> Iterator[ErrorRow]:
        """Submitted proposals and vendor invoices that nobody is left to approve (WFL-06)."""
        parameters = self.place.setup.parameters(company)
        if not (parameters.approval or parameters.approve_vendor_invoices):
            return
        asked = Asked(Kind.APPROVALS, company=company, status=STUCK, limit=_AT_ONCE)
        for _ in range(_MOST_PAGES):
            found = page(self.place, asked)
            for row in found.rows:
                detail = f"submitted by {row.submitted_by}; nobody of those whom the company names may approve it"
                yield ErrorRow(
                    row.since or self.place.at, row.company, row.kind, row.proposal_id, _STUCK, detail, row.next
                )
            if found.cursor is None:
                return
            asked = replace(asked, cursor=found.cursor)
        self.whole = False

    def _actuals(self) -> Iterator[ErrorRow]:
        """Rows that an import has left waiting and that say why."""
        for kind in KINDS_OF_ROWS:
            at = [""] * SHARDS_OF_ROWS
            for _ in range(_MOST_PAGES):
                rows, at = self.place.queue.waiting(
                    kind, at, _AT_ONCE, company=self.company, reason=None, since=self.since
                )
                for row in rows:
                    if row.reason and row.since and row.reason not in _NO_ERRORS:
                        yield _row(row.since, row.company, "actual", row.id, row.reason, row.detail or "")
                if all(one == END for one in at):
                    break
            else:
                self.whole = False

    def _write_backs(self) -> Iterator[ErrorRow]:
        """Journals and invoices of which Dataverse has refused something, until it is tried again."""
        for kind in KINDS_OF_REFUSALS:
            after: After | None = None
            for _ in range(_MOST_PAGES):
                refusals, after = self.place.queue.refused(kind, after, _AT_ONCE, since=self.since)
                yield from map(_refused, refusals)
                if after is None:
                    break
            else:
                self.whole = False


def _refused(refusal: Refusal) -> ErrorRow:
    """One entry, whatever of the document was refused."""
    document = refusal.document
    what = _PARTS.get(document.source) or (number_of(refusal.rows, "row") if refusal.rows else "its own row")
    next_ = f"correct it in Dataverse, then: invoicing retry-write-back {document.number}"
    detail = f"{what}, refused: {refusal.detail}"
    return ErrorRow(refusal.at, document.company, "write-back", document.number, _REFUSED, detail, next_)


def _row(at: str, company: str | None, kind: str, id: str, reason: str, detail: str) -> ErrorRow:
    return ErrorRow(at, company, kind, id, reason, detail, what_to_do(reason))
