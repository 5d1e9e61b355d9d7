"""Records why a proposal and its rows wait; only changes are written."""

from __future__ import annotations

from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.waits import Waits
from project_invoicing.rules.proposal_lines import ProposalPlan
from project_invoicing.rules.waiting import untold
from project_invoicing.store.transactions import write_one
from project_invoicing.use_cases.proposals.import_run import ImportRun
from project_invoicing.use_cases.staging.verdicts import Verdicts


def leave_waiting(
    run: ImportRun, header: Proposal, company: str | None, rows: list[StagedRow], plan: ProposalPlan
) -> None:
    """Writes the plan's reasons on the rows, and on the header what it waits for now."""
    verdicts, own = Verdicts(), untold(rows, plan.own_waits, plan.waits)
    invalid = {row.id for row, _ in plan.invalid}
    for row, problem in plan.invalid:
        verdicts.invalidate(row, problem.reason, problem.detail)
    for row in rows:
        if row.id in invalid:
            continue
        if row.id in own:
            verdicts.wait(row, own[row.id], company)
        else:
            verdicts.wait_as_told(row, company)
    verdicts.write(run.staging, run.at)
    run.left.add_proposal(header.id, (blocker for blocker, _ in verdicts.blocked))
    run.waiting += 1  # the proposal, whose rows wait with it
    waits = Waits.for_these(plan.waits, frozenset(plan.documents))
    if waits != header.waits or waits.blockers != header.blockers or waits.blocker != header.blocked_by:
        change = run.proposals.changing(header)
        change.left_waiting(waits, min([run.at, *(row.since for row in rows if row.since)]))
        write_one(run.proposals.client, change.write())
        run.left.add_proposal(header.id, waits.blockers)
