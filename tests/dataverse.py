"""Dataverse in memory, behind the port; what goes over the wire is tested elsewhere.

dataverse = FakeDataverse(page=2)
dataverse.apply(actual("a", row_version=7))      # what the message says has happened
dataverse.changes("msdyn_actual", columns, None)
events = dataverse.take(actual("b"))             # the same, with versions of its own
dataverse.change("msdyn_actual", "b", msdyn_amount="7.00")

dataverse = StubbornDataverse(throttle_every=5)
with connected(dataverse):                       # for all functions that are called meanwhile
    …
dataverse.written["msdyn_actual", guid("work/billed")]
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, TypeVar
from unittest.mock import patch as patched

from project_invoicing import bootstrap
from project_invoicing.dataverse.api import Answer, Changes, DataverseApi, FoundRow, Patch, Throttled, TokenExpired
from project_invoicing.dataverse.context import row_events
from project_invoicing.errors import Unavailable
from project_invoicing.events import BusEvent
from project_invoicing.work_queue import WorkQueue
from tests.builders import AT, Context, guid
from tests.faults import Killed

T = TypeVar("T", bound=DataverseApi)
Row = tuple[str, str]

WRITTEN = Answer(204)
ABSENT = Answer(404, "0x80040217", "the row does not exist")
CHANGED = Answer(412, "0x80060882", "the version of the row does not match")


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
    _versions: Iterator[int] = field(default_factory=lambda: count(1_000))

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

    def take(self, *contexts: Context) -> list[BusEvent]:
        """The rows of these messages exist from now on; returns their events, each with the row's next version."""
        events = []
        for event in (event for context in contexts for event in row_events(context, AT)):
            detail = event.detail | {"row_version": next(self._versions)}
            found = FoundRow(detail["entity"], detail["id"], detail["row_version"], AT, detail["row"])
            self._put(found)
            events.append(replace(event, detail=detail))
        return events

    def change(self, entity: str, name: str, /, **columns: Any) -> None:
        """Somebody changes a row, and no message of it arrives."""
        found = self.tables[entity][guid(name)]
        self._put(replace(found, version=next(self._versions), row={**found.row, **columns}))

    def _put(self, found: FoundRow) -> None:
        self.tables.setdefault(found.entity, {})[found.id] = found
        self.log.append((found.entity, found.id))

    def expire_links(self) -> None:
        """Every link that was given out so far is too old."""
        self.log.append(("", ""))
        self.expired_before = len(self.log)

    def readable(self, entity: str, columns: Sequence[str]) -> Sequence[str]:
        return columns

    def rows(self, entity: str, ids: Iterable[str], columns: Sequence[str]) -> list[FoundRow]:
        table = self.tables.get(entity, {})
        return [_selected(table[id], columns) for id in ids if id in table]

    def matching(self, entity: str, columns: Sequence[str], column: str, value: str | int) -> Iterator[FoundRow]:
        for found in self.tables.get(entity, {}).values():
            has: Any = found.row.get(column)
            if (has["id"] if isinstance(has, Mapping) else has) == value:
                yield _selected(found, columns)

    def every(self, entity: str, columns: Sequence[str]) -> Iterator[FoundRow]:
        return (_selected(found, columns) for found in list(self.tables.get(entity, {}).values()))

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

    def patch(self, patches: Sequence[Patch], *, atomic: bool = False) -> list[Answer]:
        for patch in patches:
            self.change(patch.entity, patch.id, **patch.columns)
        return [Answer(204) for _ in patches]


@dataclass
class StubbornDataverse(FakeDataverse):
    """Every row exists, but for those that are ``absent``, and takes what is written, but for what it ``refuses``.

    ``requests`` has the patches of each request that was answered. Of these, each ``throttle_every``-th is throttled.
    ``dies_at`` is the number of the request (from 1) at which the caller dies: after it, if ``applied``.
    """

    absent: set[str] = field(default_factory=set)
    refuses: dict[str, Answer] = field(default_factory=dict)
    throttle_every: int = 0
    retry_after: int = 120
    down: bool = False
    dies_at: int = 0
    applied: bool = False
    requests: list[list[Row]] = field(default_factory=list)
    throttled: int = 0
    sent: int = 0
    written: dict[Row, list[dict[str, Any]]] = field(default_factory=dict)

    def rows(self, entity: str, ids: Iterable[str], columns: Sequence[str]) -> list[FoundRow]:
        if self.down:
            raise Unavailable("Dataverse did not answer")
        found = ((id, self.written.get((entity, id), [])) for id in ids if id not in self.absent)
        return [
            _selected(FoundRow(entity, id, len(told), None, dict(ChainMap(*told[::-1]))), columns) for id, told in found
        ]

    def patch(self, patches: Sequence[Patch], *, atomic: bool = False) -> list[Answer]:
        assert all(patch.etag for patch in patches), "without If-Match a patch may create a row"
        assert len(patches) <= 100
        self.sent += 1
        if self.sent == self.dies_at and not self.applied:
            raise Killed("$batch")
        if self.down:
            raise Unavailable("Dataverse did not answer")
        if self.throttle_every and self.sent % self.throttle_every == 0:
            self.throttled += 1
            raise Throttled(self.retry_after)
        self.requests.append([(patch.entity, patch.id) for patch in patches])
        answers = [self._answer(patch) for patch in patches]
        if self.sent == self.dies_at:
            raise Killed("$batch")
        return answers

    def _answer(self, patch: Patch) -> Answer:
        if patch.id in self.absent:
            return ABSENT
        if answer := self.refuses.get(patch.id):
            return answer
        if patch.etag not in ("*", f'W/"{len(self.written.get((patch.entity, patch.id), []))}"'):
            return CHANGED
        self.written.setdefault((patch.entity, patch.id), []).append(dict(patch.columns))
        return WRITTEN

    def values(self) -> Mapping[Row, dict[str, Any]]:
        """What each row has now: the one value that it was told, how often ever."""
        assert all(told == told[:1] * len(told) for told in self.written.values())
        return {row: told[0] for row, told in self.written.items()}


@contextmanager
def connected(dataverse: T) -> Iterator[T]:
    with patched.object(bootstrap, "dataverse", lambda: dataverse):
        yield dataverse


@contextmanager
def queue() -> Iterator[list[tuple[dict[str, Any], int]]]:
    """What is put on queues: tasks with their delay. Nothing reaches the queue itself."""
    sent: list[tuple[dict[str, Any], int]] = []

    def send(_: WorkQueue, tasks: Iterable[Mapping[str, Any]], delay: int = 0) -> int:
        before = len(sent)
        sent.extend((dict(task), delay) for task in tasks)
        return len(sent) - before

    with patched.object(WorkQueue, "send", send):
        yield sent


def _selected(found: FoundRow, columns: Sequence[str]) -> FoundRow:
    row = {name: value for name, value in found.row.items() if name in columns}
    return FoundRow(found.entity, found.id, found.version, found.modified_at, row)
