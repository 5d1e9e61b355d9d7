"""Describes proposals, invoices, journals and vouchers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.codes import (
    ConnectionRole,
    JournalStatus,
    ProposalStatus,
    StagingState,
    VendorInvoiceStatus,
    WaitReason,
    WriteBackState,
)
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal import Journal, JournalPage
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.ledger import (
    ACCRUAL_RECONCILIATION,
    ADJUST_ACCOUNTING,
    INVOICE,
    JOURNAL,
    PERSONS,
    POST_COSTS,
    VENDOR_INVOICE,
    Voucher,
)
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.text import number_of
from project_invoicing.rules.explaining.blockers import Block, Blocker, say_blockers
from project_invoicing.rules.explaining.explanation import NOTE, Entry, Explanation, has_replaced
from project_invoicing.rules.explaining.not_taken import NotTaken, say_not_taken
from project_invoicing.rules.explaining.steps import (
    deliveries,
    say_next_of_proposal,
    say_written_back,
    version_in_words,
)
from project_invoicing.rules.explaining.words import Words, tags_in_words
from project_invoicing.rules.proforma import currency_of, customer_of
from project_invoicing.rules.proposal_lines import unposted
from project_invoicing.rules.review import who_posts
from project_invoicing.setup.lookups import FinanceSetup

if TYPE_CHECKING:
    from project_invoicing.domain.finance_voucher import FinanceVoucher
    from project_invoicing.domain.payment import Receivable
    from project_invoicing.domain.vendor_invoice import VendorInvoice

_MADE_BY: Final = {
    POST_COSTS: "posted costs",
    ADJUST_ACCOUNTING: "an accounting adjustment",
    ACCRUAL_RECONCILIATION: "an accrual reconciliation",
    VENDOR_INVOICE: "a vendor invoice",
}
_STATES: Final = {
    ProposalStatus.WAITING: "waits for its lines",
    ProposalStatus.READY: "is ready to be posted",
    ProposalStatus.POSTING: "is being posted",
    ProposalStatus.POSTED: "is posted",
    ProposalStatus.CANCELED: "is withdrawn, as its proforma was canceled",
}


@dataclass(frozen=True, slots=True)
class ProposalWaits:
    """What a proposal waits for: ``rows`` are its billed sales that have arrived and wait for it."""

    waits: Sequence[Wait]
    rows: Sequence[StagedRow]
    blockers: Sequence[Blocker]


@dataclass(frozen=True, slots=True)
class PostedInvoice:
    """A posted invoice with its vouchers, and the state of its write-back with Dataverse's answer where it failed.

    ``receivable``: what was settled of it, if receivables has told anything, and ``paid`` how that was written back.
    """

    invoice: Invoice
    vouchers: Sequence[Voucher]
    written_back: tuple[WriteBackState, str | None] | None = None
    """``None`` for an invoice between companies, which has no proforma."""
    receivable: Receivable | None = None
    paid: tuple[WriteBackState, str | None] | None = None
    owed: VendorInvoice | None = None
    """The borrower's side of one."""


@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """What is known of a proposal. ``lines`` are the ids of its first actuals, ``linked`` their rows.

    ``unread``: how many more it has.
    """

    header: Proposal
    not_taken: NotTaken
    waiting: ProposalWaits | None = None
    posted: PostedInvoice | None = None
    lines: Sequence[str] = ()
    linked: Mapping[str, StagedRow] = field(default_factory=dict)
    unread: int = 0


def waits_of(
    header: Proposal, rows: Sequence[StagedRow], sales: Mapping[str, StagedRow], setup: FinanceSetup
) -> list[Wait]:
    """Everything that a proposal waits for: what its header stores, and what is beyond that.

    ``sales``: the unbilled sales that its ``rows`` bill.
    """
    waits = list(header.waiting_for)
    if header.lists_some:
        named = {wait.actual_id for wait in waits}
        del waits[-1]  # the last one only counts the rest
        waits += [Wait(row.reason, row.detail or "", row.id) for row in rows if row.reason]
        waits += [
            Wait(WaitReason.UNBILLED_SALES_NOT_POSTED, unposted(id, row, setup), id)
            for id, row in sorted(sales.items())
            if row.state is not StagingState.POSTED and id not in named
        ]
    return waits


def billed_by(rows: Sequence[StagedRow]) -> set[str]:
    """The unbilled sales that billed sales continue."""
    return {id for row in rows if (id := row.links.get(ConnectionRole.UNBILLED))}


