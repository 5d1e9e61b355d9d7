"""Rows as Dataverse has them now, as far as a reconciliation compares them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple


class WrittenBack(NamedTuple):
    """What Dataverse has of the accounting details of an actual."""

    voucher: str | None
    accounting_amount: Decimal | None
    exchange_rate: Decimal | None
    sales_tax_amount: Decimal | None


class ActualThere(NamedTuple):
    """An actual. ``kind`` and ``billing_type`` are in our words; ``proforma`` and ``currency`` are ids of Dataverse."""

    id: str
    version: int | None
    is_skipped: bool
    kind: str | None
    billing_type: str
    amount: Decimal | None
    proforma: str | None
    currency: str | None
    written: WrittenBack


class ProformaThere(NamedTuple):
    """A proforma. ``is_out``: it is confirmed, or further; ``columns`` are those of what was written back."""

    id: str
    version: int | None
    number: str | None
    total: Decimal | None
    currency: str | None
    is_canceled: bool
    is_out: bool
    columns: Mapping[str, Any]
