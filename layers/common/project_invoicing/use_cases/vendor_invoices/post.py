"""Posts vendor invoices in the borrower: voucher, status and history in one transaction (ICV-02).

Nothing is begun and left: whatever dies before its transaction has written nothing, and is simply asked again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final, NamedTuple

from project_invoicing.domain.actor import Actor
from project_invoicing.domain.codes import PostingFailure, VendorInvoiceStatus
from project_invoicing.domain.finance_voucher import NewVoucher
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.refusals import Refusal, Refused
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.errors import Rejected
from project_invoicing.rules.vendor_invoice import must_be_posted_here, posting_date, voucher_of
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.finance_vouchers import FinanceVouchers
from project_invoicing.store.ledger import PAGE_ENTRIES
from project_invoicing.store.transactions import transact
from project_invoicing.store.unit_of_work import first_of, retried
from project_invoicing.use_cases.vendor_invoices.approval import must_be_as_approved, must_be_released
from project_invoicing.use_cases.vendor_invoices.facts import VendorInvoiceFacts
from project_invoicing.use_cases.vendor_invoices.read import KnownVendorInvoices

_ATTEMPTS: Final = 6
MOST_ENTRIES: Final = 80 * PAGE_ENTRIES
"""Of a voucher: its pages are written in one transaction, beside the status, the number and the histories."""


class Judged(NamedTuple):
    """What posting an invoice would make; no voucher where it has no line with money."""

    invoice: VendorInvoice
    voucher: NewVoucher | None
    on: date
    setup: FinanceSetup


@dataclass(slots=True)
class VendorInvoicePosting:
    """Posts vendor invoices of a borrower. ``on``: the accounting date, where a person gives one.

    ``posted`` has those that are posted, as they are then.
    """

    known: KnownVendorInvoices
    vouchers: FinanceVouchers
    company: str
    at: str
    actor: Actor
    on: date | None = None
    reason: str | None = None
    posted: list[VendorInvoice] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def judged(self, one: VendorInvoice) -> Judged:
        """Raises ``Refused``."""
        must_be_posted_here(one, self.known.setups.current)
        lines = self.known.lines(one)
        facts = [VendorInvoiceFacts.of(one.company, one.currency, line) for line in lines]
        setup = self.known.setups.seeing(facts).setup
        on = posting_date(one, self.on, setup)
        made = voucher_of(one, lines, on, setup, self.known.originals(one, lines))
        if made and len(made.lines) > MOST_ENTRIES:
            detail = (
                f"vendor invoice {one.invoice_number} has {len(made.lines)} ledger entries, more than {MOST_ENTRIES}"
            )
            raise Refused(PostingFailure.VOUCHER_TOO_LARGE, detail)
        return Judged(one, made, on, setup)

    def post(self, some: Iterable[VendorInvoice]) -> None:
        """Posts each by itself: one that is refused keeps no other back."""
        for one in some:
            self._post(one)

    def post_named(self, numbers: Iterable[str], lender: str | None) -> None:
        for number in numbers:
            try:
                one = self.known.named(self.company, number, lender)
            except Rejected as rejected:
                self.refused.append(Refusal(self.company, number, rejected.reason, rejected.detail))
            else:
                self._post(one)

    def _post(self, one: VendorInvoice) -> None:
        read = first_of(one, partial(self.known.named, one.company, one.invoice_number, one.lender))

        def step() -> None:
            now = read()
            if not self._is_done(now):
                made = self.judged(now)
                must_be_released(self.known, now, self.actor)
                must_be_as_approved(self.known, made, self.at)
                self._write(made)
            again = self.known.invoices.get(now.company, now.lender, now.invoice_number)
            self.posted.append(again or now)

        try:
            retried(f"vendor invoice {one.invoice_number}", step, attempts=_ATTEMPTS)
        except Refused as refused:
            self.refused.append(Refusal(one.company, one.invoice_number, refused.reason, refused.detail))

    def _write(self, made: Judged) -> None:
        one, invoices = made.invoice, self.known.invoices
        if made.voucher is None:
            transact(invoices.client, invoices.posted(one, None, made.on, self._done(None, made.on)))
            return
        of_document = NewVoucher(
            made.voucher.company,
            made.voucher.source,
            made.voucher.accounting_date,
            made.voucher.lines,
            belongs_to=one.invoice_number,
            reason=self.reason,
        )
        number_format = made.setup.number_sequences(one.company).vendor_invoice
        self.vouchers.post(
            [of_document],
            number_format,
            HistoryEntry(self.at, self.actor, Done.POSTED, {}, {"vendor_invoice": one.invoice_number}),
            others=lambda numbers: invoices.posted(one, numbers[0], made.on, self._done(numbers[0], made.on)),
        )

    def _is_done(self, now: VendorInvoice) -> bool:
        """Whether this very command has posted it: it has come twice."""
        if now.status is not VendorInvoiceStatus.POSTED or now.posted_on is None:
            return False
        return self.known.invoices.was_done(now, self._done(now.voucher, now.posted_on))

    def _done(self, voucher: str | None, on: date) -> HistoryEntry:
        after = {"status": VendorInvoiceStatus.POSTED.value, "voucher": voucher, "accounting_date": on.isoformat()}
        return HistoryEntry(
            self.at, self.actor, Done.POSTED, {}, after | ({"reason": self.reason} if self.reason else {})
        )
