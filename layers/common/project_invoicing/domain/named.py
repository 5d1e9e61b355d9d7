"""Something of master data, with the name it had when it was written down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """Something of master data, by its number or id, with the name it had when the invoice was posted."""

    id: str
    name: str | None = None

    @property
    def text(self) -> str:
        return self.name or self.id
