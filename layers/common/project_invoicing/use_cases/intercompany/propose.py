"""Intercompany invoices: a lender bills a borrower for the inter-organizational sales that it has posted.

An explicit action creates the header of a proposal for the sales of certain accounting dates; from there it is filled
and posted like any other, so that the next import finishes whatever was begun. The sales stay on their journals, and
the borrower gets a pending vendor invoice of the same number and no entry in its ledger (IC-09, INV-28).

What was posted is what is billed: a sale that changes in Dataverse afterwards, or whose project, contract or lender
differs in the current set-up, is billed as on its journal line (D-049).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid5

from project_invoicing.domain.actual import Proforma, Reference, RowVersion
from project_invoicing.domain.codes import ConnectionRole, ProposalStatus, StagingState
from project_invoicing.domain.history import HistoryEntry
from project_invoicing.domain.journal import JournalPage
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.domain.proposal import BetweenCompanies
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.errors import Rejected
from project_invoicing.rules.intercompany_lines import Billed, Sale, may_be_billed
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.intercompany import Intercompany
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.sequences import Counter
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import lost
from project_invoicing.store.unit_of_work import UnitOfWork, retried
from project_invoicing.use_cases.setups import SetupVersions

_IDS = UUID("1c0a2f8e-9d7b-4f0e-8f7a-5d2b6c1e4a90")
_ATTEMPTS = 12
_NUMBER, _COUNTER = 1, 2
"""Positions of the number and the counter in the transaction of a new header."""


Part = tuple[str | None, str]
"""The project, or none, and the currency of an invoice of its own."""


@dataclass(frozen=True, slots=True)
class PostedSales:
    """A lender's posted sales that are not billed yet."""

    staging: Staging
    journals: Journals
    proposals: Proposals

    def to_bill(self, lender: str, between: BetweenCompanies, number: str | None = None) -> list[Sale]:
        """The posted sales of these days, in any currency, for a proposal to bill: ``number``, or a new one.

        A reversal is included only if its original is too, or is on the same proposal already, or if the original's own
        invoice is posted (IC-16).
        """
        rows = self.staging.sales_to_bill(lender, between.borrower, between.start, between.end)
        lines: dict[str, JournalLine] = {}
        if between.is_of_some:
            lines = self._lines(lender, rows)
            rows = [row for row in rows if row.id in lines and between.has(lines[row.id])]
        here = {row.id for row in rows}
        originals = {row.id: row.links[ConnectionRole.ORIGINAL] for row in rows if ConnectionRole.ORIGINAL in row.links}
        elsewhere = self.staging.rows(id for id in originals.values() if id not in here)
        numbers = {row.intercompany_proposal for row in elsewhere.values() if row.intercompany_proposal}
        billing = {one for one in numbers if one == number or self._is_posted(lender, one)}
        billed = {row.id for row in elsewhere.values() if row.intercompany_proposal in billing}
        due = may_be_billed(rows, billed)
        lines = lines or self._lines(lender, due)
        return [(row, lines[row.id]) for row in due if row.id in lines]

    def taken_back(self, lender: str, sales: Iterable[Sale], setups: SetupVersions) -> Billed:
        """The invoice lines of the sales that these reverse, if billed before; only then is anything read."""
        originals = {row.links[ConnectionRole.ORIGINAL] for row, _ in sales if ConnectionRole.ORIGINAL in row.links}
        numbers = {row.intercompany_proposal or "" for row in self.staging.rows(originals).values()} - {""}
        if not numbers:
            return {}
        from project_invoicing.use_cases.invoices.draft import invoice_lines  # noqa: PLC0415  only to take sales back

        return {
            line.actual_id: line
            for number in sorted(numbers)
            if (header := self.proposals.numbered(lender, number)) and header.invoice_number
            for line in invoice_lines(self.proposals, setups, lender, header.invoice_number)
            if line.actual_id in originals
        }

    def parts(self, lender: str, between: BetweenCompanies, *, by_project: bool) -> dict[Part, Reference | None]:
        """The projects, or none, and currencies of the sales to bill that are in no other proposal.

        Whatever the index still says. With the row that a sale names for its currency.
        """
        sales = self.to_bill(lender, between)
        now = self.staging.rows(row.id for row, _ in sales)
        free = {row.id for row in now.values() if row.intercompany_proposal is None}
        return {
            (line.project if by_project else between.project, line.currency): row.actual.currency
            for row, line in sales
            if row.id in free
        }

    def of_rows(self, lender: str, rows: Iterable[StagedRow]) -> list[Sale]:
        """These posted rows with their lines."""
        known = [row for row in rows if row.state is StagingState.POSTED]
        lines = self._lines(lender, known)
        return [(row, lines[row.id]) for row in known if row.id in lines]

    def may_not_be_added(self, lender: str, number: str, sales: Sequence[Sale], there: Set[str]) -> list[str]:
        """The reversals among these sales whose original is neither billed nor ``there`` (IC-16)."""
        originals = {
            row.id: row.links[ConnectionRole.ORIGINAL] for row, _ in sales if ConnectionRole.ORIGINAL in row.links
        }
        rows = self.staging.rows(originals.values())
        billed = {
            row.id
            for row in rows.values()
            if row.intercompany_proposal
            and (row.intercompany_proposal == number or self._is_posted(lender, row.intercompany_proposal))
        }
        here = there | {row.id for row, _ in sales}
        return [id for id, original in originals.items() if original not in billed | here]

    def _is_posted(self, lender: str, number: str) -> bool:
        header = self.proposals.numbered(lender, number)
        return header is not None and header.status is ProposalStatus.POSTED

    def _pages(self, lender: str, journal_id: str) -> list[JournalPage]:
        return list(self.journals.pages(lender, journal_id))

    def _lines(self, lender: str, rows: Iterable[StagedRow]) -> dict[str, JournalLine]:
        on = {row.id: row.journal_id for row in rows if row.journal_id}
        lines: dict[str, JournalLine] = {}
        for journal_id in dict.fromkeys(on.values()):
            # If the journal cannot be read, nothing of it is billed now; its sales wait.
            pages = guarded("journal", journal_id, self._pages, lender, journal_id)
            for page in () if isinstance(pages, Defect) else pages:
                lines |= {line.actual_id: line for line in page.lines if page.posted and line.actual_id in on}
        return lines


