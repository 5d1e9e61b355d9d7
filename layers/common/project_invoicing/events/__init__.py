"""Everything put on the bus, by us or by others. ``own`` has our own events, ``tasks`` what our queues carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

SOURCE: Final = "project-invoicing"
DATAVERSE_SOURCE: Final = "dataverse"
SCHEDULE_SOURCE: Final = "aws.events"


@dataclass(frozen=True, slots=True)
class BusEvent:
    """An event to be published. ``key`` names it uniquely, so that a repeated publication is recognised as such."""

    source: str
    detail_type: str
    time: str
    detail: dict[str, Any]
    key: str
