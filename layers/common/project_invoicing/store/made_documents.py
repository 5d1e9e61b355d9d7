"""What was made of the documents of posted invoices, beside each invoice in the proposals table.

Item ``DOCUMENT`` of the invoice: ``st`` state, ``f`` its files as JSON (name, sha256, bytes), ``pb`` every hash that an
attempt was about to put, ``ve`` version of what made it, ``at`` when, ``ma`` where this stack is to mail it. Items
``ATTACHMENT#…``, one a file that is sent with it: ``nm`` its name, ``sh`` sha256, ``by`` bytes, ``at`` when.
What was done is in the history of the invoice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.made_document import Attachment, DocumentState, MadeDocument, StoredFile
from project_invoicing.store import history, outbox
from project_invoicing.store.invoices import partition
from project_invoicing.store.items import Item
from project_invoicing.store.transactions import get, get_many, put, query, transact, update, write_one

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry
    from project_invoicing.events import BusEvent

KEY: Final = "DOCUMENT"
ATTACHMENT: Final = "ATTACHMENT#"


class MadeDocuments:
    """Access to what was made. Each write raises ``Conflict`` where another run was faster."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def get(self, company: str, number: str) -> MadeDocument | None:
        item = get(self.client, self.table, partition(company, number), KEY)
        return _made(company, number, item) if item else None

    def among(self, invoices: Iterable[tuple[str, str]]) -> dict[tuple[str, str], MadeDocument]:
        """What was made of these invoices, by company and number. A request for a hundred of them."""
        keys = {partition(company, number): (company, number) for company, number in invoices}
        found = get_many(self.client, self.table, ((key, KEY) for key in keys))
        return {keys[item["pk"]]: _made(*keys[item["pk"]], item) for item in found}

    def begin(self, made: MadeDocument) -> None:
        """What the files are to be, before any of them is put."""
        item = {
            "pk": partition(made.company, made.invoice_number),
            "sk": KEY,
            "st": made.state,
            "f": _files(made.files),
            "pb": json.dumps(made.possible),
            "ve": made.version,
            "at": made.at,
        }
        transact(self.client, [put(self.table, item, unless_exists=True)])

    def begin_again(self, before: MadeDocument, made: MadeDocument) -> None:
        """Another version makes what an earlier attempt has not finished."""
        values = {"f": _files(made.files), "pb": json.dumps(made.possible), "ve": made.version}
        expected = {"st": before.state, "pb": json.dumps(before.possible)}
        key = partition(made.company, made.invoice_number)
        write_one(self.client, update(self.table, key, KEY, values, expected=expected))

    def ready(self, made: MadeDocument, done: Iterable[HistoryEntry], event: BusEvent) -> None:
        """All files are in the bucket: the document is ready, its history says so, and everybody hears of it."""
        key = partition(made.company, made.invoice_number)
        values = {"st": DocumentState.READY, "f": _files(made.files), "ve": made.version, "at": made.at}
        values |= {"ma": True} if made.to_mail else {}
        transact(
            self.client,
            [
                update(self.table, key, KEY, values, expected={"st": DocumentState.MAKING}),
                *(history.entry(self.table, key, one) for one in done),
                outbox.record(self.table, event),
            ],
        )

    def attach(self, company: str, number: str, attachment: Attachment, done: HistoryEntry) -> None:
        """A file that was put under its key is the invoice's. It must be new."""
        key = partition(company, number)
        item = {
            "pk": key,
            "sk": f"{ATTACHMENT}{attachment.name}",
            "nm": attachment.name,
            "sh": attachment.sha256,
            "by": attachment.bytes,
            "at": attachment.at,
        }
        transact(self.client, [put(self.table, item, unless_exists=True), history.entry(self.table, key, done)])

    def attachments(self, company: str, number: str) -> list[Attachment]:
        found = query(self.client, self.table, partition(company, number), prefix=ATTACHMENT)
        return [Attachment(item["nm"], item["sh"], int(item["by"]), item["at"]) for item in found]

    def history(self, company: str, number: str) -> Iterator[HistoryEntry]:
        """What was done about the document of an invoice, oldest first."""
        return history.of(self.client, self.table, partition(company, number))


def state_of(item: Item) -> DocumentState:
    return DocumentState(item["st"])


def _files(files: Sequence[StoredFile]) -> str:
    return json.dumps([[one.name, one.sha256, one.bytes] for one in files])


def _made(company: str, number: str, item: Item) -> MadeDocument:
    return MadeDocument(
        company=company,
        invoice_number=number,
        state=DocumentState(item["st"]),
        files=tuple(StoredFile(*one) for one in json.loads(item["f"])),
        version=int(item["ve"]),
        at=item["at"],
        possible=tuple((name, sha256) for name, sha256 in json.loads(item["pb"])),
        to_mail=bool(item.get("ma")),
    )
