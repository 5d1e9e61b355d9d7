"""Actuals and transaction connections from Dataverse into staging."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from project_invoicing.dataverse.context import parse_json
from project_invoicing.dataverse.mapping import reads_fees, to_actual, to_connection
from project_invoicing.dataverse.maps import ACTUAL
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.staged_row import Delivery
from project_invoicing.errors import Rejected
from project_invoicing.store.staging import Staging

if TYPE_CHECKING:
    from project_invoicing.use_cases.table_maps.at_work import MapsAtWork

REJECTED = "rejected"
IGNORED = "ignored"


def sync_message(staging: Callable[[], Staging], maps: MapsAtWork, body: str) -> tuple[Any, str]:
    """As ``sync_row`` for the bus event in the body of a message, unless its table map holds it back.

    Returns the row's id, as the event gives it, and what became of the row.
    """
    event = parse_json(body)
    detail = event["detail"]
    return detail.get("id"), maps.held_back(event) or sync_row(staging(), detail, event["time"])


def sync_row(staging: Staging, detail: dict[str, Any], at: str) -> str:
    """Stores one row of a ``dataverse`` bus event and returns the outcome.

    ``detail`` as in the contract, section 6; ``at`` is the event's time. Returns ``accepted``, ``changed``,
    ``duplicate``, ``ignored`` (a connection that does not link actuals) or ``rejected``: a bad row is kept whole and
    never stops the others. Raises ``Unavailable`` when DynamoDB does.
    """
    try:
        return _store(staging, detail, at)
    except Rejected as rejected:
        staging.reject(rejected, detail, at)
        return REJECTED


def _store(staging: Staging, detail: dict[str, Any], at: str) -> str:
    event = RowEvent.read(detail)
    outcome: Delivery
    if event.entity == ACTUAL:
        actual = to_actual(event)
        outcome = staging.receive(actual, at, reads_fees=reads_fees())
        if actual.milestone:
            from project_invoicing.store.milestone_links import note  # noqa: PLC0415  few organizations map the column

            note(staging, actual.milestone.id, actual.id)
        _follow(staging, actual.id, at)
        return outcome.value
    connection = to_connection(event)
    if connection is None:
        return IGNORED
    outcome = staging.connect(connection)
    _follow(staging, connection.actual_id, at)
    return outcome.value


def _follow(staging: Staging, work: str, at: str) -> None:
    """The fee of a sale follows it, where the table map reads a column of fees."""
    if reads_fees():
        from project_invoicing.store.fee_rows import follow  # noqa: PLC0415  most organizations have no such column

        follow(staging, work, at)
