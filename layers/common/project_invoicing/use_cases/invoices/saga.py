"""The transactions that post one proposal: it is claimed, posted page by page, and finished.

The first one claims the proposal: it draws the invoice and voucher numbers, writes the invoice and pins date, set-up
version and master data. A voucher or an invoice without lines draws no number and is not written (99-24). Then page
after page; the last one makes the invoice visible, records the event and puts the invoice on the list of what is ready
to leave for a general ledger. A small invoice does all of it in one. A run that finds a proposal in ``posting``
continues with the first missing page: the inputs are frozen, so that it computes the same (PROP-12, NUM-02).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from project_invoicing.chunks import chunks
from project_invoicing.domain.actor import Actor
from project_invoicing.domain.codes import ProposalStatus
from project_invoicing.domain.credited_tax import charged
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.invoice import owes
from project_invoicing.domain.invoice_totals import net_by_code
from project_invoicing.domain.ledger import INVOICE, VENDOR_INVOICE, Voucher
from project_invoicing.domain.lineage import lineage_of
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_row import OnProposal
from project_invoicing.events import BusEvent
from project_invoicing.events.own import InvoicePosted
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.invoice_document import named_lines, snapshot_of
from project_invoicing.rules.invoice_voucher import computed_with, invoice_voucher
from project_invoicing.setup.models.intercompany import VendorInvoices
from project_invoicing.store import outbox
from project_invoicing.store.invoices import Invoices
from project_invoicing.store.ledger import PAGE_ENTRIES, Ledger, entries
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.ready import Ready, ReadyDocument, vendor_document
from project_invoicing.store.sequences import Counter
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import Write
from project_invoicing.store.unit_of_work import UnitOfWork
from project_invoicing.use_cases.invoice_documents.corrected import corrected
from project_invoicing.use_cases.invoices.draft import Drafted, invoice_of
from project_invoicing.use_cases.result_rows import cash_discount

PAGE_LINES = 89
"""The first transaction writes eleven things more at most, and one for each credited invoice; it has room for 100."""


class InvoiceSaga:
    """The transactions that post one proposal at time ``at``."""

    def __init__(
        self,
        stores: tuple[Proposals, Staging, Ledger, Ready],
        header: Proposal,
        drafted: Drafted,
        at: str,
        actor: Actor,
    ) -> None:
        self.proposals, self.staging, self.ledger, self.ready = stores
        self.header, self.at, self.actor = header, at, actor
        draft, setup = drafted.draft, drafted.setup
        self.draft, self.setup, self.view = draft, setup, drafted.view
        self.counters: list[Counter] = []
        made = invoice_voucher(draft, "", header.number, setup)
        begun = header.status is ProposalStatus.POSTING
        number, voucher_number = (header.invoice_number, header.voucher) if begun else self._numbers(made)
        self.numbered = number is not None
        self.keeps_snapshot = self.numbered and (not begun or self._has_snapshot(number or ""))
        self.voucher = replace(made, voucher=voucher_number or "", source_id=number or "")
        self.invoice = invoice_of(self.proposals, header, draft, number or "", voucher_number)
        self.draft = named_lines(computed_with(draft, number, setup), setup)

    @property
    def hands_on(self) -> bool:
        """Whether the borrower's payables are elsewhere and get its vendor invoice with all lines (ICV-10)."""
        borrower, company = self.invoice.borrower, self.invoice.company
        terms = (row for row in self.setup.lenders(borrower or "") if row.lender == company)
        return self.numbered and any(row.vendor_invoices is VendorInvoices.ELSEWHERE for row in terms)

    def _has_snapshot(self, number: str) -> bool:
        """False for a posting that an earlier version has begun: its pages have a line more (0.3.0)."""
        return self._invoices.snapshot(self.draft.terms.company, number) is not None

    def _numbers(self, voucher: Voucher) -> tuple[str | None, str | None]:
        """The numbers of invoice and voucher, each drawn only if it has a line."""
        company, sequences = self.draft.terms.company, self.setup.number_sequences(self.draft.terms.company)
        number = voucher_number = None
        if voucher.lines or any(line.shown for line in self.draft.totals.lines):
            invoices = self.proposals.invoices.counter(company)
            number = format_number(sequences.invoice, invoices.last + 1, company)
            self.counters.append(invoices)
        if voucher.lines:
            vouchers = self.ledger.vouchers_counter(company)
            voucher_number = format_number(sequences.voucher, vouchers.last + 1, company)
            self.counters.append(vouchers)
        return number, voucher_number

    def run_to_the_end(self) -> None:
        without = 0 if self.keeps_snapshot else 1  # the snapshot's place is a line's
        room = PAGE_LINES + without - len(self.draft.originals)
        pages = list(chunks(self.draft.totals.lines, room))
        ledger = list(chunks(entries(self.voucher), PAGE_ENTRIES))
        steps = max(len(pages), len(ledger), 1)
        for step in range(self.header.posted_pages, steps):
            unit = UnitOfWork(self.proposals.client)
            self._lines(unit, step, pages[step] if step < len(pages) else ())
            if self.hands_on and step < len(pages):
                unit.add(outbox.record(self.proposals.table, self._handed_on(pages[step], step + 1, len(pages))))
            if step < len(ledger):
                invoice = self.invoice
                page = self.ledger.page(INVOICE, invoice.company, invoice.invoice_number, step + 1, ledger[step])
                unit.add(page)
            self.header = self._progress(unit, first=step == 0, last=step == steps - 1)
            unit.commit()

    def _lines(self, unit: UnitOfWork, step: int, lines: Sequence[ProposalLine]) -> None:
        """Posts the rows of a page and puts its lines on the invoice."""
        invoice = self.invoice
        if not self.header.intercompany:
            unit.add(*(self._posted(line) for line in lines))
        shown = [replace(line, took=None) for line in lines if line.shown]  # said on the proposal, and smaller
        if shown:
            first = next(line.line_number for line in self.draft.totals.lines if line.shown)
            voucher = invoice.voucher if shown[0].line_number == first else None
            unit.add(self._invoices.page(invoice.company, invoice.invoice_number, step + 1, shown, voucher))

    def _progress(self, unit: UnitOfWork, *, first: bool, last: bool) -> Proposal:
        """The header: the first page claims the proposal, the last one finishes it. Returns it as it is then.

        ``unit`` collects all that is written with it.
        """
        change = self.proposals.changing(self.header)
        if first:
            change.claimed(self.invoice, self.setup.version, self.draft.originals, pinned=self.view is not None)
            self._claim(unit, posted=last)
        elif last and self.numbered:
            unit.add(self._invoices.visible(self.invoice.company, self.invoice.invoice_number))
        change.page_posted()
        if last:
            change.posted(self.at)
        if last and self.numbered:
            unit.add(outbox.record(self.proposals.table, self._event()))
            if self.invoice.borrower:
                unit.add(self._vendor_invoice())
            unit.add(*map(self.ready.put, self._leaving()))
        unit.add(change.write())
        return change.after

    def _vendor_invoice(self) -> Write:
        from project_invoicing.store import vendor_invoices  # noqa: PLC0415 - few invoices are between companies

        return vendor_invoices.created(self.proposals.table, self.invoice)

    def _leaving(self) -> Iterator[ReadyDocument]:
        """What can leave: its voucher, if it has one (99-24), and the borrower's invoice, if that owes anything."""
        invoice, day = self.invoice, self.invoice.accounting_date
        if self.voucher.lines:
            yield ReadyDocument(invoice.company, INVOICE, invoice.invoice_number, day, day)
        if invoice.borrower and owes(invoice):
            number = vendor_document(invoice.company, invoice.invoice_number)
            yield ReadyDocument(invoice.borrower, VENDOR_INVOICE, number, day, day)

    def _claim(self, unit: UnitOfWork, *, posted: bool) -> None:
        """Draws the numbers, gives tax back to the invoices that this one credits, and writes its header."""
        company = self.invoice.company
        unit.add(*(counter.draw(1) for counter in self.counters))
        if self.view is not None:
            unit.add(self.proposals.pin(self.header, self.view))
        for number, before in self.draft.originals.items():
            unit.add(self._invoices.give_back(company, number, before, self.draft.totals.originals[number]))
        unit.add(self.proposals.noted(self.header.id, self._done()))
        if self.numbered:
            lines = self.draft.totals.lines
            made = replace(self.invoice, posted=posted, net_by_code=tuple(net_by_code(lines).items()))
            unit.add(self._invoices.create(made, charged(lines)))
            snapshot = snapshot_of(self.header, self.draft, self.setup, corrected(self._invoices, company, lines))
            unit.add(self._invoices.keep_snapshot(company, made.invoice_number, snapshot))

    def _done(self) -> HistoryEntry:
        """Who posts it. One entry, with the claim: whoever continues a posting only finishes it."""
        invoice = self.invoice
        after = {
            "invoice_number": invoice.invoice_number or None,
            "voucher": invoice.voucher,
            "invoice_date": invoice.invoice_date.isoformat(),
        }
        return HistoryEntry(self.at, self.actor, Done.POSTED, {"status": self.header.status}, after)

    @property
    def _invoices(self) -> Invoices:
        return self.proposals.invoices

    def _posted(self, line: ProposalLine) -> Write:
        """WB-02, 99-22. An actual without a line on the invoice has no voucher either (99-21, INV-22)."""
        invoice = self.invoice
        return self.staging.posted(
            line.actual_id,
            OnProposal(invoice.proposal_id, invoice.proforma_id),
            voucher=invoice.voucher if line.shown else None,
            accounting_amount=line.accounting_amount if line.shown else None,
            exchange_rate=invoice.exchange_rate if line.shown else None,
            sales_tax_amount=line.sales_tax_amount if line.shown else None,
            lineage=lineage_of(line, line.charges[0]),
        )

    def _handed_on(self, page: Sequence[ProposalLine], part: int, parts: int) -> BusEvent:
        """The lines of a page. What was claimed is posted, so nothing is told that does not come."""
        from project_invoicing.use_cases.vendor_invoices.hand_on import handed_on  # noqa: PLC0415 - seldom

        return handed_on(self.invoice, page, part, parts, self.setup).on_bus(
            self.at, f"{self.invoice.borrower}#{self.invoice.company}#{self.invoice.invoice_number}#{part}"
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
        return posted.on_bus(self.at, f"{invoice.company}#{invoice.invoice_number}")
