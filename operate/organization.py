"""What a Dataverse organization says of itself: its tables and columns, what we may do, which webhooks it has.

Everything here is read with GET, of definitions only: no row of the business is read, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import quote

from project_invoicing.dataverse.api import AccessDenied

WEBHOOK: Final = 8
"""The contract of a service endpoint that is a webhook."""
POST_OPERATION: Final = 40
PRE_IMAGE, POST_IMAGE, BOTH_IMAGES = 0, 1, 2

_KINDS: Final = "Attributes/Microsoft.Dynamics.CRM."


class Definitions(Protocol):
    """The part of the Web API's client that reads definitions."""

    def told(self, path: str) -> Mapping[str, Any] | None: ...

    def listed(self, path: str) -> Iterator[Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """``type`` as Dataverse calls it (``String``), ``targets`` of a look-up, ``behavior`` of a date, ``options``."""

    type: str
    targets: tuple[str, ...] = ()
    behavior: str | None = None
    options: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """``privileges``: the ids by kind, ``Read`` or ``Write``."""

    set_name: str
    tracked: bool
    privileges: Mapping[str, str]
    columns: Mapping[str, ColumnDefinition]


@dataclass(frozen=True, slots=True)
class StepDefinition:
    """A step of a webhook. ``columns`` and those of ``images`` (by kind) are ``None`` where all count."""

    endpoint: str
    entity: str
    message: str
    stage: int
    asynchronous: bool
    enabled: bool
    columns: frozenset[str] | None
    images: Mapping[int, frozenset[str] | None]


@dataclass(frozen=True, slots=True)
class Organization:
    """``tables`` that it does not have are ``None``.

    ``depths`` of our privileges by their id, and ``steps``, are ``None`` where we may not read them.
    """

    tables: Mapping[str, TableDefinition | None]
    depths: Mapping[str, str] | None
    steps: tuple[StepDefinition, ...] | None
    endpoints: tuple[str, ...] = ()


def read(api: Definitions, entities: Iterable[str], webhook: str | None = None) -> Organization:
    """The organization, as far as the tables ``entities`` go; ``webhook`` names the one whose steps count, else all.

    Raises ``AccessDenied`` where we may not read definitions, ``Unavailable`` where Dataverse does not answer.
    """
    tables = {entity: _table(api, entity) for entity in dict.fromkeys(entities)}
    try:
        depths: Mapping[str, str] | None = _depths(api)
    except AccessDenied:
        depths = None
    try:
        endpoints = _endpoints(api)
        chosen = {id: name for id, name in endpoints.items() if webhook in (None, name)}
        return Organization(tables, depths, tuple(_steps(api, chosen)), tuple(sorted(endpoints.values())))
    except AccessDenied:
        return Organization(tables, depths, None)


def _table(api: Definitions, entity: str) -> TableDefinition | None:
    path = f"EntityDefinitions(LogicalName='{quote(entity)}')"
    found = api.told(f"{path}?$select=LogicalName,EntitySetName,ChangeTrackingEnabled,Privileges")
    if found is None:
        return None
    targets = {
        one["LogicalName"]: tuple(one["Targets"])
        for one in api.listed(f"{path}/{_KINDS}LookupAttributeMetadata?$select=LogicalName,Targets")
    }
    behaviors = {
        one["LogicalName"]: (one.get("DateTimeBehavior") or {}).get("Value")
        for one in api.listed(f"{path}/{_KINDS}DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior")
    }
    choices = f"{path}/{_KINDS}PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)"
    options = {one["LogicalName"]: _options(one.get("OptionSet")) for one in api.listed(choices)}
    columns = {
        name: ColumnDefinition(one["AttributeType"], targets.get(name, ()), behaviors.get(name), options.get(name, {}))
        for one in api.listed(f"{path}/Attributes?$select=LogicalName,AttributeType")
        if (name := one["LogicalName"])
    }
    privileges = {one["PrivilegeType"]: _id(one["PrivilegeId"]) for one in found.get("Privileges") or ()}
    return TableDefinition(found["EntitySetName"], bool(found.get("ChangeTrackingEnabled")), privileges, columns)


def _options(choice: Mapping[str, Any] | None) -> Mapping[int, str]:
    found = {}
    for one in (choice or {}).get("Options") or ():
        label = ((one.get("Label") or {}).get("UserLocalizedLabel") or {}).get("Label")
        found[int(one["Value"])] = str(label or one["Value"])
    return found


def _depths(api: Definitions) -> Mapping[str, str] | None:
    """How far each of our privileges goes: ``Global`` is the whole organization."""
    user = api.told("WhoAmI")
    if user is None:
        return None
    held = api.told(f"systemusers({user['UserId']})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges")
    return None if held is None else {_id(one["PrivilegeId"]): str(one["Depth"]) for one in held["RolePrivileges"]}


def _endpoints(api: Definitions) -> dict[str, str]:
    found = api.listed(f"serviceendpoints?$select=name,contract&$filter=contract%20eq%20{WEBHOOK}")
    return {_id(one["serviceendpointid"]): str(one["name"]) for one in found}


def _steps(api: Definitions, endpoints: Mapping[str, str]) -> Iterator[StepDefinition]:
    if not endpoints:
        return
    images: dict[str, dict[int, frozenset[str] | None]] = {}
    asked = "sdkmessageprocessingstepimages?$select=imagetype,attributes,_sdkmessageprocessingstepid_value"
    for one in api.listed(asked):
        of_step = images.setdefault(_id(one["_sdkmessageprocessingstepid_value"]), {})
        kinds = (PRE_IMAGE, POST_IMAGE) if one["imagetype"] == BOTH_IMAGES else (int(one["imagetype"]),)
        of_step.update(dict.fromkeys(kinds, _names(one.get("attributes"))))
    for id, name in endpoints.items():
        asked = (
            "sdkmessageprocessingsteps?$select=stage,mode,statecode,filteringattributes"
            "&$expand=sdkmessageid($select=name),sdkmessagefilterid($select=primaryobjecttypecode)"
            f"&$filter=_eventhandler_value%20eq%20{id}"
        )
        for one in api.listed(asked):
            yield StepDefinition(
                endpoint=name,
                entity=str((one.get("sdkmessagefilterid") or {}).get("primaryobjecttypecode") or ""),
                message=str((one.get("sdkmessageid") or {}).get("name") or ""),
                stage=int(one["stage"]),
                asynchronous=one["mode"] == 1,
                enabled=one["statecode"] == 0,
                columns=_names(one.get("filteringattributes")),
                images=images.get(_id(one["sdkmessageprocessingstepid"]), {}),
            )


def _names(text: object) -> frozenset[str] | None:
    """Columns with commas between; ``None`` for all, which Dataverse writes as nothing."""
    names = frozenset(name.strip() for name in str(text or "").split(",") if name.strip())
    return names or None


def _id(value: object) -> str:
    return str(value).lower()
