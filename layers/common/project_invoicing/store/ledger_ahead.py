"""The ledger for whoever reads many documents one after the other: their pages are fetched some documents at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from project_invoicing.store.items import Item
from project_invoicing.store.ledger import PAGE, Entry, Ledger, entries_of, page_key, partition
from project_invoicing.store.transactions import get_many, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DOCUMENTS: Final = 50
"""So many documents are fetched at once, with two pages each: one request."""
_PAGES: Final = 2


class LedgerAhead(Ledger):
    """As ``Ledger``, for documents in the order in which ``look_ahead`` was told of them."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        super().__init__(client, table)
        self._items: dict[str, list[Item]] = {}

    def look_ahead(self, company: str, documents: Sequence[tuple[str, str]]) -> None:
        """Fetches the first pages of these documents, by source and number. Strongly consistent."""
        self._items = {partition(source, company, document): [] for source, document in documents}
        keys = [(pk, page_key(number)) for pk in self._items for number in range(1, _PAGES + 1)]
        found = sorted(get_many(self.client, self.table, keys), key=lambda item: str(item["sk"]))
        for item in found:
            self._items[str(item["pk"])].append(item)

    def pages(self, source: str, company: str, document: str) -> Iterator[list[Entry]]:
        pk = partition(source, company, document)
        items = self._items.get(pk)
        if items is None:
            yield from super().pages(source, company, document)
            return
        yield from map(entries_of, items)
        if len(items) == _PAGES:
            for item in query(self.client, self.table, pk, prefix=PAGE, first=page_key(_PAGES + 1)):
                yield entries_of(item)
