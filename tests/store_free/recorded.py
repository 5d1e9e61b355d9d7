"""Rows, headers and lines as stores give them, made by hand: only what matters in a test is written there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.mapping import to_actual, to_proforma
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.codes import (
    ConnectionRole,
    JournalStatus,
    LineKind,
    PostingType,
    ProposalStatus,
    StagingState,
    TransactionClass,
    TransactionType,
)
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import Accrual, JournalLine
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_item import StagedItem
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.ledger import Entry
from tests.builders import Context, guid, proforma
from tests.rules.finance import finance
from tests.rules.stories import bill, cost

AT = "2026-08-31T13:00:00Z"
SETUP = FinanceSetup(SetupDocument.model_validate(finance()), 1)
"""That of the examples: USPM keeps its books in USD."""
JOURNAL = "USPM-000001"


def row(
    context: Context, state: StagingState = StagingState.PENDING, *, links: dict[str, str] | None = None, **values: Any
) -> StagedRow:
    """The row of an actual; ``links`` by role with the test's names."""
    (event,) = row_events(context, AT)
    linked = {ConnectionRole(role): guid(name) for role, name in (links or {}).items()}
    made = StagedRow(to_actual(RowEvent.read(event.detail)), StagingState.PENDING, 1, 1, company="USPM", links=linked)
    return replace(made, **{"state": state, **values})


def posted_cost(name: str = "c", **values: Any) -> StagedRow:
    """A cost of 800 dollars, posted in a journal."""
    return row(
        cost(name),
        **{
            "state": StagingState.POSTED,
            "journal_id": JOURNAL,
            "line_number": 1,
            "voucher": "PV-1",
            "accounting_amount": Decimal("800.00"),
            "exchange_rate": Decimal(1),
            "sales_tax_amount": Decimal(0),
            **values,
        },
    )


def posted_bill(name: str = "b", **values: Any) -> StagedRow:
    """A billed sale of 1,600 dollars, posted with an invoice; it bills ``u`` unless ``links`` say otherwise."""
    links = values.pop("links", {"unbilled": "u"})
    return row(
        bill(name),
        links=links,
        **{
            "state": StagingState.POSTED,
            "proposal_id": "INV-0001",
            "line_number": 1,
            "voucher": "PV-9",
            "accounting_amount": Decimal("1600.00"),
            **values,
        },
    )


def item(made: StagedRow, **values: Any) -> StagedItem:
    """What a scan of staging gives of a row."""
    reason = str(made.reason or "")
    taker = bytes.fromhex(made.taken_by.replace("-", "")) if made.taken_by else None
    found = StagedItem(
        made.id, made, True, made.state, reason, made.company, 1, made.state is StagingState.PENDING, made.links, taker
    )
    return found._replace(**values)


def header(status: ProposalStatus = ProposalStatus.WAITING, *, name: str = "inv-1", **values: Any) -> Proposal:
    """A proposal of USPM; what ``proforma`` of the builders takes stands in ``of``."""
    (event,) = row_events(proforma(name, **values.pop("of", {"total": "1600"})), AT)
    return Proposal(to_proforma(RowEvent.read(event.detail)), status, 1, 1, company="USPM", **values)


def posted_header(**values: Any) -> Proposal:
    given = {"invoice_number": "FTI-1", "line_count": 1, "pages": 1, "marked": True, **values}
    return header(ProposalStatus.POSTED, **given)


def journal(status: JournalStatus = JournalStatus.POSTED, **values: Any) -> Journal:
    return Journal("USPM", JOURNAL, status, "2026-08-27", **{"line_count": 1, **values})


def invoice(**values: Any) -> Invoice:
    """A posted invoice of 1,600 dollars and 320 of sales tax."""
    given: dict[str, Any] = {
        "invoice_number": "FTI-1",
        "proposal_id": "INV-0001",
        "proforma_id": guid("inv-1"),
        "company": "USPM",
        "customer": "C-001",
        "document_type": "invoice",
        "invoice_date": date(2026, 8, 30),
        "due_date": date(2026, 9, 29),
        "accounting_date": date(2026, 8, 31),
        "currency": "USD",
        "subtotal": Decimal(1600),
        "sales_tax": Decimal(320),
        "total": Decimal(1920),
        "voucher": "PV-9",
        "exchange_rate": Decimal(1),
        "line_count": 1,
        "posted": True,
    }
    return Invoice(**given | values)


def journal_line(name: str = "c", **values: Any) -> JournalLine:
    given: dict[str, Any] = {
        "line_number": 1,
        "actual_id": guid(name),
        "voucher": "PV-1",
        "kind": TransactionType.COST,
        "transaction_class": TransactionClass.TIME,
        "category": "Labor",
        "line_property": "NONE",
        "transaction_date": date(2026, 8, 27),
        "accounting_date": date(2026, 8, 27),
        "quantity": Decimal(8),
        "unit_cost": Decimal(100),
        "cost_amount": Decimal(800),
        "unit_price": Decimal(0),
        "sales_amount": Decimal(0),
        "currency": "USD",
        "price_exchange_rate": Decimal(1),
        "price_factor": Decimal(1),
        "accounting_amount": Decimal("800.00"),
    }
    return JournalLine(**given | values)


def proposal_line(name: str = "b", **values: Any) -> ProposalLine:
    given: dict[str, Any] = {
        "line_number": 1,
        "actual_id": guid(name),
        "kind": LineKind.HOUR,
        "transaction_class": TransactionClass.TIME,
        "quantity": Decimal(8),
        "unit_price": Decimal(200),
        "amount": Decimal(1600),
        "sales_tax_amount": Decimal(320),
        "accounting_amount": Decimal("1600.00"),
    }
    return ProposalLine(**given | values)


def accrual(amount: str = "1600", project: str = "PRJ-1") -> Accrual:
    return Accrual("USD", Decimal(amount), Decimal(amount), Decimal(1), "160100", "410100", project)


def entry(posting_type: PostingType, amount: str, *, voucher: str = "PV-1", **values: Any) -> Entry:
    """A ledger transaction in dollars, debit positive."""
    value = Decimal(amount)
    given: dict[str, Any] = {
        "voucher": voucher,
        "accounting_date": date(2026, 8, 27),
        "account": "100000",
        "posting_type": posting_type,
        "currency": "USD",
        "amount": value,
        "accounting_amount": value,
        "exchange_rate": Decimal(1),
    }
    return Entry(**given | values)
