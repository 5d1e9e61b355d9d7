"""Proposals, invoices, journals and vouchers explained."""

from __future__ import annotations

from collections.abc import Iterator

from project_invoicing.dataverse.maps import PROFORMA
from project_invoicing.domain.codes import ConnectionRole, JournalStatus, ProposalStatus, StagingState, WaitReason
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Wait
from project_invoicing.rules.proforma import currency_of, customer_of
from project_invoicing.rules.proposal_lines import unposted
from project_invoicing.rules.review import who_posts
from project_invoicing.use_cases.explain.actuals import (
    Block,
    Stores,
    Words,
    advise_on_blockers,
    blockers,
    explain_actual,
    next_of_proposal,
    not_taken,
    written_back,
)
from project_invoicing.use_cases.explain.explanation import NOTE, SHOWN, Explanation, has_replaced

_STATES = {
    ProposalStatus.WAITING: "waits for its lines",
    ProposalStatus.READY: "is ready to be posted",
    ProposalStatus.POSTING: "is being posted",
    ProposalStatus.POSTED: "is posted",
    ProposalStatus.CANCELED: "is withdrawn, as its proforma was canceled",
}


def explain_proposal(stores: Stores, proforma_id: str) -> Explanation | None:
    """Everything known about a proposal, its invoice included; ``None`` where nothing is."""
    header = stores.proposals.get(proforma_id)
    made = _headed(stores, header) if header else Explanation("proposal", proforma_id, None, "")
    outcome = not_taken(made, stores, PROFORMA, proforma_id)
    if header is None:
        made.headline = f"Proforma that {outcome}"
        return made if outcome else None
    version = header.proforma.version
    number = f"version {version.number}" if version.number is not None else "a version without a number"
    counted = f"{header.deliveries} {'delivery' if header.deliveries == 1 else 'deliveries'}"
    made.happened(f"{number} of the proforma, the newest known: {counted}", version.occurred_at)
    if header.proforma.canceled:
        _canceled(header, made)
    if header.status is ProposalStatus.CANCELED or header.withdrawing:
        return made
    if header.status is ProposalStatus.WAITING:
        _waiting(stores, header, made)
        return made
    made.happened(f"got all its lines ({header.line_count})")
    invoice = stores.proposals.invoices.get(header.company or "", header.invoice_number or "")
    if header.status is ProposalStatus.POSTED and invoice:
        _posted(stores, invoice, made)
    else:
        if header.status is ProposalStatus.POSTED:
            made.happened("was posted without an invoice: none of its lines has money or is shown to the customer")
            made.advise("nothing: it is done")
        next_of_proposal(made, header, stores.setup)
        made.linked = list(_lines(stores, header))
    return made


def _headed(stores: Stores, header: Proposal) -> Explanation:
    words = Words(stores.setup)
    currency = currency_of(header, stores.setup)
    amount = header.proforma.total if header.subtotal is None else header.subtotal
    invoice = ""
    if header.status is ProposalStatus.POSTED:
        invoice = f" as invoice {header.invoice_number}" if header.invoice_number else " without an invoice"
    money = f" of {words.money(amount, currency)} before tax" if amount is not None else ""
    headline = f"Invoice proposal {header.number}{money} {_STATES[header.status]}{invoice}"
    made = Explanation("proposal", header.number, header.company, headline)
    made.facts["proforma"] = header.id
    if has_replaced(header.proforma):
        made.facts["note"] = NOTE
    if header.proforma.total is not None:
        made.facts["total of the proforma"] = words.money(header.proforma.total, currency)
    if customer := customer_of(header, stores.setup):
        made.facts["customer"] = customer
    if header.intercompany:
        made.facts["bills"] = (
            f"{header.intercompany.borrower}, {header.intercompany.start} to {header.intercompany.end}"
        )
    return made


