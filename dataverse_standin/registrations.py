"""What administrators register: the webhook with its steps and images, and what the application user may do.

GET     serviceendpoints, sdkmessageprocessingsteps, sdkmessageprocessingstepimages
GET     WhoAmI
GET     systemusers(<guid>)/Microsoft.Dynamics.CRM.RetrieveUserPrivileges

The first three are collections whose ``$filter`` is a column with ``eq`` a value; they come whole, in one page.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from dataverse_standin.json_rows import URL
from dataverse_standin.messages import Request, Response, WebApiError, json_response
from dataverse_standin.metadata import Table
from dataverse_standin.resources import NOT_FOUND, ROOT
from dataverse_standin.settings import Settings
from dataverse_standin.webhooks import Registration, Step

_PATH = re.compile(r"/api/data/v9\.\d{1,2}/(?P<path>.+)", re.ASCII)
_PRIVILEGES = re.compile(
    r"systemusers\((?P<id>[0-9a-fA-F-]{36})\)/Microsoft\.Dynamics\.CRM\.RetrieveUserPrivileges(\(\))?"
)
_EQUALS = re.compile(r"(?P<name>contract|_eventhandler_value|_sdkmessageprocessingstepid_value) eq (?P<value>[\w-]+)")
_KINDS: Final = ("Create", "Read", "Write", "Delete", "Assign", "Share", "Append", "AppendTo")
_WEBHOOK: Final = 8
_USER: Final = "5f0f52a1-2a1b-4c7e-9d61-0f3f6cf1a2b7"
_OF_METADATA: Final = ("Entity", "Attribute", "SdkMessageProcessingStep", "ServiceEndpoint")
"""Tables of the definitions themselves, which have privileges, too."""

Json = dict[str, Any]


def metadata_id(of: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, of))


def privileges_of(entity: str) -> list[Json]:
    """The privileges that a table has, by kind."""
    return [
        {"PrivilegeType": kind, "Name": f"prv{kind}{entity}", "PrivilegeId": metadata_id(f"prv{kind}{entity}")}
        for kind in _KINDS
    ]


def registered(request: Request, tables: Mapping[str, Table], settings: Settings, url: str) -> Response | None:
    """What is registered, and who asks; ``None`` for what asks something else."""
    parts = urlsplit(request.target)
    found = _PATH.fullmatch(unquote(parts.path))
    if found is None or request.method != "GET":
        return None
    path = found["path"]
    if path == "WhoAmI":
        return json_response(200, {"@odata.context": f"{url}{ROOT}/$metadata#WhoAmIResponse", "UserId": _USER})
    if asked := _PRIVILEGES.fullmatch(path):
        return _privileges(asked["id"], tables, settings)
    if path not in _COLLECTIONS:
        return None
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    values = _matching(_COLLECTIONS[path](settings.registrations), query.get("$filter"))
    return json_response(200, {"@odata.context": f"{url}{ROOT}/$metadata#{path}", "value": values})


def _privileges(id: str, tables: Mapping[str, Table], settings: Settings) -> Response:
    if id.lower() != _USER:
        raise WebApiError(404, NOT_FOUND, f"systemuser With Id = {id} Does Not Exist")
    names = [f"prv{kind}{entity}" for entity in (*tables, *_OF_METADATA) for kind in _KINDS]
    granted = dict.fromkeys(names, "Global") | dict(settings.privileges)
    held = [
        {"Depth": depth, "PrivilegeId": metadata_id(name), "PrivilegeName": name, "BusinessUnitId": metadata_id("unit")}
        for name, depth in granted.items()
        if depth
    ]
    return json_response(200, {"RolePrivileges": held})


def _endpoints(registrations: Iterable[Registration]) -> list[Json]:
    return [
        {"serviceendpointid": metadata_id(one.name), "name": one.name, "url": one.url, "contract": _WEBHOOK}
        for one in registrations
    ]


def _steps(registrations: Iterable[Registration]) -> list[Json]:
    return [
        {
            "sdkmessageprocessingstepid": _step_id(one, step),
            "name": f"{one.name}: {step.message} of {step.entity}",
            "stage": 40,
            "mode": 1 if step.asynchronous else 0,
            "statecode": 0 if step.enabled else 1,
            "filteringattributes": ",".join(sorted(step.columns)) or None,
            "_eventhandler_value": metadata_id(one.name),
            "sdkmessageid": {"name": step.message},
            "sdkmessagefilterid": {"primaryobjecttypecode": step.entity},
        }
        for one in registrations
        for step in one.steps
    ]


def _images(registrations: Iterable[Registration]) -> list[Json]:
    return [
        {
            "sdkmessageprocessingstepimageid": metadata_id(f"{_step_id(one, step)} {kind}"),
            "_sdkmessageprocessingstepid_value": _step_id(one, step),
            "imagetype": kind,
            "attributes": ",".join(sorted(step.image_columns)) or None,
        }
        for one in registrations
        for step in one.steps
        for kind in _image_kinds(step)
    ]


def _image_kinds(step: Step) -> Iterator[int]:
    """0: before the change, 1: after it."""
    if step.pre_image and not step.message.startswith("Create"):
        yield 0
    if step.post_image and step.message != "Delete":
        yield 1


def _step_id(registration: Registration, step: Step) -> str:
    return metadata_id(f"{registration.name} {step.entity} {step.message}")


_COLLECTIONS: Final[Mapping[str, Callable[[Iterable[Registration]], list[Json]]]] = {
    "serviceendpoints": _endpoints,
    "sdkmessageprocessingsteps": _steps,
    "sdkmessageprocessingstepimages": _images,
}


def _matching(rows: list[Json], wanted: str | None) -> list[Json]:
    if wanted is None:
        return rows
    found = _EQUALS.fullmatch(wanted)
    if found is None:
        raise WebApiError(400, URL, f"The stand-in takes a $filter of one column with eq, not {wanted!r}")
    return [row for row in rows if str(row.get(found["name"])) == found["value"]]