def proposal_in_words(facts: ProposalFacts, setup: FinanceSetup) -> Explanation:
    """Everything known about a proposal, its invoice included."""
    header = facts.header
    explanation, version = _headed(header, setup), header.proforma.version
    say_not_taken(explanation, facts.not_taken, accepted_at=version.occurred_at)
    text = f"{version_in_words(version.number)} of the proforma, the newest known: {deliveries(header.deliveries)}"
    explanation.happened(text, version.occurred_at)
    if header.proforma.canceled:
        _say_canceled(explanation, header)
    if header.status is ProposalStatus.CANCELED or header.withdrawing:
        return explanation
    if header.status is ProposalStatus.WAITING:
        _say_waits(explanation, header, facts.waiting, setup)
        return explanation
    explanation.happened(f"got all its lines ({header.line_count})")
    if facts.posted:
        _say_posted(explanation, facts.posted, setup)
    else:
        if header.status is ProposalStatus.POSTED:
            explanation.happened(
                "was posted without an invoice: none of its lines has money or is shown to the customer"
            )
            explanation.advise("nothing: it is done")
        say_next_of_proposal(explanation, header, setup)
    explanation.linked = [Words(setup).linked("bills", id, facts.linked.get(id)) for id in facts.lines]
    explanation.unread = facts.unread
    if facts.posted and not explanation.next:
        explanation.advise("nothing: it is done")
    return explanation


def proforma_in_words(proforma_id: str, not_taken: NotTaken) -> Explanation | None:
    """A proforma without a proposal; ``None`` where nothing is known of it."""
    explanation = Explanation("proposal", proforma_id, None, f"Proforma that {not_taken.outcome}")
    say_not_taken(explanation, not_taken)
    return explanation if not_taken.outcome else None


def _headed(header: Proposal, setup: FinanceSetup) -> Explanation:
    words, currency = Words(setup), currency_of(header, setup)
    amount = header.proforma.total if header.subtotal is None else header.subtotal
    invoice = ""
    if header.status is ProposalStatus.POSTED:
        invoice = f" as invoice {header.invoice_number}" if header.invoice_number else " without an invoice"
    money = f" of {words.money(amount, currency)} before tax" if amount is not None else ""
    headline = f"Invoice proposal {header.number}{money} {_STATES[header.status]}{invoice}"
    explanation = Explanation("proposal", header.number, header.company, headline)
    explanation.facts["proforma"] = header.id
    if has_replaced(header.proforma):
        explanation.facts["note"] = NOTE
    if header.proforma.total is not None:
        explanation.facts["total of the proforma"] = words.money(header.proforma.total, currency)
    if customer := customer_of(header, setup):
        explanation.facts["customer"] = customer
    if between := header.intercompany:
        some = [f"project {between.project}"] if between.project else []
        some += [f"contract {between.contract}"] if between.contract else []
        explanation.facts["bills"] = ", ".join([between.borrower, f"{between.start} to {between.end}", *some])
    return explanation


def _say_canceled(explanation: Explanation, header: Proposal) -> None:
    """What the cancellation of a proforma in Dataverse did, or what it came too late for (99-27)."""
    at = header.proforma.version.occurred_at
    if header.status in (ProposalStatus.POSTING, ProposalStatus.POSTED):
        explanation.happened(
            "the proforma was canceled in Dataverse after its posting had begun; the books have it", at
        )
        explanation.advise(
            "late cancellation: correct the invoice in Dataverse, so that it is credited; or activate it again"
        )
        return
    explanation.happened(
        "the proforma was canceled in Dataverse: its lines are gone, its number is free, its rows wait", at
    )
    explanation.advise_on(WaitReason.INACTIVE)


def _say_waits(explanation: Explanation, header: Proposal, found: ProposalWaits | None, setup: FinanceSetup) -> None:
    if found is None:
        explanation.advise("nothing: the next import looks at it (staging_import, by its schedule)")
        return
    since = header.waiting_since or min((row.since for row in found.rows if row.since), default=None)
    for reason in dict.fromkeys(wait.reason for wait in found.waits):
        explanation.happened(f"waits: {reason}", since)
    say_blockers(explanation, found.blockers, since, header.company, setup)
    if since:
        explanation.facts["waits since"] = since
    explanation.facts["billed actuals that have arrived"] = str(sum(row.actual.fee_of is None for row in found.rows))


