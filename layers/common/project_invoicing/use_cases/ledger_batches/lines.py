"""What a posted document brings into a batch: the lines of its vouchers, or the invoice itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from project_invoicing.domain.credited_tax import corrected_invoice
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_totals import DocumentType, Totals
from project_invoicing.domain.invoice_voucher import taxes_by_code
from project_invoicing.domain.journal import JournalPage
from project_invoicing.domain.ledger import INVOICE, JOURNAL, NO_ORIGIN, PERSONS, Origin, VoucherLine
from project_invoicing.domain.ledger_batch import LedgerLine, PayableLine, ReceivableLine, TaxOfDocument
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.proforma import contract_of
from project_invoicing.rules.voucher_origins import with_origins
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Entry, Ledger
from project_invoicing.store.proposals import Proposals
from project_invoicing.use_cases.invoices.draft import invoice_lines
from project_invoicing.use_cases.setups import SetupVersions


class DocumentMissing(LookupError):
    """A document on a list that is not there: somebody has deleted it."""


@dataclass(frozen=True, slots=True)
class BatchLines:
    """Reads posted documents. What it returns depends on what never changes: the same, whenever it is asked."""

    journals: Journals
    proposals: Proposals
    ledger: Ledger
    setups: SetupVersions

    def ledger_lines(self, source: str, company: str, document: str) -> Iterator[LedgerLine]:
        """The lines of a document's vouchers in the order of the ledger, without texts; read page by page."""
        currency = self.setups.current.accounting_currency(company)
        origins = self._origins(source, company, document)
        voucher, place = "", 0
        for page in self.ledger.pages(source, company, document):
            for entry, line in zip(page, origins.of(page), strict=True):
                voucher, place = entry.voucher, place + 1 if entry.voucher == voucher else 1
                yield _ledger_line(entry, line, place, company, source, document, currency)

    def _origins(self, source: str, company: str, document: str) -> _OfJournal | _OfInvoice | _AsBooked:
        if source in PERSONS:
            return _AsBooked()
        if source == JOURNAL:
            return _OfJournal(self.journals.pages(company, document))
        return _OfInvoice(self, company, document)

    def receivable(self, company: str, invoice_number: str) -> ReceivableLine:
        """A customer invoice. Raises ``DocumentMissing``."""
        invoice = self.invoice(company, invoice_number)
        lines = self.invoice_lines(company, invoice_number)
        credits = invoice.document_type == DocumentType.CREDIT_NOTE
        corrected = {number for line in lines if (number := corrected_invoice(line))} if credits else set()
        return ReceivableLine(
            company=company,
            invoice_number=invoice.invoice_number,
            document_type=invoice.document_type,
            corrects=corrected.pop() if len(corrected) == 1 else None,
            customer=invoice.customer,
            invoice_date=invoice.invoice_date,
            accounting_date=invoice.accounting_date,
            due_date=invoice.due_date,
            terms_of_payment=self._terms_of_payment(invoice),
            currency=invoice.currency,
            subtotal=invoice.subtotal,
            sales_tax=invoice.sales_tax,
            total=invoice.total,
            voucher=invoice.voucher,
            taxes=_taxes(invoice, lines),
        )

    def payable(self, company: str, lender: str, invoice_number: str) -> PayableLine:
        """The vendor invoice of a borrower. Raises ``DocumentMissing``."""
        from project_invoicing.store.vendor_invoices import VendorInvoices  # noqa: PLC0415 - few batches are payables

        invoice = VendorInvoices(self.proposals.client, self.proposals.table).get(company, lender, invoice_number)
        if invoice is None:
            raise DocumentMissing(f"{company} has no vendor invoice {invoice_number} of {lender}")
        return PayableLine(
            company=company,
            invoice_number=invoice.invoice_number,
            document_type=DocumentType.CREDIT_NOTE if invoice.total < ZERO else DocumentType.INVOICE,
            vendor=invoice.vendor,
            lender=invoice.lender,
            invoice_date=invoice.invoice_date,
            accounting_date=invoice.accounting_date,
            due_date=invoice.due_date,
            currency=invoice.currency,
            subtotal=invoice.subtotal,
            sales_tax=invoice.sales_tax,
            total=invoice.total,
        )

    def invoice_lines(self, company: str, number: str) -> Sequence[ProposalLine]:
        return invoice_lines(self.proposals, self.setups, company, number)

    def invoice(self, company: str, number: str) -> Invoice:
        invoice = self.proposals.invoices.get(company, number)
        if invoice is None:
            raise DocumentMissing(f"{company} has no invoice {number}")
        return invoice

    def _terms_of_payment(self, invoice: Invoice) -> str | None:
        """The terms that its due date was computed with, by the set-up and master data of its posting."""
        header = self.proposals.get(invoice.proforma_id)
        if header is None or header.posting_setup_version is None:
            return None
        setup = self.setups.continued(header.posting_setup_version, self.proposals.master_data(header), ())
        return setup.terms_name_for(contract_of(header.proforma, setup), invoice.customer, invoice.company)


