"""One row of Dataverse as an event tells it: what the webhook and the sweep make, and what the table maps read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.text import guid
from project_invoicing.errors import Rejected
from project_invoicing.events import DATAVERSE_SOURCE, BusEvent

DELETE: Final = "Delete"
MERGE: Final = "Merge"
LOADED: Final = "Loaded"
"""Not a row's: a sweep has put all rows of a table on the bus."""
LOADING: Final = "loading"
"""In the detail of an event of a row that came with all others of its table."""
_LARGEST: Final = 2**63
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class RowEvent:
    """The detail of a bus event of Dataverse (contract, section 6).

    ``message`` is ``Create``, ``Update`` or ``Delete``. ``row`` has the columns by their logical names, with the last
    values of a deleted row. ``occurred_at`` is as the sender wrote it: the table map that reads the row says whether it
    is an instant that documents may have. ``row_version`` may be missing.
    """

    entity: str
    id: str
    message: str | None
    row_version: int | None
    occurred_at: str
    correlation_id: str | None
    organization_id: str | None
    row: Mapping[str, Any]

    @classmethod
    def read(cls, detail: Mapping[str, Any]) -> RowEvent:
        """The row in the detail of a bus event. Raises ``Rejected`` (``schema``) with what is wrong with the event."""
        entity, row, version = detail.get("entity"), detail.get("row"), detail.get("row_version")
        row_id, occurred_at = guid(detail.get("id")), detail.get("occurred_at")
        if not isinstance(entity, str):
            raise _rejected(f"is {shown(entity)}, not the name of a table", "entity", detail)
        if row_id is None:
            raise _rejected(f"is {shown(detail.get('id'))}, not the GUID of a row", "id", detail)
        if not isinstance(row, Mapping):
            raise _rejected("is missing; an event carries its whole row", "row", detail)
        if version is not None and (type(version) is not int or not 0 <= version < _LARGEST):
            raise _rejected(f"is {shown(version)}, not a row version", "row_version", detail)
        if not isinstance(occurred_at, str):
            raise _rejected(f"is {shown(occurred_at)}, not a date and time in ISO 8601", "occurred_at", detail)
        return cls(
            entity=entity,
            id=row_id,
            message=detail.get("message"),
            row_version=version,
            occurred_at=occurred_at,
            correlation_id=detail.get("correlation_id"),
            organization_id=detail.get("organization_id"),
            row=row,
        )

    @property
    def deleted(self) -> bool:
        return self.message == DELETE

    @property
    def detail(self) -> dict[str, Any]:
        """As the bus has it."""
        return {name: getattr(self, name) for name in self.__slots__}

    def on_bus(self, at: str, moment: object) -> BusEvent:
        """The bus event, at ``at``. ``moment`` tells versions of one row apart."""
        return BusEvent(
            DATAVERSE_SOURCE, f"{self.entity}.{self.message}", at, self.detail, f"{self.entity}#{self.id}#{moment}"
        )


def shown(value: Any) -> str:
    """A value of others, short enough for a message."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _rejected(problem: str, field: str, detail: Mapping[str, Any]) -> Rejected:
    entity, row_id = str(detail.get("entity") or ""), guid(detail.get("id")) or str(detail.get("id") or "")
    return Rejected(RejectReason.SCHEMA, f"{field} {problem}", entity=entity, id=row_id, field=field)