def _canceled(header: Proposal, made: Explanation) -> None:
    """What the cancellation of a proforma in Dataverse did, or came too late for (99-27)."""
    at = header.proforma.version.occurred_at
    if header.status in (ProposalStatus.POSTING, ProposalStatus.POSTED):
        made.happened("the proforma was canceled in Dataverse after its posting had begun; the books have it", at)
        made.advise("late cancellation: correct the invoice in Dataverse, so that it is credited; or activate it again")
        return
    made.happened("the proforma was canceled in Dataverse: its lines are gone, its number is free, its rows wait", at)
    made.advise_on(WaitReason.INACTIVE)


def _waiting(stores: Stores, header: Proposal, made: Explanation) -> None:
    """Each actual that blocks is named: those stored on the header, and those beyond what it can hold."""
    if not header.evaluated:
        made.advise("nothing: the next import looks at it (staging_import, by its schedule)")
        return
    waits = list(header.waiting_for)
    rows = stores.staging.waiting_for_proposal(header.id)
    named = {wait.actual_id for wait in waits}
    if header.lists_some:
        del waits[-1]  # it only counts the rest
        billed = {row.links.get(ConnectionRole.UNBILLED) for row in rows} - {None}
        sales = stores.staging.readable(str(id) for id in billed)
        waits += [Wait(row.reason, row.detail or "", row.id) for row in rows if row.reason]
        waits += [
            Wait(WaitReason.UNBILLED_SALES_NOT_POSTED, unposted(id, row, stores.setup), id)
            for id, row in sorted(sales.items())
            if row.state is not StagingState.POSTED and id not in named
        ]
    since = header.waiting_since or min((row.since for row in rows if row.since), default=None)
    for reason in dict.fromkeys(wait.reason for wait in waits):
        made.happened(f"waits: {reason}", since)
    made.waits_for = blockers(stores, waits, since, header.company)
    advise_on_blockers(made)
    if since:
        made.facts["waits since"] = since
    made.facts["billed actuals that have arrived"] = str(len(rows))


def _posted(stores: Stores, invoice: Invoice, made: Explanation) -> None:
    words = Words(stores.setup)
    made.facts |= _invoice_facts(invoice, words)
    made.happened(
        f"was posted as {invoice.document_type.replace('_', ' ')} {invoice.invoice_number} of {invoice.invoice_date} "
        f"{f'with voucher {invoice.voucher}' if invoice.voucher else 'without a ledger entry'}, accounting date "
        f"{invoice.accounting_date}, due {invoice.due_date}"
    )
    vouchers = stores.ledger.vouchers(INVOICE, invoice.company, invoice.invoice_number)
    made.voucher_lines = list(words.voucher_lines(vouchers))
    if invoice.borrower:
        made.happened(f"a pending vendor invoice of the same number stands in {invoice.borrower}")
    else:
        written_back(made, *stores.told(invoice.company, invoice.invoice_number), invoice.proforma_id)
    ids = [line.actual_id for line in stores.proposals.invoices.lines(invoice.company, invoice.invoice_number)]
    found = stores.staging.readable(ids[:SHOWN])
    made.linked = [words.linked("bills", id, found.get(id)) for id in ids]
    if not made.next:
        made.advise("nothing: it is done")


def _lines(stores: Stores, header: Proposal) -> Iterator[dict[str, object]]:
    words = Words(stores.setup)
    ids = [line.actual_id for line in stores.proposals.lines(header.id)]
    found = stores.staging.readable(ids[:SHOWN])
    yield from (words.linked("bills", id, found.get(id)) for id in ids)


def _invoice_facts(invoice: Invoice, words: Words) -> dict[str, str]:
    return {
        "customer": invoice.customer,
        "subtotal": words.money(invoice.subtotal, invoice.currency),
        "sales tax": words.money(invoice.sales_tax, invoice.currency),
        "total": words.money(invoice.total, invoice.currency),
    }


