"""Deletion of unposted lines: the rows wait for an import again, which rebuilds the lines (STG-03, STG-19, PROP-11).

The lines stop being visible in the first transaction; whichever run comes next finishes a deletion that died half-way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from project_invoicing.domain.codes import JournalStatus, PostingFailure, ProposalStatus
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import OnJournal, OnProposal
from project_invoicing.errors import Rejected
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES, Write, transact
from project_invoicing.use_cases.staging.taking import Line, fitting, released

if TYPE_CHECKING:
    from project_invoicing.domain.history import HistoryEntry
    from project_invoicing.store.journals import Journals

_BESIDE = 3
"""Writes of a transaction beside those of rows: page, header, and the entry of the history."""


def delete_proposal_lines(
    proposals: Proposals, staging: Staging, header: Proposal, at: str, done: HistoryEntry | None = None
) -> None:
    """Deletes all lines of a ready proposal; its header stays and waits since ``at``. ``done``: a person does it.

    Refuses a proposal that is being posted.
    """
    if header.status in (ProposalStatus.POSTING, ProposalStatus.POSTED):
        raise Refused(PostingFailure.ALREADY_POSTED, f"proposal {header.number} is {header.status}")
    if header.intercompany:
        detail = f"the lines of intercompany proposal {header.number} are its sales; credit them instead"
        raise Rejected("schema", detail, entity="delete_lines", field="proposal_id")
    if header.deleting:
        finish_deletion(proposals, staging, header)
        return
    done = replace(done, before={"lines": header.line_count}, after={"lines": 0}) if done else None
    if done and proposals.was_done(header.id, done):  # by this very command, which has come twice
        return
    if not header.pages:
        raise Refused(PostingFailure.LINES_MISSING, f"proposal {header.number} has no lines")
    change = proposals.changing(header)
    change.cleared(at)
    notes = proposals.taken_back(change, at, "what its lines are made of has changed, so they are built anew")
    if done:
        notes.append(proposals.noted(header.id, done))
    transact(proposals.client, [change.write(), *notes])
    finish_deletion(proposals, staging, change.after)


def finish_deletion(proposals: Proposals, staging: Staging, header: Proposal) -> Proposal:
    """Removes page after page, each with the release of its rows. Returns the header without lines."""

    def release(line: ProposalLine, by: str | None) -> Write:
        return staging.released(line.actual_id, OnProposal(header.number, header.id), by=by)

    pages = list(proposals.pages(header.id))
    for left, page in zip(range(len(pages) - 1, -1, -1), pages, strict=True):
        for number, (some, rest) in enumerate(_pieces(page.lines)):
            now = replace(page, version=page.version + number)
            of_page = proposals.edited_page(header.id, now, rest) if rest else proposals.without_page(header.id, now)
            change = proposals.changing(header)
            change.page_cleared(left + bool(rest))
            transact(proposals.client, [*released(staging, some, release), of_page, change.write()])
            header = change.after
    return header


def _pieces(lines: list[Line]) -> Iterator[tuple[list[Line], list[Line]]]:
    """Splits a page into transactions, each with the lines left after it: two if most of its lines take something.

    This happens for pages that the previous version built and that were marked since, and for lines that failed to
    post.
    """
    done = 0
    for some in fitting(lines, MAX_WRITES, MAX_WRITES - _BESIDE, lambda line: line.took):
        done += len(some)
        yield some, lines[done:]


def delete_journal_lines(
    journals: Journals, staging: Staging, company: str, journal_id: str, done: HistoryEntry
) -> None:
    """Deletes all lines of a journal that is not being posted; its number is not reused (NUM-08).

    Who does it is noted with the first of them.
    """
    journal = journals.get(company, journal_id)
    if journal is None:
        raise Rejected("schema", f"{company} has no journal {journal_id}", entity="delete_lines", field="journal_id")
    if journal.status in (JournalStatus.POSTED, JournalStatus.PROCESSING):
        raise Refused(PostingFailure.ALREADY_POSTED, f"journal {journal_id} of {company} is {journal.status}")

    def release(line: JournalLine, by: str | None) -> Write:
        return staging.released(line.actual_id, OnJournal(journal_id), done.at, by=by)

    done = replace(done, before={"lines": journal.line_count}, after={"lines": 0})
    # The command may go on with a deletion of its own that died half-way.
    notes = [] if journals.was_done(journal, done) else [journals.noted(journal, done)]
    for page in journals.pages(company, journal_id):
        for number, (some, rest) in enumerate(_pieces(page.lines)):
            change = journals.changing(journal)
            change.lines_removed(len(some))
            change.sums(removed=some)
            now = replace(page, version=page.version + number)
            of_page = journals.changed_page(journal, now, rest) if rest else journals.without_page(journal, now)
            transact(journals.client, [*released(staging, some, release), of_page, change.write(), *notes])
            journal, notes = change.after, []