def _say_posted(explanation: Explanation, found: PostedInvoice, setup: FinanceSetup) -> None:
    words, invoice = Words(setup), found.invoice
    explanation.facts |= _invoice_facts(invoice, words)
    with_voucher = f"with voucher {invoice.voucher}" if invoice.voucher else "without a ledger entry"
    explanation.happened(
        f"was posted as {invoice.document_type.replace('_', ' ')} {invoice.invoice_number} of {invoice.invoice_date} "
        f"{with_voucher}, accounting date {invoice.accounting_date}, due {invoice.due_date}"
    )
    explanation.voucher_lines = list(words.voucher_lines(found.vouchers))
    if found.written_back:
        say_written_back(explanation, *found.written_back, invoice.proforma_id)
    else:
        _say_owed(explanation, found, setup)
    if found.receivable:
        _say_open(explanation, found, found.receivable, words)


def _say_open(explanation: Explanation, found: PostedInvoice, receivable: Receivable, words: Words) -> None:
    """What is open of an invoice, and whether Dataverse knows."""
    # Imported late: of most invoices nobody has told a payment.
    from project_invoicing.domain.payment import Balance  # noqa: PLC0415

    invoice = found.invoice
    balance = Balance.of(invoice.total, receivable.settlements)
    settled, total = (words.money(amount, invoice.currency) for amount in (balance.settled, balance.total))
    explanation.facts["open"] = words.money(balance.open, invoice.currency)
    explanation.facts["settled"] = f"{settled} of {total}, {len(receivable.settlements)} settlements"
    if balance.over:
        explanation.facts["settled beyond its total"] = words.money(balance.over, invoice.currency)
    match found.paid:
        case WriteBackState.FAILED, answer:
            explanation.happened(f"what is open was refused by Dataverse: {answer}")
            explanation.advise(
                "payment refused by Dataverse: fix what it says; it is told again every day, or at once by "
                f"`invoicing reconcile --repair {invoice.proforma_id}`"
            )
        case WriteBackState.DONE, _:
            explanation.happened("Dataverse has what is open")


def _say_owed(explanation: Explanation, found: PostedInvoice, setup: FinanceSetup) -> None:
    """What became of the borrower's side of an invoice between companies."""
    owed, borrower = found.owed, found.invoice.borrower
    match owed.status if owed else VendorInvoiceStatus.PENDING:
        case VendorInvoiceStatus.PENDING:
            explanation.happened(f"a pending vendor invoice of the same number stands in {borrower}")
            if owed and setup.parameters(owed.company).approve_vendor_invoices:
                from project_invoicing.rules.approval import approval_in_words  # noqa: PLC0415 - few companies approve

                explanation.happened(f"its vendor invoice {approval_in_words(owed, setup)}")
        case VendorInvoiceStatus.POSTED:
            voucher = f"with voucher {owed.voucher}" if owed and owed.voucher else "without a ledger entry"
            on = owed.posted_on if owed else None
            explanation.happened(f"its vendor invoice was posted in {borrower} {voucher}, accounting date {on}")
        case VendorInvoiceStatus.POSTED_ELSEWHERE:
            number = f" as {owed.voucher}" if owed and owed.voucher else ""
            explanation.happened(f"other payables have posted its vendor invoice for {borrower}{number}")
        case VendorInvoiceStatus.REFUSED:
            why = owed.reason if owed else ""
            explanation.happened(f"other payables refuse its vendor invoice for {borrower}: {why}")


def _invoice_facts(invoice: Invoice, words: Words) -> dict[str, str]:
    return {
        "customer": invoice.customer,
        "subtotal": words.money(invoice.subtotal, invoice.currency),
        "sales tax": words.money(invoice.sales_tax, invoice.currency),
        "total": words.money(invoice.total, invoice.currency),
    }


def as_invoice(explanation: Explanation, invoice: Invoice, setup: FinanceSetup) -> Explanation:
    """The explanation of a proposal under its customer invoice."""
    status = "posted" if invoice.posted else "being posted"
    kind = invoice.document_type.replace("_", " ").capitalize()
    explanation.kind, explanation.id = "invoice", invoice.invoice_number
    total = Words(setup).money(invoice.total, invoice.currency)
    explanation.headline = f"{kind} {invoice.invoice_number} for {total} with tax: {status}"
    explanation.facts["proposal"] = invoice.proposal_id
    return explanation


