"""The ledger table: vouchers in pages, one list of entries per page, under the document they belong to.

A page has ``co`` company, ``so`` ``id`` kind and number of the document, ``ez`` the entries as text, compressed, and
``lp`` ``ls``, its place in the index ``listed`` (``store.listing``): under the latest of its dates. Of an invoice whose
voucher is longer than a page, only the first is listed. Earlier versions wrote ``e``, the entries as they are, without
their origins: such a page stays as it is.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.ledger import JOURNAL, Origin, Voucher, VoucherLine
from project_invoicing.store import rows
from project_invoicing.store.items import Item
from project_invoicing.store.listing import Listed, Part, entry
from project_invoicing.store.sequences import Counter
from project_invoicing.store.transactions import Write, get_many, put, query, scan

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGE: Final = "V#"
PAGE_ENTRIES: Final = 500
"""The most entries on one page, some 20 KB."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger transaction with the number and date of its voucher. Without a document date it has no origin yet."""

    voucher: str
    accounting_date: date
    account: str
    posting_type: PostingType
    currency: str
    amount: Decimal
    accounting_amount: Decimal
    exchange_rate: Decimal
    project: str | None = None
    dimensions: dict[str, str] | None = None
    sales_tax_code: str | None = None
    sales_tax_base: Decimal | None = None
    customer: str | None = None
    contract: str | None = None
    actual_id: str | None = None
    document_date: date | None = None
    tags: dict[str, str] | None = None

    @property
    def origin(self) -> Origin:
        return Origin(self.customer, self.contract, self.actual_id, self.document_date)

    @property
    def line(self) -> VoucherLine:
        return VoucherLine(
            self.account,
            self.posting_type,
            self.currency,
            self.amount,
            self.accounting_amount,
            self.exchange_rate,
            self.project,
            self.dimensions,
            self.sales_tax_code,
            self.sales_tax_base,
            self.origin,
            self.tags,
        )


def entries(voucher: Voucher) -> list[Entry]:
    return [
        Entry(
            voucher.voucher,
            voucher.accounting_date,
            line.account,
            line.posting_type,
            line.currency,
            line.amount,
            line.accounting_amount,
            line.exchange_rate,
            line.project,
            line.dimensions,
            line.sales_tax_code,
            line.sales_tax_base,
            line.origin.customer,
            line.origin.contract,
            line.origin.actual_id,
            line.origin.document_date,
            line.tags,
        )
        for line in voucher.lines
    ]


class ListedPage(NamedTuple):
    """A page of vouchers and its place among those of its company; ``document`` is a journal or an invoice."""

    place: str
    source: str
    document: str
    entries: list[Entry]


class Ledger:
    """Access to the ledger table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def page(self, source: str, company: str, document: str, number: int, page: list[Entry]) -> Write:
        """Page ``number`` of a document's vouchers. It must be new: the ledger is append-only."""
        item = {
            "pk": partition(source, company, document),
            "sk": page_key(number),
            "co": company,
            "so": source,
            "id": document,
            "ez": zlib.compress(rows.encode(page).encode(), 9),
            **(place_of(source, company, document, number, page) or {}),
        }
        return put(self.table, item, unless_exists=True)

    def listed(
        self, company: str, limit: int, *, since: str | None, before: str | None
    ) -> tuple[list[ListedPage], str]:
        """At most ``limit`` pages of a company's vouchers, under the latest of their dates, newest first.

        And the place before which it goes on. Two requests.
        """
        found = Listed(self.client, self.table).newest([Part(list_of(company))], limit, since=since, before=before)
        keys = {(str(one["pk"]), str(one["sk"])): str(one["ls"]) for one in found.entries}
        pages = [
            ListedPage(keys[item["pk"], item["sk"]], item["so"], item["id"], entries_of(item))
            for item in get_many(self.client, self.table, keys)
        ]
        return sorted(pages, key=lambda page: page.place, reverse=True), found.before

    def documents(
        self, company: str, source: str, limit: int, *, since: str, before: str
    ) -> tuple[list[tuple[str, str]], str]:
        """Days and numbers of posted documents of one kind, by the latest date of their vouchers, newest first.

        And the place before which it goes on. One request to the index, which has no vouchers. An answer may be empty
        and still go on: it looks at ``limit`` pages of any kind.
        """
        found = Listed(self.client, self.table).newest([Part(list_of(company))], limit, since=since, before=before)
        places = (str(one["ls"]).split("#", 2) for one in found.entries)
        of_kind = ((day, rest.rpartition("#")[0]) for day, kind, rest in places if kind == source)
        return list(of_kind), found.before

    def vouchers(self, source: str, company: str, document: str) -> Iterator[Voucher]:
        """The vouchers of a posted document, in the order they were written."""
        yield from assemble(self.pages(source, company, document), company, source, document)

    def pages(self, source: str, company: str, document: str) -> Iterator[list[Entry]]:
        """The entries of a document's vouchers page by page, in the order they were written."""
        for item in query(self.client, self.table, partition(source, company, document), prefix=PAGE):
            yield entries_of(item)

    def having(self, source: str, company: str, documents: Iterable[str]) -> set[str]:
        """Those of these documents that have vouchers."""
        keys = ((partition(source, company, document), f"{PAGE}000001") for document in documents)
        return {item["id"] for item in get_many(self.client, self.table, keys)}

    def documents_with(self, voucher: str) -> list[tuple[str, str, str]]:
        """Source, company and number of the documents that have a voucher of this number.

        Vouchers are stored under their documents and no key leads the other way, so this reads the whole table: only
        for a person's question.
        """
        found = scan(self.client, self.table, containing=("e", json.dumps(voucher)), or_present="ez")
        with_it = (item for item in found if any(entry.voucher == voucher for entry in entries_of(item)))
        return sorted({(item["so"], item["co"], item["id"]) for item in with_it})

    def vouchers_counter(self, company: str) -> Counter:
        return Counter(self.client, self.table, company, "voucher")


def entries_of(item: Item) -> list[Entry]:
    """The entries on a page, in either form."""
    text = zlib.decompress(item["ez"]).decode() if "ez" in item else item["e"]
    return rows.decode(Entry, text)


def assemble(pages: Iterable[list[Entry]], company: str, source: str, document: str) -> Iterator[Voucher]:
    """The vouchers whose entries are on consecutive pages, each checked to balance."""
    every = (entry for page in pages for entry in page)
    for number, group in groupby(every, key=lambda entry: entry.voucher):
        found = list(group)
        lines = tuple(entry.line for entry in found)
        yield Voucher(number, company, found[0].accounting_date, source, document, lines)


def list_of(company: str) -> str:
    return f"LEDGER#{company}"


def place_of(source: str, company: str, document: str, number: int, page: list[Entry]) -> dict[str, str] | None:
    """The place of a page among those of its company, under the latest of its dates; ``None`` for one not listed."""
    if source != JOURNAL and number > 1:
        return None
    latest = max(one.accounting_date for one in page).isoformat()
    return entry(list_of(company), f"{latest}#{source}#{document}#{number:06d}")


def partition(source: str, company: str, document: str) -> str:
    return f"{source.upper()}#{company}#{document}"


def page_key(number: int) -> str:
    return f"{PAGE}{number:06d}"
