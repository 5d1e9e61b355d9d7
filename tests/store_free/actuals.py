"""Actuals and their rows, built by hand: no webhook, no table map, no store."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from project_invoicing.domain.actual import Actual, Reference, RowVersion
from project_invoicing.domain.codes import (
    BillingType,
    ConnectionRole,
    StagingState,
    TransactionClass,
    TransactionType,
)
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.problems import problems
from tests.builders import REFERENCE_TABLES, guid

USUAL = {"project": "PRJ-1", "contract": "CTR-1", "contract_line": "CTR-1-1", "customer": "C-001", "currency": "USD"}


def looked_up(document: dict[str, Any]) -> FinanceSetup:
    """The look-ups over a set-up, which must be right."""
    assert problems(document) == []
    return FinanceSetup(SetupDocument.model_validate(document), 1)


def an_actual(
    kind: TransactionType = TransactionType.UNBILLED_SALES,
    quantity: str = "8",
    price: str = "200",
    *,
    name: str = "work",
    **columns: Any,
) -> Actual:
    """Eight hours at 200 USD on PRJ-1. Look-ups by the names that the set-up knows, ``None`` for none."""
    names = {column: columns.pop(column, usual) for column, usual in USUAL.items()}
    names |= {column: columns.pop(column) for column in list(columns) if column in REFERENCE_TABLES}
    look_ups: dict[str, Any] = {
        column: Reference(REFERENCE_TABLES[column], guid(name)) for column, name in names.items() if name
    }
    made = Actual(
        id=guid(name),
        version=RowVersion(1, "2026-08-27T16:05:00.000Z", "a"),
        transaction_type=kind,
        transaction_class=TransactionClass.TIME,
        billing_type=BillingType.CHARGEABLE,
        quantity=Decimal(quantity),
        price=Decimal(price),
        amount=Decimal(quantity) * Decimal(price),
        start="2026-08-27",
    )
    return replace(made, **look_ups, **columns)


def a_row(actual: Actual, state: StagingState = StagingState.PENDING, **columns: Any) -> StagedRow:
    """The row of an actual. Links by their roles, to names: ``unbilled="sale"``."""
    links = {role: guid(columns.pop(role.value)) for role in ConnectionRole if role.value in columns}
    return StagedRow(actual, state, 1, 1, links=links, **columns)