@dataclass(frozen=True, slots=True)
class IntercompanyProposals:
    """Creates the headers. ``at`` is the clock, ``done`` the entry in the history of each."""

    sales: PostedSales
    proposals: Proposals
    setup: FinanceSetup
    at: str
    done: HistoryEntry

    def create(
        self,
        lender: str,
        borrower: str,
        start: date,
        end: date,
        *,
        by_project: bool = False,
        project: str | None = None,
        contract: str | None = None,
    ) -> list[tuple[str, str]]:
        """Creates one header per currency of the sales posted in these days, as ``(id, number)`` (IC-15).

        ``by_project``: one for each project, too; ``project`` and ``contract``: only of theirs (ICV-07). A repetition,
        even a simultaneous one, continues what was begun. Raises ``Rejected`` if there are no terms
        between the companies or nothing to bill, ``Conflict`` if other runs kept being faster.
        """
        terms = next((row for row in self.setup.lenders(borrower) if row.lender == lender), None)
        if terms is None:
            raise _bad("borrower", f"{lender} does not lend to {borrower}: add it to intercompany")
        between = BetweenCompanies(borrower, terms.customer, terms.vendor, "", start, end, project, contract)
        counter = self.proposals.intercompany_counter(lender)
        made: dict[Part, Proforma] = {}

        def step() -> bool:
            """Makes one header, unless none is missing."""
            missing = self._missing(terms, between, counter, made, by_project=by_project)
            for part in sorted(missing, key=_in_order)[:1]:
                of_part = replace(between, project=part[0], currency=part[1])
                made[part] = self._header(terms, of_part, counter, self._row(part, missing))
            return bool(missing)

        while retried(f"the intercompany proposals of {lender}", step, attempts=_ATTEMPTS):
            pass
        if not made:
            raise _bad("from", f"{lender} has no posted sales to {borrower} from {start} to {end} to bill")
        return [(made[part].id, made[part].number) for part in sorted(made, key=_in_order)]

    def _missing(
        self,
        terms: Intercompany,
        between: BetweenCompanies,
        counter: Counter,
        made: dict[Part, Proforma],
        *,
        by_project: bool,
    ) -> dict[Part, Reference | None]:
        """Parts without a header, with the rows of their currencies.

        Adds to ``made`` the headers that another run has begun.
        """
        lender = terms.lender
        newest = self.proposals.get(self._proforma(lender, counter.last).id)  # the index may lag
        for header in [*self.proposals.open(lender), *([newest] if newest else [])]:
            begun = header.intercompany
            if begun and header.status is ProposalStatus.WAITING and _same(begun, between, by_project=by_project):
                made.setdefault((begun.project, begun.currency), header.proforma)
        parts = self.sales.parts(lender, between, by_project=by_project)
        return {part: row for part, row in parts.items() if part not in made}

    def _row(self, part: Part, rows: Mapping[Part, Reference | None]) -> Reference | None:
        """The row that gives the precision of a currency which the policy does not have."""
        return None if part[1] in self.setup.document.currencies else rows[part]

    def _header(
        self, terms: Intercompany, between: BetweenCompanies, counter: Counter, currency: Reference | None
    ) -> Proforma:
        """Writes a header with the next number that no proforma has."""
        lender, drawn = terms.lender, 1
        try:
            while True:
                proforma = replace(self._proforma(lender, counter.last + drawn), currency=currency)
                unit = UnitOfWork(self.proposals.client)
                unit.add(self.proposals.create(proforma, lender, between, at=self.at))
                unit.add(self.proposals.take_number(lender, proforma), counter.draw(drawn))
                unit.add(self.proposals.noted(proforma.id, self.done))
                try:
                    unit.commit()
                    return proforma
                except TransactionCancelled as cancelled:
                    failed = lost(cancelled)
                    if _NUMBER not in failed or _COUNTER in failed:
                        raise
                    drawn += 1
        finally:
            counter.forget()

    def _proforma(self, lender: str, last: int) -> Proforma:
        """The made-up proforma of the proposal with this number of the lender's sequence."""
        number = format_number(self.setup.number_sequences(lender).intercompany, last, lender)
        return Proforma(id=str(uuid5(_IDS, f"{lender}#{number}")), version=RowVersion(None, self.at, ""), number=number)


def _same(begun: BetweenCompanies, between: BetweenCompanies, *, by_project: bool) -> bool:
    """Whether a header was begun for what is asked; ``by_project``: for one of its projects."""
    if by_project:
        wanted = begun.project is not None and between.project in (None, begun.project)
    else:
        wanted = begun.project == between.project
    return wanted and replace(begun, project=None, currency="") == replace(between, project=None, currency="")


def _in_order(part: Part) -> tuple[str, str]:
    return part[0] or "", part[1]


def _bad(field: str, detail: str) -> Rejected:
    return Rejected("schema", detail, entity="intercompany_invoice", field=field)
