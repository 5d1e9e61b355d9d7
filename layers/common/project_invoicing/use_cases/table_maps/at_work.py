"""Whether a table map accepts an event. The consumers check, so it holds whoever put it on the bus (D-047)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from project_invoicing.dataverse.found_rows import inbound_maps
from project_invoicing.domain.map_status import MapStatus
from project_invoicing.domain.states import MapState
from project_invoicing.store.map_states import MapStates

KEPT: Final = "kept"
IGNORED: Final = "ignored"


@dataclass(frozen=True, slots=True)
class MapsAtWork:
    """The maps as they were when the invocation began: one request for all of its rows."""

    states: MapStates
    now: Mapping[str, MapStatus]

    @classmethod
    def read(cls, states: MapStates) -> MapsAtWork:
        return cls(states, states.all())

    def running(self, name: str) -> bool:
        """Whether the map with this name is neither paused nor stopped."""
        return self.now[name].state is MapState.RUNNING

    def held_back(self, event: Mapping[str, Any]) -> str | None:
        """``kept`` while the map of the event's row is paused, ``ignored`` while it is stopped; ``None`` to go on.

        A kept event is put on the bus again when its map is resumed.
        """
        table_map = inbound_maps().get(str(event["detail"].get("entity")))
        if table_map is None:
            return None
        match self.now[table_map.name].state:
            case MapState.PAUSED:
                self.states.keep(table_map.name, event)
                return KEPT
            case MapState.STOPPED:
                return IGNORED
            case MapState.RUNNING:
                return None
