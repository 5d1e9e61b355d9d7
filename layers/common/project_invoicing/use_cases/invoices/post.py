"""Posting of invoice proposals: the customer invoice, its voucher, and the accounting details on the staging rows.

A saga that only rolls forward. The first transaction claims the proposal: it draws the invoice and voucher numbers,
writes the invoice and pins date and set-up version. A voucher without a line draws no number, and nor does an invoice
without a line: then there is none (99-24, D-068). Then page after page; the last one makes the invoice visible and
tells the bus. A small invoice does all of it in one transaction. Whoever finds a proposal in ``posting`` goes on with
the first missing page: the inputs are frozen, so that it computes the same (PROP-12, NUM-02).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from project_invoicing.chunks import chunks
from project_invoicing.domain.codes import PostingFailure, ProposalStatus, WaitReason
from project_invoicing.domain.credited_tax import charged
from project_invoicing.domain.ledger import INVOICE, Voucher
from project_invoicing.domain.lineage import lineage_of
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.domain.proposal import UNRESOLVED, Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refusal, Refused, unknown_company
from project_invoicing.domain.staged_row import OnProposal
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.events import BusEvent
from project_invoicing.events.own import InvoicePosted
from project_invoicing.events.tasks import PostingTask
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.invoice_draft import InvoiceDraft
from project_invoicing.rules.invoice_voucher import computed_with, invoice_voucher
from project_invoicing.set_aside import Defect, each, guarded
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import outbox
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.ledger import PAGE_ENTRIES, Entry, Ledger, entries
from project_invoicing.store.proposals import Proposals, claim_columns, closed, refusal_columns
from project_invoicing.store.sequences import Counter
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import Write, pause, transact
from project_invoicing.use_cases.documents.given import given_day
from project_invoicing.use_cases.documents.requests import proposals_named
from project_invoicing.use_cases.invoices.draft import drafted, invoice_of
from project_invoicing.use_cases.result_rows import cash_discount
from project_invoicing.use_cases.setups import SetupVersions
from project_invoicing.use_cases.staging.taking import mark
from project_invoicing.work_queue import WorkQueue

PAGE_LINES = 90
_ATTEMPTS = 40
"""Ten posters that draw from one sequence at once lose to each other this often before they give up."""


@dataclass(slots=True)
class InvoicePosting:
    """One run of the posting of proposals."""

    proposals: Proposals
    staging: Staging
    ledger: Ledger
    setups: SetupVersions
    at: str
    posted: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def run(self, company: str | None = None, invoice_date: str | None = None) -> None:
        """Posts what is ready when it runs, all on ``invoice_date`` if given, and finishes what was left half-way.

        PROP-14. What was left half-way keeps the date of its claim. That nothing is ready is a refusal, too.
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
        """Whether the company and the date given to a posting are some; else the refusal says so."""
        if company and company not in self.setups.current.document.companies:
            self.refused.append(unknown_company(company))
            return False
        try:
            return invoice_date is None or bool(given_day(invoice_date, "invoice_date"))
        except Rejected as rejected:
            self.refused.append(Refusal(company, None, rejected.reason, rejected.detail))
            return False

    def hand_out(self, queue: WorkQueue) -> int:
        """Puts a task on the queue for each proposal that is to be posted by itself. Returns how many (PROP-14).

        Those are what was left half-way, and what is ready in companies whose proposals post themselves. A proposal is
        one task, so that its invoice is never split; one that is handed out twice is posted once.
        """
        setup = self.setups.current
        due = (
            header
            for company in setup.document.companies
            for header in self.proposals.open(company)
            if header.status is ProposalStatus.POSTING
            or (header.status is ProposalStatus.READY and setup.parameters(company).auto_post_proposals)
        )
        return queue.send(self._task(header) for header in due)

    def _task(self, header: Proposal) -> dict[str, Any]:
        """In the form of an event, whose time is the run's: what posts it has no other clock."""
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

    def run_one(self, proforma_id: str, invoice_date: str | None = None, *, again: bool = True) -> None:
        """Posts one proposal. ``again`` False: an event or a task says so, and what is not ready now is left alone."""
        header = guarded("proposal", proforma_id, self.proposals.get, proforma_id)
        if isinstance(header, Defect):
            return
        done = (ProposalStatus.POSTED, ProposalStatus.WAITING, ProposalStatus.CANCELED)
        if header is None or (not again and header.status in done):
            return
        self.post(header, invoice_date)

    def post(self, header: Proposal, invoice_date: str | None = None) -> None:
        """Posts one proposal from where it stands, or stores on it why not."""
        for attempt in range(_ATTEMPTS):
            try:
                defect = guarded("proposal", header.id, self._post, header, invoice_date)
                if isinstance(defect, Defect):
                    self._set_aside(header, defect)
                return
            except Refused as refused:
                self._refuse(header, refused)
                return
            except TransactionCancelled:
                pause(attempt)
                found = self.proposals.get(header.id)
                if found is None or found.status is ProposalStatus.POSTED:
                    return
                header = found
        raise Conflict(f"proposal {header.number} of {header.company} kept changing while it was posted")

    def _post(self, header: Proposal, invoice_date: str | None) -> None:
        if header.status is ProposalStatus.READY and not header.marked:
            self._mark(header)
        of, setup = drafted(self.proposals, self.setups, header, invoice_date, self.at)
        saga = _Saga(self, header, of, setup)
        saga.run_to_the_end()
        self.posted.append(saga.invoice.invoice_number or header.number)

    def _mark(self, header: Proposal) -> None:
        """A proposal that a version before made takes what it continues. Refuses one of which another has some (99-25).

        The next import deletes its lines and says what that is.
        """
        if not mark(self.proposals, self.staging, header):
            detail = f"what proposal {header.number} bills is on another document; the next import says on which"
            raise Refused(PostingFailure.LINES_MISSING, detail)

    def _set_aside(self, header: Proposal, defect: Defect) -> None:
        """It stays as it is, and the next run tries it again. Of one whose posting was begun nothing is touched."""
        refused = Refused(WaitReason.DEFECT, str(defect))
        if header.status is ProposalStatus.READY:
            self._refuse(header, refused)
        else:
            self.refused.append(Refusal(header.company, header.number, refused.reason, refused.detail))

    def _refuse(self, header: Proposal, refused: Refused) -> None:
        """The refusal is stored on the proposal, once: repeating it changes nothing but its time."""
        self.refused.append(Refusal(header.company, header.number, refused.reason, refused.detail))
        before = header.refusal or {}
        if (before.get("reason"), before.get("detail")) == (refused.reason, refused.detail):
            return
        try:
            transact(self.proposals.client, [self.proposals.change(header, refusal_columns(refused, self.at))])
        except TransactionCancelled:
            return  # it has moved on; what was refused was an older state of it


