"""What the Web API says of its tables: their definitions, as far as a client of the integration asks for them.

GET     EntityDefinitions(LogicalName='account')
GET     EntityDefinitions(LogicalName='account')/Attributes
GET     EntityDefinitions(LogicalName='account')/Attributes/Microsoft.Dynamics.CRM.LookupAttributeMetadata

and the same of ``DateTimeAttributeMetadata`` and ``PicklistAttributeMetadata``. ``$select`` says which properties.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from dataverse_standin.json_rows import URL
from dataverse_standin.messages import Request, Response, WebApiError, json_response
from dataverse_standin.metadata import BEHAVIORS, Column, Kind, Table
from dataverse_standin.registrations import metadata_id, privileges_of
from dataverse_standin.resources import NOT_FOUND, ROOT
from dataverse_standin.settings import Settings

_KIND: Final = r"Microsoft\.Dynamics\.CRM\.(?P<kind>Lookup|DateTime|Picklist)AttributeMetadata"
_DEFINITIONS = re.compile(
    r"/api/data/v9\.\d{1,2}/(?P<path>EntityDefinitions\(LogicalName='(?P<entity>\w+)'\)"
    rf"(?P<attributes>/Attributes(?:/{_KIND})?)?)",
    re.ASCII,
)
_TYPES: Final[Mapping[Kind, str]] = {
    Kind.ID: "Uniqueidentifier",
    Kind.TEXT: "String",
    Kind.CODE: "Picklist",
    Kind.NUMBER: "Integer",
    Kind.BIG_NUMBER: "BigInt",
    Kind.DECIMAL: "Decimal",
    Kind.MONEY: "Money",
    Kind.FLAG: "Boolean",
    Kind.DATE: "DateTime",
    Kind.ZONELESS: "DateTime",
    Kind.INSTANT: "DateTime",
    Kind.LOOKUP: "Lookup",
}
_NAMED_TYPES: Final = {"statecode": "State", "statuscode": "Status"}
_CUSTOMERS: Final = {"account", "contact"}

_OF_KIND: Final[Mapping[str | None, tuple[frozenset[str], str | None]]] = {
    None: (frozenset({*_TYPES.values(), *_NAMED_TYPES.values(), "Customer"}), None),
    "Lookup": (frozenset({"Lookup", "Customer"}), "Targets"),
    "DateTime": (frozenset({"DateTime"}), "DateTimeBehavior"),
    "Picklist": (frozenset({"Picklist"}), "OptionSet"),
}
"""The types of a kind of column, and the property that only it has."""


def definition(request: Request, tables: Mapping[str, Table], settings: Settings, url: str) -> Response | None:
    """The definition of a table, or of its columns, by logical name; ``None`` for what asks something else."""
    parts = urlsplit(request.target)
    found = _DEFINITIONS.fullmatch(unquote(parts.path))
    if found is None or request.method != "GET":
        return None
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    wanted = [name for name in query.pop("$select", "").split(",") if name]
    expanded = query.pop("$expand", None)
    if query or expanded not in (None, "OptionSet($select=Options)"):
        raise WebApiError(400, URL, "The stand-in takes $select, and of choices $expand=OptionSet($select=Options)")
    table = tables.get(found["entity"])
    if table is None:
        raise WebApiError(404, NOT_FOUND, f"Could not find an entity with name {found['entity']}.")
    context = {"@odata.context": f"{url}{ROOT}/$metadata#{found['path']}({','.join(wanted)})"}
    if found["attributes"] is None:
        return json_response(200, {**context, **_selected(_table(table, settings), wanted)})
    types, own = _OF_KIND[found["kind"]]
    _refuse_others(wanted, {"MetadataId", "LogicalName", "AttributeType", own})
    columns = [_column(table, name, column) for name, column in table.columns.items()]
    names = [*wanted, "OptionSet"] if expanded else wanted
    values = [_selected(column, names) for column in columns if column["AttributeType"] in types]
    return json_response(200, {**context, "value": values})


def _selected(properties: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    _refuse_others(names, properties)
    return {name: properties[name] for name in (["MetadataId", *names] if names else properties)}


def _refuse_others(names: Iterable[str], properties: Container[str | None]) -> None:
    for name in names:
        if name not in properties:
            raise WebApiError(400, URL, f"Could not find a property named '{name}'.")


def _table(table: Table, settings: Settings) -> dict[str, Any]:
    return {
        "MetadataId": metadata_id(table.entity),
        "LogicalName": table.entity,
        "EntitySetName": table.set_name,
        "PrimaryIdAttribute": table.id,
        "PrimaryNameAttribute": table.name,
        "ChangeTrackingEnabled": table.entity not in settings.untracked,
        "Privileges": privileges_of(table.entity),
    }


def _column(table: Table, name: str, column: Column) -> dict[str, Any]:
    type_ = _NAMED_TYPES.get(name, _TYPES[column.kind])
    made: dict[str, Any] = {
        "MetadataId": metadata_id(f"{table.entity}.{name}"),
        "LogicalName": name,
        "AttributeType": "Customer" if set(column.targets) == _CUSTOMERS else type_,
    }
    if column.kind is Kind.LOOKUP:
        made["Targets"] = list(column.targets)
    if column.kind in BEHAVIORS:
        made["DateTimeBehavior"] = {"Value": BEHAVIORS[column.kind]}
    if type_ == "Picklist":
        options = [{"Value": number, "Label": _label(text)} for number, text in column.labels.items()]
        made["OptionSet"] = {"MetadataId": metadata_id(f"{table.entity}.{name} options"), "Options": options}
    return made


def _label(text: str) -> dict[str, Any]:
    return {"UserLocalizedLabel": {"Label": text, "LanguageCode": 1033}}
