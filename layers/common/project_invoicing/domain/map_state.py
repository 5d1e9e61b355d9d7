"""Whether a table map runs, and what may change that."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class MapState(StrEnum):
    """``paused``: what comes is kept and delivered later. ``stopped``: what comes is left out."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class MapAction(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    START = "start"


TRANSITIONS: Final[Mapping[tuple[MapState, MapAction], MapState]] = {
    (MapState.RUNNING, MapAction.PAUSE): MapState.PAUSED,
    (MapState.RUNNING, MapAction.STOP): MapState.STOPPED,
    (MapState.PAUSED, MapAction.RESUME): MapState.RUNNING,
    (MapState.PAUSED, MapAction.STOP): MapState.STOPPED,
    (MapState.STOPPED, MapAction.START): MapState.RUNNING,
}
"""Anything else is refused. A paused map is resumed, a stopped one is started: the first has its events, the second
has to read all rows again."""


def possible(state: MapState) -> list[str]:
    """The actions that ``state`` allows."""
    return [action.value for (before, action) in TRANSITIONS if before is state]