class _AsBooked:
    """The origins of what a person's document posted: no version has written it without them."""

    def of(self, entries: Sequence[Entry]) -> Iterator[VoucherLine]:
        return (entry.line for entry in entries)


@dataclass(slots=True)
class _OfJournal:
    """The origins of a journal's vouchers: each is that of a line. ``pages`` are read as far as they are needed."""

    pages: Iterator[JournalPage]
    _known: dict[str, Origin] = field(default_factory=dict)

    def of(self, entries: Sequence[Entry]) -> Iterator[VoucherLine]:
        if entries[0].document_date:
            return (entry.line for entry in entries)
        wanted = {entry.voucher for entry in entries}
        while wanted - self._known.keys() and (page := next(self.pages, None)):
            self._known |= {line.voucher: line.origin for line in page.lines}
        found = {voucher: self._known.pop(voucher, NO_ORIGIN) for voucher in wanted}
        return (replace(entry.line, origin=found[entry.voucher]) for entry in entries)


@dataclass(slots=True)
class _OfInvoice:
    """The origins of an invoice's voucher, computed as soon as a page lacks them."""

    documents: BatchLines
    company: str
    number: str
    _lines: dict[int, VoucherLine] = field(default_factory=dict)
    _passed: int = 0

    def of(self, entries: Sequence[Entry]) -> Iterator[VoucherLine]:
        first, self._passed = self._passed, self._passed + len(entries)
        if entries[0].document_date:
            return (entry.line for entry in entries)
        if not self._lines:
            self._lines = dict(enumerate(self._computed()))
        return (self._lines[first + nth] for nth in range(len(entries)))

    def _computed(self) -> Iterable[VoucherLine]:
        invoice = self.documents.invoice(self.company, self.number)
        pages = self.documents.ledger.pages(INVOICE, self.company, self.number)
        booked = [entry.line for page in pages for entry in page]
        return with_origins(booked, invoice, self.documents.invoice_lines(self.company, self.number))


def _ledger_line(
    entry: Entry, line: VoucherLine, place: int, company: str, source: str, document: str, currency: str
) -> LedgerLine:
    origin = line.origin
    return LedgerLine(
        company=company,
        voucher=entry.voucher,
        line=place,
        source=source,
        source_id=document,
        accounting_date=entry.accounting_date,
        document_date=origin.document_date or entry.accounting_date,
        posting_type=line.posting_type,
        account=line.account,
        dimensions=line.dimensions or {},
        currency=line.currency,
        amount=line.amount,
        accounting_currency=currency,
        accounting_amount=line.accounting_amount,
        exchange_rate=line.exchange_rate,
        sales_tax_code=line.sales_tax_code,
        sales_tax_base=line.sales_tax_base,
        project=line.project,
        contract=origin.contract,
        customer=origin.customer,
        actual_id=origin.actual_id,
        tags=line.tags,
    )


def _taxes(invoice: Invoice, lines: Sequence[ProposalLine]) -> tuple[TaxOfDocument, ...]:
    """The sales tax of an invoice by code, in the order of its lines; none where they do not say."""
    totals = Totals(invoice.subtotal, invoice.sales_tax, tuple(lines), {})
    return tuple(TaxOfDocument(code, base, amount) for code, (base, amount) in taxes_by_code(totals).items())
