"""What a payment that is told does, and what Dataverse is told of it (PAY-03 to PAY-08). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from project_invoicing.domain.codes import PaymentRefusal
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.money import ZERO, round_to
from project_invoicing.domain.payment import Balance, Effect, Payment, Receivable, Settlement
from project_invoicing.setup.lookups import FinanceSetup

_SHOWN: Final = ("amount", "cash_discount", "written_off")


class Verdict(NamedTuple):
    """``reason``: why it counts nowhere; ``None`` where it counts."""

    effect: Effect
    detail: str
    reason: PaymentRefusal | None = None


def known(before: Settlement | None, payment: Payment) -> Verdict | None:
    """What is said of a payment that brings nothing new; ``None`` where it does, or waits for another try."""
    if before is None or before.payment.version < payment.version:
        return None
    had = before.payment
    if payment.version < had.version:
        return Verdict(Effect.OLDER, f"version {had.version} of {had.settlement_id} has come before: that one counts")
    if payment.text != had.text:
        detail = f"version {had.version} of {had.settlement_id} said something else when it came at {before.at}"
        return Verdict(Effect.REFUSED, detail, PaymentRefusal.SAME_VERSION_DIFFERS)
    if before.reason:
        return None
    return Verdict(Effect.REPEATED, f"version {had.version} of {had.settlement_id} came at {before.at}")


def judged(payment: Payment, invoices: Mapping[str, Invoice], setup: FinanceSetup) -> Verdict:
    """What a payment of a new version does. ``invoices``: the posted ones among its documents, by number."""
    if payment.canceled:
        return Verdict(Effect.CANCELED, f"{payment.settlement_id} counts no more")
    if refused := _why_not(payment, invoices, setup):
        reason, detail = refused
        return Verdict(Effect.SET_ASIDE, detail, reason)
    if payment.invoice_number is None:
        return Verdict(Effect.UNAPPLIED, f"{payment.customer} has it to its credit, settled against no invoice")
    return Verdict(Effect.APPLIED, f"{payment.settlement_id} counts in {' and '.join(payment.documents)}")


def _why_not(
    payment: Payment, invoices: Mapping[str, Invoice], setup: FinanceSetup
) -> tuple[PaymentRefusal, str] | None:
    if payment.company not in setup.document.companies:
        return PaymentRefusal.UNKNOWN_INVOICE, f"the set-up has no company {payment.company}"
    for number in payment.documents:
        invoice = invoices.get(number)
        if invoice is None:
            return PaymentRefusal.UNKNOWN_INVOICE, f"{payment.company} has posted no invoice {number}"
        if invoice.currency != payment.currency:
            detail = f"{number} is in {invoice.currency}, and the payment in {payment.currency}"
            return PaymentRefusal.OTHER_CURRENCY, detail
    if payment.invoice_number and payment.credit_note:
        invoice, credit_note = invoices[payment.invoice_number], invoices[payment.credit_note]
        if not (credit_note.total < ZERO < invoice.total) or credit_note.customer != invoice.customer:
            detail = (
                f"{credit_note.invoice_number} comes to {credit_note.total} for {credit_note.customer}, and "
                f"{invoice.invoice_number} to {invoice.total} for {invoice.customer}"
            )
            return PaymentRefusal.NO_CREDIT_NOTE, detail
    precision = setup.currency_precision(payment.currency or "")
    for name in _SHOWN:
        amount = getattr(payment, name)
        if precision and round_to(amount, precision) != amount:
            return (
                PaymentRefusal.TOO_MANY_DIGITS,
                f"{name} is {amount}, and {payment.currency} has steps of {precision}",
            )
    return None


def changed(before: Receivable, payment: Payment | None, had: Payment, setup: FinanceSetup) -> Receivable:
    """What is settled of a document once ``payment`` counts in it, or no more, in place of ``had``."""
    kept = [one for one in before.settlements if one.settlement_id != had.settlement_id]
    if payment:
        kept.append(payment.part_in(before.invoice_number))
    known_company = setup.company(before.company) is not None
    return Receivable(
        before.company,
        before.invoice_number,
        tuple(sorted(kept, key=lambda one: (one.date, one.settlement_id))),
        before.changes + 1,
        known_company and setup.parameters(before.company).partly_paid_is_paid,
    )


def balance_of(invoice: Invoice, receivable: Receivable | None) -> Balance:
    """What is open of an invoice now."""
    return Balance.of(invoice.total, receivable.settlements if receivable else ())
