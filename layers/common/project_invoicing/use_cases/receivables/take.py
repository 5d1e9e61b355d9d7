"""Takes what receivables tells of a payment: by event, in a file, or by a person's word (PAY-03 to PAY-08).

Of each settlement the newest version counts, in the transaction that it comes with: repeated, shuffled, or after any
crash the end is the same. What names no invoice of ours is kept whole, and tried again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.actor import BY_EVENT, Actor
from project_invoicing.domain.codes import PaymentRefusal
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.payment import Effect, Payment, Receivable, Settlement
from project_invoicing.errors import Rejected
from project_invoicing.events.receivables import InvoicePaymentsChanged
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.payments import Verdict, balance_of, changed, judged, known
from project_invoicing.store.receivables import ChangedDocument, Receivables
from project_invoicing.store.unit_of_work import retried

if TYPE_CHECKING:
    from project_invoicing.setup.lookups import FinanceSetup
    from project_invoicing.store.invoices import Invoices

_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Taken:
    """What a payment did. ``open``: what is open of each document that changed, by number, with the currency."""

    payment: Payment
    effect: Effect
    detail: str
    reason: PaymentRefusal | None = None
    open: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Taking:
    """Payments that are told at ``at``."""

    receivables: Receivables
    invoices: Invoices
    setup: FinanceSetup
    at: str
    actor: Actor = BY_EVENT

    def take(self, payment: Payment) -> Taken:
        """Takes a payment and keeps it. Raises ``Conflict`` where others are always faster, ``Unavailable``.

        ``Rejected`` where its invoice has more settlements than are kept.
        """
        what = f"settlement {payment.settlement_id} of {payment.company}"
        return retried(what, lambda: self._take(payment), attempts=_TRIES)

    def again(self) -> int:
        """Tries again what is set aside. Returns how many are still."""
        left = 0
        for one in list(self.receivables.aside()):
            try:
                left += self.take(one.payment).effect is Effect.SET_ASIDE
            except Rejected:  # its invoice has as many settlements as are kept
                left += 1
        return left

    def _take(self, payment: Payment) -> Taken:
        before = self.receivables.settlement(payment.company, payment.settlement_id)
        if verdict := known(before, payment):
            if verdict.effect is Effect.REFUSED:
                self._note(payment, verdict)
            return _taken(payment, verdict)
        numbers = [*(before.documents if before else ()), *payment.documents]
        invoices = self.invoices.many(payment.company, numbers)
        verdict = judged(payment, invoices, self.setup)
        ours = payment.company in self.setup.document.companies
        after = Settlement(payment, self.at, verdict.reason, verdict.detail if verdict.reason else None, ours)
        if before and (before.payment, before.reason, before.detail) == (payment, after.reason, after.detail):
            return _taken(payment, verdict)  # it was tried again, in vain
        documents = list(self._documents(before, after, invoices))
        done = None if documents else self._entry(Done.PAYMENT_TOLD, payment, verdict)
        self.receivables.take(before, after, documents, done)
        shown = tuple(
            (one.event.detail["invoice_number"], one.event.detail["open"], one.event.detail["currency"])
            for one in documents
        )
        return _taken(payment, verdict, shown)

    def _documents(
        self, before: Settlement | None, after: Settlement, invoices: Mapping[str, Invoice]
    ) -> Iterator[ChangedDocument]:
        """The documents in which the settlement counted or counts now, as they are and as they will be."""
        payment, show = after.payment, Figures(self.setup)
        numbers = list(dict.fromkeys([*(before.documents if before else ()), *after.documents]))
        had = self.receivables.many(payment.company, numbers)
        for number in numbers:
            invoice = invoices[number]
            earlier = had.get(number) or Receivable(payment.company, number)
            later = changed(earlier, payment if number in after.documents else None, payment, self.setup)
            balance, was = balance_of(invoice, later), balance_of(invoice, earlier)
            event = InvoicePaymentsChanged(
                company=payment.company,
                invoice_number=number,
                customer=invoice.customer,
                changes=later.changes,
                standing=balance.standing,
                currency=invoice.currency,
                total=show.amount(balance.total, invoice.currency),
                open=show.amount(balance.open, invoice.currency),
                over=show.amount(balance.over, invoice.currency),
            )
            had_open = {"open": show.amount(was.open, invoice.currency)}
            told = {**payment.as_detail(), "open": event.open, **({"over": event.over} if balance.over else {})}
            done = HistoryEntry(self.at, self.actor, Done.PAYMENT_TOLD, had_open, told)
            key = f"{payment.company}#{number}#{later.changes}"
            yield ChangedDocument(earlier, later, event.on_bus(self.at, key), done)

    def _note(self, payment: Payment, verdict: Verdict) -> None:
        """What contradicts is in the history of its settlement, whole."""
        done = self._entry(Done.PAYMENT_TOLD, payment, verdict)
        self.receivables.note(payment.company, payment.settlement_id, done)

    def _entry(self, what: Done, payment: Payment, verdict: Verdict) -> HistoryEntry:
        told: dict[str, Any] = {**payment.as_detail(), "outcome": verdict.effect, "detail": verdict.detail}
        return HistoryEntry(self.at, self.actor, what, {}, told)


def _taken(payment: Payment, verdict: Verdict, open_: tuple[tuple[str, str, str], ...] = ()) -> Taken:
    return Taken(payment, verdict.effect, verdict.detail, verdict.reason, open_)


def shown(taken: Taken) -> dict[str, Any]:
    """As an answer tells it: ``aside`` where it is kept and counts later, ``refused`` where it never will."""
    payment = taken.payment
    told: dict[str, Any] = {
        "outcome": taken.effect,
        "company": payment.company,
        "settlement_id": payment.settlement_id,
        "version": payment.version,
        "detail": taken.detail,
        "open": [{"invoice_number": number, "open": left, "currency": unit} for number, left, unit in taken.open],
    }
    if taken.reason is None:
        return told
    document = payment.invoice_number or payment.settlement_id
    why = {"company": payment.company, "document": document, "reason": taken.reason, "detail": taken.detail}
    return {**told, "aside" if taken.effect is Effect.SET_ASIDE else "refused": [why]}
