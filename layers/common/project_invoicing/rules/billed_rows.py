"""Decides about a billed row whose proposal does not exist or is already complete."""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.domain.codes import ProposalStatus, WaitReason
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.owner import Blocked, owner_of
from project_invoicing.rules.proforma import currency_of
from project_invoicing.rules.proposal_lines import proposal_line
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.rules.taking import Takers
from project_invoicing.setup.lookups import FinanceSetup


@dataclass(frozen=True, slots=True)
class Headless:
    """A billed row without a proforma: why it waits, and its company if known."""

    wait: Wait
    company: str | None


def headless(row: StagedRow, canceled: Proposal | None, setup: FinanceSetup) -> Headless:
    """A billed row whose proforma has not arrived, or was ``canceled``, waits for it (99-27)."""
    company = getattr(owner_of(row.actual, setup), "company", None)
    if canceled:
        wait = Wait(WaitReason.INACTIVE, f"proforma {canceled.number} is canceled in Dataverse", row.id)
    else:
        detail = "its proforma has not arrived" if row.actual.invoice else "the actual names no proforma"
        wait = Wait(WaitReason.HEADER_MISSING, detail, row.id)
    return Headless(wait, company)


def late(
    row: StagedRow, header: Proposal, takers: Takers, asked: dict[str, StagedRow], setup: FinanceSetup
) -> Wait | ProposalLine:
    """A billed row that arrives after its proposal is complete: the line that covers it, or why it waits.

    Without money it is covered by the proposal (99-21), but not while that is being posted. With money it contradicts
    the proposal and waits. ``asked`` as in ``Takers.second``.
    """
    resolved = resolve(row.actual, setup)
    if isinstance(resolved, Blocked) and row.actual.inactive:
        return resolved.wait
    known = resolved if isinstance(resolved, Resolved) else None
    free = known is not None and not known.chargeable and known.company == header.company
    if known and free and header.status is not ProposalStatus.POSTING:
        return takers.second(row, asked, setup) or proposal_line(row, known, {})
    currency = known.currency if known else currency_of(header, setup)
    amount = Figures(setup).money(row.actual.amount, currency)
    detail = f"proposal {header.number} is {header.status} without this actual of {amount}"
    blocker = resolved.wait.blocker if isinstance(resolved, Blocked) else None
    return Wait(WaitReason.BILLED_SALES_MISMATCH, detail, row.id, blocker=blocker)
