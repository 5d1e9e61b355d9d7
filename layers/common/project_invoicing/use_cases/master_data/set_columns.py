"""Sets finance's own columns of master data, a hundred names at a time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from project_invoicing.chunks import chunks
from project_invoicing.domain.actor import Actor
from project_invoicing.domain.finance_columns import Columns
from project_invoicing.domain.master_data import Key, NameKey, Part, Seen, SeenName
from project_invoicing.errors import Conflict
from project_invoicing.store.master_data import FinanceChange, MasterData
from project_invoicing.store.transactions import MAX_WRITES

AT_ONCE: Final = (MAX_WRITES - 1) // 2
"""The names of one transaction, each with its entry in the history, and their event."""
FIXED_RATE: Final = "fixed_exchange_rate"
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
        done = _set_together(master, chunk, seen, at, who)
        for key, columns in chunk:
            yield done[key] if key in done else _set(master, key, columns, seen[key], at, who)


def _set_together(
    master: MasterData,
    chunk: Sequence[tuple[NameKey, Columns]],
    seen: Mapping[Key, Seen | None],
    at: str,
    who: Actor | None,
) -> dict[NameKey, Outcome]:
    """Sets the columns of many names with one event for each part. What is left over goes by itself.

    That is a name which is given twice, a fixed rate or a milestone, of which its number has to be told, and a part of
    which somebody else is changing a name.
    """
    times = Counter(key for key, _ in chunk)
    parts: dict[Part, list[FinanceChange]] = defaultdict(list)
    for key, columns in chunk:
        change = FinanceChange(key, _finance(seen[key]), _laid_over(seen[key], columns))
        alone = FIXED_RATE in change.changed or key.part is Part.ON_ACCOUNT_TRANSACTIONS
        if change.changed and not alone and times[key] == 1:
            parts[key.part].append(change)
    done: dict[NameKey, Outcome] = {}
    for part, changes in parts.items():
        if len(changes) > 1:
            with suppress(Conflict):
                master.set_finance_together(part, changes, at, who)
                done |= {
                    change.name: Outcome(
                        change.name, changed=True, columns=change.after, row=_row_of(seen[change.name])
                    )
                    for change in changes
                }
    return done


def _set(master: MasterData, key: NameKey, columns: Columns, seen: Seen | None, at: str, who: Actor | None) -> Outcome:
    for _ in range(TRIES):
        before, now = _finance(seen), _laid_over(seen, columns)
        if now == before:
            return Outcome(key, changed=False, columns=now, row=_row_of(seen))
        try:
            master.set_finance(key, now, before=before, at=at, who=who)
        except Conflict:
            seen = master.read([key])[key]
            continue
        return Outcome(key, changed=True, columns=now, row=_row_of(seen))
    raise Conflict(f"{key.part} {key.number} is being changed by others; try again")


def _finance(seen: Seen | None) -> Mapping[str, Any]:
    return seen.finance if isinstance(seen, SeenName) else {}


def _laid_over(seen: Seen | None, columns: Columns) -> dict[str, Any]:
    return {column: value for column, value in {**_finance(seen), **columns}.items() if value is not None}


def _row_of(seen: Seen | None) -> tuple[str, str] | None:
    return (seen.entity, seen.id) if isinstance(seen, SeenName) and seen.entity and seen.id else None
