"""Billed-sales actuals become lines of their invoice proposal, all of them or none (INV-04).

The lines need as many page transactions as they fill pages; they become visible in the last one, in which the header
turns from ``waiting`` to ``ready``. An import that died in between is continued by the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from project_invoicing.dataverse.context import parse_json
from project_invoicing.domain.codes import SET_UP_REASONS, JournalStatus, ProposalStatus, WaitReason
from project_invoicing.domain.proposal import UNRESOLVED, Proposal
from project_invoicing.domain.proposal_line import ProposalLine, subtotal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.waits import ANY_INVOICE, ANY_JOURNAL, Waits
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.events import BusEvent
from project_invoicing.events.own import ProposalReady
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.intercompany_lines import plan_between
from project_invoicing.rules.owner import Blocked, owner_of
from project_invoicing.rules.prevalidation import ROLLED_BACK
from project_invoicing.rules.proposal_lines import (
    ProposalPlan,
    currency_of,
    judge_header,
    linked_ids,
    plan,
    proposal_line,
)
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.rules.taking import Takers
from project_invoicing.rules.waiting import defect_wait, untold
from project_invoicing.set_aside import Defect, each, guarded
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import outbox
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals, billed_on_columns, waiting_columns
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import Write, pause, transact, transact_patiently, write_one
from project_invoicing.use_cases.documents.delete_lines import delete_proposal_lines, finish_deletion
from project_invoicing.use_cases.intercompany.propose import PostedSales
from project_invoicing.use_cases.proposals.sync import company_of, number_writes
from project_invoicing.use_cases.proposals.withdraw import withdraw
from project_invoicing.use_cases.setups import SetupVersions
from project_invoicing.use_cases.staging.posted_lines import PostedLines
from project_invoicing.use_cases.staging.prevalidate import ActualsRegister, prevalidate
from project_invoicing.use_cases.staging.taking import ROOM, fitting, mark, taken
from project_invoicing.use_cases.staging.verdicts import Verdicts

PAGE_LINES = 90
_ATTEMPTS = 6

Queued = tuple[str, list[StagedRow], Proposal | None]
"""The billed rows of a proforma in the queue: its id, its rows, its header where the index has it."""


@dataclass(slots=True)
class ProposalImport:
    """One run of the import for proposals. ``ready`` counts the proposals that it completed."""

    staging: Staging
    journals: Journals
    proposals: Proposals
    setups: SetupVersions
    at: str
    register: ActualsRegister
    company: str | None = None
    ready: int = 0
    waiting: int = 0

    @property
    def setup(self) -> FinanceSetup:
        return self.setups.current

    @property
    def _posted_lines(self) -> PostedLines:
        return PostedLines(self.staging, self.journals, self.proposals, self.setups)

    def run(self) -> None:
        """Looks at every billed row in the queue and at every proposal that waits."""
        each("proposal", self._in_turn(), self._queued)

    def _in_turn(self) -> Iterator[tuple[str, Queued]]:
        """What ``run`` looks at, in its order: in one go, so that a proposal that meets others stops none of it."""
        waiting = {header.id: header for header in self._open_headers()}
        second: list[tuple[str, Queued]] = []
        for id, one in self._queue(waiting):
            if not self._comes_last(id, one, second):
                yield id, one
        left = [one for one in waiting.values() if one.status is ProposalStatus.WAITING or not one.marked]
        yield from ((header.id, (header.id, [], header)) for header in left)
        yield from second

    def _queue(self, waiting: dict[str, Proposal]) -> Iterator[tuple[str, Queued]]:
        """The billed rows in the queue by their proforma: its id, its rows, its header where the index has it."""
        for id, rows in self.staging.waiting_for_proposals():
            yield id, (id, rows, waiting.pop(id, None))

    @staticmethod
    def _comes_last(id: str, queued: Queued, second: list[tuple[str, Queued]]) -> bool:
        """Whether another has had what it would take (99-25): that one may only have been deleted to be built anew."""
        header = queued[2]
        if header is None or not header.second:
            return False
        second.append((id, queued))
        return True

    def _queued(self, proforma: Queued) -> None:
        """The billed rows of one proforma."""
        proforma_id, rows, header = proforma
        header = header or (self.proposals.get(proforma_id) if proforma_id else None)
        if header is None:
            self._headless(rows)
        elif self.company in (None, header.company) or header.company is None:
            self._import(header, rows)

    def run_one(self, proforma_id: str) -> None:
        """Looks at one proposal only (STG-18)."""
        header = self.proposals.get(proforma_id)
        if header is not None:
            self._import(header, self.staging.waiting_for_proposal(proforma_id))

    def run_after_posting(self, company: str, documents: set[str], *, unseen: bool) -> None:
        """Looks at the proposals that waited for these documents and for no others (contract, section 2).

        ``unseen``: and at those that no import has looked at, which may. Those that wait for others too only have these
        taken off what they wait for: they are looked at when the last of them is posted (D-082).
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
        """Takes ``documents`` off what a proposal waits for, if others are left; ``False`` where it is to be looked at.

        It is where one of ``documents`` stands for any (nobody knows which rows it had), where lines of a journal moved
        to another one, where another was posted and nobody has taken it off, and where others keep changing it.
        """
        for attempt in range(_ATTEMPTS):
            posted = documents & header.waits_for_posting
            left = header.waits_for_posting - posted
            if left and not posted:  # somebody else was told of the same posting
                return True
            if not left or posted & {ANY_JOURNAL, ANY_INVOICE} or not header.names(posted):
                return False
            journals = self.journals.many(str(header.company), left | posted).values()
            settled = [one for one in journals if one.status is JournalStatus.POSTED]
            if any(one.error_journal or one.journal_id in left for one in settled):
                return False
            try:
                write_one(self.proposals.client, self.proposals.no_longer_waits_for(header, posted))
                return True
            except Conflict:
                pause(attempt)
                header = self.proposals.get(header.id) or header
        return False

    def run_after_setup_change(self) -> None:
        """Looks at the proposals that wait for something in the set-up, themselves or one of their rows."""
        concerned = {
            header.id: None
            for header in self._open_headers()
            if header.company is None or any(wait.reason in SET_UP_REASONS for wait in header.waiting_for)
        }
        for proforma_id, rows in self.staging.waiting_for_proposals():
            if proforma_id and any(row.reason in SET_UP_REASONS for row in rows):
                concerned[proforma_id] = None
        each("proposal", zip(concerned, concerned, strict=True), self.run_one)

    def _open_headers(self) -> list[Proposal]:
        companies = [self.company] if self.company else list(self.setup.document.companies)
        return [header for company in [*companies, UNRESOLVED] for header in self.proposals.open(company)]

    def _headless(self, rows: Sequence[StagedRow], canceled: Proposal | None = None) -> None:
        """Billed rows whose proforma has not arrived, or was canceled: they wait for it."""
        verdicts = Verdicts()
        for row in rows:
            owner = guarded("actual", row.id, owner_of, row.actual, self.setup)
            if isinstance(owner, Defect):
                verdicts.set_aside(row, owner)
                continue
            company = getattr(owner, "company", None)
            if self.company not in (None, company):
                continue
            invoice = row.actual.invoice
            detail = "its proforma has not arrived" if invoice else "the actual names no proforma"
            wait = Wait(WaitReason.HEADER_MISSING, detail, row.id)
            if canceled:
                wait = Wait(WaitReason.INACTIVE, f"proforma {canceled.number} is canceled in Dataverse", row.id)
            verdicts.wait(row, wait, company)
        verdicts.write(self.staging, self.at)
        self.waiting += verdicts.waiting

    def _import(self, header: Proposal, rows: list[StagedRow]) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                defect = guarded("proposal", header.id, self._import_once, header, rows)
                if isinstance(defect, Defect):
                    self._set_aside(header, rows, defect)
                return
            except Conflict:
                pause(attempt)
                again = self.proposals.get(header.id)
                if again is None:
                    return
                header, rows = again, self.staging.waiting_for_proposal(header.id)
        raise Conflict(f"proposal {header.number} kept changing during its import")

    def _set_aside(self, header: Proposal, rows: list[StagedRow], defect: Defect) -> None:
        """The proposal waits, and its rows with it; the next run tries them again."""
        if header.status is ProposalStatus.WAITING:
            self._wait(header, header.company, rows, ProposalPlan(waits=[defect_wait(defect)]))

    def _import_once(self, header: Proposal, rows: list[StagedRow]) -> None:
        if header.withdrawing:
            withdraw(self.proposals, self.staging, header.id)
            raise Conflict("read the rows again, now that the proposal is withdrawn")
        if header.status is ProposalStatus.CANCELED:
            self._headless(rows, header)
            return
        if header.deleting:
            finish_deletion(self.proposals, self.staging, header)
            raise Conflict("read the rows again, now that the lines are deleted")
        header = self._marked(header)
        if header.status is not ProposalStatus.WAITING:
            self._late(header, rows)
            return
        setup = self.setup if header.setup_version is None else self.setups.of(header.setup_version)
        company = header.company or company_of(header.proforma, setup)
        if company is None:
            self._unresolved(header, rows)
            return
        if header.company is None:
            if self.company not in (None, company):
                return
            if not self._assign(header, company):
                self._headless(rows)
                return
            raise Conflict("read the header again, now with its company")
        existing = self.proposals.lines(header.id) if header.pages else []
        if header.intercompany:
            posted = PostedSales(self.staging, self.journals, self.proposals)
            sales = posted.to_bill(company, header.intercompany, header.number)
            taken_back = posted.taken_back(company, sales, self.setups)
            self._settle(header, company, [], setup, existing, plan_between(header, sales, existing, taken_back))
            return
        linked, takers = self._posted_lines.continued_by(rows, linked_ids(rows))
        result = plan(header.proforma, company, rows, existing, linked, setup, takers)
        judge_header(result, header, existing, company, setup)
        self._validate(company, [row for row in rows if row.id not in result.own_waits], setup, result)
        self._settle(header, company, rows, setup, existing, result)

    def _settle(
        self,
        header: Proposal,
        company: str,
        rows: list[StagedRow],
        setup: FinanceSetup,
        existing: list[ProposalLine],
        result: ProposalPlan,
    ) -> None:
        if result.second and existing:
            delete_proposal_lines(self.proposals, self.staging, header, self.at)
            raise Conflict("read again: what comes second holds nothing that another may wait for")
        if result.waits:
            self._wait(header, company, rows, result)
        else:
            self._write(header, company, setup, existing, result)

    def _marked(self, header: Proposal) -> Proposal:
        """What a version before put on a proposal takes what it continues (99-25), unless it is being posted."""
        if header.marked or not header.pages or header.status is ProposalStatus.POSTING:
            return header
        if mark(self.proposals, self.staging, header):
            return replace(header, marked=True)
        delete_proposal_lines(self.proposals, self.staging, header, self.at)
        raise Conflict("read the rows again: another document has taken what they continue")

    def _validate(self, company: str, rows: list[StagedRow], setup: FinanceSetup, result: ProposalPlan) -> None:
        """Prevalidation of the billed rows (STG-12, STG-13): young ones are added to what the proposal waits for.

        Also of those that do not sum up to the proforma: one that was rolled back may be why.
        Raises ``Conflict`` when some were rolled back: they are invalid now, and the proposal is judged again.
        """
        young, gone = prevalidate(((row, company) for row in rows), setup, self.register, self.at)
        result.own_waits |= young
        result.waits += young.values()
        if not gone:
            return
        verdicts = Verdicts()
        for row in rows:
            if row.id in gone:
                verdicts.invalidate(row, None, ROLLED_BACK)
        verdicts.write(self.staging, self.at)
        raise Conflict("read the rows again, without those that were rolled back")

    def _assign(self, header: Proposal, company: str) -> bool:
        """The header's contract has become known: it takes its number in its company.

        Where it may not, its event is kept as that of a proforma that is refused at once, and the header is gone.
        """
        try:
            writes = number_writes(self.proposals, self.setup, company, header.proforma)
        except Rejected as rejected:
            self.staging.reject(rejected, parse_json(header.event or "{}"), self.at)
            transact(self.proposals.client, [self.proposals.refuse(header)])
            return False
        transact(self.proposals.client, [self.proposals.assign(header, company), *writes])
        return True

    def _unresolved(self, header: Proposal, rows: list[StagedRow]) -> None:
        contract = header.proforma.contract
        detail = (
            f"contract {contract.entity} {contract.id} of the proforma is not among the set-up's references"
            if contract
            else "the proforma names no contract, so its company is unknown"
        )
        result = ProposalPlan(waits=[Wait(WaitReason.REFERENCE_MISSING, detail)])
        self._wait(header, None, rows, result)

    def _wait(self, header: Proposal, company: str | None, rows: list[StagedRow], result: ProposalPlan) -> None:
        """Header and rows say why they wait; only what has changed is written."""
        verdicts, own = Verdicts(), untold(rows, result.own_waits, result.waits)
        invalid = {row.id for row, _ in result.invalid}
        for row, problem in result.invalid:
            verdicts.invalidate(row, problem.reason, problem.detail)
        for row in rows:
            if row.id in invalid:
                continue
            if row.id in own:
                verdicts.wait(row, own[row.id], company)
            else:
                verdicts.wait_as_told(row, company)
        verdicts.write(self.staging, self.at)
        self.waiting += 1
        since = min([self.at, *(row.since for row in rows if row.since)])
        change = self.proposals.waits(header, result.waits, frozenset(result.documents), since)
        if change:
            write_one(self.proposals.client, change)

    def _write(
        self,
        header: Proposal,
        company: str,
        setup: FinanceSetup,
        existing: list[ProposalLine],
        result: ProposalPlan,
    ) -> None:
        lines = result.lines
        total = subtotal([*existing, *(line for _, line in lines)])
        written = len(existing)
        pages = list(fitting(lines, PAGE_LINES, ROOM, lambda pair: pair[1].took)) or [[]]
        for number, page in enumerate(pages, start=1):
            written += len(page)
            values: dict[str, object] = {"n": written, "pg": header.pages + bool(page), "sv": setup.version, "tk": True}
            values |= billed_on_columns(result.billed_on)
            writes = self._rows(header, company, page)
            if page:
                writes.append(self.proposals.page(header.id, [line for _, line in page]))
            if number == len(pages):
                values |= {"st": ProposalStatus.READY, "su": total, "rf": None, "ws": None}
                values |= waiting_columns(Waits())
                writes.append(outbox.record(self.proposals.table, self._ready_event(header, setup, total, written)))
            writes.append(self.proposals.change(header, values))
            transact_patiently(self.proposals.client, writes)
            header = replace(header, pages=header.pages + bool(page), line_count=written, setup_version=setup.version)
        self.ready += 1

    def _rows(self, header: Proposal, company: str, page: list[tuple[StagedRow, ProposalLine]]) -> list[Write]:
        """The writes of a page on the rows that it consumes, and on those that these continue."""
        if header.intercompany:
            return [self.staging.billed_between(row, header.number) for row, _ in page]

        def propose(row: StagedRow, line: ProposalLine, by: str | None) -> Write:
            return self.staging.proposed(row, company, header.number, line.line_number, by=by)

        return taken(self.staging, page, propose)

    def _ready_event(self, header: Proposal, setup: FinanceSetup, total: Decimal, line_count: int) -> BusEvent:
        company = str(header.company)
        currency = currency_of(header, setup)
        ready = ProposalReady(
            company=company,
            proposal_id=header.number,
            invoice_id=header.id,
            currency=currency,
            subtotal=Figures(setup).amount(total, currency),
            line_count=line_count,
            auto_post=setup.parameters(company).auto_post_proposals,
        )
        return ready.on_bus(self.at, f"{header.id}#{header.changes}#{self.at}")

    def _late(self, header: Proposal, rows: list[StagedRow]) -> None:
        """Billed rows that arrive when their proposal is complete already.

        Without money they are covered by it (99-21), but not while it is being posted. With money they contradict it
        and say so.
        """
        verdicts = Verdicts()
        covered: list[tuple[StagedRow, ProposalLine]] = []
        takers = self._posted_lines.continued_by(rows, linked_ids(rows))[1] if rows else Takers()
        asked: dict[str, StagedRow] = {}
        for row in rows:
            resolved = guarded("actual", row.id, resolve, row.actual, self.setup)
            if isinstance(resolved, Defect):
                verdicts.set_aside(row, resolved)
                continue
            free = isinstance(resolved, Resolved) and not resolved.chargeable and resolved.company == header.company
            if isinstance(resolved, Resolved) and free and header.status is not ProposalStatus.POSTING:
                if second := takers.second(row, asked, self.setup):
                    verdicts.wait(row, second, header.company)
                else:
                    covered.append((row, proposal_line(row, resolved, {})))
                continue
            currency = resolved.currency if isinstance(resolved, Resolved) else currency_of(header, self.setup)
            amount = Figures(self.setup).money(row.actual.amount, currency)
            detail = f"proposal {header.number} is {header.status} without this actual of {amount}"
            wait = Wait(WaitReason.BILLED_SALES_MISMATCH, detail, row.id)
            if row.actual.inactive and isinstance(resolved, Blocked):
                wait = resolved.wait
            verdicts.wait(row, wait, header.company)
        verdicts.write(self.staging, self.at)
        self.waiting += verdicts.waiting
        for some in fitting(covered, PAGE_LINES, ROOM, lambda pair: pair[1].took):
            header = self._cover(header, some)

    def _cover(self, header: Proposal, covered: list[tuple[StagedRow, ProposalLine]]) -> Proposal:
        """Rows without money on one more page of a ready proposal; of a posted one they are simply done."""
        company = str(header.company)
        if header.status is ProposalStatus.POSTED:
            number = header.number
            writes = taken(self.staging, covered, lambda row, _, by: self.staging.covered(row, company, number, by=by))
            transact(self.staging.client, writes)
            return header
        first = header.line_count + 1
        lines = [replace(line, line_number=number) for number, (_, line) in enumerate(covered, start=first)]
        counts = {"n": header.line_count + len(lines), "pg": header.pages + 1}
        writes = self._rows(header, company, [(row, line) for (row, _), line in zip(covered, lines, strict=True)])
        writes += [self.proposals.page(header.id, lines), self.proposals.change(header, counts)]
        transact(self.proposals.client, writes)
        return replace(header, line_count=counts["n"], pages=counts["pg"])
