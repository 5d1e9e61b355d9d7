"""Sets finance's own columns of master data, a hundred names at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from project_invoicing.chunks import chunks
from project_invoicing.domain.actor import Actor
from project_invoicing.domain.finance_columns import Columns
from project_invoicing.domain.master_data import NameKey, Seen, SeenName
from project_invoicing.errors import Conflict
from project_invoicing.store.master_data import MasterData

AT_ONCE: Final = 100
TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one name: finance's columns as they are now, and the row that has the name, if one does."""

    key: NameKey
    changed: bool
    columns: Mapping[str, Any]
    row: tuple[str, str] | None


def set_columns(
    master: MasterData, entries: Iterable[tuple[NameKey, Columns]], at: str, who: Actor | None = None
) -> Iterator[Outcome]:
    """Sets the columns of each entry, and leaves the others as they are; ``None`` takes one back.

    What is there already is not written again, so that a file can be given twice. Each change is kept with ``who`` made
    it. The columns were checked before. Raises ``Conflict`` for a name that others keep changing.
    """
    for chunk in chunks(entries, AT_ONCE):
        seen = master.read([key for key, _ in chunk])
        for key, columns in chunk:
            yield _set(master, key, columns, seen[key], at, who)


def _set(master: MasterData, key: NameKey, columns: Columns, seen: Seen | None, at: str, who: Actor | None) -> Outcome:
    for _ in range(TRIES):
        name = seen if isinstance(seen, SeenName) else None
        before = name.finance if name else {}
        now = {column: value for column, value in {**before, **columns}.items() if value is not None}
        row = (name.entity, name.id) if name and name.entity and name.id else None
        if now == before:
            return Outcome(key, changed=False, columns=now, row=row)
        try:
            master.set_finance(key, now, before=before, at=at, who=who)
        except Conflict:
            seen = master.read([key])[key]
            continue
        return Outcome(key, changed=True, columns=now, row=row)
    raise Conflict(f"{key.part} {key.number} is being changed by others; try again")
