"""How a table map stands."""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.domain.states import MapState


@dataclass(frozen=True, slots=True)
class MapStatus:
    """How a map stands: since when (ISO 8601, UTC) and why, as far as anybody ever changed it."""

    name: str
    state: MapState = MapState.RUNNING
    since: str | None = None
    reason: str | None = None
    version: int = 0