def refusals_of(pages: Sequence[JournalPage]) -> list[Block]:
    """Why lines of a journal were not posted."""
    refused = [line for page in pages if not page.posted for line in page.lines if line.error]
    parts = ((line, *(line.error or "").partition(": ")) for line in refused)
    return [Block(code, detail, line.actual_id) for line, code, _, detail in parts]


def journal_in_words(
    journal: Journal, pages: Sequence[JournalPage], blockers: Sequence[Blocker], setup: FinanceSetup
) -> Explanation:
    """A journal: its status, the lines that could not be posted, and what to do. ``blockers`` as ``refusals_of``."""
    number = journal.journal_id
    moved = f", {journal.error_lines} of them moved to {journal.error_journal}" if journal.error_lines else ""
    lines = number_of(journal.line_count, "line")
    headline = f"Integration journal {number} of {journal.period}, {lines}{moved}: {journal.status}"
    explanation = Explanation("journal", number, journal.company, headline)
    if journal.original_journal:
        explanation.happened(f"took the lines that failed from journal {journal.original_journal}")
    if journal.tags:
        explanation.facts["tags of later lines"] = tags_in_words(journal.tags)
    explanation.linked = [
        _journal_line(line, Words(setup), posted=page.posted) for page in pages for line in page.lines
    ]
    explanation.linked.sort(key=lambda row: row["state"].startswith("posted") or row["state"] == "not posted")
    say_blockers(explanation, blockers, None, journal.company, setup)
    _say_status(explanation, journal, setup)
    return explanation


def _say_status(explanation: Explanation, journal: Journal, setup: FinanceSetup) -> None:
    match journal.status:
        case JournalStatus.POSTED:
            explanation.happened("was posted")
            if journal.error_journal:
                explanation.advise(f"see journal {journal.error_journal}, which has the lines that failed")
            else:
                explanation.advise("nothing: it is done")
        case JournalStatus.PROCESSING:
            explanation.advise("its posting was begun: the next run of journal_posting finishes it")
        case JournalStatus.DRAFT:
            if journal.changed_at:
                explanation.happened("a line was added or changed, the last time", journal.changed_at)
            explanation.advise(f"post journal {journal.journal_id}: {who_posts(journal, setup)}")


def _journal_line(line: JournalLine, words: Words, *, posted: bool) -> Entry:
    status = line.error or "not posted"
    if posted:
        status = f"posted with voucher {line.voucher}" if line.in_ledger else "posted without a ledger entry"
    return {
        "role": f"line {line.line_number}",
        "id": line.actual_id,
        "what": f"{line.kind} ({line.transaction_class})".replace("_", " "),
        "amount": words.show.amount(line.amount, line.currency),
        "currency": line.currency,
        "state": status,
    }


def voucher_in_words(
    voucher: str, company: str, source: str, document: str, vouchers: Sequence[Voucher], setup: FinanceSetup
) -> Explanation:
    """A voucher: its lines and its document. ``vouchers`` are those with this number."""
    lines = list(Words(setup).voucher_lines(vouchers))
    if source in PERSONS:
        what = _MADE_BY[source]
    else:
        what = f"journal {document}" if source == JOURNAL else f"customer invoice {document}"
    status = "in the ledger" if lines else "not in the ledger"
    explanation = Explanation(
        "voucher", voucher, company, f"Voucher {voucher} of {what}: {status}", voucher_lines=lines
    )
    if source == INVOICE:
        explanation.happened(f"was posted with customer invoice {document}")
        explanation.advise(f"see the invoice: explain {document}")
    return explanation


def say_finance_voucher(explanation: Explanation, posted: FinanceVoucher) -> None:
    """What the header of a person's voucher says of it. Who posted it is in its history."""
    explanation.facts["accounting date"] = posted.accounting_date.isoformat()
    if posted.belongs_to:
        explanation.facts["part of"] = posted.belongs_to
    if posted.reason:
        explanation.facts["reason"] = posted.reason
    if posted.actual_id:
        explanation.facts["actual"] = posted.actual_id
        explanation.advise(f"see the transaction: explain {posted.actual_id}")


def with_actual(
    explanation: Explanation, line: JournalLine, actual: Explanation, row: StagedRow | None, setup: FinanceSetup
) -> Explanation:
    """The voucher of a journal with the history of its ``actual``, whose line is ``line``."""
    linked = Words(setup).linked(f"line {line.line_number}", line.actual_id, row)
    explanation.linked = [linked, *actual.linked]
    explanation.history, explanation.next = actual.history, actual.next
    return explanation
