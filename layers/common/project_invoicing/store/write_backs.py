"""How far each posted document has been written back to Dataverse, in the staging table.

A document has one item, ``WRITEBACK#source#company#number``. The values to write are on the document's own pages, and
the outcome for each row is on the row itself; the item only has what a worker needs to continue where another one
stopped (D-034):

* ``pg`` ``n`` the page that comes next, and how many of its rows have been tried
* ``dn`` ``fl`` how many rows were written, and how many Dataverse refused
* ``q`` ``qs`` keys of the sparse index ``import_queue`` until all rows have been tried: since when, or from when,
  a worker may resume the document
* ``q`` ``qs`` of a document of which Dataverse has refused something: since when; ``rd`` is its first refusal of a row
* ``rt`` only the rows that are not written are tried, because a person asked for them again
* ``ow`` ``wd`` state of an invoice's own row, and Dataverse's answer where it failed

What is open of an invoice has one of its own, ``WRITEBACK#payment#company#number``, which is taken up again with each
payment: ``nn`` ``pv`` the change that is to be told, and the one that was told last (``Receivable.changes``), ``at``
when that was refused: it is tried again by itself, and keeps its place in the queue.

Who had it tried again is in its history (``store.history``).

Two workers at once do no harm: both write the same values, and if both have tried the same rows only one advances.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.codes import WriteBackState
from project_invoicing.store import history as histories
from project_invoicing.store.errors import ConditionFailed, TransactionCancelled, translated
from project_invoicing.store.items import Expression, Item, key, plain_item, readable
from project_invoicing.store.staging_queue import INDEX
from project_invoicing.store.transactions import get, get_many, query, transact, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry

PREFIX: Final = "WRITEBACK#"
HEADER: Final = "H"
INVOICE_DOCUMENT: Final = "invoice_document"
"""The source of what is kept about the document of an invoice: its items are those of ``told_documents``."""
PAYMENT: Final = "payment"
"""The source of what is open of an invoice."""
UNFINISHED: Final = "W"
"""The partition of these items in the index; the partitions of rows are numbers."""
REFUSED: Final = "F"
"""Their partition once all was tried and something refused, until it is tried again."""


@dataclass(frozen=True, slots=True)
class Document:
    """A posted document. ``source`` is ``journal``, ``invoice`` or ``payment``, ``number`` the document's.

    With ``INVOICE_DOCUMENT`` it is what customers get of an invoice.
    """

    source: str
    company: str
    number: str

    @property
    def pk(self) -> str:
        return f"{PREFIX}{self.source}#{self.company}#{self.number}"


@dataclass(frozen=True, slots=True)
class Progress:
    """A document's item as it was read. ``page`` is empty before the first row."""

    document: Document
    page: str
    rows: int
    done: int
    failed: int
    unfinished: bool
    again: bool
    own: WriteBackState
    own_detail: str | None
    told: int = 0
    """Of payments: the change that was told last."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What Dataverse refused of a document, since when: so many ``rows``, and the first thing that it said."""

    document: Document
    at: str
    rows: int
    detail: str


