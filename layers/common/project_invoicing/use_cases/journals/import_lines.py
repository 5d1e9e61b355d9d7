"""Cost and unbilled-sales actuals become lines of integration journals (STG-01, JRN-01 to JRN-17).

Rows are taken from the import queue in chunks, resolved with the set-up, sorted by company, period and date, and added
to the journals of their company, see ``add_lines``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from project_invoicing.chunks import chunks
from project_invoicing.domain.calendar import period_key
from project_invoicing.domain.codes import SECOND_REASONS, ConnectionRole
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.journal_lines import Candidate, discounted_as, needs_no_import, original_rate
from project_invoicing.rules.lineage import CONTINUED, continued_by
from project_invoicing.rules.owner import Blocked, Invalid
from project_invoicing.rules.prevalidation import ROLLED_BACK
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.rules.taking import Takers
from project_invoicing.set_aside import Defect, each, guarded
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.journals.add_lines import JournalBook
from project_invoicing.use_cases.setups import SetupVersions
from project_invoicing.use_cases.staging.left_waiting import LeftWaiting
from project_invoicing.use_cases.staging.posted_lines import PostedLines
from project_invoicing.use_cases.staging.prevalidate import ActualsRegister, prevalidate
from project_invoicing.use_cases.staging.verdicts import Verdicts

CHUNK = 5_000
"""Rows planned at a time, to bound the memory of an import."""


@dataclass(slots=True)
class JournalImport:
    """One run of the import for journals. ``imported`` counts the lines it made."""

    staging: Staging
    journals: Journals
    ledger: Ledger
    setups: SetupVersions
    at: str
    register: ActualsRegister
    posted: PostedLines
    company: str | None = None
    imported: int = 0
    waiting: int = 0
    left: LeftWaiting = field(default_factory=LeftWaiting)
    _second: list[StagedRow] = field(default_factory=list)

    @property
    def setup(self) -> FinanceSetup:
        return self.setups.current

    def run(self) -> None:
        """Imports everything in the queue that can be imported, and records why everything else waits.

        Rows that came second before are left to ``run_second``.
        """
        for some in chunks(self.staging.waiting_for_journal(), CHUNK):
            self._second += [row for row in some if row.reason in SECOND_REASONS]
            self.import_rows(row for row in some if row.reason not in SECOND_REASONS)

    def run_second(self) -> None:
        """Imports rows that came second, once all others had their turn, including proposals.

        The lines of the first taker may have been deleted only to be rebuilt (99-25).
        """
        for some in chunks(self._second, CHUNK):
            self.import_rows(some)

    def import_rows(self, rows: Iterable[StagedRow]) -> None:
        chosen, verdicts = self._candidates(list(rows))
        verdicts.write(self.staging, self.at)
        self.left.add_rows(verdicts.blocked)
        self.waiting += verdicts.waiting
        by_company = defaultdict(list)
        for candidate in chosen:
            by_company[candidate.resolved.company].append(candidate)
        each("lines of company", sorted(by_company.items()), self._add)

    def _add(self, candidates: list[Candidate]) -> None:
        book = JournalBook(
            self.staging, self.journals, self.ledger, self.setup, self.at, candidates[0].resolved.company
        )
        try:
            book.add(sorted(candidates, key=lambda candidate: candidate.order))
        finally:
            self.imported += book.imported
            self.waiting += book.set_aside

    def _candidates(self, rows: list[StagedRow]) -> tuple[list[Candidate], Verdicts]:
        chosen: list[Candidate] = []
        verdicts = Verdicts()
        ids = {row.links[role] for row in rows for role in CONTINUED if role in row.links}
        linked, takers = self.posted.continued_by(rows, ids) if ids else ({}, Takers())
        self.setups.reader.actuals(row.actual for row in (*rows, *linked.values(), *takers.rows.values()))
        asked: dict[str, StagedRow] = {}
        for row in rows:
            candidate = guarded("actual", row.id, self._candidate, row, linked, verdicts)
            if isinstance(candidate, Defect):
                verdicts.set_aside(row, candidate)
            elif candidate and (second := takers.second(row, asked, self.setup)):
                verdicts.wait(row, second, candidate.resolved.company)
            elif candidate:
                chosen.append(candidate)
        return self._validated(chosen, verdicts), verdicts

    def _candidate(self, row: StagedRow, linked: dict[str, StagedRow], verdicts: Verdicts) -> Candidate | None:
        actual = row.actual
        if reason := needs_no_import(actual, self.setup):
            verdicts.skip(row, reason)
            return None
        original = linked.get(row.links.get(ConnectionRole.ORIGINAL, ""))
        rate = original_rate(original, self.setup) if original else None
        outcome = resolve(actual, self.setup, rate, continued_by(row, linked).lineage)
        company = None if isinstance(outcome, Invalid) else outcome.company
        if self.company and company and company != self.company:
            return None
        if isinstance(outcome, Blocked):
            verdicts.wait(row, outcome.wait, outcome.company)
            return None
        if isinstance(outcome, Invalid):
            verdicts.invalidate(row, outcome.reason, outcome.detail)
            return None
        outcome = discounted_as(outcome, actual, reversed_line(outcome, original, self.journals))
        unit = self.setup.parameters(outcome.company).journal_period
        return Candidate(row, outcome, period_key(unit, outcome.transaction_date), original)

    def _validated(self, chosen: list[Candidate], verdicts: Verdicts) -> list[Candidate]:
        """The rows without those that are too young or unknown to Dataverse (STG-12, STG-13)."""
        rows = [(candidate.row, candidate.resolved.company) for candidate in chosen]
        young, gone = prevalidate(rows, self.setup, self.register, self.at)
        for candidate in chosen:
            row = candidate.row
            if row.id in young:
                verdicts.wait(row, young[row.id], candidate.resolved.company)
            elif row.id in gone:
                verdicts.invalidate(row, None, ROLLED_BACK)
        return [candidate for candidate in chosen if candidate.row.id not in young.keys() | gone]


def reversed_line(resolved: Resolved, original: StagedRow | None, journals: Journals) -> JournalLine | None:
    """The line that a discounted reversal takes back; a reversal without a discount reads nothing."""
    if not resolved.discount or original is None or not original.journal_id:
        return None
    found = journals.line(resolved.company, original.journal_id, original.line_number or 0, original.id)
    return found[0] if found else None
