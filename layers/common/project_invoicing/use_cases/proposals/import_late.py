"""Billed rows that arrive after their proposal is complete (99-21)."""

from __future__ import annotations

from dataclasses import replace

from project_invoicing.domain.codes import ProposalStatus
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.billed_rows import late
from project_invoicing.rules.proposal_lines import linked_ids
from project_invoicing.rules.taking import Takers
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.use_cases.proposals.import_run import ImportRun
from project_invoicing.use_cases.proposals.pages import Page, by_page, page_rows
from project_invoicing.use_cases.staging.taking import taken
from project_invoicing.use_cases.staging.verdicts import Verdicts


def import_late(run: ImportRun, header: Proposal, rows: list[StagedRow]) -> None:
    """The proposal covers rows without money; rows with money contradict it and wait."""
    verdicts = Verdicts()
    covered: Page = []
    takers = run.posted_lines.continued_by(rows, linked_ids(rows))[1] if rows else Takers()
    asked: dict[str, StagedRow] = {}
    if rows:
        run.setups.reader.actuals(row.actual for row in (*rows, *takers.rows.values()))
        run.setups.reader.proformas([header])
    for row in rows:
        found = guarded("actual", row.id, late, row, header, takers, asked, run.setup)
        if isinstance(found, Defect):
            verdicts.set_aside(row, found)
        elif isinstance(found, Wait):
            verdicts.wait(row, found, header.company)
        else:
            covered.append((row, found))
    run.write(verdicts)
    for some in by_page(covered):
        header = _cover(run, header, some)


def _cover(run: ImportRun, header: Proposal, covered: Page) -> Proposal:
    """Puts rows without money on one more page of a ready proposal; those of a posted one are simply done."""
    company, number = str(header.company), header.number
    unit = run.unit()
    if header.status is ProposalStatus.POSTED:
        unit.add(
            *taken(run.staging, covered, lambda row, _, by: run.staging.covered(row, company, number, by=by)),
        )
        unit.commit()
        return header
    first = header.line_count + 1
    page = [(row, replace(line, line_number=n)) for n, (row, line) in enumerate(covered, start=first)]
    change = run.proposals.changing(header)
    change.covered(len(page))
    unit.add(*page_rows(run, header, company, page))
    unit.add(run.proposals.page(header.id, [line for _, line in page]), change.write())
    unit.commit()
    return change.after
