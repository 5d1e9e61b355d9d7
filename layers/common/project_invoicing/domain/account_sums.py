"""What the lines of a ledger batch add up to on each account, as its header keeps it: compressed text. Pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

MOST_BYTES: Final = 32_768
"""Some 3,000 accounts. Every change of a header costs what the whole item costs, and an item has 400 KB."""


def packed(sums: Mapping[str, Decimal]) -> bytes | None:
    """Signed sums in accounting currency by account, without those that are zero; ``None`` for too many accounts."""
    text = json.dumps({account: f"{amount:f}" for account, amount in sorted(sums.items()) if amount})
    found = zlib.compress(text.encode(), 9)
    return found if len(found) <= MOST_BYTES else None


def unpacked(sums: bytes) -> dict[str, Decimal]:
    """What ``packed`` was given."""
    return {account: Decimal(amount) for account, amount in json.loads(zlib.decompress(sums)).items()}
