"""What was mailed of the documents of posted invoices, beside each invoice in the proposals table.

Item ``MAIL`` of the invoice: ``st`` state, ``n`` how many mails there were, ``cl`` which message or command sends the
last one, ``wc`` the clock when it began, ``ad`` ``la`` its address and language, ``at`` when it was asked for, ``mi``
the mail service's id of it, ``se`` what the service has told of it. Only whoever has written its number sends a mail.
The event that its state has changed is recorded in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.mailed_document import MailedDocument, MailState
from project_invoicing.store import history, outbox
from project_invoicing.store.invoices import partition
from project_invoicing.store.items import Item
from project_invoicing.store.transactions import Write, get, get_many, put, transact, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry
    from project_invoicing.events import BusEvent

KEY: Final = "MAIL"


class MailedDocuments:
    """Access to what was mailed. Each write raises ``Conflict`` where another run was faster."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def get(self, company: str, number: str) -> MailedDocument | None:
        item = get(self.client, self.table, partition(company, number), KEY)
        return mailed_of(company, number, item) if item else None

    def among(self, invoices: Iterable[tuple[str, str]]) -> dict[tuple[str, str], MailedDocument]:
        """The last mails of these invoices, by company and number. A request for a hundred of them."""
        keys = {partition(company, number): (company, number) for company, number in invoices}
        found = get_many(self.client, self.table, ((key, KEY) for key in keys))
        return {keys[item["pk"]]: mailed_of(*keys[item["pk"]], item) for item in found}

    def claim(
        self,
        before: MailedDocument | None,
        mail: MailedDocument,
        done: Iterable[HistoryEntry],
        event: BusEvent | None = None,
    ) -> None:
        """The next mail is this run's alone."""
        values = {**_values(mail), "wc": history.clock()}
        key = partition(mail.company, mail.invoice_number)
        write = (
            update(self.table, key, KEY, values, expected=_expected(before))
            if before
            else put(self.table, {"pk": key, "sk": KEY, **values}, unless_exists=True)
        )
        transact(self.client, [write, *(history.entry(self.table, key, one) for one in done), *self._outbox(event)])

    def move(
        self,
        before: MailedDocument,
        after: MailedDocument,
        done: HistoryEntry | None,
        event: BusEvent | None,
    ) -> None:
        """The same mail in another state, or with more told of it."""
        key = partition(after.company, after.invoice_number)
        entries = [history.entry(self.table, key, done)] if done else []
        write = update(self.table, key, KEY, _values(after), expected=_expected(before))
        transact(self.client, [write, *entries, *self._outbox(event)])

    def note(self, company: str, number: str, done: HistoryEntry) -> None:
        """An entry about an earlier mail, once."""
        history.commit(self.client, self.table, partition(company, number), done, [])

    def _outbox(self, event: BusEvent | None) -> list[Write]:
        return [outbox.record(self.table, event)] if event else []


def mailed_of(company: str, number: str, item: Item) -> MailedDocument:
    return MailedDocument(
        company=company,
        invoice_number=number,
        state=MailState(item["st"]),
        attempt=int(item["n"]),
        claim=item["cl"],
        address=item["ad"],
        language=item["la"],
        at=item["at"],
        claimed=item["wc"],
        message_id=item.get("mi"),
        seen=tuple(item["se"].split()),
    )


def _values(mail: MailedDocument) -> dict[str, Any]:
    return {
        "st": mail.state,
        "n": mail.attempt,
        "cl": mail.claim,
        "ad": mail.address,
        "la": mail.language,
        "at": mail.at,
        "mi": mail.message_id,
        "se": " ".join(mail.seen),
    }


def _expected(before: MailedDocument) -> dict[str, Any]:
    return {"n": before.attempt, "st": before.state, "se": " ".join(before.seen)}
