"""How far the write-back of a row has got, as it stands on the row's own item: ``wb`` state, ``wd`` the answer."""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.store.items import Item
from project_invoicing.store.write_backs import WriteBackState


@dataclass(frozen=True, slots=True)
class WriteBackMark:
    """``answer`` is what Dataverse said, where it refused."""

    state: WriteBackState
    answer: str | None = None


def write_back_mark(item: Item) -> WriteBackMark:
    """The mark on a staging row or on an invoice's header; nothing there means that it is still to be written."""
    return WriteBackMark(WriteBackState(item.get("wb", WriteBackState.PENDING)), item.get("wd"))
