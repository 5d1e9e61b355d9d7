"""The values written back to Dataverse for a posted document, as fields of the table maps (WB-01 to WB-07). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from project_invoicing.domain.actual import fee_id, may_have_fee
from project_invoicing.domain.codes import DocumentStanding, RowState, StagingState
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_row import StagedRow

if TYPE_CHECKING:
    from project_invoicing.domain.mailed_document import MailedDocument

if TYPE_CHECKING:
    from project_invoicing.domain.payment import Receivable

Values = dict[str, Any]


def actual_of_journal(line: JournalLine) -> Values:
    """What is written to the actual of a posted journal line (WB-01, WB-04): amounts and rate as decimals.

    And by how much finance's cost of a stocked item differs, in the actual's currency, with what it comes to (NEW-01).
    """
    values: Values = {
        "accounting_amount": line.accounting_amount,
        "exchange_rate": line.rate.multiplier,
        "voucher": line.voucher if line.in_ledger else None,
        "sales_tax_amount": ZERO,
    }
    if line.cost_adjustment is not None:
        values |= {"adjustment_value": line.cost_adjustment, "extended_amount": line.amount}
    return values


def actual_of_invoice(line: ProposalLine, invoice: Invoice) -> Values:
    """What is written to the actual of an invoice line (WB-02, WB-05, WB-06)."""
    return {
        "accounting_amount": line.accounting_amount,
        "exchange_rate": invoice.exchange_rate,
        "voucher": invoice.voucher,
        "sales_tax_amount": line.sales_tax_amount,
    }


@dataclass(frozen=True, slots=True)
class SaleWithFee:
    """A sale by its ``id``, which is one actual in Dataverse and two rows here, and each row's voucher.

    ``values`` are the sums of both with the voucher and the rate of the work, ``None`` while one of them is not posted.
    """

    id: str
    parts: tuple[tuple[str, str | None], ...]
    values: Values | None


def other_half(row: StagedRow) -> str | None:
    """The fee that a sale may have, or the sale of a fee: Dataverse knows both as one actual."""
    return row.actual.fee_of or (fee_id(row.id) if may_have_fee(row.actual) else None)


def with_fee(rows: Mapping[str, StagedRow], id: str) -> SaleWithFee | None:
    """What is written of a row and its other half; ``None`` where it has none (OAT-11)."""
    half, other = rows[id], rows.get(other_half(rows[id]) or "")
    if other is None:
        return None
    work, fee = (other, half) if half.actual.fee_of else (half, other)
    posted = work.state is StagingState.POSTED and fee.state is StagingState.POSTED
    values = {
        "accounting_amount": (work.accounting_amount or ZERO) + (fee.accounting_amount or ZERO),
        "exchange_rate": work.exchange_rate,
        "voucher": work.voucher or fee.voucher,
        "sales_tax_amount": (work.sales_tax_amount or ZERO) + (fee.sales_tax_amount or ZERO),
    }
    parts = ((work.id, work.voucher), (fee.id, fee.voucher))
    return SaleWithFee(work.id, parts, values if posted else None)


def row_of_invoice(invoice: Invoice) -> Values:
    """What is written to the proforma (WB-07, WB-12)."""
    return {
        "invoice_number": invoice.invoice_number,
        "invoice_date": invoice.invoice_date.isoformat(),
        "status": "posted",
        "sales_tax_amount": invoice.sales_tax,
    }


def standing_of_document(mail: MailedDocument | None) -> DocumentStanding:
    """What is told of a document that is made (WB-14): what became of its last mail, once that has left or failed."""
    return (mail.state.standing if mail else None) or DocumentStanding.READY


def row_of_payments(invoice: Invoice, receivable: Receivable) -> Values:
    """What is written to the proforma once a payment was told (PAY-04 to PAY-06): Paid once nothing is open.

    A part that is paid leaves it active, unless the company's parameter says otherwise (99-34).
    """
    # Imported late: most documents are written back before anybody has told of a payment.
    from project_invoicing.domain.payment import Balance, Standing  # noqa: PLC0415

    balance = Balance.of(invoice.total, receivable.settlements)
    paid = balance.standing is Standing.PAID
    partly = balance.standing is Standing.PARTLY_PAID and receivable.partly_is_paid
    return {
        "status": "invoice_paid" if paid else "posted",
        "state": RowState.PAID if paid or partly else RowState.ACTIVE,
        "reason": "complete" if paid else "partial" if partly else None,
        "amount_due": balance.open,
    }
