"""Everything that is in a batch or waits for one, read in one go: for a reconciliation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from project_invoicing.domain.ledger import INVOICE, JOURNAL, PERSONS
from project_invoicing.domain.ledger_batch import BatchId
from project_invoicing.store.items import Item
from project_invoicing.store.leaving import TAKEN
from project_invoicing.store.ledger_batches import IN, period_and_batch
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


class Unfinished(NamedTuple):
    """Documents of this company are on a page of a batch and still on the list of what is ready."""

    company: str


def everything(client: DynamoDBClient, table: str) -> Iterator[Claim | Unfinished | Item]:
    """Each claim, and each item of the list of what is ready. It reads the whole table, lists and answers too."""
    for item in scan(client, table):
        pk = str(item["pk"])
        if pk.startswith(READY):
            yield item
        elif pk.startswith(IN):
            company, source, first = _named(pk.removeprefix(IN))
            period, batch = period_and_batch(company, str(item["sk"]))
            for rest in item["ds"]:
                yield Claim(company, source, f"{first}{rest}", period, batch)
        elif pk.startswith(TAKEN) and "lp" in item:
            yield Unfinished(pk.removeprefix(TAKEN))


def _named(place: str) -> tuple[str, str, str]:
    """Company, source, and with what documents begin. Codes and numbers may have any character."""
    for source in _SOURCES:
        company, found, document = place.partition(f"#{source}#")
        if found:
            return company, source, document
    company, _, rest = place.partition("#")
    source, _, document = rest.partition("#")
    return company, source, document


_SOURCES = (JOURNAL, INVOICE, *PERSONS)
