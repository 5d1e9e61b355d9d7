"""A Dataverse in memory, for what the integration does with it; what goes over the wire is tested elsewhere.

dataverse = Dataverse()
with connected(dataverse):           # for all functions that are called meanwhile
    …
dataverse.written["msdyn_actual", guid("work/billed")]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch as patched

from project_invoicing import bootstrap
from project_invoicing.dataverse.api import Answer, FoundRow, Patch, Throttled
from project_invoicing.errors import Unavailable
from project_invoicing.work_queue import WorkQueue
from tests.faults import Killed

Row = tuple[str, str]

WRITTEN = Answer(204)
ABSENT = Answer(404, "0x80040217", "the row does not exist")


@dataclass
class Dataverse:
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
        return [FoundRow(entity, id, 1, None, {}) for id in ids if id not in self.absent]

    def patch(self, patches: Sequence[Patch], *, atomic: bool = False) -> list[Answer]:
        assert all(patch.etag == "*" for patch in patches), "without If-Match a patch may create a row"
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
        self.written.setdefault((patch.entity, patch.id), []).append(dict(patch.columns))
        return WRITTEN

    def values(self) -> Mapping[Row, dict[str, Any]]:
        """What each row has now: the one value that it was told, how often ever."""
        assert all(told == told[:1] * len(told) for told in self.written.values())
        return {row: told[0] for row, told in self.written.items()}


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, as far as anybody reads it."""

    status: int = 200
    data: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def connected(dataverse: Dataverse) -> Iterator[Dataverse]:
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
