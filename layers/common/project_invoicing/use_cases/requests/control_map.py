"""Pauses, resumes, stops or starts a table map, or lists them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Self

from project_invoicing.domain.codes import RejectReason, TableMapName
from project_invoicing.domain.states import MapAction
from project_invoicing.errors import Rejected
from project_invoicing.events.details import Says
from project_invoicing.use_cases.documents.given import given_actor
from project_invoicing.use_cases.requests.request import SignedRequest

LIST: Final = "list"
ACTIONS: Final = (*map(str, MapAction), LIST)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMap(SignedRequest):
    """Pauses, resumes, stops or starts a table map, or lists them all."""

    FUNCTION: ClassVar[str] = "dataverse_catchup"
    UNDER: ClassVar[str | None] = "map"

    action: Annotated[str, Says("what to do; list shows the maps and changes none", values=ACTIONS)]
    name: Annotated[str | None, Says("the table map; list needs none", values=tuple(TableMapName))] = None
    reason: Annotated[str | None, Says("why, in words; kept with the map's state")] = None

    @classmethod
    def of(cls, request: object) -> Self:
        """Raises ``Rejected`` for an action that does not exist; whether the map exists is asked where it is read."""
        given = request if isinstance(request, Mapping) else {}
        action, name, reason = given.get("action"), given.get("name"), given.get("reason")
        if str(action) not in ACTIONS:
            problem = f"action is {action!r}; it is one of {', '.join(ACTIONS)}"
            raise Rejected(RejectReason.SCHEMA, problem, field="action")
        return cls(
            actor=given_actor(given.get("actor")),
            action=str(action),
            name=None if name is None else str(name),
            reason=None if reason is None else str(reason),
        )
