"""The status of a table map."""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.domain.states import MapState


@dataclass(frozen=True, slots=True)
class MapStatus:
    """The status of a map: since when (ISO 8601, UTC) and why, if anybody ever changed it."""

    name: str
    state: MapState = MapState.RUNNING
    since: str | None = None
    reason: str | None = None
    version: int = 0
