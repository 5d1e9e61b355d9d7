"""What is still to be sealed: the sparse index ``unsealed`` of the tables that keep posted documents and histories.

An entry of a history and the header of a posted document have ``ua``, the time of what was done, from the transaction
that wrote it until the one that seals it; then ``se``, the chain and the number of the seal. ``sp`` is on the header of
a document whose pages of the ledger are not all in one seal yet: the page that was sealed last. No other item needs to
be written for it, and nothing that is sealed is ever written again beside these three (D-135).

The index only proposes. It may lag, and what it shows late is sealed later; what it shows too long is read and is no
longer there. So no clock and no order of commits can hide anything from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from project_invoicing.store.items import Item
from project_invoicing.store.transactions import Write, get, scan_index, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX: Final = "unsealed"


class Mark(NamedTuple):
    """``since`` when an item waits to be sealed, or the ``place`` of its seal; neither where it is not to be sealed."""

    since: str | None
    place: str | None


def to_seal(at: str) -> dict[str, str]:
    """The attribute of what was done at ``at`` and is not sealed."""
    return {"ua": at}


def since(item: Item) -> str | None:
    """Since when an item waits to be sealed; ``None`` for one that does not."""
    found = item.get("ua")
    return None if found is None else str(found)


def sealed_in(item: Item) -> str | None:
    """``domain.seals.place_of`` the seal that holds an item, of a document the one with its last page."""
    found = item.get("se")
    return None if found is None else str(found)


def pages_sealed(item: Item) -> int:
    return int(item.get("sp", 0))


def mark_of(client: DynamoDBClient, table: str, pk: str, sk: str) -> Mark:
    """How the sealing of an item stands. One request."""
    item = get(client, table, pk, sk) or {}
    return Mark(since(item), sealed_in(item))


def waiting(client: DynamoDBClient, table: str) -> Iterator[tuple[str, str, str]]:
    """Since when, and the key of each item that is to be sealed."""
    for item in scan_index(client, table, INDEX):
        yield str(item["ua"]), str(item["pk"]), str(item["sk"])


def sealed(table: str, item: Item, place: str) -> Write:
    """The item is in this seal, whole."""
    return _marked(table, item, {"ua": None, "sp": None, "se": place})


def sealed_up_to(table: str, item: Item, page: int) -> Write:
    """The pages of a document up to this one are sealed. The others are still to be."""
    return _marked(table, item, {"sp": page})


def nothing_to_seal(table: str, item: Item) -> Write:
    """A posted document without a page in the ledger."""
    return _marked(table, item, {"ua": None})


def of_an_earlier_version(table: str, item: Item, at: str) -> Write:
    """To be sealed: what a version without seals wrote. On condition that nobody has marked it."""
    expected = {"pk": item["pk"], "st": item.get("st"), "ua": None, "se": None}
    return update(table, item["pk"], item["sk"], to_seal(at), expected=expected)


def _marked(table: str, item: Item, values: dict[str, Any]) -> Write:
    expected = {"ua": item["ua"], "sp": item.get("sp")}
    return update(table, item["pk"], item["sk"], values, expected=expected)
