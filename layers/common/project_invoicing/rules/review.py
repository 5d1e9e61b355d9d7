"""Review before posting: which draft journals the schedule leaves to a person, and for how long.

With ``auto_post_journals: false`` a person posts a company's journals; with ``post_after_hours`` the schedule posts a
draft once its lines have been unchanged for that long. A posting requested by a person happens at once (D-060).
With ``approval`` a proposal is posted only once it is approved (``rules.approval``).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.codes import ApprovalState, JournalStatus, ProposalStatus
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.proposal import Proposal
from project_invoicing.setup.lookups import FinanceSetup

_ALWAYS = datetime.min.replace(tzinfo=UTC)


def review_ends(journal: Journal, setup: FinanceSetup) -> datetime | None:
    """When the schedule may post a journal; ``None`` if only a person posts it.

    A posting that has begun is finished, whatever the company's setting is now. A journal without the time of its last
    change predates these times, and is old enough.
    """
    parameters = setup.parameters(journal.company)
    if journal.status is JournalStatus.PROCESSING:
        return _ALWAYS
    if not parameters.auto_post_journals:
        return None
    if not parameters.post_after_hours or not journal.changed_at:
        return _ALWAYS
    return datetime.fromisoformat(journal.changed_at) + timedelta(hours=parameters.post_after_hours)


def who_posts(journal: Journal, setup: FinanceSetup) -> str:
    """Who posts a draft, and when: for a person who asks why it is not posted."""
    ends = review_ends(journal, setup)
    by_hand = "calls journal_posting with its company and journal_id"
    if ends is None:
        return f"{journal.company} reviews its journals (auto_post_journals): it is posted when a person {by_hand}"
    if ends == _ALWAYS:
        return "journal_posting does it by its schedule"
    from_then = f"journal_posting does it by its schedule from {utc_text(ends)} on (post_after_hours)"
    return f"{from_then}, or at once when a person {by_hand}"


def approves(header: Proposal, setup: FinanceSetup) -> bool:
    """Whether a proposal that is ready is posted only once it is approved."""
    company = str(header.company)
    ready = header.status is ProposalStatus.READY
    return ready and bool(setup.company(company)) and setup.parameters(company).approval


def lacks_approval(header: Proposal, setup: FinanceSetup) -> bool:
    """Whether a proposal that is ready is still to be approved."""
    return header.approval_state is not ApprovalState.APPROVED and approves(header, setup)
