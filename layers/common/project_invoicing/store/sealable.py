"""What can be sealed, read from the tables: entries of histories, and the pages of posted documents in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from project_invoicing.domain.ledger import PERSONS
from project_invoicing.domain.seals import STACK, Entry, item_hash
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.store import unsealed
from project_invoicing.store.history import PREFIX as HISTORY
from project_invoicing.store.items import Item
from project_invoicing.store.transactions import Write, get_many

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEDGER: Final = "ledger"
MARKED: Final = ("journals", "proposals", "staging", "dataverse", "setup", "master_data", "ledger_batches")
"""The tables with the index of what is to be sealed."""
PAGE: Final = "V#"
"""How the sort key of a page of the ledger begins."""
_HEADER: Final = "H"
_PERSONS: Final = tuple(f"{source.upper()}#" for source in PERSONS)
_DOCUMENTS: Final = {"journals": ("JOURNAL#", *_PERSONS), "proposals": ("PROPOSAL#",)}
"""How the keys of posted documents begin."""
_BATCHES: Final = "ledger_batches"
_STAGED: Final = f"{ACTUAL}#"
_ROW: Final = "A"

Key = tuple[str, str]


class Waiting(NamedTuple):
    """An item that the index shows: since when it waits, its table and its key."""

    since: str
    table: str
    pk: str
    sk: str


@dataclass(slots=True)
class Unit:
    """What is sealed at once: an entry of a history, or a posted document with its pages from ``first`` on.

    ``hashes`` has what was found, in order, and ``last`` is the last page that was looked for.
    """

    shown: Waiting
    item: Item
    chain: str
    first: int = 1
    last: int = 0
    hashes: list[Entry] = field(default_factory=list)

    @property
    def table(self) -> str:
        return self.shown.table

    @property
    def since(self) -> str:
        return unsealed.since(self.item) or self.shown.since

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is left for another seal."""
        return not self.is_document or self.last >= self.pages

    @property
    def is_document(self) -> bool:
        return not str(self.item["pk"]).startswith(HISTORY)

    @property
    def pages(self) -> int:
        """How many pages a document has in the ledger at the most: it was posted in so many steps."""
        return int(self.item.get("pg" if self.table == "journals" else "pp", 0))


class Sealable:
    """Access to the tables whose items are sealed, by their kinds (``ledger``, ``journals`` …)."""

    def __init__(self, client: DynamoDBClient, tables: Mapping[str, str]) -> None:
        self.client = client
        self.tables = tables

    def waiting(self) -> list[Waiting]:
        """What the indexes show, the oldest first. At least one request a table; nothing that is sealed is read."""
        found = (
            Waiting(since, kind, pk, sk)
            for kind in MARKED
            if kind in self.tables
            for since, pk, sk in unsealed.waiting(self.client, self.tables[kind])
        )
        return sorted(found)

    def units(self, shown: Sequence[Waiting]) -> list[Unit]:
        """Those of the items shown that still wait, with their companies, in the order given. Strongly consistent."""
        items = self._items((one.table, one.pk, one.sk) for one in shown)
        owners = self._items(owner for one in shown if (owner := _owner(one)))
        found = []
        for one in shown:
            item = items.get((one.table, one.pk, one.sk))
            if item is None or unsealed.since(item) is None:
                continue
            place = _owner(one)
            holder = owners.get(place, {}) if place else item
            first = unsealed.pages_sealed(item) + 1
            found.append(Unit(one, item, str(holder.get("co") or STACK), first))
        return found

    def read(self, units: Iterable[Unit], most: int) -> int:
        """Hashes the entries of the units, at most ``most`` in all; returns how many units have something now.

        Of a document only some of its pages may fit: ``last`` is the last of them.
        """
        pages: dict[Key, Unit] = {}
        room, taken = most, 0
        for unit in units:
            if room <= 0:
                break
            taken += 1
            if not unit.is_document:
                unit.hashes = [entry_of(unit.table, unit.item)]
                room -= 1
                continue
            unit.last = min(unit.pages, unit.first + room - 1)
            keys = [(str(ledger_partition(unit.item)), f"{PAGE}{n:06d}") for n in range(unit.first, unit.last + 1)]
            pages |= dict.fromkeys(keys, unit)
            room -= len(keys)
        for page in get_many(self.client, self.tables[LEDGER], pages):
            pages[str(page["pk"]), str(page["sk"])].hashes.append(entry_of(LEDGER, page))
        return taken

    def sealed(self, unit: Unit, place: str) -> Write:
        """The write that takes a unit from what waits, in the transaction of the seal at ``place``."""
        table = self.tables[unit.table]
        if not unit.is_whole:
            return unsealed.sealed_up_to(table, unit.item, unit.last)
        if not unit.hashes and unit.first == 1:
            return unsealed.nothing_to_seal(table, unit.item)
        return unsealed.sealed(table, unit.item, place)

    def entries(self, keys: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, Item]]:
        """The items with these tables and keys that are there, each with its table. Strongly consistent."""
        for (table, _, _), item in self._items(keys).items():
            yield table, item

    def _items(self, keys: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], Item]:
        wanted: dict[str, dict[Key, None]] = {}
        for table, pk, sk in keys:
            wanted.setdefault(table, {})[pk, sk] = None
        found = (
            ((table, str(item["pk"]), str(item["sk"])), item)
            for table, some in wanted.items()
            if table in self.tables
            for item in get_many(self.client, self.tables[table], some)
        )
        return dict(found)


def entry_of(table: str, item: Item) -> Entry:
    return Entry(table, str(item["pk"]), str(item["sk"]), item_hash(item))


def is_entry(table: str, item: Item) -> bool:
    """Whether an item is one that seals hold."""
    if table == LEDGER:
        return str(item["sk"]).startswith(PAGE)
    return str(item["pk"]).startswith(HISTORY)


def is_document(table: str, item: Item) -> bool:
    """Whether an item is the header of a document that is posted into the ledger."""
    return item["sk"] == _HEADER and table in _DOCUMENTS and str(item["pk"]).startswith(_DOCUMENTS[table])


def ledger_partition(header: Item) -> str | None:
    """Where the ledger has the vouchers of a document; ``None`` for a proposal without an invoice's number."""
    pk = str(header["pk"])
    if pk.startswith(_DOCUMENTS["journals"]):
        return pk  # the ledger has them under the same key
    return f"INVOICE#{header['co']}#{header['in']}" if "in" in header else None


def _owner(one: Waiting) -> tuple[str, str, str] | None:
    """Table and key of the document or row whose history has an entry: it has the company."""
    document = one.pk.removeprefix(HISTORY)
    if document == one.pk:
        return None
    if one.table in _DOCUMENTS:
        return one.table, document, _HEADER
    if one.table == _BATCHES:
        batches, _, number = document.rpartition("#")
        return one.table, batches, number
    if one.table == "staging" and document.startswith(_STAGED):
        return one.table, document.removeprefix(_STAGED), _ROW
    return None
