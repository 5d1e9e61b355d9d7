"""A Dataverse in memory, behind the port: it has what it sent, and what it was told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from project_invoicing.dataverse.api import Answer, Changes, FoundRow, Patch
from project_invoicing.dataverse.context import row_events
from project_invoicing.events import BusEvent
from tests.builders import Context, guid

AT = "2026-08-31T09:00:00Z"


@dataclass
class FakeDataverse:
    """``rows`` by table and id. Every change gives a row the next version."""

    rows_of: dict[str, dict[str, FoundRow]] = field(default_factory=dict)
    _versions: Iterator[int] = field(default_factory=lambda: count(1_000))

    def take(self, *contexts: Context) -> list[BusEvent]:
        """The rows of these messages exist from now on; returns the events of them, with their versions."""
        events = []
        for event in (event for context in contexts for event in row_events(context, AT)):
            version = next(self._versions)
            detail = event.detail | {"row_version": version}
            found = FoundRow(detail["entity"], detail["id"], version, AT, detail["row"])
            self.rows_of.setdefault(found.entity, {})[found.id] = found
            events.append(replace(event, detail=detail))
        return events

    def change(self, entity: str, name: str, /, **columns: Any) -> None:
        """Somebody changes a row, and no message of it arrives."""
        found = self.rows_of[entity][guid(name)]
        changed = replace(found, version=next(self._versions), row={**found.row, **columns})
        self.rows_of[entity][found.id] = changed

    # The port

    def rows(self, entity: str, ids: Iterable[str], columns: Sequence[str]) -> list[FoundRow]:
        have = self.rows_of.get(entity, {})
        return [_only(have[id], columns) for id in ids if id in have]

    def matching(self, entity: str, columns: Sequence[str], column: str, value: str | int) -> Iterator[FoundRow]:
        for found in self.every(entity, [*columns, column]):
            there = found.row.get(column)
            if value == (there["id"] if isinstance(there, Mapping) else there):
                yield found

    def every(self, entity: str, columns: Sequence[str]) -> Iterator[FoundRow]:
        yield from (_only(found, columns) for found in list(self.rows_of.get(entity, {}).values()))

    def changes(self, entity: str, columns: Sequence[str], link: str | None) -> Changes:
        raise NotImplementedError

    def patch(self, patches: Sequence[Patch], *, atomic: bool = False) -> list[Answer]:
        for patch in patches:
            self.change(patch.entity, patch.id, **patch.columns)
        return [Answer(204) for _ in patches]


def _only(found: FoundRow, columns: Sequence[str]) -> FoundRow:
    return replace(found, row={name: found.row[name] for name in columns if name in found.row})
