"""Invoices between companies: a lender bills a borrower for the inter-organizational sales that it has posted.

An explicit action makes the header of a proposal for the sales of some accounting dates; from there it is filled and
posted like any other, so that whatever was begun is finished by the next import. The sales stay on their journals, and
the borrower gets a pending vendor invoice of the same number and no entry in its ledger (IC-09, INV-28).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid5

from project_invoicing.domain.actual import Proforma, RowVersion
from project_invoicing.domain.codes import ConnectionRole, ProposalStatus, WaitReason
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.domain.proposal import ProposalLine
from project_invoicing.domain.refusals import Wait
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.setup.document import Intercompany
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.proposals import BetweenCompanies, Proposal, Proposals
from project_invoicing.store.staging import StagedRow, Staging
from project_invoicing.store.transactions import pause, transact
from project_invoicing.use_cases.proposal_lines import ProposalPlan, proposal_line
from project_invoicing.use_cases.resolution import Resolved, resolve

_IDS = UUID("1c0a2f8e-9d7b-4f0e-8f7a-5d2b6c1e4a90")
_ATTEMPTS = 12


@dataclass(frozen=True, slots=True)
class IntercompanyProposals:
    """Makes the headers. ``at`` is the clock."""

    staging: Staging
    proposals: Proposals
    setup: FinanceSetup
    at: str

    def create(self, lender: str, borrower: str, start: date, end: date) -> list[tuple[str, str]]:
        """One header for each currency of the sales posted in these days, as ``(id, number)`` (IC-15).

        Raises ``Rejected`` where there are no terms between the companies, or nothing to bill.
        """
        terms = next((row for row in self.setup.lenders(borrower) if row.lender == lender), None)
        if terms is None:
            raise _bad("borrower", f"{lender} does not lend to {borrower}: add it to intercompany")
        begun = self._begun(lender, borrower, start, end)
        between = BetweenCompanies(borrower, terms.customer, terms.vendor, "", start, end)
        currencies = {
            resolved.currency
            for row in sales_to_bill(self.staging, self.proposals, lender, between)
            if isinstance(resolved := resolve(row.actual, self.setup), Resolved)
        }
        if not (currencies or begun):
            raise _bad("from", f"{lender} has no posted sales to {borrower} from {start} to {end} to bill")
        for currency in sorted(currencies - begun.keys()):
            begun[currency] = self._header(terms, replace(between, currency=currency))
        return [(header.id, header.number) for _, header in sorted(begun.items())]

    def _begun(self, lender: str, borrower: str, start: date, end: date) -> dict[str, Proforma]:
        """By currency, headers for the same sales that nobody has finished: a repetition makes no second one."""
        return {
            between.currency: header.proforma
            for header in self.proposals.open(lender)
            if (between := header.intercompany)
            and header.status is ProposalStatus.WAITING
            and (between.borrower, between.start, between.end) == (borrower, start, end)
        }

    def _header(self, terms: Intercompany, between: BetweenCompanies) -> Proforma:
        lender = terms.lender
        counter = self.proposals.intercompany_counter(lender)
        for attempt in range(_ATTEMPTS):
            number = format_number(self.setup.number_sequences(lender).intercompany, counter.last + 1, lender)
            id = str(uuid5(_IDS, f"{lender}#{number}"))
            proforma = Proforma(id=id, version=RowVersion(None, self.at, ""), number=number)
            header = self.proposals.create(proforma, lender, between)
            try:
                transact(self.proposals.client, [header, self.proposals.take_number(lender, proforma), counter.draw(1)])
            except TransactionCancelled:
                counter.forget()
                pause(attempt)
            else:
                return proforma
        raise Conflict(f"others kept making intercompany proposals of {lender}")


def sales_to_bill(staging: Staging, proposals: Proposals, lender: str, between: BetweenCompanies) -> list[StagedRow]:
    """The posted sales that a proposal is to bill.

    A reversal is among them only if its original is too, or if the original's own invoice is posted (IC-16).
    """
    rows = staging.sales_to_bill(lender, between.borrower, between.start, between.end)
    here = {row.id for row in rows}
    originals = {row.id: row.links[ConnectionRole.ORIGINAL] for row in rows if ConnectionRole.ORIGINAL in row.links}
    elsewhere = staging.rows(id for id in originals.values() if id not in here)
    numbers = {row.intercompany_proposal for row in elsewhere.values() if row.intercompany_proposal}
    posted = {number for number in numbers if _is_posted(proposals, lender, number)}
    billed = {row.id for row in elsewhere.values() if row.intercompany_proposal in posted}
    return [row for row in rows if row.id not in originals or originals[row.id] in here | billed]


def _is_posted(proposals: Proposals, lender: str, number: str) -> bool:
    found = proposals.by_number([lender], number).get(lender)
    header = proposals.get(found) if found else None
    return header is not None and header.status is ProposalStatus.POSTED


def plan_between(
    header: Proposal, rows: Sequence[StagedRow], existing: Sequence[ProposalLine], setup: FinanceSetup
) -> ProposalPlan:
    """The lines of an intercompany proposal: every sale in its currency, whatever its billing type, with its accrual.

    What the set-up cannot resolve any more stays where it is, for a later invoice.
    """
    result = ProposalPlan()
    currency = header.intercompany.currency if header.intercompany else None
    lines: list[tuple[tuple[object, ...], StagedRow, ProposalLine]] = []
    for row in rows:
        resolved = resolve(row.actual, setup)
        if isinstance(resolved, Resolved) and resolved.currency == currency:
            line = proposal_line(row, replace(resolved, chargeable=True), {})
            line = replace(line, accruals=(row.accrual,) if row.accrual else ())
            lines.append(((resolved.transaction_date, line.project or "", row.id), row, line))
    first = 1 + max((line.line_number for line in existing), default=0)
    for number, (_, row, line) in enumerate(sorted(lines, key=lambda entry: entry[0]), start=first):
        result.lines.append((row, replace(line, line_number=number)))
    if not lines and not existing:
        result.waits.append(Wait(WaitReason.BILLED_SALES_MISMATCH, "none of its sales is left to be billed"))
    return result


def _bad(field: str, detail: str) -> Rejected:
    return Rejected("schema", detail, entity="intercompany_invoice", field=field)
