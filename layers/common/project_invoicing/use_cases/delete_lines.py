"""Deletion of unposted lines: the rows wait for an import again, which builds the lines anew (STG-03, STG-19, PROP-11).

The lines stop being visible in the first transaction; a deletion that died half-way is finished by whoever comes next.
"""

from __future__ import annotations

from dataclasses import replace

from project_invoicing.domain.codes import JournalStatus, PostingFailure, ProposalStatus
from project_invoicing.domain.refusals import Refused
from project_invoicing.errors import Rejected
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import NO_LINES, Proposal, Proposals
from project_invoicing.store.staging import Staging, journal_position, proposal_position
from project_invoicing.store.transactions import transact


def delete_proposal_lines(proposals: Proposals, staging: Staging, header: Proposal, at: str) -> None:
    """Deletes all lines of a ready proposal; the header stays and waits, since ``at``.

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
    if not header.pages:
        raise Refused(PostingFailure.LINES_MISSING, f"proposal {header.number} has no lines")
    begun = {"st": ProposalStatus.WAITING, "dx": True, "ws": header.waiting_since or at} | NO_LINES
    transact(proposals.client, [proposals.change(header, begun)])
    finish_deletion(proposals, staging, replace(header, status=ProposalStatus.WAITING, deleting=True))


def finish_deletion(proposals: Proposals, staging: Staging, header: Proposal) -> None:
    """Takes away page after page, each with the release of its rows."""
    pages = list(proposals.pages(header.id))
    for left, page in zip(range(len(pages) - 1, -1, -1), pages, strict=True):
        done = {"pg": left or None, "n": None, "dx": left > 0 or None}
        writes = [
            staging.released(line.actual_id, {"pn": header.number}, proposal_position(line.actual_id, header.id))
            for line in page.lines
        ]
        writes += [proposals.without_page(header.id, page), proposals.change(header, done)]
        transact(proposals.client, writes)
        header = replace(header, pages=left, deleting=left > 0)


def delete_journal_lines(journals: Journals, staging: Staging, company: str, journal_id: str) -> None:
    """Deletes all lines of a journal that is not being posted; its number is not used again (NUM-08)."""
    journal = journals.get(company, journal_id)
    if journal is None:
        raise Rejected("schema", f"{company} has no journal {journal_id}", entity="delete_lines", field="journal_id")
    if journal.status in (JournalStatus.POSTED, JournalStatus.PROCESSING):
        raise Refused(PostingFailure.ALREADY_POSTED, f"journal {journal_id} of {company} is {journal.status}")
    for page in journals.pages(company, journal_id):
        left = journal.line_count - len(page.lines)
        writes = [
            staging.released(line.actual_id, {"jn": journal_id}, journal_position(line.actual_id))
            for line in page.lines
        ]
        writes += [journals.without_page(journal, page), journals.change(journal, {"n": left})]
        transact(journals.client, writes)
        journal = replace(journal, line_count=left)
