"""What a verification of the audit chain knows of each item in the tables. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

_BATCH: Final = "HISTORY#BATCH#"


class Found(NamedTuple):
    """A page of the ledger or an entry of a history: ``since`` when it waits to be sealed, or its seal (``place``)."""

    table: str
    pk: str
    sk: str
    hash: str
    at: str | None
    since: str | None
    place: str | None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.table, self.pk, self.sk


class Document(NamedTuple):
    """The header of a document: the partitions of its vouchers in the ledger and of its history, and where it stands.

    ``since`` when its vouchers wait to be sealed; ``place`` the seal that holds the last of them.
    """

    ledger: str | None
    history: str
    company: str | None
    status: str | None
    since: str | None
    place: str | None


def company_of(found: Found) -> str | None:
    """The company of an entry whose key says it: of the history of a ledger batch. Its code may have any character."""
    return found.pk.removeprefix(_BATCH).rsplit("#", 2)[0] if found.pk.startswith(_BATCH) else None
