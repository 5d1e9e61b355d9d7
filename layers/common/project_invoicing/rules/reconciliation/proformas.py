"""Checks proformas in Dataverse against their proposals and invoices (INV-05, INV-06, WB-07)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from project_invoicing.domain.actual import Proforma
from project_invoicing.domain.codes import ProposalStatus, WriteBackState
from project_invoicing.domain.compared_rows import ProformaThere
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.reconciliation import Check, Difference, Repair, figure
from project_invoicing.domain.tables import PROFORMA
from project_invoicing.domain.text import decimal
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.reconciliation.findings import Finding
from project_invoicing.rules.reconciliation.received import CURRENCY, ReceivedActuals, changed_fields, in_words, text
from project_invoicing.rules.reconciliation.staged_rows import StagedRows
from project_invoicing.setup.lookups import FinanceSetup

if TYPE_CHECKING:
    from project_invoicing.domain.told_document import ToldDocument


@dataclass(frozen=True, slots=True)
class Proformas:
    """The billed sales known on both sides."""

    setup: FinanceSetup
    rows: StagedRows
    received: ReceivedActuals

    def is_none_of_ours(self, there: ProformaThere, header: Proposal | None, check: Check) -> bool:
        """Whether a canceled proforma can be ignored. Counts it, on either side."""
        ours = not there.is_canceled or (header is not None and header.status is not ProposalStatus.CANCELED)
        check.count("proformas of Dataverse" if ours else "proformas of Dataverse that are canceled")
        return not ours

    def never_received(self, there: ProformaThere) -> Finding:
        detail = f"proforma {there.number} that was never received"
        return _differs("not_received", there.id, detail, there.total, self._currency(there))

    def totals(self, there: ProformaThere, header: Proposal) -> Iterator[Finding]:
        """Compares its billed sales here and there, and its lines with its total (INV-05, INV-06)."""
        ours = self.rows.tallies[there.id] + self.received.held_back[there.id]
        theirs = self.received.theirs[there.id]
        currency = self._currency(there)
        found = None
        if (ours.rows, ours.amount, ours.checksum) != (theirs.rows, theirs.amount, theirs.checksum):
            found = f"Dataverse has {theirs.text}, staging {ours.text}", theirs.amount - ours.amount
        elif there.total is not None:
            found = self._total(there, there.total, header, ours.discount)
        if found:
            detail, off = found
            yield _differs("proformas", there.id, f"{header.number}: {detail}", off, currency, header.company)

    def _total(
        self, there: ProformaThere, total: Decimal, header: Proposal, discount: Decimal
    ) -> tuple[str, Decimal] | None:
        """Compares its total with its lines or, while it has none, with its billed sales less discounts, with fees.

        A gap caused by rounding Dataverse's amounts to the digits of the currency is no difference.
        """
        money, currency = Figures(self.setup).money, self._currency(there)
        theirs = self.received.theirs[there.id]
        billed, rounded = theirs.amount - discount, self.rows.rounded[there.id]
        if header.subtotal is not None:
            if header.subtotal in (total, total + rounded):
                return None
            made, said = (money(amount, currency) for amount in (header.subtotal, total))
            return f"its lines come to {made}, Dataverse's total is {said}", total - header.subtotal
        if total in (billed, billed + rounded):
            return None
        less = f" less discounts of {money(discount, currency)}" if discount > 0 else ""
        less = f" and fees of {money(-discount, currency)}" if discount < 0 else less
        said = money(total, currency)
        return f"Dataverse's total is {said}, its billed sales {theirs.text}{less}", total - billed

    def _currency(self, there: ProformaThere) -> str | None:
        return self.setup.resolve(CURRENCY, there.currency) if there.currency else None


def is_newer(there: ProformaThere, header: Proposal) -> bool:
    return there.version is not None and there.version > (header.proforma.version.number or 0)


def canceled_or_not(there: ProformaThere, header: Proposal) -> Iterator[Finding]:
    """A cancellation, or its end, that has not reached a proposal which waits no longer."""
    if there.is_canceled != header.proforma.canceled:
        now = "canceled" if there.is_canceled else "no longer canceled"
        detail = f"{header.number} is {now} in Dataverse, and {header.status} here"
        yield _differs("differs_from_dataverse", there.id, detail, company=header.company)


def header_says_something_new(header: Proposal, now: Proforma) -> Iterator[Finding]:
    """The differences where Dataverse has a newer version of the header of a waiting proposal."""
    if changed := changed_fields(header.proforma, now):
        detail = f"{header.number}: {in_words(changed)}"
        yield _differs("differs_from_dataverse", header.id, detail, company=header.company)


def invoice_not_written(invoice: Invoice, state: WriteBackState, answer: str | None) -> Finding:
    """A write-back of an invoice to its proforma that has failed or is still outstanding."""
    failed = state is WriteBackState.FAILED
    says = f"Dataverse says: {answer}" if failed else "not told yet"
    detail = f"invoice {invoice.invoice_number}: {says}"
    return _of_invoice("write_back_failed" if failed else "write_back_unfinished", invoice, detail)


def document_not_told(invoice: Invoice, told: ToldDocument | None) -> Finding:
    """What became of the document of an invoice, where Dataverse has refused it or was not told yet (WB-14)."""
    detail = told.detail if told and told.state is WriteBackState.FAILED else None
    says = f"Dataverse says: {detail}" if detail else "not told yet"
    text = f"document of invoice {invoice.invoice_number}: {says}"
    return _of_invoice("write_back_failed" if detail else "write_back_unfinished", invoice, text)


def payments_not_written(invoice: Invoice, state: WriteBackState, answer: str | None) -> Finding:
    """A write-back of what is open of an invoice that has failed or is still outstanding (PAY-08, PAY-10)."""
    failed = state is WriteBackState.FAILED
    says = f"Dataverse says: {answer}" if failed else "not told yet"
    detail = f"what is open of invoice {invoice.invoice_number}: {says}"
    return _of_invoice("write_back_failed" if failed else "write_back_unfinished", invoice, detail)


def invoice_written_differs(invoice: Invoice, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Finding]:
    """Number, date, status and tax of an invoice where Dataverse no longer has what was written back (WB-07).

    ``ours`` and ``theirs`` by column.
    """
    wrong = [
        f"{name} {text(value)}, not {theirs.get(name)}"
        for name, value in ours.items()
        if not _is_same(value, theirs.get(name))
    ]
    if wrong:
        detail = f"invoice {invoice.invoice_number}: Dataverse should have {'; '.join(wrong)}"
        yield _of_invoice("write_back_differs", invoice, detail)


def _of_invoice(check: str, invoice: Invoice, detail: str) -> Finding:
    differs = Difference(PROFORMA, invoice.proforma_id, detail, invoice.company, repair=Repair.WRITE_BACK)
    return Finding(check, differs)


def _differs(
    check: str,
    id: str,
    detail: str,
    amount: Decimal | None = None,
    currency: str | None = None,
    company: str | None = None,
) -> Finding:
    return Finding(check, Difference(PROFORMA, id, detail, company, amount, currency, Repair.FETCH))


def _is_same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, Decimal):
        return theirs is not None and figure(ours) == figure(decimal(str(theirs)))
    if isinstance(ours, str) and isinstance(theirs, str):
        return theirs.startswith(ours)  # a date may come back as an instant
    return bool(ours == theirs)
