"""Correction journals until they are posted: made, edited, emptied (ARR-10, ARR-12, ARR-13, ARR-16).

A journal that needs several transactions is ``creating`` until all its lines are on it, and is due for the schedule in
the meantime: whoever is interrupted, the next run finds the rest, because each row says which journal it is on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from project_invoicing.chunks import chunks
from project_invoicing.domain.accrued_revenue import Imbalance
from project_invoicing.domain.actor import Actor
from project_invoicing.domain.calendar import Interval
from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.correction_journal import (
    AT_ONCE,
    CorrectionJournal,
    CorrectionLine,
    CorrectionPage,
    CorrectionStatus,
    CorrectionVerb,
    Due,
    Wanted,
)
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.errors import Rejected
from project_invoicing.rules.accrued_revenue import Chosen
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.correction_journals import CorrectionJournals
from project_invoicing.store.finance_vouchers import FinanceVouchers
from project_invoicing.store.transactions import Write
from project_invoicing.store.unit_of_work import UnitOfWork, retried
from project_invoicing.use_cases.accrued_revenue.find import Found, Sources, find

PAGE_LINES: Final = 90
"""With their rows, the header and its history they fit into a transaction."""
_ATTEMPTS: Final = 6


@dataclass(frozen=True, slots=True)
class Corrections:
    """What correction journals are made and posted with, at a time, by whom.

    ``time_left`` says whether there is time for another transaction: only the schedule runs out of it.
    """

    sources: Sources
    journals: CorrectionJournals
    vouchers: FinanceVouchers
    setup: FinanceSetup
    at: str
    actor: Actor
    time_left: Callable[[], bool] = lambda: True

    def done(self, what: Done, before: Mapping[str, Any] | None = None, **after: Any) -> HistoryEntry:
        return HistoryEntry(self.at, self.actor, what, before or {}, after)

    def commit(self, *writes: Write) -> None:
        UnitOfWork(self.journals.client, writes).commit()


@dataclass(frozen=True, slots=True)
class New:
    """A journal that is asked for. ``token``: the same for every repetition of the request."""

    company: str
    wanted: Wanted
    token: str
    description: str | None = None
    voucher_date: date | None = None
    scheduled: bool = False


@dataclass(frozen=True, slots=True)
class Edits:
    """What a person changes. ``lines``: those that get the offset account; ``None`` for all that need one."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    lines: Collection[int] | None = None


# --- making -----------------------------------------------------------------------------------------------------------


def create(place: Corrections, asked: New) -> CorrectionJournal:
    """Makes one draft of what is wanted, or leaves that to the schedule. Asked again, it is the same journal.

    Refuses where nothing is to be corrected, where a row that is named is on another journal, and more than a thousand
    lines unless they are ``scheduled``.
    """
    must_be_told_apart(place, asked.company)
    found = retried(f"correction journal in {asked.company}", lambda: _begin(place, asked), attempts=_ATTEMPTS)
    return found if asked.scheduled else go_on_creating(place, found)


def _begin(place: Corrections, asked: New) -> CorrectionJournal:
    """The first transaction: the number, the header and the first page."""
    known = place.journals.made_under(asked.company, asked.token)
    if known and (journal := place.journals.get(asked.company, known)):
        return journal
    found = Found() if asked.scheduled else _of(place, asked.company, asked.wanted)
    rows = [] if asked.scheduled else _free(found, asked.wanted)
    if len(rows) > AT_ONCE:
        raise _too_many(len(rows), "made")
    counter = place.journals.counter(asked.company)
    number_format = place.setup.number_sequences(asked.company).correction_journal
    number = format_number(number_format, counter.last + 1, asked.company)
    journal = CorrectionJournal(
        company=asked.company,
        number=number,
        status=CorrectionStatus.CREATING,
        wanted=asked.wanted,
        description=asked.description,
        voucher_date=asked.voucher_date,
        due=Due.CREATE,
        created_at=place.at,
    )
    lines = _lines(rows[:PAGE_LINES], 1)
    done = place.done(Done.CREATED, number=number, lines=len(rows) or None)
    journal = replace(journal, lines=len(lines), next_line=len(lines) + 1)
    if not asked.scheduled and len(rows) <= PAGE_LINES:
        journal = replace(journal, status=CorrectionStatus.DRAFT, due=None)
    place.commit(
        place.journals.create(journal),
        place.journals.once(asked.company, asked.token, number),
        counter.draw(1),
        place.journals.noted(journal, done),
        *_put_on(place, journal, lines, found.sales),
    )
    return journal


