"""Events that were rejected, kept whole so that they can be replayed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.staged_row import Rejection
from project_invoicing.domain.text import whole
from project_invoicing.errors import Rejected
from project_invoicing.store import history as histories
from project_invoicing.store import outbox
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.items import Item, bounded
from project_invoicing.store.staging_queue import DISMISSED, queued_as_rejected
from project_invoicing.store.transactions import Write, delete, lost, put, query, transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry

PREFIX: Final = "REJECTED#"
_LEGIBLE_BYTES: Final = 200 * 1024
_MOST_BYTES: Final = 380 * 1024
"""DynamoDB takes 400 KB per item; the remainder holds keys, reason and detail."""


class Rejections:
    """The rejected events of the staging table."""

    client: DynamoDBClient
    table: str

    def reject(self, rejected: Rejected, event: Mapping[str, Any], at: str, version: str = "") -> None:
        """Keeps a rejected event whole, so that it can be replayed once fixed. Repeating it changes nothing.

        ``version`` tells events of one id apart that have no row version and no time. Raises ``Rejected``
        (``too_large``) for an event that no item can hold even when compressed.
        """
        # Imported late: a webhook or a queue that rejects nothing starts without it.
        from project_invoicing.events.own import ActualRejected  # noqa: PLC0415

        version = version or bounded(str(event.get("row_version") or event.get("occurred_at") or ""))
        pk, sk = _rejected(rejected.entity, rejected.id), f"{version}#{rejected.reason}"
        told = ActualRejected(
            entity=bounded(rejected.entity),
            id=bounded(rejected.id),
            reason=rejected.reason,
            detail=whole(rejected.detail),
        )
        writes = [
            put(
                self.table,
                {
                    "pk": pk,
                    "sk": sk,
                    "re": rejected.reason,
                    "rd": whole(rejected.detail),
                    "fd": rejected.field,
                    "at": at,
                    **_kept(rejected, event),
                    **queued_as_rejected(at, pk, sk),
                },
                unless_exists=True,
            ),
            outbox.record(self.table, told.on_bus(at, f"{told.entity}#{told.id}#{version}")),
        ]
        try:
            transact(self.client, writes)
        except TransactionCancelled as cancelled:
            if 0 not in lost(cancelled):
                raise

    def rejections(self, entity: str, id: str) -> Iterator[Rejection]:
        """Why the kept events of a row were rejected, oldest version first."""
        for item in query(self.client, self.table, _rejected(entity, id)):
            dismissed = item["dw"] if item.get("q") == DISMISSED else None
            yield Rejection(entity, id, item["re"], item["rd"], item["at"], dismissed)

    def rejected(self, entity: str, id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The kept events of a rejected row: ``(sort key, event detail)``, oldest version first."""
        for item in query(self.client, self.table, _rejected(entity, id)):
            yield item["sk"], event_in(item)

    def mended(self, entity: str, id: str, sort_key: str, made: HistoryEntry) -> None:
        """Takes out a rejected event that was accepted after all, and notes who did it. Nothing where it is gone."""
        gone = delete(self.table, _rejected(entity, id), sort_key, expected={"sk": sort_key})
        try:
            transact(self.client, [gone, self.noted(entity, id, made)])
        except TransactionCancelled as cancelled:
            if not lost(cancelled):
                raise

    def noted(self, entity: str, id: str, made: HistoryEntry) -> Write:
        """An entry of a row's history, for the transaction of what was done."""
        return histories.entry(self.table, _row(entity, id), made)

    def history(self, entity: str, id: str) -> Iterator[HistoryEntry]:
        """What people did to a row of Dataverse, oldest first."""
        return histories.of(self.client, self.table, _row(entity, id))


def event_in(item: Item) -> dict[str, Any]:
    """The event that an item keeps."""
    found: dict[str, Any] = json.loads(zlib.decompress(item["ez"]) if "ez" in item else item["ev"])
    return found


def _rejected(entity: str, id: str) -> str:
    return f"{PREFIX}{bounded(entity)}#{bounded(id)}"


def _row(entity: str, id: str) -> str:
    return f"{bounded(entity)}#{bounded(id)}"


def _kept(rejected: Rejected, event: Mapping[str, Any]) -> dict[str, Any]:
    text = json.dumps(event, separators=(",", ":"), default=str)
    if len(text) <= _LEGIBLE_BYTES:
        return {"ev": text}
    packed = zlib.compress(text.encode())
    if len(packed) > _MOST_BYTES:
        problem = f"{len(packed)} bytes compressed, and {_MOST_BYTES} is the most that is kept; send fewer rows"
        raise Rejected(RejectReason.TOO_LARGE, problem, entity=rejected.entity, id=rejected.id)
    return {"ez": packed}
