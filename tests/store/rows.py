"""Actuals and connections as the table maps hand them to the store: only what matters in a test is written there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from project_invoicing.domain.actual import Actual, Connection, Reference, RowVersion
from project_invoicing.domain.codes import BillingType, ConnectionRole, TransactionClass, TransactionType

T1, T2, T3 = (f"2026-08-27T16:0{minute}:00.000Z" for minute in (1, 2, 3))


def version(number: int | None = 1, occurred_at: str = T1, content: str = "a") -> RowVersion:
    return RowVersion(number, occurred_at, content)


def an_actual(
    id: str = "actual-1",
    row_version: RowVersion | int | None = 1,
    *,
    transaction_type: TransactionType = TransactionType.COST,
    quantity: str = "8",
    price: str = "100",
    invoice: str | None = None,
    **columns: Any,
) -> Actual:
    return Actual(
        id=id,
        version=row_version if isinstance(row_version, RowVersion) else version(row_version),
        transaction_type=transaction_type,
        transaction_class=TransactionClass.TIME,
        billing_type=BillingType.CHARGEABLE,
        quantity=Decimal(quantity),
        price=Decimal(price),
        amount=Decimal(quantity) * Decimal(price),
        currency=Reference("transactioncurrency", "usd"),
        invoice=Reference("invoice", invoice) if invoice else None,
        **columns,
    )


def a_billed_actual(id: str, invoice: str | None) -> Actual:
    return an_actual(id, transaction_type=TransactionType.BILLED_SALES, invoice=invoice)


def a_link(
    linked_id: str = "unbilled-1",
    row_version: RowVersion | int | None = 1,
    *,
    id: str = "link-1",
    actual_id: str = "actual-1",
    deleted: bool = False,
) -> Connection:
    made = row_version if isinstance(row_version, RowVersion) else version(row_version)
    return Connection(id, made, actual_id, ConnectionRole.UNBILLED, linked_id, deleted)
