"""Fills a waiting header with all its lines, or records on it and its rows what is missing (INV-04, STG-06)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from project_invoicing.domain.codes import ProposalStatus, WaitReason
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused, Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.errors import Conflict
from project_invoicing.rules.intercompany_lines import plan_between
from project_invoicing.rules.prevalidation import ROLLED_BACK
from project_invoicing.rules.proposal_header import judge_header
from project_invoicing.rules.proposal_lines import ProposalPlan, linked_ids, plan, without_fee
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.documents.delete_lines import delete_proposal_lines
from project_invoicing.use_cases.intercompany.propose import PostedSales
from project_invoicing.use_cases.invoice_documents.lacking import lacking_of
from project_invoicing.use_cases.master_data.facts import ActualFacts, Fact, ProformaFacts
from project_invoicing.use_cases.proposals.e_invoice_rules import gets_e_invoices, tell_broken_rules
from project_invoicing.use_cases.proposals.import_run import ImportRun
from project_invoicing.use_cases.proposals.leave_waiting import leave_waiting
from project_invoicing.use_cases.proposals.pages import Build, write_pages
from project_invoicing.use_cases.setups import Seen
from project_invoicing.use_cases.staging.prevalidate import prevalidate
from project_invoicing.use_cases.staging.taking import mark
from project_invoicing.use_cases.staging.verdicts import Verdicts


def fill_of_proforma(run: ImportRun, header: Proposal, rows: list[StagedRow]) -> None:
    """The lines of a proposal that comes from a proforma: its billed rows."""
    company, existing = str(header.company), _existing(run, header)
    linked, takers = run.posted_lines.continued_by(rows, linked_ids(rows))
    if lacking := without_fee(rows, linked):
        from project_invoicing.store.fee_rows import follow  # noqa: PLC0415  most organizations have no such column

        for id in lacking:
            follow(run.staging, id, run.at, of_zero=True)
        raise Conflict("read again, with the fees of zero that take back what was accrued")
    named = (row.actual for row in (*rows, *linked.values(), *takers.rows.values()))
    setup, pins = _seen(run, header, [*map(ActualFacts.of, named), ProformaFacts.of(header)])
    made = plan(header.proforma, company, rows, existing, linked, setup, takers)
    judge_header(made, header, existing, company, setup)
    _validate(run, company, [row for row in rows if row.id not in made.own_waits], setup, made)
    if made.second and existing:
        delete_proposal_lines(run.proposals, run.staging, header, run.at)
        raise Conflict("read again: a proposal that comes second holds nothing that another may wait for")
    _settle(run, header, rows, Build(setup, existing, pins, linked), made)


def fill_between(run: ImportRun, header: Proposal) -> None:
    """The lines of an intercompany proposal: the lender's posted sales, which stay on their journals (IC-15)."""
    if header.intercompany is None:
        return
    lender, existing = str(header.company), _existing(run, header)
    setup, pins = _seen(run, header, [ProformaFacts.of(header)])
    posted = PostedSales(run.staging, run.journals, run.proposals)
    sales = posted.to_bill(lender, header.intercompany, header.number)
    taken_back = posted.taken_back(lender, sales, run.setups)
    _settle(run, header, [], Build(setup, existing, pins), plan_between(header, sales, existing, taken_back))


def marked(run: ImportRun, header: Proposal) -> Proposal:
    """Marks what a proposal built by a previous version continues (99-25), unless it is being posted."""
    if header.marked or not header.pages or header.status is ProposalStatus.POSTING:
        return header
    if mark(run.proposals, run.staging, header):
        return replace(header, marked=True)
    delete_proposal_lines(run.proposals, run.staging, header, run.at)
    raise Conflict("read the rows again: another document has taken what they continue")


def _seen(run: ImportRun, header: Proposal, facts: Sequence[Fact]) -> Seen:
    """The set-up with which an interrupted run already wrote lines, else the current one."""
    if header.setup_version is None:
        return run.setups.seeing(facts)
    pins = run.proposals.master_data(header)
    return Seen(run.setups.continued(header.setup_version, pins, facts), pins)


def _existing(run: ImportRun, header: Proposal) -> list[ProposalLine]:
    """The lines that an interrupted run already wrote."""
    return run.proposals.lines(header.id) if header.pages else []


def _settle(
    run: ImportRun,
    header: Proposal,
    rows: list[StagedRow],
    build: Build,
    made: ProposalPlan,
) -> None:
    if not build.existing:
        made.waits += lacking_of(header, [line for _, line in made.lines], build.setup)
    if not made.waits:
        try:
            write_pages(run, header, build, made)
        except Refused as refused:
            made.waits.append(Wait(WaitReason(refused.reason), refused.detail))
        else:
            if gets_e_invoices(header, build.setup):
                tell_broken_rules(run, header.id)
            return
    leave_waiting(run, header, header.company, rows, made)


def _validate(run: ImportRun, company: str, rows: list[StagedRow], setup: FinanceSetup, made: ProposalPlan) -> None:
    """Prevalidates the billed rows (STG-12, STG-13): adds the young ones to what the proposal waits for.

    This includes rows that do not add up to the proforma: one that was rolled back may be why. Raises ``Conflict`` when
    some were rolled back: they are invalid now, and the proposal is judged again.
    """
    young, gone = prevalidate(((row, company) for row in rows), setup, run.register, run.at)
    made.own_waits |= young
    made.waits += young.values()
    if not gone:
        return
    verdicts = Verdicts()
    for row in rows:
        if row.id in gone:
            verdicts.invalidate(row, None, ROLLED_BACK)
    verdicts.write(run.staging, run.at)
    raise Conflict("read the rows again, without those that were rolled back")
