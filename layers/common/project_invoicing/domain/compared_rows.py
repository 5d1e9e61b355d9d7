"""Rows as Dataverse has them now, reduced to what a reconciliation compares."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple


class WrittenBack(NamedTuple):
    """The accounting details of an actual as Dataverse has them."""

    voucher: str | None
    accounting_amount: Decimal | None
    exchange_rate: Decimal | None
    sales_tax_amount: Decimal | None


class ActualThere(NamedTuple):
    """An actual in Dataverse. ``kind`` and ``billing_type`` are our words, ``proforma`` and ``currency`` its ids."""

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
    """A proforma in Dataverse. ``is_out``: it is confirmed or beyond; ``columns`` are those that were written back.

    ``is_paid``: its project invoice status is paid, whoever has said so.
    """

    id: str
    version: int | None
    number: str | None
    total: Decimal | None
    currency: str | None
    is_canceled: bool
    is_out: bool
    columns: Mapping[str, Any]
    is_paid: bool = False
