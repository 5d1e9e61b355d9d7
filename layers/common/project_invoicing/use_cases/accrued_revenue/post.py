"""Posts correction journals, each line with a voucher of its own; what cannot be posted stays (ARR-11 to ARR-16).

A transaction posts some lines of a page: their vouchers with numbers from their sequence, the rows of their unbilled
sales, the page and the header. So a run that dies leaves whole lines behind, and the next one goes on with the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from project_invoicing.chunks import chunks
from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.correction_journal import (
    CorrectionJournal,
    CorrectionLine,
    CorrectionPage,
    CorrectionVerb,
    Due,
)
from project_invoicing.domain.finance_voucher import NewVoucher
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger import ACCRUAL_RECONCILIATION, VoucherLine
from project_invoicing.domain.refusals import Refusal, Refused
from project_invoicing.domain.staged_row import Correction, StagedRow
from project_invoicing.rules.accrual_corrections import judge, must_be_postable, posted_as
from project_invoicing.store.transactions import Write
from project_invoicing.store.unit_of_work import retried
from project_invoicing.use_cases.accrued_revenue.find import again
from project_invoicing.use_cases.accrued_revenue.journals import (
    Corrections,
    go_on_creating,
    must_be_few,
    must_be_open,
    must_be_there,
)

_ATTEMPTS: Final = 6
_BESIDE: Final = 3
"""Writes of a transaction beside the vouchers and their rows: page, header, history."""
_MADE: Final = frozenset({Done.CREATED, Done.EDITED, Done.LINES_DELETED})


@dataclass(slots=True)
class Posting:
    """What a run has posted of a journal, and why the rest is not. ``noted``: its history has the posting."""

    journal: CorrectionJournal
    vouchers: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    noted: bool = False


@dataclass(frozen=True, slots=True)
class _Judged:
    """A line with its unbilled sale as it is now, and what its voucher would be, or why there is none."""

    line: CorrectionLine
    row: StagedRow | None
    entries: tuple[VoucherLine, ...] = ()
    error: Refused | None = None


def post(place: Corrections, company: str, number: str, *, scheduled: bool = False) -> Posting:
    """Posts what can be posted; ``scheduled``: leaves it to the schedule.

    Refuses what is true of the whole journal before anything is written.
    """
    journal = must_be_there(place, company, number)
    done = place.done(Done.SCHEDULED if scheduled else Done.POSTED, number=number)
    if place.journals.was_done(journal, done) and (scheduled or not journal.open_lines):
        return Posting(journal)  # by this very request
    journal = must_be_open(place, company, number)
    if not journal.open_lines:
        raise Refused(PostingFailure.LINES_MISSING, f"journal {number} has no lines")
    must_be_postable(journal, place.setup)
    _four_eyes(place, journal)
    if scheduled:
        after, write = place.journals.changed(journal, CorrectionVerb.SCHEDULED, due=Due.POST, error=None)
        place.commit(write, place.journals.noted(journal, done))
        return Posting(after)
    must_be_few(journal)
    return run(place, journal, done)


def go_on(place: Corrections, journal: CorrectionJournal) -> Posting:
    """What the schedule does with a journal that is due. A refusal is kept on it, and it is no longer due."""
    if journal.due is Due.CREATE:
        return Posting(go_on_creating(place, journal))
    try:
        return run(place, journal, place.done(Done.POSTED, number=journal.number))
    except Refused as refused:
        made = Posting(journal, refused=[Refusal(journal.company, journal.number, refused.reason, refused.detail)])
        _no_longer_due(place, made, str(refused))
        return made


def run(place: Corrections, journal: CorrectionJournal, done: HistoryEntry) -> Posting:
    """Posts the open lines, page by page, from where it stands; without time, it stays due."""
    made = Posting(journal)
    must_be_postable(journal, place.setup)
    room = place.vouchers.room(1) - 1  # a voucher less is more room than what is written beside them needs
    steps = [
        (page.key, frozenset(line.line_number for line in some))
        for page in place.journals.pages(journal.company, journal.number)
        for some in chunks([line for line in page.lines if line.voucher is None], room)
    ]
    for nth, (key, numbers) in enumerate(steps, start=1):
        if not place.time_left():
            return made
        step = partial(_step, place, made, key, numbers, done, more=nth < len(steps))
        retried(f"correction journal {journal.number}", step, attempts=_ATTEMPTS)
    _no_longer_due(place, made)
    return made


def _step(
    place: Corrections,
    made: Posting,
    key: str,
    numbers: frozenset[int],
    done: HistoryEntry,
    *,
    more: bool,
) -> None:
    """One transaction: some lines of a page, as all of this is now. ``more``: others come after it."""
    journal = made.journal = must_be_there(place, made.journal.company, made.journal.number)
    page = place.journals.page_at(journal.company, journal.number, key)
    judged = _judged(place, journal, page, numbers) if page else {}
    if page is None or not judged:
        return
    good = [one for one in judged.values() if one.error is None]
    if good:
        _post(place, made, page, judged, done, more=more)
    elif (lines := _with_results(page, judged, {})) != page.lines:
        after, write = place.journals.changed(journal, CorrectionVerb.LINES_EDITED)
        place.commit(write, place.journals.changed_page(journal, page, lines))
        made.journal = after
    made.refused += [
        Refusal(journal.company, journal.number, one.error.reason, f"line {one.line.line_number}: {one.error.detail}")
        for one in judged.values()
        if one.error
    ]


def _judged(
    place: Corrections, journal: CorrectionJournal, page: CorrectionPage, numbers: frozenset[int]
) -> dict[int, _Judged]:
    """These lines of a page that are not posted, by number."""
    lines = [line for line in page.lines if line.line_number in numbers and line.voucher is None]
    now = again(place.sources, {line.unbilled_id: line.takings for line in lines})

    def of(line: CorrectionLine) -> _Judged:
        row, takings = now.get(line.unbilled_id, (None, ()))
        try:
            return _Judged(line, row, judge(line, journal, row, takings, place.setup))
        except Refused as refused:
            return _Judged(line, row, error=refused)

    return {line.line_number: of(line) for line in lines}


def _post(
    place: Corrections,
    made: Posting,
    page: CorrectionPage,
    judged: Mapping[int, _Judged],
    done: HistoryEntry,
    *,
    more: bool,
) -> None:
    journal = made.journal
    day = must_be_postable(journal, place.setup)  # a person may have given another one since
    good = [one for one in judged.values() if one.error is None]
    posted = journal.posted_lines + len(good)
    verb = CorrectionVerb.POSTED if posted == journal.lines else CorrectionVerb.PARTLY_POSTED
    due = Due.POST if more and verb is CorrectionVerb.PARTLY_POSTED else None
    after, write = place.journals.changed(journal, verb, posted_lines=posted, due=due, error=None)
    made.noted = made.noted or place.journals.was_done(journal, done)
    history = [] if made.noted else [place.journals.noted(journal, done)]
    vouchers = [
        NewVoucher(
            company=journal.company,
            source=ACCRUAL_RECONCILIATION,
            accounting_date=day,
            lines=one.entries,
            actual_id=one.line.unbilled_id,
            belongs_to=journal.number,
            reason=journal.description,
        )
        for one in good
    ]

    def beside(numbers: Sequence[str]) -> Iterator[Write]:
        of = {one.line.line_number: number for one, number in zip(good, numbers, strict=True)}
        yield from (write, *history)
        yield place.journals.changed_page(journal, page, _with_results(page, judged, of))
        for one, number in zip(good, numbers, strict=True):
            if one.row:
                correction = posted_as(journal.number, number, one.entries)
                by = Correction(ACCRUAL_RECONCILIATION, number)
                yield place.sources.staging.accrual_corrected(one.row, by, correction)

    number_format = place.setup.number_sequences(journal.company).accrual_reconciliation
    made.vouchers += place.vouchers.post(vouchers, number_format, done, others=beside)
    made.journal, made.noted = after, True


def _with_results(
    page: CorrectionPage, judged: Mapping[int, _Judged], vouchers: Mapping[int, str]
) -> list[CorrectionLine]:
    """The lines of a page with their vouchers, or why they have none."""

    def of(line: CorrectionLine) -> CorrectionLine:
        one = judged.get(line.line_number)
        if one is None:
            return line
        return replace(line, voucher=vouchers.get(line.line_number), error=str(one.error) if one.error else None)

    return [of(line) for line in page.lines]


def _no_longer_due(place: Corrections, made: Posting, error: str | None = None) -> None:
    """The run has come to the end of the journal: what is left waits for a person."""

    def step() -> None:
        journal = made.journal = must_be_there(place, made.journal.company, made.journal.number)
        if journal.due is Due.POST:
            made.journal, write = place.journals.changed(journal, CorrectionVerb.LINES_EDITED, due=None, error=error)
            place.commit(write)

    retried(f"correction journal {made.journal.number}", step, attempts=_ATTEMPTS)


def _four_eyes(place: Corrections, journal: CorrectionJournal) -> None:
    """Refuses to let a person post what it has made or edited, where the company posts with four eyes."""
    actor = place.actor
    if actor.is_system or not place.setup.parameters(journal.company).four_eyes:
        return
    if not actor.is_known:
        detail = f"{journal.company} posts with four eyes: say who posts journal {journal.number}"
        raise Refused(PostingFailure.FOUR_EYES, detail)
    for made in place.journals.history(journal.company, journal.number):
        if made.what in _MADE and made.who.id.casefold() == actor.id.casefold():
            detail = f"{actor.called} has {made.what} journal {journal.number}, so somebody else has to post it"
            raise Refused(PostingFailure.FOUR_EYES, detail)
