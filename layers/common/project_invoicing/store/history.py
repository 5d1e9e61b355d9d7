"""The history of documents: one item per entry, in a partition beside the document's, never changed.

``at`` when, ``wi`` ``wn`` ``wh`` id and name of who did it and how, ``wt`` what, ``b`` ``f`` before and after as JSON,
``wc`` the clock to the microsecond when it was written: the order of what was done within a second (D-159).
Each entry is to be sealed (``store.unsealed``), whoever writes it.
The key is made of the time and what the command says: a command that is delivered twice makes one entry, and its second
transaction is refused as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.items import Item, readable
from project_invoicing.store.transactions import Write, get, put, query, transact
from project_invoicing.store.unsealed import to_seal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry

PREFIX: Final = "HISTORY#"


def entry(table: str, document: str, made: HistoryEntry) -> Write:
    """The write of an entry about the document with this partition key. It must be new."""
    who = made.who
    item = {
        "pk": f"{PREFIX}{document}",
        "sk": _place(made),
        "at": made.at,
        "wi": who.id,
        "wn": who.name,
        "wh": who.how,
        "wt": made.what,
        "b": _text(made.before),
        "f": _text(made.after),
        "wc": clock(),
        **to_seal(made.at),
    }
    return put(table, item, unless_exists=True)


def commit(client: DynamoDBClient, table: str, document: str, made: HistoryEntry, writes: Iterable[Write]) -> None:
    """Commits what was done together with its entry. If the entry is there, the command was carried out before.

    Raises ``TransactionCancelled`` where another run was faster.
    """
    try:
        transact(client, [*writes, entry(table, document, made)])
    except TransactionCancelled:
        if not is_there(client, table, document, made):
            raise


def is_there(client: DynamoDBClient, table: str, document: str, made: HistoryEntry) -> bool:
    """Whether this very entry was written: the command has been carried out before."""
    return get(client, table, f"{PREFIX}{document}", _place(made)) is not None


def of(client: DynamoDBClient, table: str, document: str) -> Iterator[HistoryEntry]:
    """The entries about a document, oldest first.

    Those that earlier versions wrote have no clock. Within a second they come first, in the order of their keys.
    """
    found = (readable(_entry_of, item) for item in query(client, table, f"{PREFIX}{document}"))
    yield from sorted((made for made in found if made), key=lambda made: made.order)


def clock() -> str:
    """Now, as the machine knows it. The key of an entry has nothing of it, so a repetition is the same entry."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _entry_of(item: Item) -> HistoryEntry:
    # Imported late: most functions have no entry to read or write, and start without what it is made of.
    from project_invoicing.domain.actor import Actor, How  # noqa: PLC0415
    from project_invoicing.domain.history import Done, HistoryEntry  # noqa: PLC0415

    who = Actor(item["wi"], item["wn"], How(item["wh"]))
    before, after = (json.loads(item[name]) if name in item else {} for name in ("b", "f"))
    return HistoryEntry(item["at"], who, Done(item["wt"]), before, after, item.get("wc", ""))


def _place(made: HistoryEntry) -> str:
    said = json.dumps([made.who.id, made.what, made.after], sort_keys=True, default=str)
    return f"{made.at}#{blake2b(said.encode(), digest_size=8).hexdigest()}"


def _text(values: Any) -> str | None:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False, default=str) if values else None
