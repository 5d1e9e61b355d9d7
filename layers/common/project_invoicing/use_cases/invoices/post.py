"""Posting of invoice proposals: which of them a run posts, queues or refuses. ``InvoiceSaga`` posts one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from project_invoicing.domain.actor import BY_EVENT, BY_SCHEDULE, Actor, person
from project_invoicing.domain.codes import PostingFailure, ProposalStatus, WaitReason
from project_invoicing.domain.proposal import UNRESOLVED, Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refusal, Refused, unknown_company
from project_invoicing.errors import Rejected
from project_invoicing.events.tasks import PostingTask
from project_invoicing.set_aside import Defect, each, guarded
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.ready import Ready
from project_invoicing.store.staging import Staging
from project_invoicing.store.unit_of_work import UnitOfWork, first_of, retried
from project_invoicing.use_cases.documents.given import given_day
from project_invoicing.use_cases.documents.requests import proposals_named
from project_invoicing.use_cases.invoices.draft import drafted
from project_invoicing.use_cases.invoices.release import is_released, must_be_as_approved, must_be_released
from project_invoicing.use_cases.invoices.saga import InvoiceSaga
from project_invoicing.use_cases.people import must_be_allowed
from project_invoicing.use_cases.requests.post_invoices import PostInvoices
from project_invoicing.use_cases.setups import SetupVersions
from project_invoicing.use_cases.staging.taking import mark
from project_invoicing.work_queue import WorkQueue

_ATTEMPTS = 40
"""How often one of ten workers that draw from one sequence at once may lose before it gives up."""


@dataclass(slots=True)
class InvoicePosting:
    """One run of the posting of proposals. ``actor`` posts: the system, unless a person asks."""

    proposals: Proposals
    staging: Staging
    ledger: Ledger
    ready: Ready
    setups: SetupVersions
    at: str
    actor: Actor = BY_EVENT
    posted: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def run_asked(self, asked: PostInvoices) -> None:
        """Posts what a person asks for: one proposal, or all that are ready."""
        self.actor = person(asked.actor) if self.actor.is_system else self.actor
        try:
            must_be_allowed(self.actor, asked)
        except Refused as refused:
            self.refused.append(Refusal(asked.company, asked.proposal_id, refused.reason, refused.detail))
            return
        if asked.proposal_id:
            self.run_number(asked.proposal_id, asked.company, asked.invoice_date)
        else:
            self.run(asked.company, asked.invoice_date)

    def refuse(self, rejected: Rejected) -> None:
        """Notes why a request could not be read."""
        self.refused.append(Refusal(None, None, rejected.reason, rejected.detail))

    def run(self, company: str | None = None, invoice_date: str | None = None) -> None:
        """Posts what is ready, all on ``invoice_date`` if given, and finishes what was left half-way.

        PROP-14. Anything left half-way keeps the date of its claim. If nothing is ready, that is a refusal, too.
        """
        if not self._takes(company, invoice_date):
            return
        found = [
            header
            for code in ([company] if company else list(self.setups.current.document.companies))
            for header in self.proposals.open(code)
        ]
        due = [header for header in found if header.status in (ProposalStatus.READY, ProposalStatus.POSTING)]
        each("proposal", ((header.id, header) for header in due), lambda header: self.post(header, invoice_date))
        if not due:
            waiting = [header.number for header in found]
            detail = (
                f"no proposal is ready; {len(waiting)} wait, such as {min(waiting)}" if waiting else "there is none"
            )
            self.refused.append(Refusal(company, None, PostingFailure.LINES_MISSING, detail))

    def _takes(self, company: str | None, invoice_date: str | None) -> bool:
        """Whether the company and the date given to a posting are valid; otherwise adds a refusal that says so."""
        if company and company not in self.setups.current.document.companies:
            self.refused.append(unknown_company(company))
            return False
        try:
            return invoice_date is None or bool(given_day(invoice_date, "invoice_date"))
        except Rejected as rejected:
            self.refused.append(Refusal(company, None, rejected.reason, rejected.detail))
            return False

    def hand_out(self, queue: WorkQueue) -> int:
        """Queues a task for each proposal that is to be posted automatically. Returns how many (PROP-14).

        These are the ones left half-way, and of companies that post automatically the ones that are ready, and approved
        where that is needed. Each proposal is one
        task, so its invoice is never split; one that is queued twice is posted once.
        """
        setup = self.setups.current
        due = (
            header
            for company in setup.document.companies
            for header in self.proposals.open(company)
            if header.status is ProposalStatus.POSTING
            or (setup.parameters(company).auto_post_proposals and is_released(setup, header))
        )
        return queue.send(self._task(header) for header in due)

    def _task(self, header: Proposal) -> dict[str, Any]:
        """The task in the form of an event with the run's time: the worker that posts it has no other clock."""
        task = PostingTask(company=str(header.company), proposal_id=header.number, invoice_id=header.id)
        return task.message(self.at)

    def run_number(self, number: str, company: str | None = None, invoice_date: str | None = None) -> None:
        """Posts the proposal with this number, or of the proforma with this id. A refusal is stored on it."""
        if not self._takes(None, invoice_date):
            return
        companies = [company] if company else list(self.setups.current.document.companies)
        found = proposals_named(self.proposals, companies, number)
        each("proposal", ((one.id, one) for one in found), lambda one: self.post(one, invoice_date))
        if not found:
            self.refused.append(self._absent(company, number))

    def _absent(self, company: str | None, number: str) -> Refusal:
        """Why no company has a proposal with this number."""
        if any(header.number == number for header in self.proposals.open(UNRESOLVED)):
            detail = f"the set-up does not know the contract of proposal {number}, and so not its company"
            return Refusal(company, number, WaitReason.REFERENCE_MISSING, detail)
        there = f"{company} has no proposal {number}" if company else f"there is no proposal {number}"
        return Refusal(company, number, WaitReason.HEADER_MISSING, there)

    def run_task(self, proforma_id: str) -> None:
        """Posts one proposal for the schedule, which has handed it out."""
        self.actor = BY_SCHEDULE
        self.run_one(proforma_id, again=False)

    def run_one(self, proforma_id: str, invoice_date: str | None = None, *, again: bool = True) -> None:
        """Posts one proposal. ``again`` False: an event or a task asks, and one that is not ready is left alone."""
        header = guarded("proposal", proforma_id, self.proposals.get, proforma_id)
        if isinstance(header, Defect):
            return
        done = (ProposalStatus.POSTED, ProposalStatus.WAITING, ProposalStatus.CANCELED)
        if header is None or (not again and header.status in done):
            return
        self.post(header, invoice_date)

    def post(self, header: Proposal, invoice_date: str | None = None) -> None:
        """Posts one proposal from where it stands, or stores on it why it cannot be posted."""
        read: Callable[[], Proposal | None] = first_of(header, lambda: self._unposted(header.id))

        def step() -> None:
            if now := read():
                self._post_or_refuse(now, invoice_date)

        retried(f"proposal {header.number} of {header.company}", step, attempts=_ATTEMPTS)

    def _unposted(self, id: str) -> Proposal | None:
        found = self.proposals.get(id)
        return None if found is None or found.status is ProposalStatus.POSTED else found

    def _post_or_refuse(self, header: Proposal, invoice_date: str | None) -> None:
        try:
            defect = guarded("proposal", header.id, self._post, header, invoice_date)
        except Refused as refused:
            self._refuse(header, refused)
            return
        if isinstance(defect, Defect):
            self._set_aside(header, defect)

    def _post(self, header: Proposal, invoice_date: str | None) -> None:
        if header.status is ProposalStatus.READY:
            must_be_released(self.proposals, self.setups.current, header, self.actor)
        if header.status is ProposalStatus.READY and not header.marked:
            self._mark(header)
        stores = (self.proposals, self.staging, self.setups)
        made = drafted(*stores, header, invoice_date, self.at, marks=True)
        if made.renumbered:
            header = self._renumbered(header, made.renumbered)
            made = drafted(*stores, header, invoice_date, self.at)
        if header.status is ProposalStatus.READY:
            must_be_as_approved(self.proposals, header, made.draft, made.setup, invoice_date, self.at)
        written = (self.proposals, self.staging, self.ledger, self.ready)
        saga = InvoiceSaga(written, header, made, self.at, self.actor)
        saga.run_to_the_end()
        self.posted.append(saga.invoice.invoice_number or header.number)

    def _mark(self, header: Proposal) -> None:
        """Marks what a proposal built by a previous version continues. Refuses if another has taken some of it (99-25).

        The next import deletes its lines and says what that is.
        """
        if not mark(self.proposals, self.staging, header):
            detail = f"what proposal {header.number} bills is on another document; the next import says on which"
            raise Refused(PostingFailure.LINES_MISSING, detail)

    def _renumbered(self, header: Proposal, lines: Mapping[str, ProposalLine]) -> Proposal:
        """Writes lines under the numbers that are valid now before anything is claimed (D-123). Returns the header.

        So whoever continues the posting finds the numbers that it was begun with.
        """
        for page in list(self.proposals.pages(header.id)):
            now = [lines.get(line.actual_id, line) for line in page.lines]
            if now != page.lines:
                change = self.proposals.changing(header)
                change.renumbered()
                page_write = self.proposals.edited_page(header.id, page, now)
                UnitOfWork(self.proposals.client, [page_write, change.write()]).commit()
                header = change.after
        return header

    def _set_aside(self, header: Proposal, defect: Defect) -> None:
        """It stays as it is, and the next run tries again. Nothing is touched if its posting has begun."""
        refused = Refused(WaitReason.DEFECT, str(defect))
        if header.status is ProposalStatus.READY:
            self._refuse(header, refused)
        else:
            self.refused.append(Refusal(header.company, header.number, refused.reason, refused.detail))

    def _refuse(self, header: Proposal, refused: Refused) -> None:
        """Stores the refusal on the proposal; repeating it changes nothing but its time."""
        self.refused.append(Refusal(header.company, header.number, refused.reason, refused.detail))
        before = header.refusal or {}
        if (before.get("reason"), before.get("detail")) == (refused.reason, refused.detail):
            return
        change = self.proposals.changing(header)
        change.refused(refused, self.at)
        with suppress(TransactionCancelled):  # it has moved on; the refusal was about an older state of it
            UnitOfWork(self.proposals.client, [change.write()]).commit()
