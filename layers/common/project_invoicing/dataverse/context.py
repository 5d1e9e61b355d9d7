"""From a RemoteExecutionContext, as Dataverse sends it, to one bus event a row.

Nothing here knows a column: values lose their wrapping and keep their meaning, and what a column must be is for the
table map that reads it. So a value that cannot be read does not stop its row here, and neither its neighbours in a
CreateMultiple: it stays as the text it came in, and the map refuses it by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn

from project_invoicing.dataverse.row_events import MERGE, RowEvent
from project_invoicing.dataverse.values import decimal_text, plain_date
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.tables import ACCOUNT, CONTACT
from project_invoicing.domain.text import guid, sortable_instant, whole
from project_invoicing.errors import Rejected
from project_invoicing.events import DATAVERSE_SOURCE, BusEvent
from project_invoicing.set_aside import Defect, guarded

Row = dict[str, Any]
"""Logical name -> plain value: text, integer, boolean, decimal as text, or ``{"id", "entity", "name"}``."""

_MESSAGES: Final = {
    "Create": "Create",
    "Update": "Update",
    "Delete": "Delete",
    "CreateMultiple": "Create",
    "UpdateMultiple": "Update",
    MERGE: MERGE,
}
_MERGED: Final = frozenset({ACCOUNT, CONTACT})
"""The tables whose rows can be merged."""
STRIPPED: Final = "Stripped"
_INTEGERS: Final = 2**63
"""Beyond this, the bus takes no integer."""
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""One half of a surrogate pair or its escape, with the other half or without."""
_STRIPPED_WHEN_TOO_LARGE: Final = ("InputParameters", "PreEntityImages", "PostEntityImages")


def parse_json(text: str | bytes) -> Any:
    """JSON whose fractions are exact decimals, and whose texts are ``whole``.

    Raises ``Rejected`` (``schema``) where the text is no JSON.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode(json.detect_encoding(text), "surrogatepass")
        parsed = json.loads(decoded, parse_float=Decimal, parse_constant=_no_number)
        return whole(parsed) if _SURROGATE.search(decoded) else parsed
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Rejected(RejectReason.SCHEMA, f"the text is not JSON ({error}); send the context as it came") from error


def row_events(context: Mapping[str, Any], received_at: str, refused: list[Rejected] | None = None) -> list[BusEvent]:
    """One bus event for each row that ``context`` is about (contract, section 6).

    ``context`` comes from ``parse_json``; ``received_at`` (ISO 8601, UTC) is the time of the events, and stands in
    where the sender left out ``OperationCreatedOn``. CreateMultiple and UpdateMultiple give events like those of
    Create and Update, and a merge gives one of the row that was merged into another. A row is its post images (any
    name) with the Target over them; that of a Delete is its pre images. Columns without a value are left out.

    Raises ``Rejected``: ``schema`` where a row cannot be made out, ``too_large`` where Dataverse left the rows out
    because the message exceeded 256 KB. With a list ``refused``, a row that cannot be made out is named there and does
    not stop its neighbours (D-043).
    """
    entity, message, primary_id, shared = _head(context, received_at)
    if message == MERGE:
        return [_merge(context, entity, primary_id, shared).on_bus(received_at, shared["occurred_at"])]
    events = []
    for row_id, target, images in _targets(context, entity, message, primary_id):
        try:
            if not isinstance(target, Mapping):
                _reject("Targets", f"has {_shown(target)} for a row; send the whole context", entity, primary_id)
            id, last_version, row = _readable_row(entity, message, row_id, target, images)
        except Rejected as one:
            if refused is None:
                raise
            refused.append(one)
            continue
        # The image of a deleted row shows its last version; that it is gone is newer.
        version = last_version + 1 if message == "Delete" and last_version is not None else last_version
        event = RowEvent(entity=entity, id=id, message=message, row_version=version, **shared, row=row)
        events.append(event.on_bus(received_at, shared["occurred_at"] if version is None else version))
    return events


def _merge(context: Mapping[str, Any], entity: str, primary_id: str | None, shared: Row) -> RowEvent:
    """That a row was merged into another: its id, and the other's as the only column."""
    parameters = dict(_pairs(context.get("InputParameters"), "InputParameters", entity, primary_id))
    target = parameters.get("Target")
    into = guid(target.get("Id")) if isinstance(target, Mapping) else primary_id
    merged = guid(parameters.get("SubordinateId"))
    if merged is None or into is None:
        _reject("SubordinateId", "or Target is missing; send the whole context", entity, primary_id)
    row = {"masterid": {"id": into, "entity": entity, "name": None}}
    return RowEvent(entity=entity, id=merged, message=MERGE, row_version=None, **shared, row=row)


