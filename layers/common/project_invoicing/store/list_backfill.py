"""Puts items of earlier versions into the lists: each table is read once, and what has no place gets one.

An item that was listed meanwhile stays as it is, so that it may run beside everything else, and any number of times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from project_invoicing.domain.codes import ProposalStatus, StagingState
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.proposal import Proposal
from project_invoicing.store import invoices, journal_change, ledger, master_items, proposal_items, rows
from project_invoicing.store.errors import ConditionFailed, translated
from project_invoicing.store.items import Item, key, plain_item, readable
from project_invoicing.store.journals import Journals, drawn_entry, journal_of
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.rejections import PREFIX as REJECTED
from project_invoicing.store.staged_rows import ROW
from project_invoicing.store.staging import Staging
from project_invoicing.store.staging_queue import queued_as_rejected
from project_invoicing.store.transactions import get, query, update, write_one

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.store.list_progress import Start

Place = dict[str, Any]
_ATTEMPTS = 5


@dataclass(slots=True)
class ListBackfill:
    """``drawn``: the number of a company's voucher in its sequence, ``None`` for a voucher that has none."""

    staging: Staging
    journals: Journals
    proposals: Proposals
    ledger: Ledger
    master: MasterData
    drawn: Callable[[str, str], int | None]
    listed: int = 0
    _journal: tuple[str, Journal | None] = field(default=("", None))

    def tables(self) -> dict[str, Callable[[Start | None], Iterator[Start | None]]]:
        """By table what puts its items into lists: it begins after a key, and says after each page how far it is."""
        return {
            "staging": lambda start: self._table(self.staging.client, self.staging.table, self._rejected, start),
            "journals": lambda start: self._table(self.journals.client, self.journals.table, self._of_journal, start),
            "proposals": lambda start: self._table(
                self.proposals.client, self.proposals.table, self._of_proposal, start
            ),
            "master_data": lambda start: self._table(self.master.client, self.master.table, _called, start),
            "ledger": lambda start: self._table(self.ledger.client, self.ledger.table, self._of_ledger, start),
        }

    def _table(
        self, client: DynamoDBClient, table: str, place: Callable[[Item], Place | None], start: Start | None
    ) -> Iterator[Start | None]:
        while True:
            request: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
            if start:
                request["ExclusiveStartKey"] = key(*start)
            with translated():
                answer = client.scan(**request)
            for item in map(plain_item, answer["Items"]):
                self._put(client, table, item, place)
            last = answer.get("LastEvaluatedKey")
            start = (str(last["pk"]["S"]), str(last["sk"]["S"])) if last else None
            yield start
            if start is None:
                return

    def _put(self, client: DynamoDBClient, table: str, item: Item, place: Callable[[Item], Place | None]) -> None:
        """Gives an item its place, unless it has one or a newer state by then, which is then looked at."""
        found: Item | None = item
        for _ in range(_ATTEMPTS):
            where = readable(place, found) if found else None
            if not found or not where:
                return
            expected = {"pk": found["pk"], "st": found.get("st"), **dict.fromkeys(where)}
            try:
                write_one(client, update(table, found["pk"], found["sk"], where, expected=expected))
            except ConditionFailed:
                found = get(client, table, item["pk"], item["sk"])
            else:
                self.listed += 1
                return

    def _rejected(self, item: Item) -> Place | None:
        pk, sk = str(item["pk"]), str(item["sk"])
        invalid = sk == ROW and item.get("st") == StagingState.INVALID and "re" in item
        if "q" in item or not (invalid or pk.startswith(REJECTED)):
            return None
        return queued_as_rejected(item["rs"] if invalid else item["at"], pk, sk)

    def _of_journal(self, item: Item) -> Place | None:
        if "lp" in item or not str(item["pk"]).startswith(journal_change.PREFIX):
            return None
        if item["sk"] == journal_change.HEADER:
            return journal_change.listed(journal_of(item))
        journal = self._journal_of(item["pk"])
        if journal is None or journal.original_journal or "l" not in item:
            return None
        numbers = [self.drawn(journal.company, line.voucher) for line in rows.decode(JournalLine, item["l"])]
        drawn = [number for number in numbers if number is not None]
        return drawn_entry(journal.company, max(drawn)) if drawn else None

    def _journal_of(self, pk: str) -> Journal | None:
        if self._journal[0] != pk:
            header = get(self.journals.client, self.journals.table, pk, journal_change.HEADER)
            self._journal = (pk, readable(journal_of, header) if header else None)
        return self._journal[1]

    def _of_proposal(self, item: Item) -> Place | None:
        pk = str(item["pk"])
        if "lp" in item or item["sk"] != invoices.HEADER:
            return None
        if pk.startswith(invoices.PREFIX):
            invoice = invoices.invoice_of(item)
            self._first_page(pk, invoice.company, invoice.voucher)
            return invoices.listed(invoice)
        return _proposal(self.proposals.document(item)) if pk.startswith(proposal_items.PREFIX) else None

    def _first_page(self, pk: str, company: str, voucher: str | None) -> None:
        """Lists the first page of an invoice under its voucher, before the header itself: it says that this is done."""
        pages = query(self.proposals.client, self.proposals.table, pk, prefix=invoices.PAGE, limit=1)
        page = next(pages, None)
        if page and voucher and "lp" not in page:
            place = invoices.listed_voucher(company, voucher)
            self._put(self.proposals.client, self.proposals.table, page, lambda it: None if "lp" in it else place)

    def _of_ledger(self, item: Item) -> Place | None:
        if "lp" in item or not str(item["sk"]).startswith(ledger.PAGE):
            return None
        number = int(str(item["sk"]).partition("#")[2])
        return ledger.place_of(item["so"], item["co"], item["id"], number, ledger.entries_of(item))


def _called(item: Item) -> Place | None:
    """The place of a row of master data under what it is called."""
    if item["sk"] != master_items.ROW or "np" in item:
        return None
    place = master_items.called(master_items.stored_row(item))
    return place if place["np"] else None


def _proposal(header: Proposal) -> Place | None:
    if header.status is ProposalStatus.CANCELED:
        return None
    between, payer = header.intercompany, header.proforma.customer or header.proforma.contract
    paying = {"lc": between.customer if between else payer.id if payer else None}
    came = header.waiting_since or header.proforma.version.occurred_at
    if header.status is ProposalStatus.POSTED:
        on = header.invoice_date or date.fromisoformat(came[:10])
        return proposal_items.listed_posted(header.number, header.company, on) | paying
    return proposal_items.listed_open(header.proforma, header.company, came) | paying
