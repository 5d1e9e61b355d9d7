"""What a line cannot be written as: said with document, field, value and limit, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from project_invoicing.errors import Rejected

_TOLD_AT_ONCE: Final = 20


class Unwritable(Exception):
    """A value that the format cannot hold. ``limit`` ends the sentence that begins with field and value."""

    def __init__(self, field: str, value: object, limit: str) -> None:
        self.field = field
        self.value = str(value)
        self.limit = limit
        super().__init__(f"{field} {self.value!r}: {limit}")


@dataclass(frozen=True, slots=True)
class FormatProblem:
    """What the format cannot write: the first document with it (``USPM:PV-00000003``), and how many have it."""

    document: str
    field: str
    value: str
    limit: str
    documents: int = 1

    def __str__(self) -> str:
        others = f" (and {self.documents - 1} more)" if self.documents > 1 else ""
        return f"{self.document}{others}: {self.field} {self.value!r} {self.limit}"


class FormatRefused(Rejected):
    """The batch cannot be written in this format, and nothing of it was. The first problems are in ``problems``."""

    def __init__(self, batch: str, problems: tuple[FormatProblem, ...]) -> None:
        self.problems = problems
        text = "; ".join(str(problem) for problem in problems)
        super().__init__("format", text, entity="ledger batch", id=batch, field=problems[0].field)


class Problems:
    """Collects what is wrong, the same of several documents once, or stops at the first."""

    def __init__(self, batch: str, *, stop: bool) -> None:
        self._batch = batch
        self._most = 1 if stop else _TOLD_AT_ONCE
        self._found: dict[tuple[str, str, str], FormatProblem] = {}

    def add(self, document: str, error: Unwritable) -> None:
        """Raises ``FormatRefused`` once there are enough of them."""
        key = (error.field, error.value, error.limit)
        known = self._found.get(key)
        documents = known.documents + 1 if known else 1
        self._found[key] = FormatProblem(known.document if known else document, *key, documents)
        if len(self._found) >= self._most:
            self.raise_any()

    def raise_any(self) -> None:
        if self._found:
            raise FormatRefused(self._batch, tuple(self._found.values()))
