"""The periodic process "Import from staging": journals first, then proposals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field, replace

from project_invoicing.chunks import chunks
from project_invoicing.domain.codes import SET_UP_REASONS, StagingState, TransactionType
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.waits import ANY_INVOICE, ANY_JOURNAL
from project_invoicing.events.own import MasterDataChanged
from project_invoicing.set_aside import guarded
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import transact_what_holds
from project_invoicing.use_cases.documents.requests import proposals_named
from project_invoicing.use_cases.journals.import_lines import CHUNK, JournalImport
from project_invoicing.use_cases.proposals.import_lines import ProposalImport
from project_invoicing.use_cases.requests.import_staging import ImportStaging
from project_invoicing.use_cases.setups import SetupVersions
from project_invoicing.use_cases.staging.apply_changes import Changes
from project_invoicing.use_cases.staging.changed_master_data import ChangedMasterData, changed_meanwhile
from project_invoicing.use_cases.staging.left_waiting import LOOKS, LeftWaiting, changed_since
from project_invoicing.use_cases.staging.posted_lines import PostedLines
from project_invoicing.use_cases.staging.prevalidate import ActualsRegister


@dataclass(frozen=True, slots=True)
class StagingImport:
    """One run. Each way of running it reports ``journal_lines``, ``proposals_ready`` and ``waiting``."""

    staging: Staging
    journals: Journals
    proposals: Proposals
    ledger: Ledger
    setups: SetupVersions
    at: str
    register: ActualsRegister
    read_again: Callable[[], SetupVersions]
    left: LeftWaiting = field(default_factory=LeftWaiting)
    looks: int = LOOKS

    def everything(self, asked: ImportStaging) -> dict[str, int]:
        """Imports what waits: all of it, or one ``company``, ``proposal_id`` or ``actual_id`` (STG-18, STG-24)."""
        company = asked.company
        if asked.proposal_id:
            return self._one(asked.proposal_id, company)
        self._changes(company).run()
        lines = self._journals(company)
        if asked.actual_id:
            return self._actual(asked.actual_id, lines)
        lines.run()
        proposals = self._proposals(company)
        proposals.run()
        lines.run_second()
        return self._finished(proposals, lines)

    def after_journal(self, company: str, journal_id: str) -> dict[str, int]:
        """Imports the proposals that waited for a journal and for nothing else, now that it is posted."""
        return self._after_posting(company, {journal_id, ANY_JOURNAL}, unseen=True)

    def after_invoice(self, company: str, proforma_id: str) -> dict[str, int]:
        """Imports the corrective proposals that waited for an invoice, now that it is posted."""
        return self._after_posting(company, {proforma_id, ANY_INVOICE}, unseen=False)

    def after_setup_change(self) -> dict[str, int]:
        """Looks again at what waits for something in the set-up, now that it has changed (STG-14, STG-17)."""
        lines = self._journals(None)
        lines.import_rows([row for row in self.staging.waiting_for_journal() if row.reason in SET_UP_REASONS])
        proposals = self._proposals(None)
        proposals.run_after_setup_change()
        return self._finished(proposals, lines)

    def after_master_data(self, change: MasterDataChanged) -> dict[str, int]:
        """Imports what waited for master data that has come or changed, and nothing else (D-099).

        Before that, lines that it puts elsewhere leave their documents, to be imported with the others.
        """
        changed = ChangedMasterData(self._changes(None), change)
        again, blockers = changed.apply(), changed.woken()
        lines, proposals = self._journals(None), self._proposals(None)
        rows = {row.id: row for row in self.staging.blocked_by(blockers)} | self.staging.readable(again)
        proposals.run_blocked_by(blockers, _import(rows.values(), lines))
        return self._finished(proposals, lines)

    def _after_posting(self, company: str, documents: set[str], *, unseen: bool) -> dict[str, int]:
        proposals = self._proposals(company)
        proposals.run_after_posting(company, documents, unseen=unseen)
        return self._finished(proposals)

    def _one(self, number: str, company: str | None) -> dict[str, int]:
        companies = [company] if company else list(self.setups.current.document.companies)
        proposals = self._proposals(None)
        for header in proposals_named(self.proposals, companies, number):
            guarded("proposal", header.id, proposals.run_one, header.id)
        return self._finished(proposals)

    def _actual(self, actual_id: str, lines: JournalImport) -> dict[str, int]:
        """Imports one actual; for a billed one, its whole proposal, whose lines come together or not at all."""
        row = self.staging.readable([actual_id]).get(actual_id)
        proposals = self._proposals(None)
        if row and row.queued and row.actual.transaction_type is not TransactionType.BILLED_SALES:
            lines.import_rows([row])
        elif row and row.state is StagingState.POSTED and row.journal_id and row.takes:
            self._mark(row, row.journal_id, row.takes)
        elif row and row.actual.invoice:
            proposals.run_one(row.actual.invoice.id)
        return self._finished(proposals, lines)

    def _mark(self, row: StagedRow, journal_id: str, taken: str) -> None:
        """Marks what a reversal from a previous version takes back, if no other has it (99-25)."""
        found = self.journals.line(row.company or "", journal_id, row.line_number or 0, row.id)
        if found and found[0].took is None:
            transact_what_holds(self.staging.client, [self.staging.take(taken, row.id)])

    def _journals(self, company: str | None) -> JournalImport:
        stores = (self.staging, self.journals, self.ledger)
        posted = self._posted_lines()
        return JournalImport(*stores, self.setups, self.at, self.register, posted, company, left=self.left)

    def _changes(self, company: str | None) -> Changes:
        stores = (self.staging, self.journals, self.proposals)
        return Changes(*stores, self.setups, self.at, self._posted_lines(), company)

    def _posted_lines(self) -> PostedLines:
        return PostedLines(self.staging, self.journals, self.proposals, self.setups)

    def _proposals(self, company: str | None) -> ProposalImport:
        stores = (self.staging, self.journals, self.proposals)
        return ProposalImport(*stores, self.setups, self.at, self.register, company, left=self.left)

    def _finished(self, proposals: ProposalImport, lines: JournalImport | None = None) -> dict[str, int]:
        """The report, once nothing waits for what has come while the run was at work, and no line is as it was before.

        D-100, D-155.
        """
        report = _report(proposals, lines)
        changed = changed_meanwhile(self.setups.reader) if self.looks else []
        if not changed and not (self.left.blockers and self.looks):
            return report
        now = self.read_again()
        rows, proformas = self.left.by(changed_since(self.setups, now, self.left.blockers))
        if not rows and not proformas and not changed:
            return report
        run = replace(self, setups=now, left=LeftWaiting(), looks=self.looks - 1)
        again = run.once_more(rows, proformas, changed, proposals.company)
        again["waiting"] -= len(rows) + len(proformas)
        return {name: number + again[name] for name, number in report.items()}

    def once_more(
        self, rows: Set[str], proformas: Set[str], changed: Iterable[MasterDataChanged], company: str | None
    ) -> dict[str, int]:
        """Imports rows and proposals that have been looked at before, and lines that a change puts elsewhere."""
        moved = [id for change in changed for id in ChangedMasterData(self._changes(None), change).apply()]
        lines, proposals = self._journals(company), self._proposals(company)
        proposals.run_these([*proformas, *_import(self.staging.readable({*rows, *moved}).values(), lines)])
        return self._finished(proposals, lines)


def _import(rows: Iterable[StagedRow], lines: JournalImport) -> list[str]:
    """Imports those of the rows that belong on a journal; returns the proformas of the others."""
    proformas: list[str] = []
    of_journals: list[StagedRow] = []
    for row in rows:
        if row.actual.transaction_type is not TransactionType.BILLED_SALES:
            of_journals.append(row)
        elif row.actual.invoice:
            proformas.append(row.actual.invoice.id)
    for some in chunks((row for row in of_journals if row.queued), CHUNK):
        lines.import_rows(some)
    return proformas


def _report(proposals: ProposalImport, lines: JournalImport | None) -> dict[str, int]:
    return {
        "journal_lines": lines.imported if lines else 0,
        "proposals_ready": proposals.ready,
        "waiting": proposals.waiting + (lines.waiting if lines else 0),
    }
