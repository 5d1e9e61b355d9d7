"""What one step sees of master data: the rows it has read, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import (
    Children,
    ChildrenKey,
    Key,
    NameKey,
    Part,
    RateKey,
    Rates,
    RowKey,
    Seen,
    SeenName,
    SeenRow,
)
from project_invoicing.domain.money import ExchangeRate

T = TypeVar("T", bound=Seen)


class NotRead(LookupError):
    """A rule asked for master data that its step has not read: a defect of the step, never an answer."""

    def __init__(self, key: Key) -> None:
        self.key = key
        super().__init__(f"{key} was not read")


class MasterView:
    """The master data that one step has read. It only grows, and what was read first stays.

    ``None`` is an answer: the key was read, and there is nothing. A key that was not read raises ``NotRead``.
    """

    def __init__(self, seen: Mapping[Key, Seen | None] | None = None) -> None:
        self._seen: dict[Key, Seen | None] = dict(seen or {})

    def add(self, seen: Mapping[Key, Seen | None]) -> None:
        for key, found in seen.items():
            self._seen.setdefault(key, found)

    def has(self, key: Key) -> bool:
        """Whether the key was read, whatever was found."""
        return key in self._seen

    @classmethod
    def of(cls, text: str) -> MasterView:
        """The view that ``pinned`` wrote."""
        return cls(dict(_entry_of(entry) for entry in json.loads(text)))

    def pinned(self) -> str:
        """Everything that was read, and what was not there, as JSON: the same text for the same answers."""
        entries = sorted((_entry(key, found) for key, found in self._seen.items()), key=lambda entry: entry[0])
        return json.dumps(entries, separators=(",", ":"), ensure_ascii=False)

    def row(self, entity: str, id: str) -> SeenRow | None:
        return self._of(RowKey(entity, id), SeenRow)

    def name(self, part: Part, company: str, number: str) -> SeenName | None:
        return self._of(NameKey(part, company, number), SeenName)

    def rows(self, entity: str) -> Iterator[SeenRow]:
        """The rows of a table that were read and are there."""
        for key, found in self._seen.items():
            if isinstance(key, RowKey) and key.entity == entity and isinstance(found, SeenRow):
                yield found

    def names(self) -> Iterator[tuple[NameKey, SeenName]]:
        """The names that were read and have a row, or columns of finance's own, in order."""
        found = ((key, seen) for key, seen in self._seen.items() if isinstance(key, NameKey))
        named = ((key, seen) for key, seen in found if isinstance(seen, SeenName) and (seen.id or seen.finance))
        yield from sorted(named, key=lambda one: one[0])

    def children(self, parent: str) -> Children | None:
        return self._of(ChildrenKey(parent), Children)

    def rates(self, type: str, from_: str, to: str) -> Rates | None:
        return self._of(RateKey(type, from_, to), Rates)

    def _of(self, key: Key, kind: type[T]) -> T | None:
        if key not in self._seen:
            raise NotRead(key)
        found = self._seen[key]
        if found is None or isinstance(found, kind):
            return found
        raise TypeError(f"{key} is a {type(found).__name__}, not a {kind.__name__}")


class _DocumentOnly(MasterView):
    """No rows at all: the set-up document is everything there is. Whatever is asked counts as read."""

    def add(self, seen: Mapping[Key, Seen | None]) -> None:
        """Nothing can be added: it is one for all."""

    def has(self, key: Key) -> bool:  # noqa: ARG002 (whatever is asked)
        return True

    def _of(self, key: Key, kind: type[T]) -> T | None:  # noqa: ARG002 (whatever is asked)
        return None


_KEYS: Final[Mapping[str, type[Key]]] = {"row": RowKey, "name": NameKey, "of": ChildrenKey, "rate": RateKey}
_KINDS: Final = {kind: name for name, kind in _KEYS.items()}
_STATE: Final = tuple(one.name for one in fields(SeenRow) if one.name not in ("entity", "id", "version"))
_Entry = tuple[list[str], Any]


def _entry(key: Key, found: Seen | None) -> _Entry:
    named = [str(getattr(key, one.name)) for one in fields(key)]
    return [_KINDS[type(key)], *named], None if found is None else _outward(found)


def _outward(found: Seen) -> Any:
    match found:
        case SeenRow(version=version):
            stamp = [version.number, version.occurred_at, version.content]
            return [stamp, *(getattr(found, name) for name in _STATE)]
        case SeenName():
            told = [found.entity, found.id, found.columns, found.finance, found.deleted]
            more = [found.former, found.earlier] if found.earlier else [found.former]
            return [*told, *more] if found.former or found.earlier else told
        case Children(rows):
            return [[*child, columns] for child, columns in rows.items()]
        case Rates(days):
            return [[day.isoformat(), str(rate.rate), str(rate.factor)] for day, rate in days]


def _entry_of(entry: Any) -> tuple[Key, Seen | None]:
    (kind, *named), told = entry
    match kind:
        case "row":
            return RowKey(*named), None if told is None else _row_of(named, *told)
        case "name":
            part, company, number = named
            return NameKey(Part(part), company, number), None if told is None else _name_of(*told)
        case "of":
            rows = {(entity, id): columns for entity, id, columns in told or ()}
            return ChildrenKey(*named), None if told is None else Children(rows)
        case _:
            days = tuple((date.fromisoformat(day), ExchangeRate(*map(Decimal, rate))) for day, *rate in told or ())
            return RateKey(*named), None if told is None else Rates(days)


def _name_of(
    entity: str | None,
    id: str | None,
    columns: Mapping[str, Any],
    finance: Mapping[str, Any],
    deleted: bool,
    former: Sequence[Sequence[str]] = (),
    earlier: Sequence[str] = (),
) -> SeenName:
    return SeenName(entity, id, columns, finance, deleted, tuple((table, of) for table, of in former), tuple(earlier))


def _row_of(named: list[str], stamp: list[Any], *state: Any) -> SeenRow:
    entity, id = named
    return SeenRow(entity, id, RowVersion(*stamp), **dict(zip(_STATE, state, strict=False)))


DOCUMENT_ONLY: Final = _DocumentOnly()
