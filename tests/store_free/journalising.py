"""Actuals, their rows and their journal lines without any store: built by hand, resolved, judged.

cost(project="PRJ-ASSET")                          an actual
line(cost(), setup)                                its journal line
posted(cost(), setup)                              what posting makes of it: voucher, accrual or why it fails
entries(posted(cost(), setup))                     its voucher to the cent
posted(cost("-8"), setup, as_posted(cost(), setup))    a reversal, with the row that it takes back
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from project_invoicing.domain.actual import Actual, Reference, RowVersion
from project_invoicing.domain.calendar import period_key
from project_invoicing.domain.codes import (
    BillingType,
    ConnectionRole,
    JournalStatus,
    StagingState,
    TransactionClass,
    TransactionType,
)
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.journal_lines import Candidate, discounted_as, journal_line, original_rate
from project_invoicing.rules.journal_posting import PostedLine, judge
from project_invoicing.rules.lineage import continued_by, handed_on_by
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.problems import problems
from tests.builders import REFERENCE_TABLES, guid
from tests.rules.finance import finance

LOOK_UPS = ("project", "contract", "contract_line", "customer", "currency", "category", "product")
USUAL = {"project": "PRJ-1", "contract": "CTR-1", "contract_line": "CTR-1-1", "customer": "C-001", "currency": "USD"}
EXPENSE: dict[str, Any] = {"transaction_class": "expense"}
MATERIAL: dict[str, Any] = {"transaction_class": "material"}
FEE: dict[str, Any] = {"transaction_class": "fee"}


def looked_up(document: dict[str, Any]) -> FinanceSetup:
    """The look-ups over a set-up, which must be right. Every project that it has can be referred to."""
    document["references"]["msdyn_project"] |= {guid(name): name for name in document["projects"]}
    assert problems(document) == []
    return FinanceSetup(SetupDocument.model_validate(document), 1)


CONTOSO = looked_up(finance())


def an_actual(
    kind: TransactionType,
    quantity: str,
    price: str,
    *,
    name: str = "work",
    transaction_class: str = "time",
    billing_type: str = "chargeable",
    resource: str | None = "Bob Kozack",
    **columns: Any,
) -> Actual:
    """``columns`` are more of an actual's, look-ups by their names (``None``: it has none)."""
    named = {**USUAL, **columns}
    references = {
        column: Reference(REFERENCE_TABLES[column], guid(found)) if (found := named.pop(column, None)) else None
        for column in LOOK_UPS
    }
    usual: dict[str, Any] = {"start": "2026-08-27", "document_date": "2026-08-27"}
    return Actual(
        id=guid(name),
        version=RowVersion(1, "2026-08-27T16:05:00.000Z", "a"),
        transaction_type=kind,
        transaction_class=TransactionClass(transaction_class),
        billing_type=BillingType(billing_type),
        quantity=Decimal(quantity),
        price=Decimal(price),
        amount=Decimal(quantity) * Decimal(price),
        resource=Reference(REFERENCE_TABLES["resource"], guid(resource), resource) if resource else None,
        **{**usual, **references, **named},
    )


def discounted(amount: str) -> dict[str, Any]:
    """A discount on a sale."""
    return {"discount": Decimal(amount)}


def cost(quantity: str = "8", price: str = "100", **columns: Any) -> Actual:
    return an_actual(TransactionType.COST, quantity, price, **columns)


def sale(quantity: str = "8", price: str = "200", **columns: Any) -> Actual:
    return an_actual(TransactionType.UNBILLED_SALES, quantity, price, **columns)


def a_row(actual: Actual, original: StagedRow | None = None) -> StagedRow:
    """The row of an actual before its import, with a connection to what it reverses."""
    links = {ConnectionRole.ORIGINAL: original.id} if original else {}
    return StagedRow(actual, StagingState.PENDING, changes=0, deliveries=1, links=links)


def candidate(
    actual: Actual,
    setup: FinanceSetup = CONTOSO,
    original: StagedRow | None = None,
    reverses: JournalLine | None = None,
) -> Candidate:
    """``reverses``: the line of what it reverses, which only one with a discount asks for."""
    row = a_row(actual, original)
    linked = {original.id: original} if original else {}
    rate = original_rate(original, setup) if original else None
    resolved = resolve(actual, setup, rate, continued_by(row, linked).lineage)
    assert isinstance(resolved, Resolved), resolved
    resolved = discounted_as(resolved, actual, reverses)
    unit = setup.parameters(resolved.company).journal_period
    return Candidate(row, resolved, period_key(unit, resolved.transaction_date))


def line(actual: Actual, setup: FinanceSetup = CONTOSO, original: StagedRow | None = None) -> JournalLine:
    return journal_line(candidate(actual, setup, original), 1, "PV-00000001")


def posted(actual: Actual, setup: FinanceSetup = CONTOSO, original: StagedRow | None = None) -> PostedLine:
    """What posting makes of the line of an actual, imported and posted with one set-up."""
    made = candidate(actual, setup, original)
    return judged(journal_line(made, 1, "PV-00000001"), setup, original, company=made.resolved.company)


def judged(
    line: JournalLine, setup: FinanceSetup, original: StagedRow | None = None, company: str = "USPM"
) -> PostedLine:
    return judge(line, Journal(company, f"{company}-000001", JournalStatus.PROCESSING, "all", 1, 2), setup, original)


def as_posted(actual: Actual, setup: FinanceSetup = CONTOSO) -> StagedRow:
    """The row of an actual once its line is posted."""
    one = posted(actual, setup)
    assert one.line.error is None
    return replace(
        a_row(actual),
        state=StagingState.POSTED,
        company="USPM",
        journal_id="USPM-000001",
        line_number=1,
        price_rate=one.line.rate,
        accounting_amount=one.line.accounting_amount,
        accrual=one.accrual,
        cost_accounts=one.cost_accounts,
        lineage=handed_on_by(one.line),
    )


def entries(one: PostedLine) -> list[tuple[str, str, str]]:
    """Posting type, account and accounting amount of each line of a voucher; none where nothing reaches the ledger."""
    assert one.line.error is None, one.line.error
    lines = one.voucher.lines if one.voucher else ()
    return [(line.posting_type.value, line.account, str(line.accounting_amount)) for line in lines]


def types(one: PostedLine) -> list[str]:
    """The posting types of a voucher, debit first; both sides have the amount of the line."""
    found = entries(one)
    amounts = [Decimal(amount) for _, _, amount in found]
    assert amounts in ([], [one.line.accounting_amount, -(one.line.accounting_amount or 0)])
    return [posting_type for posting_type, _, _ in found]
