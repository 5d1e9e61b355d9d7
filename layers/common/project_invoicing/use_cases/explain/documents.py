"""Explains proposals, invoices, journals and vouchers from the stores."""

from __future__ import annotations

from itertools import chain, islice

from project_invoicing.domain.codes import JournalStatus, ProposalStatus, WriteBackState
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.ledger import INVOICE, JOURNAL, PERSONS
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.tables import PROFORMA
from project_invoicing.rules.explaining.documents import (
    PostedInvoice,
    ProposalFacts,
    ProposalWaits,
    as_invoice,
    billed_by,
    journal_in_words,
    proforma_in_words,
    proposal_in_words,
    refusals_of,
    say_finance_voucher,
    voucher_in_words,
    waits_of,
    with_actual,
)
from project_invoicing.rules.explaining.explanation import SHOWN, Explanation
from project_invoicing.rules.explaining.history import sealed_in_words, woven
from project_invoicing.rules.explaining.not_taken import NotTaken
from project_invoicing.rules.explaining.pins import say_pins
from project_invoicing.store.unsealed import Mark
from project_invoicing.store.write_backs import Document
from project_invoicing.use_cases.explain.actuals import explain_actual
from project_invoicing.use_cases.explain.batches import say_where
from project_invoicing.use_cases.explain.blockers import blockers, not_taken
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.lists.facts import ProposalFacts as Names


def explain_proposal(stores: Stores, proforma_id: str) -> Explanation | None:
    """Everything known about a proposal, its invoice included; ``None`` if nothing is."""
    header = stores.proposals.get(proforma_id)
    found = not_taken(stores, PROFORMA, proforma_id)
    if header:
        stores.setups.seeing([Names.of(header)])  # in one request, not one by one
    of_row = list(stores.staging.history(PROFORMA, proforma_id))
    if header is None:
        made = proforma_in_words(proforma_id, found)
        return woven(made, of_row) if made else None
    facts = _facts(stores, header, found)
    made = proposal_in_words(facts, stores.setup)
    say_pins(made, stores.proposals.master_data(header))
    if header.status is ProposalStatus.POSTED:
        _say_seal(made, stores.proposals.mark(proforma_id))
    if header.company and header.invoice_number:
        say_where(stores, made, INVOICE, header.company, header.invoice_number)
    again = _written_again(stores, INVOICE, header.company, header.invoice_number)
    paid = _payments(stores, facts.posted.invoice) if facts.posted and facts.posted.receivable else []
    return woven(made, [*stores.proposals.history(proforma_id), *of_row, *again, *paid])


def _payments(stores: Stores, invoice: Invoice) -> list[HistoryEntry]:
    """What receivables has told of an invoice."""
    # Imported late: of most invoices nobody has told a payment.
    from project_invoicing.store.receivables import Receivables  # noqa: PLC0415

    store = stores.proposals.invoices
    told = Receivables(store.client, store.table).history(invoice.company, invoice.invoice_number)
    return [one for one in told if one.what is Done.PAYMENT_TOLD]


def _written_again(stores: Stores, source: str, company: str | None, number: str | None) -> list[HistoryEntry]:
    """Who had a posted document written back to Dataverse again."""
    return list(stores.write_backs.history(Document(source, company, number))) if company and number else []


def _say_seal(made: Explanation, mark: Mark) -> None:
    if found := sealed_in_words(mark.since, mark.place):
        made.facts["audit chain"] = found


def _facts(stores: Stores, header: Proposal, found: NotTaken) -> ProposalFacts:
    if header.status is ProposalStatus.CANCELED or header.withdrawing:
        return ProposalFacts(header, found)
    if header.status is ProposalStatus.WAITING:
        return ProposalFacts(header, found, waiting=_waits(stores, header) if header.evaluated else None)
    invoice = None
    if header.status is ProposalStatus.POSTED:
        invoice = stores.proposals.invoices.get(header.company or "", header.invoice_number or "")
    if invoice:
        pages = (page for _, page in stores.proposals.invoices.pages(invoice.company, invoice.invoice_number))
        count = invoice.line_count
    else:
        pages = (page.lines for page in stores.proposals.pages(header.id))
        count = header.line_count
    ids = [line.actual_id for line in islice(chain.from_iterable(pages), SHOWN)]
    return ProposalFacts(
        header,
        found,
        posted=_posted(stores, invoice) if invoice else None,
        lines=ids,
        linked=stores.staging.readable(ids),
        unread=max(count - len(ids), 0),
    )


