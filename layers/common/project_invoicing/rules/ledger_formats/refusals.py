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
    """One document that the format cannot write: its id (``USPM:PV-00000003``), and why."""

    document: str
    field: str
    value: str
    limit: str

    def __str__(self) -> str:
        return f"{self.document}: {self.field} {self.value!r} {self.limit}"


class FormatRefused(Rejected):
    """The batch cannot be written in this format, and nothing of it was. The first problems are in ``problems``."""

    def __init__(self, batch: str, problems: tuple[FormatProblem, ...]) -> None:
        self.problems = problems
        text = "; ".join(str(problem) for problem in problems)
        super().__init__("format", text, entity="ledger batch", id=batch, field=problems[0].field)


class Problems:
    """Collects problems and goes on, one a document, or stops at the first."""

    def __init__(self, batch: str, *, stop: bool) -> None:
        self._batch = batch
        self._most = 1 if stop else _TOLD_AT_ONCE
        self._found: list[FormatProblem] = []

    def add(self, document: str, error: Unwritable) -> None:
        """Raises ``FormatRefused`` once there are enough of them."""
        self._found.append(FormatProblem(document, error.field, error.value, error.limit))
        if len(self._found) >= self._most:
            self.raise_any()

    def raise_any(self) -> None:
        if self._found:
            raise FormatRefused(self._batch, tuple(self._found))
