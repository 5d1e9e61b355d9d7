"""Vouchers that a person's finance document makes, each a document of its own. Headers in the journals table.

A header stands beside the headers of journals, under the source, the company and the number of its voucher: ``co``
``so`` ``id`` these, ``st`` posted, ``pg`` pages in the ledger, ``da`` accounting date, ``at`` when it was posted,
``ac`` the actual that it is about, ``bt`` the document that it belongs to, ``rs`` the reason; ``ua`` ``se`` as on every
posted document (``store.unsealed``). The ledger has its pages under the same key, and what is ready to leave its place.

Numbers are drawn in the transaction that uses them, from a sequence of the source in its company. ``ONCE#`` and a
company, with a token, have in ``nu`` the numbers of what was posted under it: asked again, nothing is posted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from project_invoicing.chunks import chunks
from project_invoicing.domain.finance_voucher import FinanceVoucher, NewVoucher
from project_invoicing.domain.ledger import PERSONS
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.errors import Conflict
from project_invoicing.store import history as histories
from project_invoicing.store import unsealed
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.items import Item
from project_invoicing.store.ledger import PAGE_ENTRIES, Ledger, entries, partition
from project_invoicing.store.ready import Ready, ReadyDocument
from project_invoicing.store.sequences import Counter
from project_invoicing.store.transactions import (
    MAX_WRITES,
    WRITE_ATTEMPTS,
    Write,
    get,
    get_many,
    lost,
    pause,
    put,
    transact,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry

HEADER: Final = "H"
_ONCE: Final = "ONCE#"
_COUNTER: Final = 0
"""The place of the sequence among the writes of a transaction."""
_EACH: Final = 4
"""Writes of a voucher: its header, its page, its place on the list of what is ready, its history. Of one that is
longer than a page, whoever posts it posts nothing beside it."""
_BESIDE: Final = 2
"""Writes of a transaction: the sequence, the token."""


@dataclass(frozen=True, slots=True)
class FinanceVouchers:
    """Access to the headers, and the one verb that posts. ``table`` is that of the journals."""

    client: DynamoDBClient
    table: str
    ledger: Ledger
    ready: Ready
    _counters: dict[tuple[str, str], Counter] = field(default_factory=dict)

    # Reading

    def get(self, company: str, source: str, number: str) -> FinanceVoucher | None:
        item = get(self.client, self.table, partition(source, company, number), HEADER)
        return voucher_of(item) if item else None

    def numbered(self, company: str, number: str) -> FinanceVoucher | None:
        """The one with this number, whatever its source. One request."""
        return numbered(self.client, self.table, company, number)

    def history(self, company: str, source: str, number: str) -> Iterator[HistoryEntry]:
        return history(self.client, self.table, company, source, number)

    def posted_under(self, company: str, token: str) -> tuple[str, ...] | None:
        """The numbers of what was posted under a token; ``None`` where nothing was."""
        item = get(self.client, self.table, f"{_ONCE}{company}", token)
        return tuple(item["nu"]) if item else None

    # Posting

    @staticmethod
    def room(each: int = 0) -> int:
        """How many vouchers fit into one transaction, with ``each`` so many writes of the use case beside it."""
        return (MAX_WRITES - _BESIDE) // (_EACH + each)

    def post(
        self,
        vouchers: Sequence[NewVoucher],
        number_format: str,
        done: HistoryEntry,
        *,
        token: str | None = None,
        others: Callable[[Sequence[str]], Iterable[Write]] | None = None,
    ) -> tuple[str, ...]:
        """Posts vouchers of one company and source in one transaction; returns their numbers, in order.

        With ``others``, the writes of whoever asks, which are told the numbers. Under a ``token`` that was used before,
        nothing happens, and the numbers of then are returned. Raises ``TransactionCancelled``, a ``Conflict``, where a
        condition of ``others`` failed, and ``Conflict`` where other runs were always faster with the numbers.
        """
        company, source = vouchers[0].company, vouchers[0].source
        counter = self._counter(company, source)
        for attempt in range(WRITE_ATTEMPTS):
            first = counter.last + 1
            numbers = tuple(format_number(number_format, first + nth, company) for nth in range(len(vouchers)))
            writes = [counter.draw(len(vouchers))]
            if token:
                once = {"pk": f"{_ONCE}{company}", "sk": token, "nu": list(numbers)}
                writes.append(put(self.table, once, unless_exists=True))
            for one, number in zip(vouchers, numbers, strict=True):
                writes += self._writes(one, number, done)
            writes += others(numbers) if others else ()
            try:
                transact(self.client, writes)
            except TransactionCancelled as cancelled:
                counter.forget()
                if token and (known := self.posted_under(company, token)):
                    return known
                gone = lost(cancelled)
                if gone and _COUNTER not in gone:
                    raise
                pause(attempt)
            else:
                counter.drawn(len(vouchers))
                return numbers
        raise Conflict(f"the numbers of {source} in {company} kept changing")

    def _writes(self, one: NewVoucher, number: str, done: HistoryEntry) -> list[Write]:
        company, source, day = one.company, one.source, one.accounting_date
        voucher = one.numbered(number)
        document = partition(source, company, number)
        pages = list(chunks(entries(voucher), PAGE_ENTRIES))
        header = {
            "pk": document,
            "sk": HEADER,
            "co": company,
            "so": source,
            "id": number,
            "st": "posted",
            "pg": len(pages),
            "da": day.isoformat(),
            "at": done.at,
            "ac": one.actual_id,
            "bt": one.belongs_to,
            "rs": one.reason,
            **unsealed.to_seal(done.at),
        }
        return [
            put(self.table, header, unless_exists=True),
            *(self.ledger.page(source, company, number, nth, page) for nth, page in enumerate(pages, start=1)),
            self.ready.put(ReadyDocument(company, source, number, day, day)),
            histories.entry(self.table, document, done),
        ]

    def _counter(self, company: str, source: str) -> Counter:
        key = (company, source)
        if key not in self._counters:
            self._counters[key] = Counter(self.client, self.table, company, source)
        return self._counters[key]


def numbered(client: DynamoDBClient, table: str, company: str, number: str) -> FinanceVoucher | None:
    """The header of the voucher with this number, whatever its source. One request."""
    keys = ((partition(source, company, number), HEADER) for source in PERSONS)
    return next((voucher_of(item) for item in get_many(client, table, keys)), None)


def history(client: DynamoDBClient, table: str, company: str, source: str, number: str) -> Iterator[HistoryEntry]:
    """Who posted it, when and why."""
    return histories.of(client, table, partition(source, company, number))


def note(client: DynamoDBClient, table: str, company: str, source: str, number: str, made: HistoryEntry) -> None:
    """Writes an entry of its history, once."""
    histories.commit(client, table, partition(source, company, number), made, [])


def voucher_of(item: Item) -> FinanceVoucher:
    return FinanceVoucher(
        company=item["co"],
        source=item["so"],
        number=item["id"],
        accounting_date=date.fromisoformat(item["da"]),
        at=item["at"],
        actual_id=item.get("ac"),
        belongs_to=item.get("bt"),
        reason=item.get("rs"),
    )
