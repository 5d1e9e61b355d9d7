"""The list of what is ready to leave for a general ledger: posted documents that are in no batch yet.

In the table of ledger batches, under ``READY#`` and the company. The sort key is the document's first accounting date,
its source and its id, so that the list is in the order in which batches take documents: ``la`` is its last accounting
date, ``dn`` the fiscal periods that batches have already taken of it, ``wy`` why it cannot be taken. A document is
listed in the transaction that completes its posting, once, and leaves the list when it is in a batch with all its
periods.

The id of a pending vendor invoice is that of its lender and its number, as two lenders may draw the same one. One that
is posted has a second place, under the number of its voucher.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from project_invoicing.domain.ledger import VENDOR_INVOICE
from project_invoicing.store.items import Item
from project_invoicing.store.transactions import Write, delete, get_many, put, query, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PREFIX: Final = "READY#"
_MARK: Final = "#"


@dataclass(frozen=True, slots=True)
class ReadyDocument:
    """A completely posted document. ``source`` is ``journal``, ``invoice``, or one of what persons make (``PERSONS``).

    ``first`` and ``last`` are the accounting dates of its vouchers; only a journal has several. ``done``: the fiscal
    periods (``2026-09``) with which it is in a batch already. ``why`` it could not be taken when a batch was last made.
    """

    company: str
    source: str
    document: str
    first: date
    last: date
    done: tuple[str, ...] = ()
    why: str | None = None

    @property
    def is_payable(self) -> bool:
        """Whether it is a pending vendor invoice, which has no voucher of ours. Numbers of vouchers have no mark."""
        return self.source == VENDOR_INVOICE and _MARK in self.document

    @property
    def key(self) -> str:
        """Its place on its company's list."""
        return place(self.first, self.source, self.document)


class Ready:
    """Access to the list. Its reads are strongly consistent."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def of(self, company: str) -> Iterator[ReadyDocument]:
        """The company's list, by first accounting date, source and document; read page by page as it is consumed."""
        for item in query(self.client, self.table, partition(company)):
            yield document_of(item)

    def page(self, company: str, limit: int, after: str | None) -> tuple[list[ReadyDocument], str | None]:
        """At most ``limit`` documents that come ``after`` a place, and the place of the last one if there may be more.

        One request.
        """
        first = f"{after}!" if after else ""
        found = list(query(self.client, self.table, partition(company), first=first, limit=limit))
        documents = [document_of(item) for item in found]
        return documents, documents[-1].key if len(documents) == limit else None

    def having(self, documents: Sequence[ReadyDocument]) -> set[tuple[str, str]]:
        """The companies and keys of those of these documents that are on the list."""
        keys = ((partition(one.company), one.key) for one in documents)
        found = map(document_of, get_many(self.client, self.table, keys))
        return {(one.company, one.key) for one in found}

    def put(self, document: ReadyDocument) -> Write:
        """Puts a document on the list, which must not have it: for the transaction that completes its posting."""
        item = {
            "pk": partition(document.company),
            "sk": document.key,
            "la": None if document.last == document.first else document.last.isoformat(),
        }
        return put(self.table, item, unless_exists=True)

    def taken(self, document: ReadyDocument) -> Write:
        """Takes a document from the list, on condition that it is still there as it was read."""
        return delete(self.table, partition(document.company), document.key, expected=_as_read(document))

    def done_with(self, document: ReadyDocument, period: str) -> Write:
        """A batch has taken what the document has in a fiscal period; it waits for batches of its other ones."""
        done = sorted({*document.done, period})
        return update(
            self.table,
            partition(document.company),
            document.key,
            {"dn": done, "wy": None},
            expected=_as_read(document),
        )

    def held(self, document: ReadyDocument, why: str) -> Write:
        """It cannot be taken, and stays on the list with the reason."""
        return update(self.table, partition(document.company), document.key, {"wy": why}, expected=_as_read(document))


def _as_read(document: ReadyDocument) -> dict[str, Sequence[str] | str | None]:
    return {"pk": partition(document.company), "dn": list(document.done) or None}


def place(first: date, source: str, document: str) -> str:
    """Where a document is on its company's list, by its first accounting date."""
    return _MARK.join((first.isoformat(), source, document))


def partition(company: str) -> str:
    return f"{PREFIX}{company}"


def document_of(item: Item) -> ReadyDocument:
    first, source, document = str(item["sk"]).split(_MARK, 2)
    return ReadyDocument(
        str(item["pk"]).removeprefix(PREFIX),
        source,
        document,
        date.fromisoformat(first),
        date.fromisoformat(item.get("la", first)),
        tuple(item.get("dn", ())),
        item.get("wy"),
    )


def vendor_document(lender: str, invoice_number: str) -> str:
    """The id on the list of the vendor invoice that matches an invoice of its lender.

    The mark that ends the lender is encoded in its code, which may have any character.
    """
    return f"{lender.replace('%', '%25').replace(_MARK, '%23')}{_MARK}{invoice_number}"


def lender_and_number(document: str) -> tuple[str, str]:
    """The lender of a vendor invoice, and the invoice's number, from its id on the list."""
    lender, _, number = document.partition(_MARK)
    return unquote(lender), number