class _Saga:
    """The transactions that post one proposal."""

    def __init__(self, run: InvoicePosting, header: Proposal, of: InvoiceDraft, setup: FinanceSetup) -> None:
        self.run, self.header, self.of, self.setup = run, header, of, setup
        self.counters: list[Counter] = []
        made = invoice_voucher(of, "", header.number, setup)
        begun = header.status is ProposalStatus.POSTING
        number, voucher_number = (header.invoice_number, header.voucher) if begun else self._numbers(made)
        self.numbered = number is not None
        self.voucher = replace(made, voucher=voucher_number or "", source_id=number or "")
        self.invoice = invoice_of(run.proposals, header, of, number or "", voucher_number)
        self.of = computed_with(of, number, setup)

    def _numbers(self, voucher: Voucher) -> tuple[str | None, str | None]:
        """The numbers of invoice and voucher, drawn for those that have a line."""
        company, sequences = self.of.terms.company, self.setup.number_sequences(self.of.terms.company)
        number = voucher_number = None
        if voucher.lines or any(line.shown for line in self.of.totals.lines):
            invoices = self.run.proposals.counter(company)
            number = format_number(sequences.invoice, invoices.last + 1, company)
            self.counters.append(invoices)
        if voucher.lines:
            vouchers = self.run.ledger.vouchers_counter(company)
            voucher_number = format_number(sequences.voucher, vouchers.last + 1, company)
            self.counters.append(vouchers)
        return number, voucher_number

    def run_to_the_end(self) -> None:
        room = PAGE_LINES - len(self.of.originals)  # which the first transaction writes to, too
        pages = list(chunks(self.of.totals.lines, room))
        ledger = list(chunks(entries(self.voucher), PAGE_ENTRIES))
        steps = max(len(pages), len(ledger), 1)
        for step in range(self.header.posted_pages, steps):
            lines = pages[step] if step < len(pages) else ()
            vouchers = ledger[step] if step < len(ledger) else ()
            transact(self.run.proposals.client, self._writes(step, lines, vouchers, last=step == steps - 1))
            self.header = replace(self.header, status=ProposalStatus.POSTING, posted_pages=step + 1)

    def _writes(
        self, step: int, lines: Sequence[ProposalLine], vouchers: Sequence[Entry], *, last: bool
    ) -> list[Write]:
        run, invoice = self.run, self.invoice
        writes = [] if self.header.intercompany else [self._posted(line) for line in lines]
        shown = [replace(line, took=None) for line in lines if line.shown]  # said on the proposal, and smaller
        if shown:
            page = run.proposals.invoice_page(invoice.company, invoice.invoice_number, step + 1, shown)
            writes.append(page)
        if vouchers:
            writes.append(run.ledger.page(INVOICE, invoice.company, invoice.invoice_number, step + 1, list(vouchers)))
        values: dict[str, Any] = {"pp": step + 1}
        if step == 0:
            values |= claim_columns(invoice, self.setup.version, self.of.originals)
            writes += [counter.draw(1) for counter in self.counters]
            writes += [
                run.proposals.give_back(invoice.company, number, before, self.of.totals.originals[number])
                for number, before in self.of.originals.items()
            ]
            if self.numbered:
                tallies = charged(self.of.totals.lines)
                writes.append(run.proposals.create_invoice(replace(invoice, posted=last), tallies))
        elif last and self.numbered:
            writes.append(run.proposals.invoice_visible(invoice.company, invoice.invoice_number))
        if last:
            values |= {"st": ProposalStatus.POSTED} | closed()
        if last and self.numbered:
            writes.append(outbox.record(run.proposals.table, self._event()))
            if invoice.borrower:
                writes.append(run.proposals.create_vendor_invoice(invoice))
        writes.append(run.proposals.change(self.header, values))
        return writes

    def _posted(self, line: ProposalLine) -> Write:
        """WB-02, 99-22. An actual without a line on the invoice has no voucher either (99-21, INV-22)."""
        invoice = self.invoice
        return self.run.staging.posted(
            line.actual_id,
            OnProposal(invoice.proposal_id, invoice.proforma_id),
            voucher=invoice.voucher if line.shown else None,
            accounting_amount=line.accounting_amount if line.shown else None,
            exchange_rate=invoice.exchange_rate if line.shown else None,
            sales_tax_amount=line.sales_tax_amount if line.shown else None,
            lineage=lineage_of(line, line.charges[0]),
        )

    def _event(self) -> BusEvent:
        invoice, show = self.invoice, Figures(self.setup)
        posted = InvoicePosted(
            company=invoice.company,
            proposal_id=invoice.proposal_id,
            invoice_id=invoice.proforma_id,
            invoice_number=invoice.invoice_number,
            voucher=invoice.voucher,
            document_type=invoice.document_type,
            invoice_date=invoice.invoice_date.isoformat(),
            due_date=invoice.due_date.isoformat(),
            accounting_date=invoice.accounting_date.isoformat(),
            currency=invoice.currency,
            subtotal=show.amount(invoice.subtotal, invoice.currency),
            sales_tax=show.amount(invoice.sales_tax, invoice.currency),
            total=show.amount(invoice.total, invoice.currency),
            line_count=invoice.line_count,
            **cash_discount(invoice, show),
        )
        return posted.on_bus(self.run.at, f"{invoice.company}#{invoice.invoice_number}")
