"""Billed-sales actuals become lines of their invoice proposal, all of them or none (INV-04).

The lines need as many page transactions as they fill pages; they become visible in the last one, in which the header
turns from ``waiting`` to ``ready``. An import that died in between is continued by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set

from project_invoicing.domain.codes import SET_UP_REASONS, JournalStatus, ProposalStatus
from project_invoicing.domain.proposal import UNRESOLVED, Proposal
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.waits import ANY_INVOICE, ANY_JOURNAL
from project_invoicing.errors import Conflict
from project_invoicing.rules.proforma import company_of
from project_invoicing.rules.proposal_lines import ProposalPlan
from project_invoicing.rules.waiting import defect_wait
from project_invoicing.set_aside import Defect, each, guarded
from project_invoicing.store.transactions import write_one
from project_invoicing.store.unit_of_work import first_of, retried
from project_invoicing.use_cases.documents.delete_lines import finish_deletion
from project_invoicing.use_cases.proposals.e_invoice_rules import is_told, tell_broken_rules, with_e_invoices
from project_invoicing.use_cases.proposals.fill import fill_between, fill_of_proforma, marked
from project_invoicing.use_cases.proposals.import_headless import import_headless, import_without_company
from project_invoicing.use_cases.proposals.import_late import import_late
from project_invoicing.use_cases.proposals.import_run import ImportRun
from project_invoicing.use_cases.proposals.leave_waiting import leave_waiting
from project_invoicing.use_cases.proposals.withdraw import withdraw

_ATTEMPTS = 6

Queued = tuple[str, list[StagedRow], Proposal | None]
"""The queued billed rows of a proforma: its id, its rows, its header if the index has it."""


class ProposalImport(ImportRun):
    """Which proposals a run looks at, and what it does with each by the kind of its header."""

    __slots__ = ()

    def run(self) -> None:
        """Looks at every billed row in the queue, every waiting proposal, and those refused for their e-invoices."""
        told: list[str] = []
        each("proposal", self._in_turn(told), self._queued)
        for id in told:
            tell_broken_rules(self, id)

    def _in_turn(self, told: list[str]) -> Iterator[tuple[str, Queued]]:
        """What ``run`` looks at, in order, read at once: a proposal that runs into others does not stop the rest.

        ``told`` becomes the ready ones that are refused for their e-invoices.
        """
        waiting = {header.id: header for header in self._open_headers()}
        told += [header.id for header in waiting.values() if is_told(header)]
        self.setups.reader.proformas(one for one in waiting.values() if one.status is ProposalStatus.WAITING)
        second: list[tuple[str, Queued]] = []
        for id, one in self._queue(waiting):
            if not self._comes_last(id, one, second):
                yield id, one
        left = [one for one in waiting.values() if one.status is ProposalStatus.WAITING or not one.marked]
        yield from ((header.id, (header.id, [], header)) for header in left)
        yield from second

    def _queue(self, waiting: dict[str, Proposal]) -> Iterator[tuple[str, Queued]]:
        """The queued billed rows by proforma: its id, its rows, its header if the index has it."""
        for id, rows in self.staging.waiting_for_proposals():
            yield id, (id, rows, waiting.pop(id, None))

    @staticmethod
    def _comes_last(id: str, queued: Queued, second: list[tuple[str, Queued]]) -> bool:
        """Whether another has what it would take (99-25): that one may have been deleted only to be rebuilt."""
        header = queued[2]
        if header is None or not header.second:
            return False
        second.append((id, queued))
        return True

    def _queued(self, proforma: Queued) -> None:
        """The queued billed rows of one proforma."""
        proforma_id, rows, header = proforma
        header = header or (self.proposals.get(proforma_id) if proforma_id else None)
        if header is None:
            import_headless(self, rows)
        elif self.company in (None, header.company) or header.company is None:
            self._import(header, rows)

    def run_one(self, proforma_id: str) -> None:
        """Looks at one proposal only (STG-18)."""
        header = self.proposals.get(proforma_id)
        if header is not None:
            self._import(header, self.staging.waiting_for_proposal(proforma_id))

    def run_after_posting(self, company: str, documents: set[str], *, unseen: bool) -> None:
        """Looks at the proposals that waited for these documents and for no others (contract, section 2).

        ``unseen``: also those that no import has looked at, which may wait for them. For proposals that wait for others
        too, only these documents are removed from what they wait for: they are looked at when the last one is posted
        (D-082).
        """
        concerned = [
            header
            for header in self.proposals.open(company)
            if header.status is ProposalStatus.WAITING
            and (documents & header.waits_for_posting or (unseen and not header.evaluated))
        ]
        each("proposal", ((header.id, header) for header in concerned), lambda one: self._posted(one, documents))

    def _posted(self, header: Proposal, documents: set[str]) -> None:
        if not self._waits_for_more(header, documents):
            self.run_one(header.id)

    def _waits_for_more(self, header: Proposal, documents: set[str]) -> bool:
        """Removes ``documents`` from a proposal's waits, if others remain; ``False`` if it is to be looked at.

        It is looked at where one of ``documents`` stands for any (the rows it had are unknown), where lines of a
        journal moved to another one, where another document was posted and is still listed, and where others keep
        changing it.
        """
        read = first_of(header, lambda: self.proposals.get(header.id) or header)

        def step() -> bool:
            now = read()
            posted = documents & now.waits_for_posting
            left = now.waits_for_posting - posted
            if left and not posted:  # another run heard of the same posting
                return True
            if not left or posted & {ANY_JOURNAL, ANY_INVOICE} or not now.names(posted):
                return False
            journals = self.journals.many(str(now.company), left | posted).values()
            settled = [one for one in journals if one.status is JournalStatus.POSTED]
            if any(one.error_journal or one.journal_id in left for one in settled):
                return False
            change = self.proposals.changing(now)
            change.waits_no_longer_for(posted)
            write_one(self.proposals.client, change.write())
            return True

        try:
            return retried(f"proposal {header.number}", step, attempts=_ATTEMPTS, lost=Conflict)
        except Conflict:
            return False

    def run_after_setup_change(self) -> None:
        """Looks at the proposals that wait for something in the set-up, themselves or one of their rows.

        And at those that are ready, whether their e-invoices would break a rule now.
        """
        headers = self._open_headers()
        concerned = {
            header.id: None
            for header in headers
            if header.company is None or any(wait.reason in SET_UP_REASONS for wait in header.waiting_for)
        }
        for proforma_id, rows in self.staging.waiting_for_proposals():
            if proforma_id and any(row.reason in SET_UP_REASONS for row in rows):
                concerned[proforma_id] = None
        self.run_these(concerned)
        for id in with_e_invoices(self, headers):
            tell_broken_rules(self, id)

    def run_blocked_by(self, blockers: Set[str], proformas: Iterable[str]) -> None:
        """Looks at the proposals of these ``proformas``, and at those that are stored as waiting for a blocker."""
        self.run_these((*proformas, *self.proposals.blocked_by(blockers)))

    def run_these(self, proformas: Iterable[str]) -> None:
        """Looks at the proposals of these proformas."""
        concerned = dict.fromkeys(proformas)
        each("proposal", zip(concerned, concerned, strict=True), self.run_one)

    def _open_headers(self) -> list[Proposal]:
        companies = [self.company] if self.company else list(self.setup.document.companies)
        return [header for company in [*companies, UNRESOLVED] for header in self.proposals.open(company)]

    def _import(self, header: Proposal, rows: list[StagedRow]) -> None:
        def again() -> tuple[Proposal, list[StagedRow]] | None:
            found = self.proposals.get(header.id)
            return (found, self.staging.waiting_for_proposal(header.id)) if found else None

        read: Callable[[], tuple[Proposal, list[StagedRow]] | None] = first_of((header, rows), again)

        def step() -> None:
            found = read()
            if found is None:
                return
            defect = guarded("proposal", header.id, self._import_once, *found)
            if isinstance(defect, Defect):
                self._set_aside(*found, defect)

        retried(f"proposal {header.number}", step, attempts=_ATTEMPTS, lost=Conflict)

    def _set_aside(self, header: Proposal, rows: list[StagedRow], defect: Defect) -> None:
        """The proposal waits, and its rows with it; the next run tries them again."""
        if header.status is ProposalStatus.WAITING:
            leave_waiting(self, header, header.company, rows, ProposalPlan(waits=[defect_wait(defect)]))

    def _import_once(self, header: Proposal, rows: list[StagedRow]) -> None:
        """Raises ``Conflict`` when its own writes require header and rows to be read again."""
        if header.withdrawing:
            withdraw(self.proposals, self.staging, header.id)
            raise Conflict("read the rows again, now that the proposal is withdrawn")
        if header.status is ProposalStatus.CANCELED:
            import_headless(self, rows, header)
            return
        if header.deleting:
            finish_deletion(self.proposals, self.staging, header)
            raise Conflict("read the rows again, now that the lines are deleted")
        header = marked(self, header)
        if header.status is not ProposalStatus.WAITING:
            import_late(self, header, rows)
        elif header.company is None:
            self.setups.reader.proformas([header])
            import_without_company(self, header, company_of(header.proforma, self.setup), rows)
        elif header.intercompany:
            fill_between(self, header)
        else:
            fill_of_proforma(self, header, rows)