def _waits(stores: Stores, header: Proposal) -> ProposalWaits:
    """Names each blocking actual: those stored on the header, and those beyond what it can hold."""
    rows = stores.staging.waiting_for_proposal(header.id)
    sales = stores.staging.readable(billed_by(rows)) if header.lists_some else {}
    waits = waits_of(header, rows, sales, stores.setup)
    return ProposalWaits(waits, rows, blockers(stores, waits))


def _posted(stores: Stores, invoice: Invoice) -> PostedInvoice:
    company, number = invoice.company, invoice.invoice_number
    vouchers = list(stores.vouchers(INVOICE, company, number))
    if not invoice.borrower:
        told = stores.told_of(company, number)
        state = (told.invoice.own, told.invoice.own_detail) if told.invoice else (WriteBackState.PENDING, None)
        paid = (told.payments.own, told.payments.own_detail) if told.payments else None
        return PostedInvoice(invoice, vouchers, state, told.receivable, paid)
    # Imported late: few invoices are between companies.
    from project_invoicing.store.receivables import Receivables  # noqa: PLC0415
    from project_invoicing.store.vendor_invoices import VendorInvoices  # noqa: PLC0415

    client, table = stores.proposals.client, stores.proposals.table
    owed = VendorInvoices(client, table).get(invoice.borrower, company, number)
    return PostedInvoice(invoice, vouchers, receivable=Receivables(client, table).get(company, number), owed=owed)


def explain_invoice(stores: Stores, company: str, number: str) -> Explanation | None:
    """A customer invoice: its proposal's explanation under the invoice's number, and how its document stands."""
    invoice = stores.proposals.invoices.get(company, number)
    made = explain_proposal(stores, invoice.proforma_id) if invoice else None
    if invoice is None or made is None:
        return None
    # Imported late: few questions are about invoices.
    from project_invoicing.rules.explaining.invoice_documents import say_document  # noqa: PLC0415

    found = stores.documents()
    say_document(made, found.made.get(company, number), found.mailed.get(company, number))
    return woven(as_invoice(made, invoice, stores.setup), found.made.history(company, number))


def explain_journal(stores: Stores, company: str, number: str) -> Explanation | None:
    """A journal: its status, the lines that could not be posted, and what to do."""
    journal = stores.journals.get(company, number)
    if journal is None:
        return None
    pages = list(stores.journals.pages(company, number))
    made = journal_in_words(journal, pages, blockers(stores, refusals_of(pages)[:SHOWN]), stores.setup)
    say_pins(made, stores.journals.master_data(journal))
    if journal.status is JournalStatus.POSTED:
        _say_seal(made, stores.journals.mark(company, number))
        say_where(stores, made, JOURNAL, company, number)
    return woven(made, [*stores.journals.history(company, number), *_written_again(stores, JOURNAL, company, number)])


def explain_voucher(stores: Stores, source: str, company: str, document: str, voucher: str) -> Explanation | None:
    """A voucher: its lines, its document, and the actual of a journal's voucher; ``None`` where it has neither."""
    found = [one for one in stores.vouchers(source, company, document) if one.voucher == voucher]
    made = voucher_in_words(voucher, company, source, document, found, stores.setup)
    if found:
        say_where(stores, made, source, company, document, voucher)
    if source in PERSONS:
        from project_invoicing.store import finance_vouchers  # noqa: PLC0415 - most vouchers are not of persons

        posted = finance_vouchers.numbered(stores.journals.client, stores.journals.table, company, voucher)
        if posted:
            say_finance_voucher(made, posted)
        place = (stores.journals.client, stores.journals.table, company, source, document)
        return woven(made, finance_vouchers.history(*place))
    if source == INVOICE:
        return made
    for page in stores.journals.pages(company, document):
        line = next((line for line in page.lines if line.voucher == voucher), None)
        actual = explain_actual(stores, line.actual_id) if line else None
        if line and actual:
            row = stores.staging.readable([line.actual_id]).get(line.actual_id)
            return with_actual(made, line, actual, row, stores.setup)
    return made if made.voucher_lines else None
