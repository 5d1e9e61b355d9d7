"""What says that a batch has a document, as building that batch stores it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from project_invoicing.domain.ledger_batch import BatchId, BatchKind, ListedDocument
from project_invoicing.store import client
from project_invoicing.store.items import Item
from project_invoicing.store.leaving import Taken
from project_invoicing.store.ledger_batches import LedgerBatches


def claimed(company: str, source: str, document: str) -> Item:
    """The item of a document that the first batch of August has alone."""
    day = date(2026, 8, 31)
    listed = ListedDocument(source, document, day, day, 1, 2, Decimal(1), Decimal(1), {"USD": ["1.00", "1.00"]})
    taken = Taken(BatchId(company, BatchKind.LEDGER, 1), 1, "2026-08", [listed])
    (item,) = LedgerBatches(client.dynamodb(), "any").claims(taken)
    return item
