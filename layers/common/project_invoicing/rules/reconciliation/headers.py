"""Headers of proposals, invoices and journals: dates, cancellations, marks, numbers, and stalled postings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from project_invoicing.domain.codes import JournalStatus, ProposalStatus
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.reconciliation import Check, Difference, Repair
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import PROFORMA
from project_invoicing.domain.text import number_of
from project_invoicing.rules.proforma import currency_of
from project_invoicing.rules.reconciliation.findings import PROPOSAL, Finding, of_row
from project_invoicing.rules.reconciliation.staged_rows import is_to_be_billed
from project_invoicing.setup.lookups import FinanceSetup

PATIENCE: Final = timedelta(minutes=10)
"""How long an event may stay in the outbox: every five minutes the sweep publishes what the stream missed."""
_NAMED: Final = 50
"""The most billed sales named per proforma and wrong date."""


@dataclass(slots=True)
class Headers:
    """Keeps every proposal and customer invoice."""

    setup: FinanceSetup
    proposals: dict[str, Proposal] = field(default_factory=dict)
    """By the ids of their proformas, like ``invoices``."""
    invoices: dict[str, Invoice] = field(default_factory=dict)
    stuck: list[Journal | Proposal] = field(default_factory=list)
    """Postings that had begun and were not finished when their headers were read."""
    _by_number: dict[tuple[str, str], str] = field(default_factory=dict)

    def add_journal(self, journal: Journal) -> None:
        if journal.status is JournalStatus.PROCESSING:
            self.stuck.append(journal)

    def add_invoice(self, invoice: Invoice) -> None:
        self.invoices[invoice.proforma_id] = invoice

    def add_proposal(self, header: Proposal) -> Iterator[Finding]:
        self.proposals[header.id] = header
        if header.status is ProposalStatus.CANCELED:
            return
        self._by_number[(header.company or "", header.number)] = header.id
        if header.proforma.canceled and header.status in (ProposalStatus.POSTING, ProposalStatus.POSTED):
            yield canceled_late(header, self.setup)
        if header.status is ProposalStatus.POSTING:
            self.stuck.append(header)
        if header.status is ProposalStatus.POSTED and header.pages and not header.marked:
            detail = f"proposal {header.number} was posted by a version before: what it bills is not marked"
            differs = Difference(PROFORMA, header.id, detail, header.company, repair=Repair.IMPORT)
            yield Finding("not_marked", differs)

    def numbered(self, company: str | None, number: str | None) -> Proposal | None:
        """The proposal with this number, unless it was withdrawn."""
        return self.proposals.get(self._by_number.get((company or "", number or ""), ""))

    def vouchers_between_companies(self) -> set[tuple[str, str]]:
        """Company and number of the vouchers of intercompany invoices."""
        return {
            (invoice.company, invoice.voucher)
            for invoice in self.invoices.values()
            if invoice.borrower and invoice.voucher
        }

    def where(self, row: StagedRow) -> str:
        """The document of a row, for a person."""
        if row.journal_id:
            return f"{row.id}, line {row.line_number} of journal {row.journal_id}"
        header = self.numbered(row.company, row.proposal_id)
        invoice = f" (invoice {header.invoice_number})" if header and header.invoice_number else ""
        return f"{row.id}, line {row.line_number} of proposal {row.proposal_id}{invoice}"

    def numbers(self, drawn: Mapping[str, int], check: Check) -> Iterator[Finding]:
        """Checks that every number drawn before the invoices were read is on one of them (NUM-02).

        ``drawn``: the last number of each company. ``check`` counts both sides.
        """
        for company, last in drawn.items():
            used = {invoice.invoice_number for invoice in self.invoices.values() if invoice.company == company}
            check.count(f"{company} drawn", last)
            check.count(f"{company} invoices", len(used))
            if len(used) < last:
                number_format = self.setup.number_sequences(company).invoice
                for number in gaps(number_format, company, last, used):
                    detail = "was drawn, and no invoice has it"
                    yield Finding("invoice_numbers", Difference("customer_invoice", number, detail, company))


@dataclass(slots=True)
class AccountingDates:
    """Names billed sales whose accounting date differs from the header's, which decides (99-23).

    Keeps, for each proforma, the dates of its billed sales as they were sent, with up to ``_NAMED`` sales for each.
    """

    setup: FinanceSetup
    _dated: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, row: StagedRow) -> None:
        actual = row.actual
        if actual.invoice and actual.accounting_date and is_to_be_billed(row):
            named = self._dated[actual.invoice.id].setdefault(actual.accounting_date, [])
            if len(named) < _NAMED:
                named.append(row.id)

    def suspects(self, header: Proposal) -> list[str]:
        """Billed sales of a proforma whose date differs from its own. Called once per proforma."""
        company, written = header.company or "", header.proforma.accounting_date
        dates = self._dated.pop(header.id, {})
        if not written or self.setup.company(company) is None:
            return []
        day = self.setup.local_date(company, written)
        return [id for sent, ids in dates.items() if self.setup.local_date(company, sent) != day for id in ids]

    def judge(self, header: Proposal, row: StagedRow) -> Iterator[Finding]:
        """The difference for a billed sale as it is now."""
        company, written, sent = header.company or "", header.proforma.accounting_date, row.actual.accounting_date
        if not written or not sent:
            return
        day, says = (self.setup.local_date(company, value) for value in (written, sent))
        if says != day:
            detail = f"has accounting date {says}, its proforma {header.number} {day}, which its invoice has"
            yield of_row("accounting_dates", row, self.setup, detail)


def canceled_late(header: Proposal, setup: FinanceSetup) -> Finding:
    """The proforma was canceled when its proposal was already being posted or posted (99-27)."""
    detail = f"{header.number} is canceled now, and is {header.status} as invoice {header.invoice_number}"
    off, currency = -(header.subtotal or ZERO), currency_of(header, setup)
    return Finding("late_changes", Difference(PROFORMA, header.id, detail, header.company, off, currency))


def gaps(number_format: str, company: str, last: int, used: Set[str]) -> list[str]:
    """The numbers up to ``last`` that are not in ``used``; only their count if the format has changed since."""
    numbers = [format_number(number_format, n, company) for n in range(1, last + 1)]
    missing = [number for number in numbers if number not in used]
    return missing if len(missing) == last - len(used) else [f"{len(used)} of {last}"]


def stands_still(before: Journal | Proposal, now: Journal | Proposal | None) -> Iterator[Finding]:
    """A posting that has made no progress since it was first read."""
    if now is None or (now.status, now.posted_pages) != (before.status, before.posted_pages):
        return
    entity, id = (JOURNAL, before.journal_id) if isinstance(before, Journal) else (PROPOSAL, before.number)
    detail = (
        f"is {before.status} with {number_of(before.posted_pages, 'page')} done; the next run of its posting goes on"
    )
    yield Finding("stuck", Difference(entity, id, detail, before.company))


def not_published(key: str, kind: str, at: str, now: str) -> Iterator[Finding]:
    """An event from ``at`` that is still in the outbox ``now``, after longer than the sweep takes."""
    if datetime.fromisoformat(at) < datetime.fromisoformat(now) - PATIENCE:
        detail = f"{kind} of {at} is not published; outbox_relay does it by its schedule"
        yield Finding("outbox", Difference("event", key, detail))
