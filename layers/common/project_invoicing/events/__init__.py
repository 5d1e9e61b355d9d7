"""What is put on the bus, whoever it is from. Our own events are in ``own``, what our queues carry in ``tasks``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

SOURCE: Final = "project-invoicing"
DATAVERSE_SOURCE: Final = "dataverse"
SCHEDULE_SOURCE: Final = "aws.events"


@dataclass(frozen=True, slots=True)
class BusEvent:
    """An event to be published. ``key`` names it uniquely, so that publishing it twice is recognisably one event."""

    source: str
    detail_type: str
    time: str
    detail: dict[str, Any]
    key: str
