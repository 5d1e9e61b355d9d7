"""Journals, proposals and vendor invoices as rows of a result (contract, section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from project_invoicing.domain.codes import JournalStatus, ProposalStatus, WaitReason
from project_invoicing.domain.credited_tax import TaxOfInvoice
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_totals import Totals
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.invoice_tax import totals_of
from project_invoicing.rules.invoice_terms import due_date_of, invoice_date_of
from project_invoicing.rules.proforma import currency_of, customer_of
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.whole_stack import WholeJournals, WholeProposals
from project_invoicing.use_cases.receivables.shown import receivable_row
from project_invoicing.use_cases.result_rows import proposal_line_row
from project_invoicing.use_cases.vendor_invoices.shown import vendor_invoice_row


def journal_rows(journals: WholeJournals, show: Figures) -> Iterator[dict[str, Any]]:
    for journal in journals.headers():
        lines = [
            _journal_line(line, journal, page.posted, show)
            for page in journals.pages(journal.company, journal.journal_id)
            for line in page.lines
        ]
        yield {
            "journal_id": journal.journal_id,
            "company": journal.company,
            "status": journal.status,
            "original_journal": journal.original_journal,
            "period": journal.period,
            "lines": lines,
        }


def _journal_line(line: JournalLine, journal: Journal, posted: bool, show: Figures) -> dict[str, Any]:
    status = JournalStatus.POSTED if posted else journal.status
    return {
        "line_number": line.line_number,
        "actual_id": line.actual_id,
        "voucher": line.voucher,
        "kind": line.kind,
        "class": line.transaction_class,
        "category": line.category,
        "line_property": line.line_property,
        "transaction_date": line.transaction_date.isoformat(),
        "accounting_date": line.accounting_date.isoformat(),
        "quantity": show.figure(line.quantity),
        "unit_cost": show.amount(line.unit_cost, line.currency),
        "cost_amount": show.amount(line.cost_amount, line.currency),
        "unit_price": show.amount(line.unit_price, line.currency),
        "sales_amount": show.amount(line.sales_amount, line.currency),
        "currency": line.currency,
        "price_exchange_rate": show.figure(line.price_exchange_rate),
        "sales_tax_group": line.sales_tax_group,
        "item_sales_tax_group": line.item_sales_tax_group,
        "resource": line.resource,
        "status": status,
        "error": line.error if status is JournalStatus.ERROR else None,
        **({"tags": line.tags} if line.tags else {}),
    }


def proposal_rows(
    proposals: WholeProposals, headers: list[Proposal], setup: FinanceSetup, show: Figures, now: str
) -> Iterator[dict[str, Any]]:
    """``now`` dates those that have no invoice date yet."""
    posted = {invoice.proforma_id: invoice for invoice in proposals.invoices()}
    credited = proposals.taxes()
    shown = [header for header in headers if header.status is not ProposalStatus.CANCELED]
    for header in sorted(shown, key=lambda header: (header.company or "", header.number)):
        invoice = posted.get(header.id)
        lines = _lines(proposals, header, invoice)
        yield _proposal(header, invoice, lines, credited.get(header.company or "", {}), setup, show, now)


def _lines(proposals: WholeProposals, header: Proposal, invoice: Invoice | None) -> list[ProposalLine]:
    if header.status is ProposalStatus.WAITING:
        return []
    if invoice:
        return proposals.invoice_lines(invoice.company, invoice.invoice_number)
    return proposals.proposal_lines(header.id)


def _proposal(
    header: Proposal,
    invoice: Invoice | None,
    lines: list[ProposalLine],
    credited: Mapping[str, TaxOfInvoice],
    setup: FinanceSetup,
    show: Figures,
    now: str,
) -> dict[str, Any]:
    currency = invoice.currency if invoice else currency_of(header, setup)
    day = None
    figures: Totals | None = None
    problem: Refused | None = None
    if invoice is None and header.company:
        day = header.invoice_date or invoice_date_of(header, setup, None, now)
        try:
            figures = totals_of(lines, setup, day, currency, header.credited or credited)
            lines = list(figures.lines)
        except Refused as refused:
            problem = refused
    subtotal = invoice.subtotal if invoice else figures.subtotal if figures and lines else header.subtotal
    sales_tax = invoice.sales_tax if invoice else figures.sales_tax if figures and lines else None
    due = invoice.due_date if invoice else due_date_of(header, setup, day) if day else None
    waiting_for = [{"reason": w.reason, "actual_id": w.actual_id, "detail": w.detail} for w in header.waiting_for]
    if header.refusal:
        refusal = header.refusal
        waiting_for.append({"reason": refusal["reason"], "actual_id": None, "detail": refusal["detail"]})
    elif problem:
        waiting_for.append({"reason": problem.reason, "actual_id": None, "detail": problem.detail})
    if header.proforma.canceled:  # too late: one that is not posted is withdrawn (99-27)
        detail = f"the proforma was canceled in Dataverse when its proposal was {header.status}"
        waiting_for.append({"reason": WaitReason.INACTIVE, "actual_id": None, "detail": detail})
    zero = Decimal(0)
    return {
        "proposal_id": header.number,
        "company": header.company,
        "status": header.status,
        "expected": show.amount(header.proforma.total, currency),
        "waiting_since": header.waiting_since if header.status is ProposalStatus.WAITING else None,
        "customer": invoice.customer if invoice else customer_of(header, setup),
        "currency": currency,
        "subtotal": show.amount(subtotal if subtotal is not None else zero, currency),
        "sales_tax": show.amount(sales_tax if sales_tax is not None else zero, currency),
        "total": show.amount((subtotal or zero) + (sales_tax or zero), currency),
        "due_date": due.isoformat() if due else None,
        "lines": [proposal_line_row(line, currency, show) for line in lines if line.shown],
        "waiting_for": waiting_for,
        **({"approval": header.approval_state} if header.approval else {}),
    }


def vendor_invoice_rows(proposals: WholeProposals, show: Figures) -> Iterator[dict[str, Any]]:
    """What borrowers are billed by their lenders; in their ledgers once it is posted there (IC-09, ICV-02)."""
    for invoice in proposals.vendor_invoices():
        yield vendor_invoice_row(invoice, show)


def receivable_rows(proposals: WholeProposals, invoices: Iterable[Invoice], show: Figures) -> Iterator[dict[str, Any]]:
    """What was settled of invoices, and what is open of them; only those of which a payment was told."""
    for invoice in invoices:
        if found := proposals.receivable(invoice.company, invoice.invoice_number):
            yield receivable_row(invoice, found, show)
