"""Everything that is in a batch or waits for one, read in one go: for a reconciliation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from project_invoicing.domain.ledger_batch import BatchId, BatchKind
from project_invoicing.store.items import Item
from project_invoicing.store.ledger_batches import IN
from project_invoicing.store.ready import PREFIX as READY
from project_invoicing.store.transactions import scan

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Claim(NamedTuple):
    """A document is in this batch with what it has in a period."""

    company: str
    source: str
    document: str
    period: str
    batch: BatchId


def everything(client: DynamoDBClient, table: str) -> Iterator[Claim | Item]:
    """Each claim, and each item of the list of what is ready. It reads the whole table, lists and answers too."""
    for item in scan(client, table):
        pk = str(item["pk"])
        if pk.startswith(READY):
            yield item
        elif pk.startswith(IN):
            company, source, document = _named(pk.removeprefix(IN))
            yield Claim(
                company, source, document, str(item["sk"]), BatchId(company, BatchKind(item["kd"]), int(item["nu"]))
            )


def _named(place: str) -> tuple[str, str, str]:
    """Company, source and document. A company's code may have any character, and a document's number, too."""
    for source in _SOURCES:
        company, found, document = place.partition(f"#{source}#")
        if found:
            return company, source, document
    company, _, rest = place.partition("#")
    source, _, document = rest.partition("#")
    return company, source, document


_SOURCES = ("journal", "invoice", "vendor_invoice")