def go_on_creating(place: Corrections, journal: CorrectionJournal) -> CorrectionJournal:
    """Puts on it what is wanted and not yet there; does nothing for one that is made."""

    def step() -> CorrectionJournal:
        now = must_be_there(place, journal.company, journal.number)
        if now.status is not CorrectionStatus.CREATING:
            return now
        found = _of(place, now.company, now.wanted)
        for some in chunks([one for one in found.rows if one.journal is None], PAGE_LINES):
            lines = _lines(some, now.next_line)
            counts = {"lines": now.lines + len(lines), "next_line": now.next_line + len(lines)}
            after, write = place.journals.changed(now, CorrectionVerb.LINES_ADDED, **counts)
            place.commit(write, *_put_on(place, now, lines, found.sales))
            now = after
            if not place.time_left():
                return now
        after, write = place.journals.changed(now, CorrectionVerb.CREATED, due=None)
        place.commit(write)
        return after

    return retried(f"correction journal {journal.number}", step, attempts=_ATTEMPTS)


def _of(place: Corrections, company: str, wanted: Wanted) -> Found:
    return find(place.sources, company, chosen(wanted))


def chosen(wanted: Wanted) -> Chosen:
    """The imbalances that a journal is made of."""
    days = Interval(wanted.first, wanted.last)
    ids, projects, accounts = map(frozenset, (wanted.ids, wanted.projects, wanted.accounts))
    return Chosen(days, ids, projects, accounts, wanted.reversals)


def _free(found: Found, wanted: Wanted) -> list[Imbalance]:
    """Those that are on no journal. Refuses where that leaves nothing, or leaves out one that is named (ARR-16)."""
    free = [one for one in found.rows if one.journal is None]
    taken = {one.unbilled_id: one.journal for one in found.rows if one.journal}
    for id in wanted.ids:
        if id in taken:
            detail = f"the imbalance of {id} is on correction journal {taken[id]}: post that, or remove its line there"
            raise Refused(PostingFailure.ON_CORRECTION_JOURNAL, detail)
        if id not in found.sales:
            detail = f"{id} has no imbalance that a voucher of {wanted.first} to {wanted.last} left"
            raise Refused(PostingFailure.LINES_MISSING, detail)
    if not free:
        on = f"; all of them are on {', '.join(sorted(set(taken.values())))}" if taken else ""
        detail = f"there is no imbalance to correct from {wanted.first} to {wanted.last}{on}"
        raise Refused(PostingFailure.LINES_MISSING, detail)
    return free


def _lines(rows: Iterable[Imbalance], first: int) -> list[CorrectionLine]:
    return [
        CorrectionLine(
            line_number=number,
            unbilled_id=one.unbilled_id,
            left=one.left,
            takings=one.takings,
            project=one.accrual.project,
            customer=one.customer,
            contract=one.contract,
            transaction_date=one.transaction_date,
        )
        for number, one in enumerate(rows, first)
    ]


def _put_on(
    place: Corrections, journal: CorrectionJournal, lines: list[CorrectionLine], sales: Mapping[str, StagedRow]
) -> list[Write]:
    if not lines:
        return []
    staging = place.sources.staging
    rows = [staging.put_on_correction_journal(sales[line.unbilled_id], journal.number) for line in lines]
    return [place.journals.page(journal, lines), *rows]


