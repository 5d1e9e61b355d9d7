"""The staging table: one row an actual, what became of it, and what was rejected.

Attributes of a row (short, because a row under 1 KB costs half as much as a larger one):

* ``a`` the mapped columns of the actual, as JSON text
* ``rv`` ``ot`` ``h`` its version: row version, time of the operation, hash of the mapped columns
* ``ch`` how many deliveries changed the row, ``dl`` how many there were
* ``st`` state; ``re`` ``rd`` ``rs`` the reason why it waits, the detail, since when
* ``bk`` the master data that ends its wait, key of the sparse index ``blocked_by``: table and id, ``rate#FROM#TO``,
  else ``policy``; only rows that say themselves that they wait for it have one (D-099)
* ``q`` ``qs`` keys of the sparse index ``import_queue``: only rows that wait for an import have them (D-001, D-002),
  and what was rejected; ``dw`` why a person has dismissed that
* ``co`` company; ``jn`` journal; ``pn`` proposal; ``ln`` line number there
* ``xr`` exchange rate of its line (``125/100``); ``ac`` what posting it accrued; ``ca`` the accounts of a posted cost
* ``li`` what its posted line hands on to the line that continues it, without the dimensions that ``ac`` has already
* ``vo`` ``aa`` ``er`` ``tx`` the accounting details: voucher, accounting amount, exchange rate, sales tax amount
* ``wb`` ``wd`` whether these were written back (done, failed; absent: not yet), and Dataverse's answer if it refused
* ``l_`` + role + ``_`` + connection: the link of a transaction connection, ``version|id``, without an id once it is
  deleted (D-004)
* ``lk`` how many links were accepted, so that a link that comes between reading a row and writing it is noticed
* ``ip`` the intercompany proposal that bills a posted inter-organizational sale
* ``tk`` what has taken the row, as the sixteen bytes of its id: the billed sale that bills it, or what takes it back
* ``aj`` the draft correction journal that has its accrual, ``ar`` what such journals have posted for it
* ``cv`` the vouchers of their own that moved what was posted with it, ``source#number``: ``ca``, ``ac`` and ``li`` say
  where it is now
* ``lt`` the row's money changed after it was imported: flagged, never silently applied; ``inactive`` where the only
  change is that Dataverse has deactivated it, which can be undone

Beside the rows are items of milestones, with the billed sales that name them (``store.milestone_links``).

A link may arrive before its row, and a row may be taken before it arrives: the item then has only links or ``tk`` and
is not a row yet (it has no ``a``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from heapq import merge
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING

from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.states import ON_DOCUMENTS
from project_invoicing.store.items import Item
from project_invoicing.store.receiving import Receiving
from project_invoicing.store.rejections import Rejections
from project_invoicing.store.staged_rows import ROW, Rows, readable_row, taker_of
from project_invoicing.store.staging_queue import BLOCKED, CHANGED, INDEX, REWORDED, SHARDS, blocker_key, sales_prefix
from project_invoicing.store.transactions import get, get_many, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Staging(Receiving, Rejections):
    """Access to the staging table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def changed(self) -> Iterator[tuple[StagedRow, bool]]:
        """Rows that changed after they were imported, and whether only their texts did.

        An index read: some may be posted by now.
        """
        for item in chain.from_iterable(self._shard(shard, CHANGED) for shard in range(SHARDS)):
            row = readable_row(item)
            if row and row.state in ON_DOCUMENTS:
                yield row, str(item["qs"]).startswith(REWORDED)

    def waiting_for_journal(self) -> Iterator[StagedRow]:
        """Rows of the import queue that belong on a journal. An index read: verify before writing."""
        yield from self._queued("J#")

    def waiting_for_proposals(self) -> Iterator[tuple[str, list[StagedRow]]]:
        """Billed rows of the import queue, all rows of one proforma at a time: ``(proforma id or "", rows)``."""
        shards = [self._shard(shard, "B#") for shard in range(SHARDS)]
        ordered = merge(*shards, key=lambda item: str(item["qs"]))
        for proforma, items in groupby(ordered, key=lambda item: str(item["qs"]).split("#")[1]):
            yield proforma, [row for item in items if (row := readable_row(item)) and row.queued]

    def waiting_for_proposal(self, proforma_id: str) -> list[StagedRow]:
        return list(self._queued(f"B#{proforma_id}#"))

    def sales_to_bill(self, lender: str, borrower: str, start: date, end: date) -> list[StagedRow]:
        """Posted inter-organizational sales with these accounting dates that no intercompany invoice has (IC-15)."""
        found: list[StagedRow] = []
        prefix = sales_prefix(lender, borrower)
        for item in chain.from_iterable(self._shard(shard, prefix) for shard in range(SHARDS)):
            day = str(item["qs"]).removeprefix(prefix).partition("#")[0]
            row = readable_row(item) if start.isoformat() <= day <= end.isoformat() else None
            if row and row.state is StagingState.POSTED:
                found.append(row)
        return found

    def blocked_by(self, blockers: Iterable[str], most: int | None = None) -> list[StagedRow]:
        """The rows that wait for one of these, as they are now. The index suggests, the rows themselves are read.

        ``most``: so many are enough.
        """
        found = (
            str(item["pk"])
            for blocker in dict.fromkeys(blockers)
            for item in query(self.client, self.table, blocker_key(blocker), index=BLOCKED, names=("bk", "pk"))
        )
        return [row for row in self.readable(islice(found, most)).values() if row.queued]

    def _queued(self, prefix: str) -> Iterator[StagedRow]:
        items = chain.from_iterable(self._shard(shard, prefix) for shard in range(SHARDS))
        return (row for item in items if (row := readable_row(item)) and row.queued)

    def _shard(self, shard: int, prefix: str) -> Iterator[Item]:
        return query(self.client, self.table, str(shard), prefix=prefix, index=INDEX, names=("q", "qs"))

    def item(self, id: str) -> Item | None:
        """Everything stored under an actual's id; only links until the actual has arrived."""
        return get(self.client, self.table, id, ROW)

    def rows(self, ids: Iterable[str]) -> Rows:
        """The rows of these actuals, strongly consistent; those that have not arrived are missing.

        Looking up an unreadable one raises ``UnreadableRowError``; iterating over the values skips it.
        """
        keys = ((id, ROW) for id in dict.fromkeys(ids))
        return Rows(get_many(self.client, self.table, keys))

    def rows_and_takers(self, ids: Iterable[str]) -> tuple[Rows, dict[str, str]]:
        """As ``rows``, with who has taken each of these actuals, including those that have not arrived (99-25)."""
        found = list(get_many(self.client, self.table, ((id, ROW) for id in dict.fromkeys(ids))))
        takers = ((item["pk"], taker_of(item)) for item in found)
        return Rows(found), {id: taker for id, taker in takers if taker}

    def readable(self, ids: Iterable[str]) -> dict[str, StagedRow]:
        """As ``rows``, but leaves out rows that cannot be read."""
        keys = ((id, ROW) for id in dict.fromkeys(ids))
        found = (readable_row(item) for item in get_many(self.client, self.table, keys))
        return {row.id: row for row in found if row}
