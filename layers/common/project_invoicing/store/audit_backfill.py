"""Marks what versions without seals wrote as to be sealed: each table is read once, from where the last run stopped.

What was marked or sealed meanwhile stays as it is, so that it may run beside everything else, and any number of times.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from project_invoicing.store import unsealed
from project_invoicing.store.errors import ConditionFailed, translated
from project_invoicing.store.items import Item, key, plain_item
from project_invoicing.store.sealable import MARKED, Sealable, is_document, is_entry
from project_invoicing.store.seals import Start
from project_invoicing.store.transactions import write_one

_POSTED = "posted"


class AuditBackfill:
    """One run at ``at``; ``marked`` counts what it has marked."""

    def __init__(self, sealable: Sealable, at: str) -> None:
        self._sealable = sealable
        self._at = at
        self.marked = 0

    @property
    def tables(self) -> list[str]:
        return [kind for kind in MARKED if kind in self._sealable.tables]

    def table(self, kind: str, start: Start | None) -> Iterator[Start | None]:
        """Marks the items of a table behind ``start``; says after each page how far it is, ``None`` at the end."""
        client, table = self._sealable.client, self._sealable.tables[kind]
        while True:
            request: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
            if start:
                request["ExclusiveStartKey"] = key(*start)
            with translated():
                answer = client.scan(**request)
            for item in map(plain_item, answer["Items"]):
                if _is_due(kind, item):
                    with suppress(ConditionFailed):
                        write_one(client, unsealed.of_an_earlier_version(table, item, self._at))
                        self.marked += 1
            last = answer.get("LastEvaluatedKey")
            start = (str(last["pk"]["S"]), str(last["sk"]["S"])) if last else None
            yield start
            if start is None:
                return


def _is_due(kind: str, item: Item) -> bool:
    if unsealed.since(item) is not None or unsealed.sealed_in(item) is not None:
        return False
    return is_entry(kind, item) or (is_document(kind, item) and item.get("st") == _POSTED)
