"""Rows that were read through the Web API, as the bus events that a webhook would have made of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from project_invoicing.dataverse.api import FoundRow
from project_invoicing.dataverse.mapping import to_connection
from project_invoicing.dataverse.maps import (
    CONNECTION,
    INVOICE_STATES,
    INVOICE_STATUSES,
    MASTER_TABLES,
    PROFORMA,
    Direction,
    TableMap,
    table_maps,
)
from project_invoicing.dataverse.reading import is_chosen
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.codes import RowState
from project_invoicing.errors import Rejected
from project_invoicing.events import BusEvent

STATUS: Final = "msdyn_projectinvoicestatus"
STATE: Final = "statecode"
_CONFIRMED: Final = next(code for code, word in INVOICE_STATUSES.items() if word == "confirmed")
_CANCELED: Final = next(code for code, word in INVOICE_STATES.items() if word == RowState.CANCELED)


def inbound_maps() -> dict[str, TableMap]:
    """The maps that read from Dataverse, by the table that they read."""
    return {one.entity: one for one in table_maps().values() if one.direction is Direction.FROM_DATAVERSE}


def columns_of(entity: str) -> tuple[str, ...]:
    """What is read of a table: the map's columns, those of the organization too, the row's id, version and time."""
    table_map = inbound_maps()[entity]
    columns = [column.column for column in (*table_map.columns, *((table_map.only,) if table_map.only else ()))]
    if entity == PROFORMA:
        columns += [STATUS, STATE]  # the rule on the bus asks for them
    return tuple(dict.fromkeys([f"{entity}id", *columns, "versionnumber", "modifiedon"]))


def event_of(found: FoundRow, received_at: str, message: str = "Update") -> BusEvent:
    """The bus event of a row (contract, section 6) that was read at ``received_at``. What was not created is unknown.

    Its time is when the row was last modified; where that is missing, when it was read.
    """
    return row_event_of(found, received_at, message).on_bus(received_at, found.version or found.modified_at)


def row_event_of(found: FoundRow, received_at: str, message: str = "Update") -> RowEvent:
    """The row as an event tells it."""
    return RowEvent(
        entity=found.entity,
        id=found.id,
        message=message,
        row_version=found.version,
        occurred_at=found.modified_at or received_at,
        correlation_id=None,
        organization_id=None,
        row={name: value for name, value in found.row.items() if value is not None},
    )


def is_confirmed_or_canceled(row: Mapping[str, Any]) -> bool:
    """Whether the rule of ``proforma_header_sync`` lets a proforma through."""
    return bool(row.get(STATUS) == _CONFIRMED or row.get(STATE) == _CANCELED)


def is_wanted(event: BusEvent) -> bool:
    """Whether a consumer waits for the row: change tracking takes no filter, so it is applied here.

    That is a confirmed or canceled proforma, a connection between two actuals, any actual, and a row of master data
    that its map chooses. A connection that cannot be read is wanted, so that it is kept as rejected.
    """
    entity = event.detail["entity"]
    if entity in MASTER_TABLES:
        return is_chosen(inbound_maps()[entity], event.detail["row"])
    if entity == PROFORMA:
        return is_confirmed_or_canceled(event.detail["row"])
    if entity == CONNECTION:
        try:
            return to_connection(RowEvent.read(event.detail)) is not None
        except Rejected:
            return True
    return True