class WriteBacks:
    """Access to the documents that are written back to Dataverse."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def get(self, document: Document) -> Progress | None:
        item = get(self.client, self.table, document.pk, HEADER)
        return progress_of(item) if item else None

    def many(self, documents: Iterable[Document]) -> dict[Document, Progress]:
        keys = ((document.pk, HEADER) for document in documents)
        return {one.document: one for one in map(progress_of, get_many(self.client, self.table, keys))}

    def record(self, document: Document, at: str) -> bool:
        """Notes a document posted at ``at`` that cannot be written back now. ``False``: it was already noted."""
        expression = Expression()
        values = {"q": UNFINISHED, "qs": at, "dn": 0, "fl": 0}
        return self._written(document, expression, expression.update(values), expression.absent("pk")) is not None

    def take(self, document: Document, until: str) -> Progress | None:
        """Resumes the document and keeps the schedule off it ``until`` then. ``None``: it is finished."""
        expression = Expression()
        change = expression.update({"q": UNFINISHED, "qs": until}, first={"dn": 0, "fl": 0})
        item = self._written(
            document, expression, change, f"{expression.absent('pk')} OR {expression.equal('q', UNFINISHED)}"
        )
        return progress_of(item) if item else None

    def put_off(self, document: Document, until: str, seen: str | None = None) -> bool:
        """Before ``until``, only the holder of the document's message may resume it.

        With ``seen``: only if it is still due since then. ``False``: it is finished, or another worker was faster.
        """
        expression = Expression()
        change = expression.update({"qs": until})
        condition = expression.all_equal({"q": UNFINISHED} | ({"qs": seen} if seen else {}))
        return self._written(document, expression, change, condition) is not None

    def advance(
        self, before: Progress, page: str, rows: int, *, done: int, failed: int, refusal: str | None = None
    ) -> Progress | None:
        """``rows`` more rows have been tried; ``refusal`` is the first. ``None``: another worker has got further."""
        first = {"rd": refusal} if refusal and not before.failed else {}
        return self._got_on(before, {"pg": page, "n": rows} | first, done, failed)

    def finish(self, before: Progress, own: WriteBackState | None, detail: str | None, at: str) -> Progress | None:
        """All rows were tried by ``at``; ``own``: the outcome of an invoice's own row. ``None``: as in ``advance``."""
        refused = before.failed or own is WriteBackState.FAILED
        place = {"q": REFUSED, "qs": at} if refused else {"q": None, "qs": None}
        return self._got_on(before, {**place, **dict.fromkeys(("pg", "n", "rt")), "ow": own, "wd": detail}, 0, 0)

    def again(self, before: Progress, until: str, made: HistoryEntry, *, everything: bool) -> bool:
        """Reopens a finished document to try its refused rows again, or ``everything`` on it; notes who wants it.

        ``False``: another request has already done so.
        """
        anew: dict[str, Any] = {"dn": 0, "ow": None, "wd": None} if everything else {"rt": True}
        values = {"q": UNFINISHED, "qs": until, "fl": 0, "rd": None} | anew
        pk = before.document.pk
        reopened = update(self.table, pk, HEADER, values, expected={"fl": before.failed}, free_for={"q": REFUSED})
        try:
            transact(self.client, [reopened, histories.entry(self.table, pk, made)])
        except TransactionCancelled:
            return False
        return True

    def note_payments(self, document: Document, change: int, until: str) -> bool:
        """Takes up what is open of an invoice, and keeps the schedule off it ``until`` then.

        ``False``: a newer change has been taken up.
        """
        expression = Expression()
        values = {"q": UNFINISHED, "qs": until, "nn": change}
        written = expression.update(values, first={"dn": 0, "fl": 0})
        newest = f"{expression.absent('nn')} OR {expression.name('nn')} <= {expression.value(change)}"
        return self._written(document, expression, written, newest) is not None

    def told_payments(
        self, document: Document, change: int, state: WriteBackState, detail: str | None, again: tuple[str, str] | None
    ) -> bool:
        """What came of telling a change. ``False``: there is a newer one.

        ``again``: when it was refused, and from when on it is tried again.
        """
        expression = Expression()
        queued = dict(zip(("q", "at", "qs"), (UNFINISHED, *again) if again else (None, None, None), strict=True))
        values = {**queued, "pv": change, "ow": state, "wd": detail}
        return (
            self._written(document, expression, expression.update(values), expression.equal("nn", change)) is not None
        )

    def note(self, document: Document, made: HistoryEntry) -> None:
        """An entry about something that was asked for and is carried out by a message, once."""
        histories.commit(self.client, self.table, document.pk, made, [])

    def history(self, document: Document) -> Iterator[HistoryEntry]:
        """Who had it written back again, oldest first."""
        return histories.of(self.client, self.table, document.pk)

    def due(self, at: str) -> Iterator[tuple[Document, str]]:
        """Unfinished documents due at ``at``, with since when. An index read: verify before writing."""
        items = query(self.client, self.table, UNFINISHED, index=INDEX, names=("q", "qs"))
        for item in takewhile(lambda item: bool(item["qs"] <= at), items):
            if document := readable(document_of, item):
                yield document, item["qs"]

    def unfinished(self, limit: int) -> tuple[list[Document], bool]:
        """Documents that are not written back yet, and whether there are more. One request."""
        items = query(self.client, self.table, UNFINISHED, index=INDEX, names=("q", "qs"), limit=limit + 1)
        found = [readable(document_of, item) for item in items]
        return [document for document in found[:limit] if document], len(found) > limit

    def _got_on(self, before: Progress, values: dict[str, Any], done: int, failed: int) -> Progress | None:
        expression = Expression()
        add = {name: number for name, number in (("dn", done), ("fl", failed)) if number}
        change = expression.update(values, add=add)
        expected = {"q": UNFINISHED, "pg": before.page or None, "n": before.rows or None, "rt": before.again or None}
        item = self._written(before.document, expression, change, expression.all_equal(expected))
        return progress_of(item) if item else None

    def _written(self, document: Document, expression: Expression, change: str, condition: str) -> Item | None:
        """The item after the change, ``None`` where the condition does not hold."""
        return changed(self.client, self.table, document, expression, change, condition)


def changed(
    client: DynamoDBClient, table: str, document: Document, expression: Expression, change: str, condition: str = ""
) -> Item | None:
    """A document's item after the change, ``None`` where the condition does not hold."""
    conditions: Any = {"ConditionExpression": condition} if condition else {}
    try:
        with translated():
            answer = client.update_item(
                TableName=table,
                Key=key(document.pk, HEADER),
                UpdateExpression=change,
                **conditions,
                **expression.aliases(),
                ReturnValues="ALL_NEW",
            )
    except ConditionFailed:
        return None
    return plain_item(answer["Attributes"])


def document_of(item: Item) -> Document:
    source, company, number = item["pk"].removeprefix(PREFIX).split("#", 2)
    return Document(source, company, number)


def refusal_of(item: Item) -> Refusal:
    said = item.get("rd") or item.get("wd") or ""
    return Refusal(document_of(item), item.get("at") or item["qs"], int(item.get("fl", 0)), said)


def progress_of(item: Item) -> Progress:
    return Progress(
        document=document_of(item),
        page=item.get("pg", ""),
        rows=item.get("n", 0),
        done=item["dn"],
        failed=item["fl"],
        unfinished=item.get("q") == UNFINISHED,
        again=item.get("rt", False),
        own=WriteBackState(item.get("ow", WriteBackState.PENDING)),
        own_detail=item.get("wd"),
        told=int(item.get("pv", 0)),
    )
