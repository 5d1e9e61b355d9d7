"""What is known of an actual before it is put into words, and why it waits now. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from project_invoicing.domain.codes import SECOND_REASONS, ConnectionRole, StagingState, WaitReason
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.explaining.blockers import Blocker
from project_invoicing.rules.explaining.not_taken import NotTaken
from project_invoicing.rules.proposal_lines import unposted
from project_invoicing.setup.lookups import FinanceSetup

UNPOSTED: Final = (WaitReason.UNBILLED_SALES_NOT_POSTED, WaitReason.FEE_NOT_POSTED)


@dataclass(frozen=True, slots=True)
class OnJournal:
    """The journal that a row names and its line there, if they exist; ``vouchers`` of a posted row's journal."""

    journal: Journal | None
    line: JournalLine | None
    vouchers: Sequence[Voucher] = ()


@dataclass(frozen=True, slots=True)
class OnProposal:
    """The proposal that a row names, if it exists; ``vouchers`` of its invoice if the row is posted with money."""

    header: Proposal | None
    vouchers: Sequence[Voucher] = ()


@dataclass(frozen=True, slots=True)
class ActualFacts:
    """What is known of an actual that has arrived. ``reason``: why it is invalid; ``late``: by how much it is off."""

    row: StagedRow
    reason: str
    not_taken: NotTaken
    linked: Mapping[str, StagedRow] = field(default_factory=dict)
    taker: StagedRow | None = None
    """The actual that bills it or takes it back, from ``row.taken_by``."""
    header: Proposal | None = None
    """The proposal that it waits for."""
    wait: Wait | None = None
    """Why it waits, as ``waits_as`` returns it."""
    blockers: Sequence[Blocker] = ()
    journal: OnJournal | None = None
    proposal: OnProposal | None = None
    between: Proposal | None = None
    """The intercompany proposal that it is on."""
    late: str | None = None


def wait_now(
    row: StagedRow, header: Proposal | None, wait: Wait, linked: Mapping[str, StagedRow], setup: FinanceSetup
) -> Wait:
    """Why a row waits now, with the blocking actual. ``wait`` as ``waits_as`` returns it."""
    if header is not None and row.reason is None:
        wait = _as_of_now(row, wait, linked, setup)
    blocking = row.links.get(ConnectionRole.UNBILLED) or row.links.get(ConnectionRole.ORIGINAL)
    blocks = blocking if blocking and blocking in wait.detail and blocking in linked else None
    if blocks and wait.reason in SECOND_REASONS:
        blocks = linked[blocks].taken_by
    return replace(wait, actual_id=blocks)


def _as_of_now(row: StagedRow, told: Wait, linked: Mapping[str, StagedRow], setup: FinanceSetup) -> Wait:
    """The header's reason for a row that it lists; for another, what holds up the row itself, else the proposal.

    A header lists only some of its rows, so the posting that another row waits for is read from its link.
    """
    unbilled = row.links.get(ConnectionRole.UNBILLED)
    if told.actual_id in {row.id, *row.links.values()}:
        return told
    sale = linked.get(unbilled) if unbilled else None
    if unbilled and told.reason in UNPOSTED and not (sale and sale.state is StagingState.POSTED):
        return replace(told, detail=unposted(unbilled, sale, setup), actual_id=unbilled)
    return replace(told, detail=f"all of its proposal or none: {told.detail}")


def is_posted_with(row: StagedRow, header: Proposal) -> bool:
    """Whether a row is posted with the invoice of a proposal."""
    return bool(header.invoice_number and header.company) and row.state is StagingState.POSTED
