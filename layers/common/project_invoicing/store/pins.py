"""The master data that a document is computed with, kept beside it: item ``MASTER`` in the document's partition.

``md`` is the text of the view, compressed. The header has ``mp`` while the item belongs to what was begun with it:
lines of a proposal that are being built, or a posting. Without ``mp`` the set-up document alone counts.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.codes import WaitReason
from project_invoicing.domain.refusals import Refused
from project_invoicing.store.transactions import Write, get, put

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PINS: Final = "MASTER"
MAX_BYTES: Final = 390_000
"""DynamoDB's limit of an item is 400 KB, with its keys and names."""


def packed(text: str, document: str) -> bytes:
    """The view's text as it is stored. Refuses one that no item can hold, before anything of ``document`` is begun."""
    data = zlib.compress(text.encode())
    if len(data) > MAX_BYTES:
        detail = f"{document} is computed with {len(data)} bytes of master data, and {MAX_BYTES} is the most"
        raise Refused(WaitReason.MASTER_DATA_TOO_LARGE, f"{detail}; divide it into smaller documents")
    return data


def pin(table: str, partition: str, data: bytes) -> Write:
    """Replaces what an earlier attempt may have left: the header, written with it, has the condition."""
    return put(table, {"pk": partition, "sk": PINS, "md": data}, unless_exists=False)


def pinned(client: DynamoDBClient, table: str, partition: str) -> str | None:
    """The view's text, ``None`` where the document has none."""
    found = get(client, table, partition, PINS)
    return zlib.decompress(found["md"]).decode() if found else None
