"""Posting of integration journals: vouchers in the ledger, accounting details on the staging rows (POST-02 to POST-13).

Every line is judged first. Good lines post; failing ones move to a new journal that names the first and is not retried
until it is reset (POST-03, POST-04). When no line is good, nothing moves and the journal gets ``error`` (D-007).

``posting_saga`` posts the good lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain

from project_invoicing.domain.actor import BY_EVENT, BY_SCHEDULE, Actor, person
from project_invoicing.domain.calendar import period_key
from project_invoicing.domain.codes import (
    JournalStatus,
    PostingFailure,
    RejectReason,
)
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.journal import Journal, refusals
from project_invoicing.domain.refusals import Refusal, Refused, unknown_company
from project_invoicing.domain.staged_row import OnJournal
from project_invoicing.errors import Rejected
from project_invoicing.events.own import JournalFailed
from project_invoicing.rules.journal_posting import JudgedPage, by_transaction
from project_invoicing.rules.review import review_ends
from project_invoicing.set_aside import each
from project_invoicing.store import outbox
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.pins import packed
from project_invoicing.store.ready import Ready
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES
from project_invoicing.store.unit_of_work import UnitOfWork, retried
from project_invoicing.use_cases.documents.edited_by import editors, must_not_have_edited
from project_invoicing.use_cases.documents.given import given_day
from project_invoicing.use_cases.documents.renumbering import look_again
from project_invoicing.use_cases.journals.judged import judged
from project_invoicing.use_cases.journals.posting_saga import PostingSaga
from project_invoicing.use_cases.people import must_be_allowed
from project_invoicing.use_cases.requests.post_journals import PostJournals
from project_invoicing.use_cases.setups import SetupVersions

_NAMING = ("journal_id", "original_journal", "period_start")
_ATTEMPTS = 6


@dataclass(slots=True)
class JournalPosting:
    """One run of the posting of journals. ``actor`` posts; without it, the person who asks or the schedule."""

    journals: Journals
    staging: Staging
    ledger: Ledger
    ready: Ready
    setups: SetupVersions
    at: str
    actor: Actor | None = None
    posted: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    def run(self, asked: PostJournals, *, scheduled: bool = False) -> None:
        """Posts all journals that are drafts or were left half-way, or those selected by the filters (POST-14).

        ``scheduled``: journals that their company reviews are left alone, see ``review``.

        ``refused`` says why lines, and journals that were named, are not posted.
        """
        if self.actor is None:
            self.actor = BY_SCHEDULE if scheduled else person(asked.actor)
        try:
            must_be_allowed(self.actor, asked)
        except Refused as refused:
            self.refused.append(Refusal(asked.company, asked.journal_id, refused.reason, refused.detail))
            return
        setup = self.setups.current
        companies = [asked.company] if asked.company else list(setup.document.companies)
        if companies[0] not in setup.document.companies:
            self.refused.append(unknown_company(companies[0]))
            return
        start = asked.period_start
        try:
            day = given_day(start, "period_start") if start else None
        except Rejected as rejected:
            self.refused.append(Refusal(asked.company, None, rejected.reason, rejected.detail))
            return
        due = list(self._due(companies, asked, day))
        each("journal", ((one.journal_id, one) for one in due), lambda one: self.post(one, scheduled=scheduled))
        if any(getattr(asked, name) for name in _NAMING) and not (self.posted or self.refused):
            self.refused.append(self._nothing(companies, asked))

    def refuse(self, rejected: Rejected) -> None:
        """Notes why a request could not be read."""
        self.refused.append(Refusal(None, None, rejected.reason, rejected.detail))

    def _due(self, companies: Sequence[str], asked: PostJournals, day: date | None) -> Iterator[Journal]:
        """The unposted journals selected by the filters; ``day`` lies in their period."""
        for company in companies:
            period = period_key(self.setups.current.parameters(company).journal_period, day) if day else None
            wanted = (asked.journal_id, asked.original_journal, period)
            for journal in self.journals.open(company):
                found = (journal.journal_id, journal.original_journal, journal.period)
                if all(want in (None, have) for want, have in zip(wanted, found, strict=True)):
                    yield journal

    def _nothing(self, companies: Iterable[str], request: PostJournals) -> Refusal:
        """Why the filters selected nothing to post."""
        asked, company = request.journal_id, request.company
        if not asked:
            named = ", ".join(f"{name} {value}" for name in _NAMING if (value := getattr(request, name)))
            return Refusal(company, None, PostingFailure.LINES_MISSING, f"no journal to post has {named}")
        for code in companies:
            journal = self.journals.get(code, asked)
            if journal and journal.status is JournalStatus.POSTED:
                return Refusal(code, asked, PostingFailure.ALREADY_POSTED, f"journal {asked} is posted")
            if journal and journal.status is JournalStatus.ERROR:
                errors = (line.error for page in self.journals.pages(code, asked) for line in page.lines)
                reason, _, detail = next((error for error in errors if error), "").partition(": ")
                detail = f"journal {asked} is in error until it is reset: {detail}"
                return Refusal(code, asked, reason or PostingFailure.LINES_MISSING, detail)
            if journal:
                return Refusal(code, asked, PostingFailure.LINES_MISSING, f"journal {asked} has no lines")
        return Refusal(company, asked, RejectReason.SCHEMA, f"there is no journal {asked}")

    def _is_under_review(self, journal: Journal) -> bool:
        ends = review_ends(journal, self.setups.current)
        return ends is None or datetime.fromisoformat(self.at) < ends

    def post(self, journal: Journal, *, scheduled: bool = False) -> None:
        """Posts one journal, from where it stands. Does nothing if it is posted, in error or empty."""
        company, journal_id = journal.company, journal.journal_id
        known = [journal]

        def step() -> None:
            now = known.pop() if known else self.journals.get(company, journal_id)
            if now and scheduled and self._is_under_review(now):  # another run may also have added a line
                self.held.append(journal_id)
            elif now:
                self._post(now)

        retried(f"journal {journal_id} of {company}", step, attempts=_ATTEMPTS)

    def _post(self, journal: Journal) -> None:
        if journal.status not in (JournalStatus.DRAFT, JournalStatus.PROCESSING) or not journal.line_count:
            return
        begun = journal.status is JournalStatus.PROCESSING
        found = judged(self.journals, self.staging, self.setups, journal)
        look_again(self.staging, OnJournal(journal.journal_id), found.numbered)
        try:
            self._must_be_second(journal)
        except Refused as refused:
            self.refused.append(Refusal(journal.company, journal.journal_id, refused.reason, refused.detail))
            return
        failing = len(found.failing)
        if not begun and failing == journal.line_count:
            self._fail_whole(journal, found.pages)
        else:
            try:
                view = packed(found.pins, f"journal {journal.journal_id}") if found.pins and not begun else None
            except Refused as refused:
                self.refused.append(Refusal(journal.company, journal.journal_id, refused.reason, refused.detail))
                return
            done = HistoryEntry(self.at, self.actor or BY_EVENT, Done.POSTED, {"status": journal.status})
            stores = (self.journals, self.staging, self.ledger, self.ready)
            saga = PostingSaga(*stores, done, journal, found.setup, failing, found.rows, found.days, view)
            *firsts, last = by_transaction(found.pages, MAX_WRITES - saga.overhead)
            for some in firsts:
                saga.step(some)
            saga.finish(last)
            self.posted.append(journal.journal_id)
        self.refused += refusals(journal, found.failing)

    def _must_be_second(self, journal: Journal) -> None:
        """Refuses a person to post what it has edited, where the company posts journals with four eyes.

        Also on the journal that these lines failed on before. Asked once the lines are read: whoever edits them later
        changes what the claim names.
        """
        actor, company = self.actor or BY_EVENT, journal.company
        four_eyes = self.setups.current.parameters(company).four_eyes_journals
        if not four_eyes or actor.is_system or journal.status is not JournalStatus.DRAFT:
            return
        numbers = [number for number in (journal.original_journal, journal.journal_id) if number]
        edited = editors(chain.from_iterable(self.journals.history(company, number) for number in numbers))
        if edited and not actor.is_known:
            detail = f"{company} posts with four eyes: say who posts journal {journal.journal_id}"
            raise Refused(PostingFailure.FOUR_EYES, detail)
        must_not_have_edited(edited, actor, f"journal {journal.journal_id}", "post")

    def _fail_whole(self, journal: Journal, pages: list[JudgedPage]) -> None:
        """No line can be posted: the lines stay and say why, the journal waits to be reset (POST-10)."""
        for one in pages:
            if one.failing != one.page.lines:
                write = self.journals.changed_page(journal, one.page, one.failing)
                UnitOfWork(self.journals.client, [write]).commit()
        change = self.journals.changing(journal)
        change.failed()
        failed = JournalFailed(
            company=journal.company,
            journal_id=journal.journal_id,
            original_journal=journal.original_journal,
            line_count=journal.line_count,
        )
        event = failed.on_bus(self.at, f"{journal.company}#{journal.journal_id}#{self.at}")
        UnitOfWork(self.journals.client, [change.write(), outbox.record(self.journals.table, event)]).commit()
        self.failed.append(journal.journal_id)
