"""What was rejected and is kept, and setting it aside: it stays whole, in another partition of the queue.

``dw`` is why it was dismissed. It means something only while the item stands in that partition: a row that was found
invalid may have come anew since.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.staged_row import Rejection
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.items import Item, bounded, is_possible, readable
from project_invoicing.store.rejections import PREFIX, event_in
from project_invoicing.store.staged_rows import ROW
from project_invoicing.store.staging import Staging
from project_invoicing.store.staging_queue import DISMISSED, INDEX, REJECTED, rejected_place
from project_invoicing.store.transactions import get, lost, query, transact, update

if TYPE_CHECKING:
    from project_invoicing.domain.history import HistoryEntry


@dataclass(frozen=True, slots=True)
class Kept:
    """Something rejected that is kept: an event, or a row that the import found invalid.

    ``company`` is known of rows alone. ``message`` names it: its place among all that was rejected.
    """

    rejection: Rejection
    company: str | None
    message: str
    stored: Item = field(repr=False, compare=False)

    @property
    def sort_key(self) -> str:
        return str(self.stored["sk"])

    @property
    def event(self) -> dict[str, Any] | None:
        """What came; ``None`` for a row that was accepted at first."""
        return event_in(self.stored) if self.sort_key != ROW else None


def kept_in(item: Item) -> Kept | None:
    """What an item of the staging table keeps; ``None`` for one that is not rejected (any more)."""
    pk, sk = str(item["pk"]), str(item["sk"])
    if pk.startswith(PREFIX):
        _, entity, id = pk.split("#", 2)
        at, company = item["at"], None
    elif sk == ROW and item.get("st") == StagingState.INVALID and "re" in item:  # what was rolled back was not rejected
        entity, id, at, company = ACTUAL, pk, item["rs"], item.get("co")
    else:
        return None
    dismissed = str(item["dw"]) if item.get("q") == DISMISSED else None
    said = Rejection(entity, id, item["re"], item["rd"], at, dismissed)
    return Kept(said, company, rejected_place(at, pk, sk), item)


def kept_of(staging: Staging, entity: str, id: str) -> Iterator[Kept]:
    """All that is kept of a row as rejected, dismissed or not: its events, oldest version first, and the row itself."""
    for item in query(staging.client, staging.table, f"{PREFIX}{bounded(entity)}#{bounded(id)}"):
        if found := readable(kept_in, item):
            yield found
    row = staging.item(id) if entity == ACTUAL else None
    if row and (found := readable(kept_in, row)):
        yield found


def kept_as(staging: Staging, message: str) -> Kept | None:
    """What has this name. At most three requests."""
    if not is_possible(REJECTED, message):
        return None
    for partition in (REJECTED, DISMISSED):
        found = query(staging.client, staging.table, partition, prefix=message, index=INDEX, names=("q", "qs"), limit=1)
        for proposed in found:
            item = get(staging.client, staging.table, proposed["pk"], proposed["sk"])
            kept = readable(kept_in, item) if item else None
            if kept and kept.message == message:
                return kept
    return None


def dismiss(staging: Staging, kept: Kept, why: str, made: HistoryEntry) -> bool:
    """Sets something rejected aside and notes who did it; ``False`` where it is no longer as it was read."""
    return _moved(staging, kept, {"q": DISMISSED, "qs": kept.message, "dw": why}, made)


def take_back(staging: Staging, kept: Kept, made: HistoryEntry) -> bool:
    """Puts what was dismissed back on the list of what was rejected; ``False`` as ``dismiss``."""
    return _moved(staging, kept, {"q": REJECTED, "qs": kept.message, "dw": None}, made)


def _moved(staging: Staging, kept: Kept, values: dict[str, Any], made: HistoryEntry) -> bool:
    """On condition that it is there, in the same partition, and of a row that no delivery has changed it."""
    item, said = kept.stored, kept.rejection
    expected = {"pk": item["pk"], **{name: item.get(name) for name in ("q", "st", "ch")}}
    write = update(staging.table, item["pk"], item["sk"], values, expected=expected)
    try:
        transact(staging.client, [write, staging.noted(said.entity, said.id, made)])
    except TransactionCancelled as cancelled:
        if not lost(cancelled):
            raise
        return False
    return True
