"""Pages of a proposal: written with the rows they consume, visible with the last of them (INV-04)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine, subtotal
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.events import BusEvent
from project_invoicing.events.own import ProposalReady
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.proforma import currency_of
from project_invoicing.rules.proposal_lines import ProposalPlan
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import outbox
from project_invoicing.store.pins import packed
from project_invoicing.store.transactions import Write
from project_invoicing.use_cases.proposals.import_run import ImportRun
from project_invoicing.use_cases.staging.taking import ROOM, fitting, taken

PAGE_LINES = 90

Page = list[tuple[StagedRow, ProposalLine]]
"""Rows and the lines they become."""


def by_page(lines: Page) -> Iterator[Page]:
    """The rows and lines of each page, one transaction each."""
    return fitting(lines, PAGE_LINES, ROOM, lambda pair: pair[1].took)


@dataclass(frozen=True, slots=True)
class Build:
    """What the lines of a proposal are built with. ``existing`` are lines that an interrupted run already wrote.

    ``pins`` is the view of master data that they are computed with, ``None`` where it has no rows. ``continued`` has
    the rows that lines continue, as they were read for it.
    """

    setup: FinanceSetup
    existing: list[ProposalLine]
    pins: str | None
    continued: Mapping[str, StagedRow] = field(default_factory=dict)


def write_pages(run: ImportRun, header: Proposal, build: Build, plan: ProposalPlan) -> None:
    """Writes the lines of a plan page by page; with the last page the proposal is ready.

    What needs more than one keeps the master data that it is computed with: another run may have to write the rest.
    """
    setup = build.setup
    total = subtotal([*build.existing, *(line for _, line in plan.lines)])
    pages = list(by_page(plan.lines)) or [[]]
    view = _to_pin(header, build) if len(pages) > 1 else None
    pinned = header.pinned or view is not None
    for left, page in zip(range(len(pages) - 1, -1, -1), pages, strict=True):
        unit, change = run.unit(), run.proposals.changing(header)
        change.filled(len(page), setup.version, plan.billed_on, pinned=pinned)
        unit.add(*page_rows(run, header, str(header.company), page, build.continued))
        if page:
            unit.add(run.proposals.page(header.id, [line for _, line in page]))
        if view is not None:
            unit.add(run.proposals.pin(header, view))
            view = None
        if not left:
            change.ready(total)
            unit.add(outbox.record(run.proposals.table, _ready_event(run, change.after, setup, total)))
        unit.add(change.write())
        unit.commit_patiently()
        header = change.after
    run.ready += 1


def _to_pin(header: Proposal, build: Build) -> bytes | None:
    """The master data that the first page keeps for the others; ``None`` where there is none, or it is kept already."""
    if build.pins is None or header.setup_version is not None:
        return None
    return packed(build.pins, f"proposal {header.number}")


def page_rows(
    run: ImportRun,
    header: Proposal,
    company: str,
    page: Page,
    continued: Mapping[str, StagedRow] = MappingProxyType({}),
) -> list[Write]:
    """The writes of a page on the rows it consumes, and on those that these continue."""
    if header.intercompany:
        return [run.staging.billed_between(row, header.number) for row, _ in page]

    def propose(row: StagedRow, line: ProposalLine, by: str | None) -> Write:
        return run.staging.proposed(row, company, header.number, line.line_number, by=by)

    return taken(run.staging, page, propose, continued)


def _ready_event(run: ImportRun, header: Proposal, setup: FinanceSetup, total: Decimal) -> BusEvent:
    company = str(header.company)
    currency, parameters = currency_of(header, setup), setup.parameters(company)
    ready = ProposalReady(
        company=company,
        proposal_id=header.number,
        invoice_id=header.id,
        currency=currency,
        subtotal=Figures(setup).amount(total, currency),
        line_count=header.line_count,
        auto_post=parameters.auto_post_proposals and not parameters.approval,
    )
    return ready.on_bus(run.at, f"{header.id}#{header.changes}#{run.at}")
