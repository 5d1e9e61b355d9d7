"""Applies what has changed since unposted lines were created: their actuals, or contracts' fixed exchange rates.

An actual that changed after its import changes its line, which keeps its number and voucher. If it now belongs
elsewhere (another period, another company) or has to wait, its line is deleted and the row is imported again. A changed
actual of a proposal deletes the proposal's lines, so that all of them are judged together again. What is posted stays
as it is: the change is kept on the row and flagged. A new description, which people may write at any time (CAN-10),
only changes the text of an unposted line: a person's edits on it stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from project_invoicing.chunks import chunks
from project_invoicing.domain.calendar import period_key
from project_invoicing.domain.codes import INTERCOMPANY, ConnectionRole, JournalStatus, ProposalStatus
from project_invoicing.domain.journal import Journal, JournalPage
from project_invoicing.domain.journal_line import COST_KINDS, JournalLine
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import OnJournal, StagedRow
from project_invoicing.rules.journal_lines import Candidate, discounted_as, tagged_line
from project_invoicing.rules.lineage import CONTINUED, continued_by
from project_invoicing.rules.proposal_lines import named
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.set_aside import each, guarded
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES, Write, lost
from project_invoicing.store.unit_of_work import UnitOfWork
from project_invoicing.use_cases.documents.delete_lines import delete_proposal_lines
from project_invoicing.use_cases.journals.import_lines import reversed_line
from project_invoicing.use_cases.setups import SetupVersions
from project_invoicing.use_cases.staging.posted_lines import PostedLines
from project_invoicing.use_cases.staging.taking import released

CHUNK = 1_000
"""Changed rows whose master data is read at a time."""
_WITHOUT_AGREED_RATE = COST_KINDS | INTERCOMPANY
"""Costs, and what is sold to another company, whose contract it is not."""
UNPOSTED = (JournalStatus.DRAFT, JournalStatus.ERROR)


@dataclass(slots=True)
class Changes:
    """One pass over everything that changed. Anything another run is working on is left to the next pass."""

    staging: Staging
    journals: Journals
    proposals: Proposals
    setups: SetupVersions
    at: str
    posted: PostedLines
    company: str | None = None

    @property
    def setup(self) -> FinanceSetup:
        return self.setups.current

    def run(self) -> None:
        self.of_actuals()
        self.of_fixed_rates()

    def _unit(self, *writes: Write) -> UnitOfWork:
        return UnitOfWork(self.staging.client, writes)

    def of_actuals(self) -> None:
        """Brings the unposted lines of changed actuals up to date."""
        changed = (one for one in self.staging.changed() if self.company in (None, one[0].company))
        for some in chunks(changed, CHUNK):
            self.setups.reader.actuals(row.actual for row, reworded in some if not reworded)
            for row, reworded in some:
                guarded("actual", row.id, self._of_actual, row, reworded)

    def of_row(self, row: StagedRow) -> None:
        """Treats an unposted row whose master data has changed as one that has changed itself.

        Raises ``TransactionCancelled`` where another run was faster.
        """
        self._bring_up_to_date(row, reworded=False)

    def of_fixed_rate(self, contract: str, companies: list[str]) -> None:
        """Draft lines of a contract take the fixed rate agreed after they were created (FXR-08)."""
        for company in companies:
            with suppress(TransactionCancelled):  # the next look at the contract compares it again
                each("journal", self._unposted(company), partial(self._rerate, contract=contract))

    def _of_actual(self, row: StagedRow, reworded: bool) -> None:
        with suppress(TransactionCancelled):
            self._bring_up_to_date(row, reworded)

    def _bring_up_to_date(self, row: StagedRow, reworded: bool) -> None:
        if reworded:
            self._text(row)
        elif row.relinked and row.proposal_id and self._still_continues(row):
            self._unit(self.staging.up_to_date(row)).commit()
        elif row.journal_id:
            self._journal_line(row, row.journal_id)
        elif row.proposal_id:
            self._proposal_lines(row)

    def _text(self, row: StagedRow) -> None:
        writes = self._journal_text(row) if row.journal_id else self._proposal_text(row)
        self._unit(self.staging.up_to_date(row), *writes).commit()

    def _journal_text(self, row: StagedRow) -> list[Write]:
        journal = self.journals.get(row.company or "", row.journal_id or "")
        page = self._page_of(journal, row.id) if journal and journal.status in UNPOSTED else None
        if journal is None or page is None:
            return []
        text = row.actual.description
        lines = [replace(line, description=text) if line.actual_id == row.id else line for line in page.lines]
        change = self.journals.changing(journal)
        change.reworded()
        return [self.journals.changed_page(journal, page, lines), change.write()]

    def _proposal_text(self, row: StagedRow) -> list[Write]:
        header = self._proposal_of(row)
        if header is None or header.status not in (ProposalStatus.WAITING, ProposalStatus.READY):
            return []
        text = row.actual.external_description or row.actual.description
        says: dict[str, Any] = {"description": text, "task": named(row.actual.task), "role": named(row.actual.role)}
        for page in self.proposals.pages(header.id):
            number = next((line.line_number for line in page.lines if line.actual_id == row.id), None)
            if number is not None:
                lines = [replace(line, **says) if line.actual_id == row.id else line for line in page.lines]
                edited = self.proposals.changing(header)
                edited.edited()
                why = f"the text of line {number} has changed in Dataverse"
                taken_back = self.proposals.taken_back(edited, self.at, why)
                return [self.proposals.edited_page(header.id, page, lines), edited.write(), *taken_back]
        return []

    def _proposal_of(self, row: StagedRow) -> Proposal | None:
        return self.proposals.numbered(row.company or "", row.proposal_id or "")

    def of_fixed_rates(self) -> None:
        """Draft lines take a fixed rate agreed after they were created (FXR-08). Once per set-up version."""
        if not any(contract.fixed_exchange_rate for contract in self.setup.document.contracts.values()):
            return
        companies = [self.company] if self.company else list(self.setup.document.companies)
        seen = self.journals.setups_seen(companies)
        for company in companies:
            if seen.get(company) == self.setup.version:
                continue
            # A journal that is being posted, has grown, or cannot be read is compared again in the next pass.
            with suppress(TransactionCancelled):
                if not each("journal", self._unposted(company), self._rerate):
                    self.journals.setup_seen(company, self.setup.version)

    def _unposted(self, company: str) -> Iterator[tuple[str, Journal]]:
        """A company's drafts and journals in error, each with its number."""
        found = self.journals.unposted(company, one_list=self.setups.one_list)
        return ((one.journal_id, one) for one in found if one.status in UNPOSTED)

    def _journal_line(self, row: StagedRow, journal_id: str) -> None:
        journal = self.journals.get(row.company or "", journal_id)
        page = self._page_of(journal, row.id) if journal and journal.status in UNPOSTED else None
        if journal is None or page is None:
            self._too_late(row)
            return
        line = next(line for line in page.lines if line.actual_id == row.id)
        linked, taken = self._linked(row)
        original = linked.get(row.links.get(ConnectionRole.ORIGINAL, ""))
        before = continued_by(row, linked).lineage
        outcome = resolve(row.actual, self.setup, self._kept_rate(row, original), before)
        length = self.setup.parameters(journal.company).journal_period
        here = isinstance(outcome, Resolved) and outcome.company == journal.company and not row.actual.skip_sync
        here = here and not taken
        if isinstance(outcome, Resolved) and here and period_key(length, outcome.transaction_date) == journal.period:
            outcome = discounted_as(outcome, row.actual, reversed_line(outcome, original, self.journals))
            candidate = Candidate(row, outcome, journal.period)
            made = tagged_line(candidate, line.line_number, line.voucher, journal, self.setup)
            lines = [made if x is line else x for x in page.lines]
            unit = self._unit(self.staging.relined(row, outcome.rate), self.journals.changed_page(journal, page, lines))
            if row.takes != line.took:
                unit.add(*([self.staging.free(line.took, row.id)] if line.took else []))
                unit.add(*([self.staging.take(row.takes, row.id, linked.get(row.takes))] if row.takes else []))
            changed = self.journals.changing(journal)
            changed.lines_changed(self.at)
            changed.sums(added=lines, removed=page.lines)
            unit.add(changed.write())
            unit.commit()
            return
        self._unit(*self._without(journal, page, line)).commit()

    def _changed(self, journal: Journal) -> Write:
        change = self.journals.changing(journal)
        change.lines_changed(self.at)
        return change.write()

    def _without(self, journal: Journal, page: JournalPage, line: JournalLine) -> list[Write]:
        left = [one for one in page.lines if one is not line]
        change = self.journals.changing(journal)
        change.lines_removed(1)
        change.sums(removed=[line])

        def release(line: JournalLine, by: str | None) -> Write:
            return self.staging.released(line.actual_id, OnJournal(journal.journal_id), self.at, by=by)

        return [
            *released(self.staging, [line], release),
            self.journals.changed_page(journal, page, left) if left else self.journals.without_page(journal, page),
            change.write(),
        ]

    def _page_of(self, journal: Journal, actual_id: str) -> JournalPage | None:
        for page in self.journals.pages(journal.company, journal.journal_id):
            if not page.posted and any(line.actual_id == actual_id for line in page.lines):
                return page
        return None

    def _linked(self, row: StagedRow) -> tuple[dict[str, StagedRow], bool]:
        """What a row continues, and whether another row has taken that (99-25)."""
        ids = [row.links[role] for role in CONTINUED if role in row.links]
        found, takers = self.posted.rows_and_takers(ids) if ids else ({}, {})
        return found, takers.get(row.takes or "", row.id) != row.id

    def _still_continues(self, row: StagedRow) -> bool:
        """Whether the row's line still matches what its connections say now."""
        header = self._proposal_of(row)
        replaces = row.takes is None and ConnectionRole.REPLACED in row.links
        return any(
            line.took == row.takes and (line.continues or not replaces)
            for line in (self.proposals.lines(header.id) if header else ())
            if line.actual_id == row.id
        )

    def _kept_rate(self, row: StagedRow, original: StagedRow | None) -> ExchangeRate | None:
        """A reversal has the rate of its original (FXR-13)."""
        if ConnectionRole.ORIGINAL not in row.links:
            return None
        return (original.price_rate if original else None) or row.price_rate

    def _proposal_lines(self, row: StagedRow) -> None:
        header = self._proposal_of(row)
        if header is None or header.status not in (ProposalStatus.WAITING, ProposalStatus.READY):
            self._too_late(row)
            return
        try:
            delete_proposal_lines(self.proposals, self.staging, header, self.at)
        except Refused:
            self._too_late(row)

    def _too_late(self, row: StagedRow) -> None:
        """Flags the row. What its connections now say it continues is marked, if no other row has it (99-25).

        A connection that came before the posting, and that no import looked at in between, would otherwise mark
        nothing.
        """
        flag = self.staging.flag_late(row)
        try:
            self._unit(flag, *([self.staging.take(row.takes, row.id)] if row.takes else [])).commit()
        except TransactionCancelled as cancelled:
            if lost(cancelled) != [1]:
                raise
            self._unit(flag).commit()

    def _rerate(self, journal: Journal, contract: str | None = None) -> None:
        """Re-rates the lines of a journal, or of one ``contract`` on it."""
        pages = list(self.journals.pages(journal.company, journal.journal_id))
        concerned = [line for page in pages for line in page.lines if contract in (None, line.contract)]
        self.setups.reader.prices(journal.company, concerned)
        agreed = {line.actual_id: rate for line in concerned if (rate := self._agreed(line, journal.company))}
        for page in pages:
            changed = {line.actual_id: agreed[line.actual_id] for line in page.lines if line.actual_id in agreed}
            if not changed:
                continue
            lines = [
                replace(line, price_exchange_rate=rate.rate, price_factor=rate.factor)
                if (rate := changed.get(line.actual_id))
                else line
                for line in page.lines
            ]
            unit = self._unit(*(self.staging.rerated(id, journal.journal_id, rate) for id, rate in changed.items()))
            unit.add(self.journals.changed_page(journal, page, lines), self._changed(journal))
            if len(unit) > MAX_WRITES:
                raise ValueError(f"page {page.key} of {journal.journal_id} is larger than a transaction")
            unit.commit()

    def _agreed(self, line: JournalLine, company: str) -> ExchangeRate | None:
        """The contract's fixed rate, if the line has another one."""
        contract = self.setup.contract(company, line.contract)
        if line.kind in _WITHOUT_AGREED_RATE or contract is None or contract.fixed_exchange_rate is None:
            return None
        rate = self.setup.price_rate(line.contract, line.currency, company, line.accounting_date)
        return rate if rate and rate != line.rate else None
