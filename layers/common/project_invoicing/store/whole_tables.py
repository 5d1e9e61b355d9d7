"""Whole tables, read once from the first item to the last: for a reconciliation, and for questions that no key answers.

Items are read and decoded one at a time, so that an unreadable one hides no other. Each item is read strongly
consistently: while others write, the items do not reflect a single moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from project_invoicing.domain.actual import Connection
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.staged_item import RejectedItem, StagedItem
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.store import outbox
from project_invoicing.store.invoices import HEADER, invoice_of
from project_invoicing.store.items import Item, readable
from project_invoicing.store.journal_change import PREFIX
from project_invoicing.store.journals import Journals, journal_of
from project_invoicing.store.ledger import PAGE, Entry, Ledger, entries_of
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.rejections import PREFIX as REJECTED
from project_invoicing.store.staged_rows import ROW, links_of, readable_row, row_of
from project_invoicing.store.staging import Staging
from project_invoicing.store.staging_queue import DISMISSED
from project_invoicing.store.staging_queue import REJECTED as REJECTED_QUEUE
from project_invoicing.store.transactions import scan

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.vendor_invoice import VendorInvoice

T = TypeVar("T")


class Stored(Generic[T]):
    """An item that was read and not yet decoded."""

    __slots__ = ("_decode", "_item")

    def __init__(self, item: Item, decode: Callable[[Item], T]) -> None:
        self._item = item
        self._decode = decode

    @property
    def place(self) -> str:
        """Its key, for a person who looks for it."""
        return f"{self._item['pk']} {self._item['sk']}"

    @property
    def id(self) -> str:
        """The last part of its key: the id of an actual or a proforma, the number of a document."""
        return str(self._item["pk"]).split("#")[-1]

    @property
    def company(self) -> str | None:
        return self._item.get("co")

    def decoded(self) -> T:
        """The decoded item. Raises whatever an item causes that this code cannot read."""
        return self._decode(self._item)


class LedgerPage(NamedTuple):
    """A page of vouchers of one document; ``source`` is what made it."""

    company: str
    source: str
    document: str
    entries: list[Entry]


class UnsentEvent(NamedTuple):
    """An event in an outbox; ``at`` is when it happened."""

    key: str
    type: str
    at: str


# --- staging ----------------------------------------------------------------------------------------------------------


def staging_items(staging: Staging) -> Iterator[Stored[StagedItem | RejectedItem | None]]:
    """Every item of staging; ``None`` for items that are neither a row nor a rejected event."""
    return (Stored(item, _staging_item) for item in scan(staging.client, staging.table))


def staged_item(staging: Staging, id: str) -> StagedItem | None:
    """What staging has on one actual. Raises whatever a row causes that this code cannot read."""
    item = staging.item(id)
    return _staged(item, row_of(item)) if item else None


def rows_on_journal(staging: Staging, company: str, journal_id: str) -> Iterator[StagedRow]:
    """The rows that name a journal. No key leads to them: this reads the table."""
    return _rows_with(staging, company, "jn", journal_id)


def rows_on_proposal(staging: Staging, company: str, number: str) -> Iterator[StagedRow]:
    """The rows that name a proposal. No key leads to them: this reads the table."""
    return _rows_with(staging, company, "pn", number)


def has_link(staging: Staging, connection: Connection) -> bool:
    """Whether an actual has this connection's link now, or another connection's to the same actual."""
    item = staging.item(connection.actual_id) or {}
    return f"l_{connection.role}_{connection.id[:8]}" in item or (
        links_of(item).get(connection.role) == connection.linked_id
    )


def _rows_with(staging: Staging, company: str, name: str, number: str) -> Iterator[StagedRow]:
    for item in scan(staging.client, staging.table, equal={name: number, "co": company}):
        if row := readable_row(item):
            yield row


def _staging_item(item: Item) -> StagedItem | RejectedItem | None:
    pk = str(item["pk"])
    if item["sk"] == ROW:
        return _staged(item, readable_row(item))
    if pk.startswith(REJECTED):
        _, entity, id = pk.split("#", 2)
        return RejectedItem(entity, id, item["re"], item["rd"])
    return None


def _staged(item: Item, row: StagedRow | None) -> StagedItem:
    return StagedItem(
        id=str(item["pk"]),
        row=row,
        arrived="a" in item,
        state=item.get("st"),
        reason=str(item.get("re", "")),
        company=item.get("co"),
        version=item.get("rv"),
        in_queue=item.get("q") not in (None, REJECTED_QUEUE, DISMISSED),
        links=row.links if row else readable(links_of, item) or {},
        taker=bytes(item["tk"]) if "tk" in item else None,
    )


# --- journals and proposals -------------------------------------------------------------------------------------------


def journals_posted(journals: Journals) -> Iterator[tuple[str, int]]:
    """Company and posted pages of every journal; they reveal anything posted while the tables are read.

    With the vouchers that persons made, of one page each.
    """
    for item in scan(journals.client, journals.table, equal={"sk": HEADER}):
        yield item["co"], item.get("pg", 0)


def proposals_posted(proposals: Proposals) -> Iterator[tuple[str, int]]:
    """Company and posted pages of every proposal, and zero for every invoice."""
    for item in scan(proposals.client, proposals.table, equal={"sk": HEADER}):
        yield str(item.get("co")), item.get("pp", 0)


def journal_headers(journals: Journals) -> Iterator[Stored[Journal]]:
    found = scan(journals.client, journals.table, equal={"sk": HEADER})
    return (Stored(item, journal_of) for item in found if str(item["pk"]).startswith(PREFIX))


def proposal_headers(proposals: Proposals) -> Iterator[Stored[Proposal | Invoice | VendorInvoice | None]]:
    """The headers of proposals, of customer invoices and of vendor invoices; ``None`` for any other."""
    decode = partial(_header, proposals)
    return (Stored(item, decode) for item in scan(proposals.client, proposals.table, equal={"sk": HEADER}))


def _header(proposals: Proposals, item: Item) -> Proposal | Invoice | VendorInvoice | None:
    match str(item["pk"]).partition("#")[0]:
        case "PROPOSAL":
            return proposals.document(item)
        case "INVOICE":
            return invoice_of(item)
        case "VENDOR":
            from project_invoicing.store.vendor_invoices import vendor_invoice_of  # noqa: PLC0415 - many stacks have none

            return vendor_invoice_of(item)
    return None


# --- ledger and outbox ------------------------------------------------------------------------------------------------


def ledger_pages(ledger: Ledger) -> Iterator[Stored[LedgerPage] | None]:
    """Every item of the ledger; ``None`` for items that are not a page of vouchers."""
    for item in scan(ledger.client, ledger.table):
        yield Stored(item, _page) if str(item["sk"]).startswith(PAGE) else None


def _page(item: Item) -> LedgerPage:
    return LedgerPage(item["co"], item["so"], item["id"], entries_of(item))


def unsent_events(client: DynamoDBClient, table: str) -> Iterator[Stored[UnsentEvent]]:
    """The events still in the outbox of a table."""
    return (Stored(item, _unsent) for item in outbox.unsent(client, table))


def _unsent(item: Item) -> UnsentEvent:
    return UnsentEvent(item["sk"], item["t"], item["at"])
