"""Describes what happened to a Dataverse row that was not accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.map_status import MapStatus
from project_invoicing.domain.staged_row import Rejection
from project_invoicing.domain.states import MapState
from project_invoicing.rules.explaining.explanation import Explanation

_CORRECTED: Final = "the corrected row comes by itself; to fetch it now: `invoicing reconcile --repair ID`"
_AGAIN: Final[Mapping[str, str]] = {
    RejectReason.SCHEMA: _CORRECTED,
    RejectReason.AMOUNT_OUT_OF_RANGE: _CORRECTED,
    RejectReason.DUPLICATE_PROPOSAL_NUMBER: _CORRECTED,
    RejectReason.TOO_LARGE: "replaying it does not help: the event is as large as before",
}
"""Follows the advice where the same event would be rejected again, because the fault is in the event itself."""


class KeptEvent(NamedTuple):
    """An event that waits for its table map; ``version`` is that of its row, ``at`` when it happened."""

    version: Any
    at: str


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A row's rejected events, and those that wait for its table map. ``status`` is set where any wait."""

    map_name: str
    rejections: Sequence[Rejection] = ()
    kept: Sequence[KeptEvent] = ()
    status: MapStatus | None = None

    @property
    def outcome(self) -> str | None:
        """Which of the two came last; ``None`` where there is neither."""
        if self.kept:
            return f"waits for the table map {self.map_name}"
        if self.rejections and all(one.dismissed is not None for one in self.rejections):
            return "was rejected, and then dismissed"
        return "was rejected" if self.rejections else None


def say_not_taken(explanation: Explanation, found: NotTaken, *, accepted_at: str = "") -> None:
    """Adds what was not accepted, and what to do.

    Anything rejected before ``accepted_at``, the time of the stored version, has been fixed since and needs no advice;
    nor does what a person has dismissed.
    """
    for rejection in found.rejections:
        explanation.happened(f"a delivery was rejected: {rejection.reason}, {rejection.detail}", rejection.at)
        if rejection.dismissed is None and rejection.at > accepted_at:
            explanation.advise_on(rejection.reason)
            explanation.advise(_AGAIN.get(rejection.reason, "then replay the rejected event with document_editing"))
    for event in found.kept:
        explanation.happened(f"a delivery waits for the table map {found.map_name} (version {event.version})", event.at)
    if found.status:
        _say_status(explanation, found.map_name, found.status)


def _say_status(explanation: Explanation, name: str, status: MapStatus) -> None:
    if status.state is MapState.RUNNING:
        explanation.advise("nothing: its map runs again, and dataverse_catchup delivers it by its schedule")
        return
    why = f": {status.reason}" if status.reason else ""
    action = "resume" if status.state is MapState.PAUSED else "start"
    explanation.happened(f"the map is {status.state}{why}", status.since)
    explanation.advise(f"{action} the map: `invoicing map {action} {name}`")
