"""Proposals and their invoices without any store: built by hand, drafted, posted.

a_line("100", sales_tax_group="DOM")              a line of a proposal
a_proposal(invoice_date="2026-08-28")             its header; columns are the proforma's
made = invoiced([a_line("100")], setup)           draft, voucher, and the lines with what they hand on
credit = crediting(made)                          the lines of a credit note of all of it
invoiced(credit, setup, after=[made])             that credit note
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from project_invoicing.domain.actual import Proforma, Reference, RowVersion
from project_invoicing.domain.codes import LineKind, PostingType, ProposalStatus, TransactionClass
from project_invoicing.domain.credited_tax import TaxOfInvoice, charged, counting_invoices
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.proposal import HeaderEdits, Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.invoice_draft import InvoiceDraft, draft
from project_invoicing.rules.invoice_voucher import computed_with, invoice_voucher
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.problems import problems
from tests.builders import REFERENCE_TABLES, guid
from tests.rules.finance import finance

DAY = date(2026, 8, 31)


def setup_of(document: dict[str, Any]) -> FinanceSetup:
    """The look-ups over a document, which must be right."""
    assert problems(document) == []
    return FinanceSetup(SetupDocument.model_validate(document), 1)


def contoso(*values: tuple[str, Any], **keys: Any) -> FinanceSetup:
    """The look-ups over ``finance(...)``."""
    return setup_of(finance(*values, **keys))


def a_line(amount: str = "1600", number: int = 1, **columns: Any) -> ProposalLine:
    """Work of the project, for the customer that pays ``sales_tax_group``."""
    line = ProposalLine(
        line_number=number,
        actual_id=f"actual-{number}",
        kind=LineKind.HOUR,
        transaction_class=TransactionClass.TIME,
        quantity=Decimal(1),
        unit_price=Decimal(amount),
        amount=Decimal(amount),
        category="Labor",
        item_sales_tax_group="SERV",
        project="PRJ-1",
        contract="CTR-1",
        contract_line="CTR-1-1",
    )
    return replace(line, **columns)


def a_proposal(
    *,
    contract: str = "CTR-1",
    customer: str | None = "C-001",
    currency: str = "USD",
    edits: HeaderEdits | None = None,
    billed_on: date | None = None,
    **columns: Any,
) -> Proposal:
    """The header of INV-0001 in USPM; ``columns`` are its proforma's."""

    def reference(column: str, to: str) -> Reference:
        return Reference(REFERENCE_TABLES[column], guid(to))

    proforma = Proforma(
        id="proforma",
        version=RowVersion(1, "", ""),
        number="INV-0001",
        contract=reference("contract", contract),
        customer=reference("customer", customer) if customer else None,
        currency=reference("currency", currency),
        **columns,
    )
    header = Proposal(proforma, ProposalStatus.READY, 1, 1, company="USPM", billed_on=billed_on)
    return replace(header, edits=edits) if edits else header


@dataclass(frozen=True)
class Invoiced:
    """An invoice as posting it makes it."""

    number: str
    draft: InvoiceDraft
    voucher: Voucher
    lines: tuple[ProposalLine, ...]

    @property
    def taxes(self) -> list[str]:
        """The sales tax of each line."""
        return [str(line.sales_tax_amount) for line in self.draft.totals.lines]

    @property
    def accounting(self) -> list[str]:
        """What each line earns in accounting currency."""
        return [str(line.accounting_amount) for line in self.draft.totals.lines]

    def accounts(self, posting_type: PostingType) -> dict[str, Decimal]:
        """What is posted with a posting type, by main account."""
        found: dict[str, Decimal] = {}
        for line in self.voucher.lines:
            if line.posting_type is posting_type:
                found[line.account] = found.get(line.account, Decimal(0)) + line.accounting_amount
        return found

    @property
    def balances(self) -> dict[str, Decimal]:
        """What is posted by posting type, in accounting currency, without what comes to nothing."""
        found: dict[str, Decimal] = {}
        for line in self.voucher.lines:
            name = line.posting_type.value
            found[name] = found.get(name, Decimal(0)) + line.accounting_amount
        return {name: amount for name, amount in found.items() if amount}


def invoiced(
    lines: Sequence[ProposalLine],
    setup: FinanceSetup,
    day: date = DAY,
    *,
    header: Proposal | None = None,
    after: Sequence[Invoiced] = (),
) -> Invoiced:
    """The invoice of these lines on ``day``, ``after`` others that it may credit."""
    number = f"FTI-{len(after) + 1}"
    known: dict[str, TaxOfInvoice] = {}
    for one in after:
        known |= {**one.draft.originals, **one.draft.totals.originals, one.number: TaxOfInvoice(charged(one.lines))}
    originals = {name: known[name] for name in counting_invoices(lines) if name in known}
    made = draft(header or a_proposal(), list(lines), setup, day, originals=originals)
    posted = invoice_voucher(made, f"PV-{number}", number, setup)
    return Invoiced(number, made, posted, computed_with(made, number, setup).totals.lines)


def crediting(of: Invoiced, *numbers: int) -> list[ProposalLine]:
    """Credit lines that take back the lines of a posted invoice, all or those with these numbers."""
    return [
        replace(
            line,
            actual_id=f"credit of {line.actual_id}",
            quantity=-line.quantity,
            amount=-line.amount,
            discount=-line.discount,
            takes_back=line.actual_id,
            continues=line.charges,
            charges=(),
        )
        for line in of.lines
        if not numbers or line.line_number in numbers
    ]
