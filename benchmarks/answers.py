"""Who answers while something is measured: at once, and with as little work as can be."""

# ruff: noqa: ARG002  - the port has arguments that change nothing of a prepared answer

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.httpsession import URLLib3Session

from project_invoicing.dataverse.api import Answer, Changes, FoundRow, Patch

WEBHOOK_KEY: Final = "the-key-of-the-webhook-measured"
PAGE: Final = 5_000
"""Rows that Dataverse gives with one answer."""
_AT_ONCE: Final[Mapping[str, bytes]] = {
    "AWSEvents.PutEvents": b'{"FailedEntryCount":0,"Entries":[]}',
    "secretsmanager.GetSecretValue": json.dumps({"SecretString": json.dumps({"key": WEBHOOK_KEY})}).encode(),
}


class _Raw(BytesIO):
    def stream(self) -> Iterator[bytes]:
        yield self.read()


@contextmanager
def bus_at_once() -> Iterator[list[str]]:
    """Bus and secret answer before anything goes over the wire; the SDK does all the rest of its work.

    Gives what they were asked: ``PutEvents``, ``GetSecretValue``.
    """
    sent: list[str] = []
    over_the_wire = URLLib3Session.send

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        target = request.headers.get("X-Amz-Target") or b""
        operation = target.decode() if isinstance(target, bytes) else target
        if operation not in _AT_ONCE:
            return over_the_wire(session, request)
        sent.append(operation.rpartition(".")[2])
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(_AT_ONCE[operation]))

    with patch.object(URLLib3Session, "send", send):
        yield sent


@dataclass
class Prepared:
    """A Dataverse whose answers are ready: its rows by table, all with the columns that are asked for.

    ``asked`` counts the requests; whoever reads all rows of a table asks for a page at a time.
    """

    tables: Mapping[str, Sequence[FoundRow]]
    asked: int = 0
    _by_id: dict[str, FoundRow] = field(init=False)

    def __post_init__(self) -> None:
        self._by_id = {found.id: found for rows in self.tables.values() for found in rows}

    def readable(self, entity: str, columns: Sequence[str]) -> Sequence[str]:
        return columns

    def rows(self, entity: str, ids: Iterable[str], columns: Sequence[str]) -> list[FoundRow]:
        self.asked += 1
        return [self._by_id[id] for id in ids if id in self._by_id]

    def matching(self, entity: str, columns: Sequence[str], column: str, value: str | int) -> Iterator[FoundRow]:
        self.asked += 1
        return iter(())

    def every(self, entity: str, columns: Sequence[str]) -> Iterator[FoundRow]:
        rows = self.tables.get(entity, ())
        for start in range(0, len(rows), PAGE):
            self.asked += 1
            yield from rows[start : start + PAGE]

    def changes(self, entity: str, columns: Sequence[str], link: str | None) -> Changes:
        self.asked += 1
        rows, start = self.tables.get(entity, ()), int(link or 0)
        until = start + PAGE
        return Changes(tuple(rows[start:until]), (), str(until), complete=until >= len(rows))

    def patch(self, patches: Sequence[Patch], *, atomic: bool = False) -> list[Answer]:
        self.asked += 1
        return [Answer(204)] * len(patches)


def rows_of(events: Iterable[Any]) -> dict[str, list[FoundRow]]:
    """What Dataverse has, by table, where these events of rows are all that happened."""
    tables: dict[str, list[FoundRow]] = {}
    for detail in (event.detail for event in events):
        found = FoundRow(detail["entity"], detail["id"], detail["row_version"], detail["occurred_at"], detail["row"])
        tables.setdefault(found.entity, []).append(found)
    return tables
