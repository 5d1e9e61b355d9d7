"""From a RemoteExecutionContext, as Dataverse sends it, to one bus event a row.

Nothing here knows a column: values lose their wrapping and keep their meaning, and what a column must be is for the
table map that reads it. So a value that cannot be read does not stop its row here, and neither its neighbours in a
CreateMultiple: it stays as the text it came in, and the map refuses it by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn

from project_invoicing.dataverse.api import FoundRow
from project_invoicing.dataverse.values import decimal_text, guid, plain_date, sortable_instant
from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected
from project_invoicing.events import DATAVERSE_SOURCE, BusEvent

Row = dict[str, Any]
"""Logical name -> plain value: text, integer, boolean, decimal as text, or ``{"id", "entity", "name"}``."""

_MESSAGES: Final = {
    "Create": "Create",
    "Update": "Update",
    "Delete": "Delete",
    "CreateMultiple": "Create",
    "UpdateMultiple": "Update",
}
_STRIPPED_WHEN_TOO_LARGE: Final = ("InputParameters", "PreEntityImages", "PostEntityImages")


def parse_json(text: str | bytes) -> Any:
    """JSON whose fractions are exact decimals. Raises ``Rejected`` (``schema``) where the text is no JSON."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Rejected(RejectReason.SCHEMA, f"the text is not JSON ({error}); send the context as it came") from error


def row_events(context: Mapping[str, Any], received_at: str) -> list[BusEvent]:
    """One bus event for each row that ``context`` is about (contract, section 6).

    ``context`` comes from ``parse_json``; ``received_at`` (ISO 8601, UTC) is the time of the events, and stands in
    where the sender left out ``OperationCreatedOn``. CreateMultiple and UpdateMultiple give events like those of
    Create and Update. A row is its post images (any name) with the Target over them; that of a Delete is its pre
    images. Columns without a value are left out.

    Raises ``Rejected``: ``schema`` where a row cannot be made out, ``too_large`` where Dataverse left the rows out
    because the message exceeded 256 KB.
    """
    if not isinstance(context, Mapping):
        raise Rejected(RejectReason.SCHEMA, f"a RemoteExecutionContext is a JSON object, not {_shown(context)}")
    entity = context.get("PrimaryEntityName")
    primary_id = guid(context.get("PrimaryEntityId"))
    if not isinstance(entity, str) or not entity:
        _reject("PrimaryEntityName", "is missing; send the whole context", "", primary_id)
    message = _MESSAGES.get(str(context.get("MessageName")))
    if message is None:
        known = ", ".join(_MESSAGES)
        found = _shown(context.get("MessageName"))
        _reject("MessageName", f"is {found}; register the step for one of {known}", entity, primary_id)
    occurred_at = _occurred_at(context, received_at, entity, primary_id)
    shared = {
        "occurred_at": occurred_at,
        "correlation_id": guid(context.get("CorrelationId")),
        "organization_id": guid(context.get("OrganizationId")),
    }
    events = []
    for row_id, last_version, row in _rows(context, entity, message, primary_id):
        # The image of a deleted row shows its last version; that it is gone is newer.
        version = last_version + 1 if message == "Delete" and last_version is not None else last_version
        detail = {"entity": entity, "id": row_id, "message": message, "row_version": version, **shared, "row": row}
        key = f"{entity}#{row_id}#{occurred_at if version is None else version}"
        events.append(BusEvent(DATAVERSE_SOURCE, f"{entity}.{message}", received_at, detail, key))
    return events


def row_event(found: FoundRow, at: str) -> BusEvent:
    """The bus event of a row that was read from Dataverse at ``at``: an update of all of it (contract, section 6)."""
    detail = {
        "entity": found.entity,
        "id": found.id,
        "message": "Update",
        "row_version": found.version,
        "occurred_at": found.modified_at or at,
        "correlation_id": None,
        "organization_id": None,
        "row": {name: value for name, value in found.row.items() if value is not None},
    }
    key = f"{found.entity}#{found.id}#{found.version or found.modified_at}"
    return BusEvent(DATAVERSE_SOURCE, f"{found.entity}.Update", at, detail, key)


