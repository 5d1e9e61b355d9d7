"""The table maps as they stand: state, who changed it and why, what is kept, and how far each sweep has read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from project_invoicing.dataverse.found_rows import inbound_maps
from project_invoicing.domain.history import HistoryEntry
from project_invoicing.domain.map_status import MapStatus
from project_invoicing.domain.states import MAPS, MapState
from project_invoicing.domain.sweep import Sweep
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.sweeps import Sweeps

MOST_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class ShownMap:
    """``entity``: the table that it reads, ``None`` for one that writes to Dataverse. ``last``: what a person did last.

    ``kept``: events that wait until it is resumed; ``MOST_KEPT + 1`` stands for more. ``actions`` are what its state
    allows.
    """

    status: MapStatus
    entity: str | None
    sweep: Sweep | None
    kept: int
    last: HistoryEntry | None
    actions: list[str]


def shown(states: MapStates, sweeps: Sweeps) -> Iterator[ShownMap]:
    """Each map, in the order of the flow. Two requests, one for each that was ever changed, one for each paused one."""
    entities = {table_map.name: entity for entity, table_map in inbound_maps().items()}
    read = sweeps.many(entities.values())
    for name, status in states.all().items():
        paused = status.state is MapState.PAUSED
        yield ShownMap(
            status=status,
            entity=entities.get(name),
            sweep=read.get(entities[name]) if name in entities else None,
            kept=sum(1 for _ in islice(states.kept(name), MOST_KEPT + 1)) if paused else 0,
            last=next(iter([*states.history(name)][-1:]), None) if status.version else None,
            actions=MAPS.possible(status.state),
        )
