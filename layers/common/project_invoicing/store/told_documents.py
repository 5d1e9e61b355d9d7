"""What Dataverse was told of the documents of invoices, in the staging table beside the write-backs.

A document has one item, ``WRITEBACK#invoice_document#company#number``:

* ``q`` ``qs`` keys of the sparse index ``import_queue``, as those of write-backs, until Dataverse has taken it
* ``bg`` how many have begun to tell: only who began last may say that it is done, as only they have seen everything
* ``ow`` ``wd`` done or failed, and Dataverse's answer where it failed
* ``ln`` ``sd`` the link and the standing that are told, or are to be told
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from project_invoicing.domain.codes import DocumentStanding, WriteBackState
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.told_document import ToldDocument
from project_invoicing.store import history as histories
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.items import Expression, Item
from project_invoicing.store.transactions import get, transact, update
from project_invoicing.store.write_backs import (
    HEADER,
    INVOICE_DOCUMENT,
    REFUSED,
    UNFINISHED,
    Document,
    changed,
    document_of,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry


class ToldDocuments:
    """Access to what was told."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def get(self, company: str, number: str) -> ToldDocument | None:
        item = get(self.client, self.table, _document(company, number).pk, HEADER)
        return told_of(item) if item else None

    def begin(self, company: str, number: str, until: str, link: str, standing: DocumentStanding) -> ToldDocument:
        """Somebody begins to tell; the schedule tries again after ``until`` unless they end.

        It has no condition of its own: whatever was told before, there may be more now.
        """
        expression = Expression()
        change = expression.update({"q": UNFINISHED, "qs": until, "ln": link, "sd": standing}, add={"bg": 1})
        item = changed(self.client, self.table, _document(company, number), expression, change)
        return told_of(item or {})

    def end(
        self,
        begun: ToldDocument,
        state: WriteBackState,
        *,
        standing: DocumentStanding | None = None,
        refused: tuple[str, str] | None = None,
    ) -> bool:
        """Dataverse has answered; ``refused``: when, with what. ``False``: somebody has begun since, and ends it."""
        expression = Expression()
        at, detail = refused or (None, None)
        place = {"q": REFUSED if refused else None, "qs": at}
        values = {**place, "ow": state, "wd": detail, "sd": standing or begun.standing}
        change = expression.update(values)
        document = _document(begun.company, begun.invoice_number)
        condition = expression.equal("bg", begun.takers)
        return changed(self.client, self.table, document, expression, change, condition) is not None

    def again(self, company: str, number: str, until: str, made: HistoryEntry) -> bool:
        """A person wants it told again, which the history of the invoice's write-back says. ``False``: it is due."""
        pk = _document(company, number).pk
        reopened = update(
            self.table, pk, HEADER, {"q": UNFINISHED, "qs": until}, expected={}, free_for={"q": REFUSED}, add={"bg": 1}
        )
        try:
            entry = histories.entry(self.table, Document(INVOICE, company, number).pk, made)
            transact(self.client, [reopened, entry])
        except TransactionCancelled:
            return False
        return True


def told_of(item: Item) -> ToldDocument:
    document = document_of(item)
    standing = item.get("sd")
    return ToldDocument(
        company=document.company,
        invoice_number=document.number,
        state=WriteBackState.PENDING if item.get("q") == UNFINISHED else WriteBackState(item["ow"]),
        takers=int(item["bg"]),
        link=item.get("ln"),
        standing=DocumentStanding(standing) if standing else None,
        detail=item.get("wd"),
    )


def _document(company: str, number: str) -> Document:
    return Document(INVOICE_DOCUMENT, company, number)