def _rows(
    context: Mapping[str, Any], entity: str, message: str, primary_id: str | None
) -> Iterator[tuple[str, int | None, Row]]:
    """Id, row version and columns of each row of the message."""
    if message != "Delete" and all(context.get(part) is None for part in _STRIPPED_WHEN_TOO_LARGE):
        detail = "carries no row: Dataverse leaves it out above 256 KB; read the row by its id and send it again"
        raise Rejected(
            RejectReason.TOO_LARGE,
            f"InputParameters {detail}",
            entity=entity,
            id=primary_id or "",
            field="InputParameters",
        )
    images = "PreEntityImages" if message == "Delete" else "PostEntityImages"
    parameters = dict(_pairs(context.get("InputParameters"), "InputParameters", entity, primary_id))
    if "Targets" not in parameters:
        target = parameters.get("Target")
        if message != "Delete" and not isinstance(target, Mapping):
            _reject("InputParameters", "has no Target; send the whole context", entity, primary_id)
        image_list = context.get(images)
        if not image_list and message == "Update":
            # A row before the change, with the change over it, is the row after it.
            image_list = context.get("PreEntityImages")
        named_images = _pairs(image_list, images, entity, primary_id)
        yield _row(entity, primary_id, target or {}, [image for _, image in named_images])
        return
    targets = parameters["Targets"]
    targets = targets.get("Entities") if isinstance(targets, Mapping) else targets
    if not isinstance(targets, list) or not all(isinstance(target, Mapping) for target in targets):
        _reject("Targets", "is not a list of rows; send the whole context", entity, primary_id)
    collections = context.get(f"{images}Collection") or []
    for number, target in enumerate(targets):
        named_images = _pairs(collections[number] if number < len(collections) else [], images, entity, primary_id)
        yield _row(entity, None, target, [image for _, image in named_images])


def _row(
    entity: str, primary_id: str | None, target: Mapping[str, Any], images: list[Any]
) -> tuple[str, int | None, Row]:
    sources = [image for image in images if isinstance(image, Mapping)]
    sources.append(target)
    row: Row = {}
    versions = []
    for source in sources:
        row.update(_columns(source, entity, primary_id))
        versions += [_version(source.get("RowVersion")), _version(row.get("versionnumber"))]
    row_id = primary_id or guid(target.get("Id")) or guid(row.get(f"{entity}id"))
    if row_id is None:
        _reject("PrimaryEntityId", f"is {_shown(target.get('Id'))}, not the GUID of a row", entity, None)
    # The Target of an update may name the version it expected, which is older than the one it made.
    version = max((found for found in versions if found is not None), default=None)
    return row_id, version, {name: value for name, value in row.items() if value is not None}


def _columns(entity_part: Mapping[str, Any], entity: str, id: str | None) -> Row:
    columns = {name: _plain(value) for name, value in _pairs(entity_part.get("Attributes"), "Attributes", entity, id)}
    formatted = entity_part.get("FormattedValues")
    if formatted:
        for name, shown in _pairs(formatted, "FormattedValues", entity, id):
            value = columns.get(name)
            if type(value) is dict and value["name"] is None and isinstance(shown, str):
                value["name"] = shown
    return columns


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return plain_date(value) if value[:6] == "/Date(" else value
    if kind is dict:
        return _unwrapped(value)
    if kind is Decimal:
        return decimal_text(value)
    if kind is float:
        raise TypeError("a float has lost digits already: parse the context with parse_json")
    if kind is list:
        return [_plain(part) for part in value]
    return value


def _unwrapped(value: dict[str, Any]) -> Any:
    if "Value" in value:
        inner = value["Value"]
        if type(inner) is int:
            return str(inner) if str(value.get("__type")).startswith("Money:") else inner
        return _plain(inner)
    if "LogicalName" in value:
        row_id = guid(value.get("Id"))
        return None if row_id is None else {"id": row_id, "entity": value["LogicalName"], "name": value.get("Name")}
    if "__value" in value:
        return _plain(value["__value"])
    if "Entities" in value:
        return None  # rows of other tables, no column
    return _shown(value)


def _pairs(items: Any, field: str, entity: str, id: str | None) -> list[tuple[str, Any]]:
    """The ``[{"key", "value"}, …]`` that Dataverse writes for a dictionary."""
    try:
        return [(item["key"], item["value"]) for item in items or ()]
    except (TypeError, KeyError):
        _reject(field, f"is {_shown(items)}, not a list of key and value; send the context as it came", entity, id)


def _occurred_at(context: Mapping[str, Any], received_at: str, entity: str, id: str | None) -> str:
    created = context.get("OperationCreatedOn")
    moment = plain_date(created) if isinstance(created, str) else None
    if created is None or (isinstance(created, str) and moment is None):
        return received_at
    if moment is None or sortable_instant(moment) is None:
        _reject("OperationCreatedOn", f"is {_shown(created)}, not a date and time", entity, id)
    return moment


def _version(value: Any) -> int | None:
    if type(value) is int:
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _shown(value: Any) -> str:
    """``value`` as JSON, short enough for a message."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _reject(field: str, problem: str, entity: str, id: str | None) -> NoReturn:
    raise Rejected(RejectReason.SCHEMA, f"{field} {problem}", entity=entity, id=id or "", field=field)