def stripped_event(context: Mapping[str, Any], received_at: str) -> BusEvent:
    """The event of a message whose rows are missing: ``<entity>.Stripped``, for whoever reads the row by its id.

    Its ``id`` is ``None`` where the message was about several rows. Raises ``Rejected`` as ``row_events`` does.
    """
    entity, message, primary_id, shared = _head(context, received_at)
    detail = {"entity": entity, "id": primary_id, "message": message, **shared}
    key = f"{entity}#{primary_id}#{shared['occurred_at']}"
    return BusEvent(DATAVERSE_SOURCE, f"{entity}.{STRIPPED}", received_at, detail, key)


def _head(context: Mapping[str, Any], received_at: str) -> tuple[str, str, str | None, Row]:
    """Table, message and id of ``context``, and what the events of its rows share."""
    if not isinstance(context, Mapping):
        raise Rejected(RejectReason.SCHEMA, f"a RemoteExecutionContext is a JSON object, not {_shown(context)}")
    entity = context.get("PrimaryEntityName")
    primary_id = guid(context.get("PrimaryEntityId"))
    if not isinstance(entity, str) or not entity:
        _reject("PrimaryEntityName", "is missing; send the whole context", "", primary_id)
    message = _MESSAGES.get(str(context.get("MessageName")))
    if message is None or (message == MERGE and entity not in _MERGED):
        known = ", ".join(one for one in _MESSAGES if one != MERGE or entity in _MERGED)
        found = _shown(context.get("MessageName"))
        _reject("MessageName", f"is {found}; register the step for one of {known}", entity, primary_id)
    shared = {
        "occurred_at": _occurred_at(context, received_at, entity, primary_id),
        "correlation_id": guid(context.get("CorrelationId")),
        "organization_id": guid(context.get("OrganizationId")),
    }
    return entity, message, primary_id, shared


def _targets(
    context: Mapping[str, Any], entity: str, message: str, primary_id: str | None
) -> Iterator[tuple[str | None, Any, Any]]:
    """Id, if the message has it outside of the row, Target and images of each row of the message."""
    if message != "Delete" and all(context.get(part) is None for part in _STRIPPED_WHEN_TOO_LARGE):
        detail = "carries no row: Dataverse leaves it out above 256 KB; read the row by its id and send it again"
        raise Rejected(
            RejectReason.TOO_LARGE,
            f"InputParameters {detail}",
            entity=entity,
            id=primary_id or "",
            field="InputParameters",
        )
    images = _images_of(message)
    parameters = dict(_pairs(context.get("InputParameters"), "InputParameters", entity, primary_id))
    if "Targets" not in parameters:
        target = parameters.get("Target")
        if message == "Delete":
            target = target if isinstance(target, Mapping) else {}
        elif not isinstance(target, Mapping):
            _reject("InputParameters", "has no Target; send the whole context", entity, primary_id)
        image_list = context.get(images)
        if not image_list and message == "Update":
            # A row before the change, with the change over it, is the row after it.
            image_list = context.get("PreEntityImages")
        yield primary_id, target, image_list
        return
    targets = parameters["Targets"]
    targets = targets.get("Entities") if isinstance(targets, Mapping) else targets
    if not isinstance(targets, list):
        _reject("Targets", "is not a list of rows; send the whole context", entity, primary_id)
    collections = context.get(f"{images}Collection")
    collections = collections if isinstance(collections, list) else []
    for number, target in enumerate(targets):
        yield None, target, collections[number] if number < len(collections) else None


