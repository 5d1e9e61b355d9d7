"""The sparse index of staging rows that need attention, and a row's position in it.

A row has at most one place: ``J#`` + time waits for a journal, ``B#`` + proforma for its proposal, ``U#`` has changed
since its import (``U#T#`` only its texts, ``U#L#`` only its connections), ``I#`` + lender + borrower + date is a posted
sale that waits to be billed between companies.

What was rejected stands in a partition of its own, in order of time: events that are kept, and rows that turned out to
be invalid.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID
from zlib import crc32

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import TransactionType
from project_invoicing.domain.staged_row import OnDocument, OnJournal
from project_invoicing.store.items import Item

INDEX: Final = "import_queue"
BLOCKED: Final = "blocked_by"
"""The sparse index of waiting rows by the master data that ends their wait. The row's id is its sort key, so that
DynamoDB can spread the many rows of one blocker over partitions."""
SHARDS: Final = 4
"""Partitions of the import queue. A partition takes 1,000 writes per second; a row is written there once."""

_ID: Final = b"\0"

REJECTED: Final = "R"
"""The partition of what was rejected; the partitions of rows that wait are numbers."""
DISMISSED: Final = "D"
"""The partition of what was rejected and then set aside by a person. It has the same place there."""

FOR_JOURNAL: Final = "J#"
FOR_PROPOSAL: Final = "B#"
CHANGED: Final = "U#"
REWORDED: Final = "U#T#"
RELINKED: Final = "U#L#"


def blocker_key(blocker: str) -> bytes:
    """The key of a blocker in the index: a Dataverse id as sixteen bytes, so that a waiting row stays below 1 KB."""
    table, _, id = blocker.partition("#")
    try:
        return table.encode() + _ID + UUID(id).bytes
    except ValueError:  # a currency pair, or the policy
        return blocker.encode()


def blocker_of(key: bytes) -> str:
    """The blocker whose key this is."""
    table, found, id = key.partition(_ID)
    return f"{table.decode()}#{UUID(bytes=id)}" if found else key.decode()


def queued_as(actual_id: str, position: str) -> dict[str, Any]:
    """The index keys of a row at ``position``."""
    return {"q": str(crc32(actual_id.encode()) % SHARDS), "qs": position}


def queued_as_rejected(at: str, pk: str, sk: str) -> dict[str, Any]:
    """The index keys of what was rejected ``at`` a time. No two items have the same."""
    return {"q": REJECTED, "qs": rejected_place(at, pk, sk)}


def rejected_place(at: str, pk: str, sk: str) -> str:
    """The place of what was rejected ``at`` a time among all of it, which also names it."""
    return f"{at}#{blake2b(f'{pk} {sk}'.encode(), digest_size=8).hexdigest()}"


def changed_position(actual_id: str) -> str:
    return f"{CHANGED}{actual_id[:8]}"


def reworded_position(actual_id: str) -> str:
    return f"{REWORDED}{actual_id[:8]}"


def relinked_position(item: Item, actual_id: str) -> str:
    """The queue position after a connection changed; a row already queued is queued to be looked at completely."""
    return f"{RELINKED}{actual_id[:8]}" if "qs" not in item else changed_position(actual_id)


def is_outdated(position: str) -> bool:
    return position.startswith(CHANGED) and not position.startswith(REWORDED)


def document_position(actual_id: str, document: OnDocument, at: str | None) -> str:
    """Where a row that leaves ``document`` at a time waits: for another document of the same kind."""
    if isinstance(document, OnJournal):
        return journal_position(actual_id, at)
    return proposal_position(actual_id, document.proforma_id)


def journal_position(actual_id: str, at: str | None) -> str:
    """Where a row waits for a journal since ``at``: the longest-waiting rows of a partition come first (D-157).

    The seconds since 1970 in eight hexadecimal digits. Rows that came before this was so, or at a time that cannot be
    read, have those of their id instead.
    """
    with suppress(ValueError):
        return f"{FOR_JOURNAL}{int(datetime.fromisoformat(at or '').timestamp()):08x}"
    return f"{FOR_JOURNAL}{actual_id[:8]}"


def proposal_position(actual_id: str, proforma_id: str) -> str:
    return f"{FOR_PROPOSAL}{proforma_id}#{actual_id[:8]}"


def sale_position(actual_id: str, lender: str, borrower: str, on: date) -> str:
    return f"{sales_prefix(lender, borrower)}{on.isoformat()}#{actual_id[:8]}"


def sales_prefix(lender: str, borrower: str) -> str:
    return f"I#{lender}#{borrower}#"


def import_position(actual: Actual, at: str | None) -> str:
    """Where a row that arrives at a time waits for its import."""
    if actual.transaction_type is TransactionType.BILLED_SALES:
        return proposal_position(actual.id, actual.invoice.id if actual.invoice else "")
    return journal_position(actual.id, at)
