"""How far the write-back has got, as it stands in the staging table.

A row's own item has ``wb``, the state, and ``wd``, what Dataverse answered; an invoice's document ``ow`` and ``wd``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from project_invoicing.domain.codes import WriteBackState
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.store.items import Item
from project_invoicing.store.transactions import get
from project_invoicing.store.write_backs import HEADER, Document

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class WriteBackMark:
    """``answer`` is what Dataverse said, where it refused."""

    state: WriteBackState
    answer: str | None = None


def write_back_mark(item: Item) -> WriteBackMark:
    """The mark on a staging row; nothing there means that it is still to be written."""
    return WriteBackMark(WriteBackState(item.get("wb", WriteBackState.PENDING)), item.get("wd"))


def invoice_mark(client: DynamoDBClient, table: str, company: str, invoice_number: str) -> WriteBackMark:
    """The mark of an invoice's own row in Dataverse, the proforma."""
    found = get(client, table, Document(INVOICE, company, invoice_number).pk, HEADER) or {}
    return WriteBackMark(WriteBackState(found.get("ow", WriteBackState.PENDING)), found.get("wd"))
