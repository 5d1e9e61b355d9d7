"""What is open, as rows for a result, a page, a command or a file: decimal strings, ISO dates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.payment import Balance, Receivable, Settlement
from project_invoicing.rules.figures import Figures

Row = dict[str, Any]


def receivable_row(invoice: Invoice, receivable: Receivable | None, show: Figures) -> Row:
    """An invoice with what was settled of it, and what is open."""
    balance = Balance.of(invoice.total, receivable.settlements if receivable else ())
    settled = [
        {
            "settlement_id": one.settlement_id,
            "version": one.version,
            "date": one.date.isoformat(),
            "amount": show.amount(one.amount, invoice.currency),
            "cash_discount": show.amount(one.cash_discount, invoice.currency),
            "written_off": show.amount(one.written_off, invoice.currency),
            "with": one.other,
        }
        for one in (receivable.settlements if receivable else ())
    ]
    return {
        "company": invoice.company,
        "invoice_number": invoice.invoice_number,
        "customer": invoice.customer,
        "due_date": invoice.due_date.isoformat(),
        "currency": invoice.currency,
        "total": show.amount(invoice.total, invoice.currency),
        "settled": show.amount(balance.settled, invoice.currency),
        "open": show.amount(balance.open, invoice.currency),
        "over": show.amount(balance.over, invoice.currency),
        "standing": balance.standing,
        "settlements": settled,
    }


def settlement_row(settlement: Settlement, show: Figures) -> Row:
    """A payment that is settled against nothing, or set aside, with the reason."""
    said = settlement.payment
    return {
        "company": said.company,
        "settlement_id": said.settlement_id,
        "version": said.version,
        "date": said.date.isoformat() if said.date else None,
        "customer": said.customer,
        "invoice_number": said.invoice_number,
        "amount": show.amount(said.amount, said.currency),
        "currency": said.currency,
        "since": settlement.at,
        "reason": settlement.reason,
        "detail": settlement.detail,
    }


def flat(row: Mapping[str, Any]) -> Row:
    """A row for a table: without what is a list."""
    return {name: value for name, value in row.items() if not isinstance(value, list)}
