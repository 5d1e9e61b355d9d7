"""Dataverse in memory, as far as the catch-up asks it: rows, change tracking with pages, and links that expire.

dataverse = FakeDataverse(page=2)
dataverse.apply(actual("a", row_version=7))      # what the message says has happened
dataverse.changes("msdyn_actual", columns, None)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from project_invoicing.dataverse.api import Answer, Changes, FoundRow, Patch, TokenExpired
from project_invoicing.dataverse.context import row_events
from tests.builders import AT, Context


@dataclass
class FakeDataverse:
    """``log`` has every change in order as ``(entity, id)``; a link names a place in it."""

    page: int = 5_000
    tables: dict[str, dict[str, FoundRow]] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    expired_before: int = 0
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    """What the next questions for changes are answered with, one each."""

    def apply(self, *contexts: Context) -> None:
        for context in contexts:
            for event in row_events(context, AT):
                detail = event.detail
                table = self.tables.setdefault(detail["entity"], {})
                if detail["message"] == "Delete":
                    table.pop(detail["id"], None)
                else:
                    version, at = detail["row_version"], detail["occurred_at"]
                    table[detail["id"]] = FoundRow(detail["entity"], detail["id"], version, at, detail["row"])
                self.log.append((detail["entity"], detail["id"]))

    def expire_links(self) -> None:
        """Every link that was given out so far is too old."""
        self.log.append(("", ""))
        self.expired_before = len(self.log)

    def rows(self, entity: str, ids: Iterable[str], columns: Sequence[str]) -> list[FoundRow]:
        table = self.tables.get(entity, {})
        return [_selected(table[id], columns) for id in ids if id in table]

    def matching(self, entity: str, columns: Sequence[str], column: str, value: str | int) -> Iterator[FoundRow]:
        for found in self.tables.get(entity, {}).values():
            has: Any = found.row.get(column)
            if (has["id"] if isinstance(has, Mapping) else has) == value:
                yield _selected(found, columns)

    def every(self, entity: str, columns: Sequence[str]) -> Iterator[FoundRow]:
        return (_selected(found, columns) for found in self.tables.get(entity, {}).values())

    def changes(self, entity: str, columns: Sequence[str], link: str | None) -> Changes:
        self.asked.append((entity, link))
        if self.fails:
            raise self.fails.pop(0)
        since, until, offset = map(int, link.split("/")) if link else (0, len(self.log), 0)
        if link and (until or since) < self.expired_before:
            raise TokenExpired(link)
        until = until or len(self.log)
        changed = list(dict.fromkeys(id for of, id in self.log[since:until] if of == entity))
        some = changed[offset : offset + self.page]
        complete = offset + self.page >= len(changed)
        table = self.tables.get(entity, {})
        return Changes(
            rows=tuple(_selected(table[id], columns) for id in some if id in table),
            deleted=tuple(id for id in some if id not in table),
            link=f"{until}/0/0" if complete else f"{since}/{until}/{offset + self.page}",
            complete=complete,
        )

    def patch(self, patches: Sequence[Patch]) -> list[Answer]:
        raise NotImplementedError("the catch-up writes nothing")


def _selected(found: FoundRow, columns: Sequence[str]) -> FoundRow:
    row = {name: value for name, value in found.row.items() if name in columns}
    return FoundRow(found.entity, found.id, found.version, found.modified_at, row)
