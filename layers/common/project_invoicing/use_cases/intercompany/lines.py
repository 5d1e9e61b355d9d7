"""Lines taken off a ready proposal between companies, or added to it, before it is posted (ICV-08).

One transaction: rows, pages, header and history. What is taken off waits to be billed like any other sale, and comes
with the next invoice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.history import HistoryEntry
from project_invoicing.domain.proposal import BetweenCompanies, Proposal
from project_invoicing.domain.proposal_line import ProposalLine, subtotal
from project_invoicing.domain.refusals import Refused
from project_invoicing.errors import Rejected
from project_invoicing.rules.intercompany_lines import Sale, plan_between
from project_invoicing.rules.journal_posting import bills_between_companies
from project_invoicing.store.transactions import Write
from project_invoicing.use_cases.intercompany.propose import PostedSales
from project_invoicing.use_cases.master_data.facts import JournalLineFacts
from project_invoicing.use_cases.setups import SetupVersions


@dataclass(frozen=True, slots=True)
class LinesBetween:
    """Changes the lines of one proposal. ``done`` is the entry of its history, which names the actuals."""

    sales: PostedSales
    setups: SetupVersions
    header: Proposal
    between: BetweenCompanies
    done: HistoryEntry

    @property
    def lender(self) -> str:
        return str(self.header.company)

    def take_off(self, ids: Sequence[str]) -> None:
        """Takes these actuals off. Refuses to leave a credit without its original, or nothing at all."""
        proposals = self.sales.proposals
        if proposals.was_done(self.header.id, self.done):
            return
        pages, gone = list(proposals.pages(self.header.id)), set(ids)
        lines = [line for page in pages for line in page.lines]
        if unknown := gone - {line.actual_id for line in lines}:
            raise _bad("off", f"proposal {self.header.number} has no line of actual {min(unknown)}")
        left = [line for line in lines if line.actual_id not in gone]
        if not left:
            detail = f"no line of proposal {self.header.number} would be left; at least one stays"
            raise Refused(PostingFailure.LINES_MISSING, detail)
        if held := next((line for line in left if line.takes_back in gone), None):
            detail = f"actual {held.actual_id} takes back {held.takes_back} on the same proposal: take both off"
            raise Refused(PostingFailure.TAKEN_BACK, detail)
        writes: list[Write] = []
        count = len(pages)
        for page in pages:
            rest = [line for line in page.lines if line.actual_id not in gone]
            if rest and len(rest) < len(page.lines):
                writes.append(proposals.edited_page(self.header.id, page, rest))
            elif not rest:
                writes.append(proposals.without_page(self.header.id, page))
                count -= 1
        rows = self.sales.staging.rows(gone).values()
        for row, posted in self.sales.of_rows(self.lender, rows):
            place = (self.lender, self.between.borrower, posted.accounting_date)
            writes.append(self.sales.staging.not_billed_between(row, self.header.number, *place))
        self._commit(left, count, writes)

    def add(self, ids: Sequence[str]) -> None:
        """Adds posted sales to the borrower in the currency of the proposal, of whatever date and project."""
        proposals = self.sales.proposals
        if proposals.was_done(self.header.id, self.done):
            return
        existing = proposals.lines(self.header.id)
        found = self.sales.of_rows(self.lender, self.sales.staging.rows(ids).values())
        known = {row.id: (row, line) for row, line in found}
        chosen = [self._may_be_added(id, known.get(id)) for id in ids]
        here = {line.actual_id for line in existing}
        if lacking := self.sales.may_not_be_added(self.lender, self.header.number, chosen, here):
            detail = f"actual {lacking[0]} takes back a sale that is not billed between the companies: add that, too"
            raise Refused(PostingFailure.NOT_POSTED, detail)
        taken_back = self.sales.taken_back(self.lender, chosen, self.setups)
        made = [line for _, line in plan_between(self.header, chosen, existing, taken_back).lines]
        rows = [self.sales.staging.billed_between(row, self.header.number) for row, _ in chosen]
        pages = self.header.pages + 1
        self._commit([*existing, *made], pages, [*rows, proposals.page(self.header.id, made)])

    def _may_be_added(self, id: str, sale: Sale | None) -> Sale:
        if sale is None:
            raise Refused(PostingFailure.NOT_POSTED, f"{self.lender} has no posted sale {id}")
        row, line = sale
        setup = self.setups.seeing([JournalLineFacts.of(self.lender, line)]).setup
        if bills_between_companies(line, self.lender, setup) != self.between.borrower:
            raise _bad("add", f"actual {id} is no sale of {self.lender} to {self.between.borrower}")
        if line.currency != self.between.currency:
            detail = f"actual {id} is in {line.currency}, and proposal {self.header.number} in {self.between.currency}"
            raise _bad("add", detail)
        if row.intercompany_proposal:
            detail = f"actual {id} is on proposal {row.intercompany_proposal} of {self.lender}"
            raise Refused(PostingFailure.ON_PROPOSAL, detail)
        return sale

    def _commit(self, lines: Sequence[ProposalLine], pages: int, writes: Sequence[Write]) -> None:
        proposals = self.sales.proposals
        change = proposals.changing(self.header)
        change.lines_are(len(lines), pages, subtotal(list(lines)))
        proposals.commit(self.header.id, self.done, [*writes, change.write()])


def between_of(header: Proposal) -> BetweenCompanies:
    """What it bills. Raises ``Rejected`` for a proposal of a proforma, whose lines come from Dataverse."""
    if header.intercompany is None:
        detail = f"the lines of proposal {header.number} come from Dataverse: correct the proforma there"
        raise _bad("proposal_id", detail)
    return header.intercompany


def _bad(field: str, detail: str) -> Rejected:
    return Rejected("schema", detail, entity="intercompany_lines", field=field)