def explain_invoice(stores: Stores, company: str, number: str) -> Explanation | None:
    """A customer invoice: its proposal's explanation under the invoice's number."""
    invoice = stores.proposals.invoices.get(company, number)
    made = explain_proposal(stores, invoice.proforma_id) if invoice else None
    if invoice is None or made is None:
        return None
    words = Words(stores.setup)
    state = "posted" if invoice.posted else "being posted"
    kind = invoice.document_type.replace("_", " ").capitalize()
    made.kind, made.id = "invoice", number
    made.headline = f"{kind} {number} over {words.money(invoice.total, invoice.currency)} with tax: {state}"
    made.facts["proposal"] = invoice.proposal_id
    return made


def explain_journal(stores: Stores, company: str, number: str) -> Explanation | None:
    """A journal: its status, the lines that could not be posted, and what to do."""
    journal = stores.journals.get(company, number)
    if journal is None:
        return None
    moved = f", {journal.error_lines} of them moved to {journal.error_journal}" if journal.error_lines else ""
    headline = f"Integration journal {number} of {journal.period}, {journal.line_count} lines{moved}: {journal.status}"
    made = Explanation("journal", number, company, headline)
    if journal.original_journal:
        made.happened(f"took the lines that failed from journal {journal.original_journal}")
    _journal_lines(stores, journal, made)
    if journal.status is JournalStatus.POSTED:
        made.happened("was posted")
        if journal.error_journal:
            made.advise(f"see journal {journal.error_journal}, which has the lines that failed")
        else:
            made.advise("nothing: it is done")
    elif journal.status is JournalStatus.PROCESSING:
        made.advise("its posting was begun: the next run of journal_posting finishes it")
    elif journal.status is JournalStatus.DRAFT:
        if journal.changed_at:
            made.happened("a line was added or changed, the last time", journal.changed_at)
        made.advise(f"post journal {number}: {who_posts(journal, stores.setup)}")
    return made


def _journal_lines(stores: Stores, journal: Journal, made: Explanation) -> None:
    words = Words(stores.setup)
    errors: list[Block] = []
    for page in stores.journals.pages(journal.company, journal.journal_id):
        for line in page.lines:
            made.linked.append(
                {
                    "role": f"line {line.line_number}",
                    "id": line.actual_id,
                    "what": f"{line.kind} ({line.transaction_class})".replace("_", " "),
                    "amount": words.show.amount(line.amount, line.currency),
                    "currency": line.currency,
                    "state": _state(line, posted=page.posted),
                }
            )
            if line.error and not page.posted:
                code, _, detail = line.error.partition(": ")
                errors.append(Block(code, detail, line.actual_id))
    made.linked.sort(key=lambda row: row["state"].startswith("posted") or row["state"] == "not posted")
    made.waits_for = blockers(stores, errors[:SHOWN], None, journal.company)
    advise_on_blockers(made)


def _state(line: JournalLine, *, posted: bool) -> str:
    if posted:
        return f"posted with voucher {line.voucher}" if line.in_ledger else "posted without a ledger entry"
    return line.error or "not posted"


def explain_voucher(stores: Stores, source: str, company: str, document: str, voucher: str) -> Explanation | None:
    """A voucher: its lines, its document, and the actual of a journal's voucher; ``None`` where it has neither."""
    words = Words(stores.setup)
    lines = list(
        words.voucher_lines(v for v in stores.ledger.vouchers(source, company, document) if v.voucher == voucher)
    )
    what = f"journal {document}" if source == JOURNAL else f"customer invoice {document}"
    state = "in the ledger" if lines else "not in the ledger"
    made = Explanation("voucher", voucher, company, f"Voucher {voucher} of {what}: {state}", voucher_lines=lines)
    if source == INVOICE:
        made.happened(f"was posted with customer invoice {document}")
        made.advise(f"see the invoice: explain {document}")
        return made
    for page in stores.journals.pages(company, document):
        line = next((line for line in page.lines if line.voucher == voucher), None)
        of = explain_actual(stores, line.actual_id) if line else None
        if line and of:
            row = stores.staging.readable([line.actual_id]).get(line.actual_id)
            made.linked = [words.linked(f"line {line.line_number}", line.actual_id, row), *of.linked]
            made.history, made.next = of.history, of.next
            return made
    return made if lines else None