def _too_many(lines: int, what: str) -> Refused:
    detail = f"{lines:,} lines are more than the {AT_ONCE:,} that are {what} at once; leave it to the schedule"
    return Refused(PostingFailure.TOO_MANY_LINES, detail)


def must_be_few(journal: CorrectionJournal) -> None:
    """Refuses to post more at once than a person waits for (ARR-13)."""
    if journal.open_lines > AT_ONCE:
        raise _too_many(journal.open_lines, "posted")


# --- editing ----------------------------------------------------------------------------------------------------------


def must_be_told_apart(place: Corrections, company: str) -> None:
    """Refuses an edit by nobody where the company posts with four eyes."""
    known = place.actor.is_known or place.actor.is_system
    if place.setup.parameters(company).four_eyes and not known:
        raise Refused(PostingFailure.FOUR_EYES, f"{company} posts with four eyes: say who makes the journal")


def edit(place: Corrections, company: str, number: str, edits: Edits) -> CorrectionJournal:
    """Changes description and voucher date of a draft, and the offset account of lines that are not posted (ARR-12)."""
    must_be_told_apart(place, company)
    return retried(f"correction journal {number}", lambda: _edit(place, company, number, edits), attempts=_ATTEMPTS)


def _edit(place: Corrections, company: str, number: str, edits: Edits) -> CorrectionJournal:
    journal = must_be_open(place, company, number)
    header = {name: value for name, value in edits.changes.items() if name in ("description", "voucher_date")}
    offset = {name: value for name, value in edits.changes.items() if name.startswith("offset_")}
    if header and journal.posted_lines:
        detail = f"journal {number} is {journal.status}: its description and voucher date stay as they are (ARR-12)"
        raise Refused(PostingFailure.ALREADY_POSTED, detail)
    pages = list(_changed_pages(place, journal, edits.lines, offset)) if offset else []
    before = {name: getattr(journal, name) for name in header}
    told = {"lines": sorted(edits.lines)} if edits.lines is not None else {}
    done = place.done(Done.EDITED, before, **header, **offset, **told)
    if place.journals.was_done(journal, done):
        return journal
    verb = CorrectionVerb.EDITED if header else CorrectionVerb.LINES_EDITED
    after, write = place.journals.changed(journal, verb, **header)
    *firsts, last = list(chunks(pages, PAGE_LINES)) or [[]]
    for some in firsts:  # the same change of a line twice is the same line
        place.commit(*(place.journals.changed_page(journal, page, lines) for page, lines in some))
    own = [place.journals.changed_page(journal, page, lines) for page, lines in last]
    place.commit(write, place.journals.noted(journal, done), *own)
    return after


def _changed_pages(
    place: Corrections, journal: CorrectionJournal, chosen: Collection[int] | None, offset: Mapping[str, Any]
) -> Iterator[tuple[CorrectionPage, list[CorrectionLine]]]:
    """The pages with the offset account on the lines that are meant: those that are chosen, else that need one."""
    meant: set[int] = set()
    for page in place.journals.pages(journal.company, journal.number):
        of_page = {line.line_number for line in page.lines if line.voucher is None and _is_meant(line, chosen)}
        meant |= of_page
        lines = [replace(x, **offset, error=None) if x.line_number in of_page else x for x in page.lines]
        if lines != page.lines:
            yield page, lines
    if missing := set(chosen or ()) - meant:
        raise _no_line(journal, missing)
    if not meant:
        raise bad("offset_account", f"no line of journal {journal.number} needs an offset account")


def _is_meant(line: CorrectionLine, chosen: Collection[int] | None) -> bool:
    return not line.symmetric if chosen is None else line.line_number in chosen


