"""What one step sees of master data: the rows it has read, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

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
from project_invoicing.setup.pins import from_text, to_text

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

    def pinned(self) -> str:
        """Everything that was read, as text, to be kept with what was computed with it (``of``)."""
        return to_text(self._seen)

    @staticmethod
    def of(text: str) -> MasterView:
        """The view that ``pinned`` made the text of."""
        return DOCUMENT_ONLY if text == _PINNED_NOTHING else MasterView(from_text(text))

    def has(self, key: Key) -> bool:
        """Whether the key was read, whatever was found."""
        return key in self._seen

    def row(self, entity: str, id: str) -> SeenRow | None:
        return self._of(RowKey(entity, id), SeenRow)

    def name(self, part: Part, company: str, number: str) -> SeenName | None:
        return self._of(NameKey(part, company, number), SeenName)

    def rows(self, entity: str) -> Iterator[SeenRow]:
        """The rows of a table that were read and are there."""
        for key, found in self._seen.items():
            if isinstance(key, RowKey) and key.entity == entity and isinstance(found, SeenRow):
                yield found

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

    def pinned(self) -> str:
        return _PINNED_NOTHING

    def has(self, key: Key) -> bool:  # noqa: ARG002 (whatever is asked)
        return True

    def _of(self, key: Key, kind: type[T]) -> T | None:  # noqa: ARG002 (whatever is asked)
        return None


_PINNED_NOTHING: Final = "null"
DOCUMENT_ONLY: Final = _DocumentOnly()
