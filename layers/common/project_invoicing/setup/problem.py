"""What is wrong at a place of a set-up document. Whoever only tells of it loads nothing that checks."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at ``path`` (keys and list positions from the top of the document) and what would be right."""

    path: Path
    text: str

    def __str__(self) -> str:
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{''.join(steps).removeprefix('.') or 'document'}: {self.text}"