def _images_of(message: str) -> str:
    """Where the images are that make up a row."""
    return "PreEntityImages" if message == "Delete" else "PostEntityImages"


def _readable_row(
    entity: str, message: str, row_id: str | None, target: Mapping[str, Any], images: Any
) -> tuple[str, int | None, Row]:
    """Id, version and columns of a row. Raises ``Rejected``, whatever is wrong with it."""
    found = [image for _, image in _pairs(images, _images_of(message), entity, row_id)]
    row = guarded(entity, str(row_id), _row, entity, row_id, target, found)
    if isinstance(row, Defect):
        _reject("Targets", f"has a row that cannot be read ({row.name}); replay it once that is mended", entity, row_id)
    return row


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
    if kind is list:
        return [_shown(part) if type(part) is list else _plain(part) for part in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    kind = type(value)
    if kind is Decimal:
        return decimal_text(value)
    if kind is float:
        raise TypeError("a float has lost digits already: parse the context with parse_json")
    if kind is int:
        return value if abs(value) < _INTEGERS else str(value)
    return _shown(value) if kind in (dict, list) else value


def _unwrapped(value: dict[str, Any]) -> Any:
    """A wrapped value without its wrapping, of which there is one; anything else as a text that no map takes."""
    if "Value" in value:
        inner = value["Value"]
        if type(inner) is int and str(value.get("__type")).startswith("Money:"):
            return str(inner)
        return plain_date(inner) if type(inner) is str else _scalar(inner)
    if "LogicalName" in value:
        row_id, entity, name = guid(value.get("Id")), value["LogicalName"], value.get("Name")
        if row_id is None or not isinstance(entity, str):
            return None if row_id is None else _shown(value)
        return {"id": row_id, "entity": entity, "name": name if isinstance(name, str) else None}
    if "__value" in value:
        inner = value["__value"]
        return plain_date(inner) if type(inner) is str else _scalar(inner)
    if "Entities" in value:
        return None  # rows of other tables, no column
    return _shown(value)


def _pairs(items: Any, field: str, entity: str, id: str | None) -> list[tuple[str, Any]]:
    """The ``[{"key", "value"}, …]`` that Dataverse writes for a dictionary."""
    try:
        pairs = [(item["key"], item["value"]) for item in items or ()]
    except (TypeError, KeyError):
        pairs = [(None, None)]
    if not all(isinstance(name, str) for name, _ in pairs):
        _reject(field, f"is {_shown(items)}, not a list of key and value; send the context as it came", entity, id)
    return pairs


def _occurred_at(context: Mapping[str, Any], received_at: str, entity: str, id: str | None) -> str:
    created = context.get("OperationCreatedOn")
    moment = plain_date(created) if isinstance(created, str) else None
    if created is None or (isinstance(created, str) and moment is None):
        return received_at
    if moment is None or sortable_instant(moment) is None:
        _reject("OperationCreatedOn", f"is {_shown(created)}, not a date and time", entity, id)
    return moment


def _version(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    return value if type(value) is int and 0 <= value < _INTEGERS else None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _shown(value: Any) -> str:
    """``value`` as JSON, short enough for a message."""
    try:
        text = json.dumps(value, default=str, ensure_ascii=False)
    except RecursionError:
        return "something nested too deeply"
    return text if len(text) <= 80 else f"{text[:77]}..."


def _reject(field: str, problem: str, entity: str, id: str | None) -> NoReturn:
    raise Rejected(RejectReason.SCHEMA, f"{field} {problem}", entity=entity, id=id or "", field=field)