def remove(place: Corrections, company: str, number: str, chosen: Collection[int] | None) -> CorrectionJournal:
    """Takes lines off that are not posted, all of them without ``chosen``: their rows may be put on another journal.

    A draft that is empty then is deleted.
    """
    must_be_told_apart(place, company)
    whole = chosen is None
    done = place.done(Done.LINES_DELETED, lines=None if chosen is None else sorted(chosen))

    def step() -> CorrectionJournal:
        journal = must_be_there(place, company, number)
        again = place.journals.was_done(journal, done)
        if again and journal.status in (CorrectionStatus.POSTED, CorrectionStatus.DELETED):
            return journal
        journal = must_be_open(place, company, number, creating=whole)
        pages = list(place.journals.pages(company, number))
        there = {line.line_number for page in pages for line in page.lines if line.voucher is None}
        missing = set(chosen or ()) - there
        if missing and not again:
            raise _no_line(journal, missing)
        for page in pages:
            gone = [x for x in page.lines if x.voucher is None and (whole or x.line_number in (chosen or ()))]
            if gone:
                journal = _without(place, journal, page, gone, done)
        if whole and not journal.lines and journal.status is not CorrectionStatus.DELETED:
            after, write = place.journals.changed(journal, CorrectionVerb.DELETED, due=None)
            place.commit(write, *_noted_once(place, journal, done))
            journal = after
        return journal

    return retried(f"correction journal {number}", step, attempts=_ATTEMPTS)


def _without(
    place: Corrections,
    journal: CorrectionJournal,
    page: CorrectionPage,
    gone: Sequence[CorrectionLine],
    done: HistoryEntry,
) -> CorrectionJournal:
    """One transaction: some lines of a page are gone. The journal is deleted or posted with its last open line."""
    kept = [line for line in page.lines if line not in gone]
    left = journal.lines - len(gone)
    verbs = [CorrectionVerb.LINES_REMOVED] if journal.status is not CorrectionStatus.CREATING else []
    values: dict[str, Any] = {"lines": left}
    if not left:
        verbs, values = [*verbs, CorrectionVerb.DELETED], {**values, "due": None}
    elif left == journal.posted_lines:
        verbs, values = [*verbs, CorrectionVerb.POSTED], {**values, "due": None}
    after, write = place.journals.changed(journal, *verbs, **values)
    journals, staging = place.journals, place.sources.staging
    of_page = journals.changed_page(journal, page, kept) if kept else journals.without_page(journal, page)
    rows = (staging.taken_off_correction_journal(line.unbilled_id, journal.number) for line in gone)
    place.commit(write, of_page, *rows, *_noted_once(place, journal, done))
    return after


def _noted_once(place: Corrections, journal: CorrectionJournal, done: HistoryEntry) -> list[Write]:
    return [] if place.journals.was_done(journal, done) else [place.journals.noted(journal, done)]


# --- finding them -----------------------------------------------------------------------------------------------------


def must_be_there(place: Corrections, company: str, number: str) -> CorrectionJournal:
    found = place.journals.get(company, number)
    if found is None:
        raise bad("journal", f"{company} has no correction journal {number}")
    return found


def must_be_open(place: Corrections, company: str, number: str, *, creating: bool = False) -> CorrectionJournal:
    """The journal, if its lines can be changed or posted."""
    journal = must_be_there(place, company, number)
    if journal.status is CorrectionStatus.POSTED:
        raise Refused(PostingFailure.ALREADY_POSTED, f"journal {number} is posted")
    if journal.status is CorrectionStatus.DELETED:
        raise Refused(PostingFailure.LINES_MISSING, f"journal {number} is deleted")
    if journal.status is CorrectionStatus.CREATING and not creating:
        raise Refused(PostingFailure.LINES_MISSING, f"journal {number} is still being made; ask again in some minutes")
    return journal


def _no_line(journal: CorrectionJournal, missing: Iterable[int]) -> Rejected:
    numbers = ", ".join(map(str, sorted(missing)))
    return bad("lines", f"journal {journal.number} has no line {numbers} that is not posted")


def bad(name: str, detail: str) -> Rejected:
    return Rejected("schema", detail, entity="correction journal", field=name)
