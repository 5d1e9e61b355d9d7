"""Billed rows and their proposal without any store: built by hand, judged by the rules.

a_row("one", "600")                        a billed sale that is linked to its unbilled one, "one's sale"
planned(a_row(), total="1600")             the lines that its proposal gets, or what it waits for
judged(a_row(), customer=reference(…))     the same with what the header itself waits for
drafted(a_row("one"), a_row("two"))        the invoice of such a proposal
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from project_invoicing.domain.actual import Actual, Proforma, Reference, RowVersion
from project_invoicing.domain.codes import (
    BillingType,
    ConnectionRole,
    ProposalStatus,
    StagingState,
    TransactionClass,
    TransactionType,
)
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.invoice_draft import InvoiceDraft, draft
from project_invoicing.rules.proposal_header import judge_header
from project_invoicing.rules.proposal_lines import ProposalPlan, linked_ids, plan
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import REFERENCE_TABLES, guid
from tests.setups import finance_setup

FINANCE = finance_setup()
VERSION = RowVersion(1, "2026-08-27T16:05:00.000Z", "a")
ACCRUAL = Accrual("GBP", Decimal(1600), Decimal(2000), Decimal("1.25"), "161300", "420200")
MILESTONE: dict[str, Any] = {"transaction_class": TransactionClass.MILESTONE}


def reference(column: str, name: str) -> Reference:
    return Reference(REFERENCE_TABLES[column], guid(name))


PROFORMA = Proforma(
    id="inv-1", version=VERSION, number="INV-0001", currency=reference("currency", "GBP"), total=Decimal(1600)
)


def a_row(
    id: str = "billed", amount: str = "1600", *, links: dict[ConnectionRole, str] | None = None, **columns: Any
) -> StagedRow:
    """A billed sale that is linked to its unbilled one."""
    actual = Actual(
        id=id,
        version=VERSION,
        transaction_type=TransactionType.BILLED_SALES,
        transaction_class=TransactionClass.TIME,
        billing_type=BillingType.CHARGEABLE,
        quantity=Decimal(1),
        price=Decimal(amount),
        amount=Decimal(amount),
        project=reference("project", "PRJ-1"),
        contract=reference("contract", "CTR-1"),
        contract_line=reference("contract_line", "CTR-1-1"),
        currency=reference("currency", "GBP"),
        start="2026-08-27",
    )
    found = {ConnectionRole.UNBILLED: f"{id}'s sale"} if links is None else links
    return StagedRow(replace(actual, **columns), StagingState.PENDING, 1, 1, links=found)


def a_sale(state: StagingState = StagingState.POSTED, **columns: Any) -> StagedRow:
    return replace(a_row("sale", links={}), **{"state": state, "accrual": ACCRUAL, **columns})


def planned(
    *rows: StagedRow,
    total: str | None = "1600",
    linked: dict[str, StagedRow] | None = None,
    existing: tuple[ProposalLine, ...] = (),
    setup: FinanceSetup = FINANCE,
) -> ProposalPlan:
    """The plan for rows whose unbilled sales are posted unless ``linked`` says otherwise."""
    sales = {id: a_sale() for id in linked_ids(rows)} if linked is None else linked
    proforma = replace(PROFORMA, total=None if total is None else Decimal(total))
    return plan(proforma, "USPM", rows, existing, sales, setup)


def reasons(found: ProposalPlan) -> list[str]:
    return [wait.reason.value for wait in found.waits]


def a_header(status: ProposalStatus = ProposalStatus.WAITING, **columns: Any) -> Proposal:
    """The proposal of ``PROFORMA``, or with other ``columns`` of the header or of its proforma."""
    of_header = {name: columns.pop(name) for name in list(columns) if name not in Proforma.__dataclass_fields__}
    proforma = replace(PROFORMA, contract=reference("contract", "CTR-1"), **columns)
    return replace(Proposal(proforma, status, 1, 1, company="USPM"), **of_header)


def judged(
    *rows: StagedRow, setup: FinanceSetup = FINANCE, existing: tuple[ProposalLine, ...] = (), **columns: Any
) -> ProposalPlan:
    """The plan for rows that sum up to their proforma, and what the header waits for itself."""
    charged = (row.actual for row in rows if row.actual.billing_type is BillingType.CHARGEABLE)
    total = sum((actual.amount for actual in charged), Decimal(0))
    found = planned(*rows, total=str(total), setup=setup, existing=existing)
    judge_header(found, a_header(**columns), existing, "USPM", setup)
    return found


def drafted(
    *rows: StagedRow, setup: FinanceSetup = FINANCE, proforma_accounting_date: str | None = None, **columns: Any
) -> InvoiceDraft:
    """The invoice of a proposal that has these rows and is dated 2026-08-31."""
    found = judged(*rows, setup=setup)
    assert found.waits == []
    columns |= {"billed_on": found.billed_on, "accounting_date": proforma_accounting_date}
    header = a_header(ProposalStatus.READY, **columns)
    return draft(header, [line for _, line in found.lines], setup, date(2026, 8, 31))
