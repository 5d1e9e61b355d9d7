"""The port to Dataverse's Web API: what the integration asks of it and writes to it, whoever answers.

``web_api`` is the client over HTTP. Entities are named by their logical names (``msdyn_actual``), columns by theirs; a
row has the plain values of a bus event (contract, section 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from project_invoicing.errors import IntegrationError, Unavailable


class Throttled(Unavailable):
    """Dataverse's service protection: nothing more before ``retry_after`` seconds have passed."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Dataverse is throttling; try again in {retry_after} s")
        self.retry_after = retry_after


class AccessDenied(IntegrationError):
    """Entra ID or Dataverse does not let us in. Waiting repairs nothing: somebody has to grant what the text names."""


class NotConnected(Unavailable):
    """The stack has no Dataverse to ask: its URL is not set."""


class TokenExpired(IntegrationError):
    """A change-tracking token is too old (0x80044352): all rows have to be read again."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row as Dataverse has it now. ``version`` is its row version, ``modified_at`` an instant in UTC."""

    entity: str
    id: str
    version: int | None
    modified_at: str | None
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """One page of what changed.

    ``link`` asks for what comes next: this sweep's next page, or once ``complete`` what changes from now on.
    """

    rows: tuple[FoundRow, ...]
    deleted: tuple[str, ...]
    link: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Patch:
    """``columns`` to be written to a row that exists; ``etag`` ``*`` or the version that it must still have."""

    entity: str
    id: str
    columns: Mapping[str, Any]
    etag: str = "*"


@dataclass(frozen=True, slots=True)
class Answer:
    """What Dataverse said to one ``Patch``: its HTTP status, and its code and message where it refused."""

    status: int
    code: str | None = None
    message: str | None = None
    retry_after: int | None = None

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def unanswered(self) -> bool:
        """It was not tried, or nobody knows what became of it: the same patch may be sent again."""
        return self.status in (408, 429, 502, 503, 504)

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.status, self.code, self.message) if part)


class DataverseApi(Protocol):
    """What the integration uses of the Web API.

    Every method raises ``Throttled`` or ``Unavailable`` when Dataverse does not answer, ``AccessDenied`` when it does
    not let us in, ``Rejected`` (its code as the reason) when it refuses the question itself.
    """

    def readable(self, entity: str, columns: Sequence[str]) -> Sequence[str]:
        """Those of ``columns`` that the table has: it may lack what its map calls newer (D-062). Only they are read."""

    def rows(self, entity: str, ids: Iterable[str], columns: Sequence[str]) -> list[FoundRow]:
        """The rows with these ids, in any number. Those that do not exist are missing."""

    def matching(self, entity: str, columns: Sequence[str], column: str, value: str | int) -> Iterator[FoundRow]:
        """All rows whose ``column`` has ``value``, page by page; a look-up column is compared by the id in it."""

    def every(self, entity: str, columns: Sequence[str]) -> Iterator[FoundRow]:
        """All rows of a table, page by page."""

    def changes(self, entity: str, columns: Sequence[str], link: str | None) -> Changes:
        """One page of the rows that changed since ``link``, of all rows without one. Raises ``TokenExpired``."""

    def patch(self, patches: Sequence[Patch], *, atomic: bool = False) -> list[Answer]:
        """Writes up to 1,000 rows in one ``$batch``, each by itself: one that is refused holds no other.

        ``atomic``: all of them or none, in one change set; a refusal is then the answer to each of them.
        """
