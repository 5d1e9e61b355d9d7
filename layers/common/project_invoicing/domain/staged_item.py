"""What staging holds under one key, for readers of the whole table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from project_invoicing.domain.codes import ConnectionRole
from project_invoicing.domain.staged_row import StagedRow


class StagedItem(NamedTuple):
    """All that staging has on an actual: its row once it has arrived, its connections, and what continues it.

    ``row`` is also ``None`` where this code cannot read it; ``state`` and ``reason`` are as stored. ``taker`` is the id
    of the actual that continues this one, as 16 bytes. ``in_queue``: an import will find it.
    """

    id: str
    row: StagedRow | None
    arrived: bool
    state: str | None
    reason: str
    company: str | None
    version: int | None
    in_queue: bool
    links: Mapping[ConnectionRole, str]
    taker: bytes | None


class RejectedItem(NamedTuple):
    """An event that was rejected and is kept, or an actual that turned out to be invalid later."""

    entity: str
    id: str
    reason: str
    detail: str


class UnreadableRow(NamedTuple):
    """A row that this code cannot read: what is there without reading it. ``state`` is as it is stored."""

    id: str
    company: str | None
    state: str | None
    journal_id: str | None
    proposal_id: str | None
    voucher: str | None
    deliveries: int
