"""Billed rows without a proposal: the header has not arrived, was canceled, or has no known company yet."""

from __future__ import annotations

from collections.abc import Sequence

from project_invoicing.dataverse.context import parse_json
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.rules.billed_rows import headless
from project_invoicing.rules.proforma import company_unknown
from project_invoicing.rules.proposal_lines import ProposalPlan
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.use_cases.proposals.import_run import ImportRun
from project_invoicing.use_cases.proposals.leave_waiting import leave_waiting
from project_invoicing.use_cases.proposals.numbers import number_writes
from project_invoicing.use_cases.staging.verdicts import Verdicts


def import_headless(run: ImportRun, rows: Sequence[StagedRow], canceled: Proposal | None = None) -> None:
    """Billed rows whose proforma has not arrived, or was ``canceled``, wait for it."""
    verdicts = Verdicts()
    run.setups.reader.actuals(row.actual for row in rows)
    for row in rows:
        found = guarded("actual", row.id, headless, row, canceled, run.setup)
        if isinstance(found, Defect):
            verdicts.set_aside(row, found)
        elif run.company in (None, found.company):
            verdicts.wait(row, found.wait, found.company)
    run.write(verdicts)


def import_without_company(run: ImportRun, header: Proposal, company: str | None, rows: list[StagedRow]) -> None:
    """The header has no company yet; ``company`` is the one the set-up now knows, if any.

    With a company, the header takes its number in it, and ``Conflict`` asks to read it again.
    """
    if company is None:
        leave_waiting(run, header, None, rows, ProposalPlan(waits=[company_unknown(header.proforma, run.setup)]))
        return
    if run.company not in (None, company):
        return
    if not _assigned(run, header, company):
        import_headless(run, rows)
        return
    raise Conflict("read the header again, now with its company")


def _assigned(run: ImportRun, header: Proposal, company: str) -> bool:
    """Whether the header could take its number in its company.

    If it may not, its event is kept like that of a proforma that is refused at once, and the header is removed.
    """
    unit = run.unit()
    try:
        numbers = number_writes(run.proposals, run.setup, company, header.proforma)
    except Rejected as rejected:
        run.staging.reject(rejected, parse_json(header.event or "{}"), run.at)
        unit.add(run.proposals.refuse(header))
        unit.commit()
        return False
    unit.add(run.proposals.assign(header, company), *numbers)
    unit.commit()
    return True
