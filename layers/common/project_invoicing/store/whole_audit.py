"""Everything that the audit chain is about, read from the tables of a stack: for a verification, or an export of it.

The tables are read in parts that several threads read at once. What is kept of an item is its hash, so that memory
grows with the number of entries and not with their size.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any, Final, NamedTuple, TypeVar

from project_invoicing.domain.sealed_items import Document, Found
from project_invoicing.domain.seals import item_hash
from project_invoicing.store import unsealed
from project_invoicing.store.errors import translated
from project_invoicing.store.history import PREFIX as HISTORY
from project_invoicing.store.items import Expression, Item, plain_item, typed_item
from project_invoicing.store.sealable import LEDGER, Sealable, is_document, is_entry, ledger_partition

T = TypeVar("T")

THREADS: Final = 8
_PARTS: Final = 4
"""Of a table; a small one costs as many requests at least."""

Row = tuple[str, Item]
"""An item with the kind of its table."""


class _Part(NamedTuple):
    """A part of a table, from ``start`` on."""

    kind: str
    number: int
    start: Any = None


def rows(sealable: Sealable, use: Callable[[Row], T]) -> Iterator[T]:
    """``use`` of all entries of the ledger and of histories, and of the headers of what is posted, in no order.

    ``use`` is called by several threads.
    """

    def read(part: _Part) -> tuple[list[T], _Part | None]:
        items, start = _scanned(sealable, part)
        kept = [(part.kind, item) for item in items if is_entry(part.kind, item) or is_document(part.kind, item)]
        return [use(row) for row in kept], part._replace(start=start) if start else None

    # The ledger comes first: a document that is posted meanwhile then says of its pages that they are to be sealed.
    for kinds in ([LEDGER], [kind for kind in sealable.tables if kind != LEDGER]):
        yield from _at_once(read, [_Part(kind, number) for kind in kinds for number in range(_PARTS)])


def _at_once(read: Callable[[_Part], tuple[list[T], _Part | None]], parts: Iterable[_Part]) -> Iterator[T]:
    with ThreadPoolExecutor(THREADS) as pool:
        pending = {pool.submit(read, part) for part in parts}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                some, rest = future.result()
                if rest:
                    pending.add(pool.submit(read, rest))
                yield from some


def again(sealable: Sealable, keys: Iterable[tuple[str, str, str]]) -> Iterator[Row]:
    """Entries that were sealed while the tables were read, and not found there: those that exist."""
    return sealable.entries(keys)


def key_of(row: Row) -> tuple[str, str, str]:
    kind, item = row
    return kind, str(item["pk"]), str(item["sk"])


def found(row: Row) -> Found | Document:
    """What a verification needs of an item."""
    kind, item = row
    if not is_document(kind, item):
        pk, sk = str(item["pk"]), str(item["sk"])
        return Found(kind, pk, sk, item_hash(item), item.get("at"), unsealed.since(item), unsealed.sealed_in(item))
    return Document(
        ledger_partition(item),
        f"{HISTORY}{item['pk']}",
        item.get("co"),
        item.get("st"),
        unsealed.since(item),
        unsealed.sealed_in(item),
    )


_OF_A_DOCUMENT: Final = ("pk", "sk", "co", "in", "st", "se", "sp", "ua")


def exported(row: Row) -> dict[str, Any]:
    """An item as an export has it: DynamoDB's JSON, of a header only what is needed of it."""
    kind, item = row
    if is_document(kind, item):
        item = {name: item[name] for name in _OF_A_DOCUMENT if name in item}
    typed = typed_item(item)
    return {"table": kind, "item": {name: _with_bytes(value, _in_base64) for name, value in typed.items()}}


def imported(line: dict[str, Any]) -> Row:
    """An item of an export. Raises whatever a line does that is none."""
    item = {name: _with_bytes(value, b64decode) for name, value in line["item"].items()}
    return str(line["table"]), plain_item(item)


def _with_bytes(value: dict[str, Any], coded: Callable[[Any], Any]) -> dict[str, Any]:
    """An attribute value with its bytes coded otherwise; only the pages of the ledger have some, and not nested."""
    return {"B": coded(value["B"])} if "B" in value else value


def _in_base64(value: bytes) -> str:
    """As DynamoDB's JSON has bytes."""
    return b64encode(value).decode()


def _scanned(sealable: Sealable, part: _Part) -> tuple[list[Item], Any]:
    """One page of a part of a table, and where the next one begins."""
    expression = Expression()
    request: dict[str, Any] = {
        "TableName": sealable.tables[part.kind],
        "ConsistentRead": True,
        "Segment": part.number,
        "TotalSegments": _PARTS,
    }
    if part.kind != LEDGER:
        history = f"begins_with({expression.name('pk')}, {expression.value(HISTORY)})"
        request["FilterExpression"] = f"{history} OR {expression.equal('sk', 'H')}"
        request |= expression.aliases()
    if part.start:
        request["ExclusiveStartKey"] = part.start
    with translated():
        answer = sealable.client.scan(**request)
    return [plain_item(item) for item in answer["Items"]], answer.get("LastEvaluatedKey")
