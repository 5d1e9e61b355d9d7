"""What the Web API says of its tables: enough for a client that meets columns which only the organization knows.

GET     EntityDefinitions(LogicalName='account')/Attributes
GET     EntityDefinitions(LogicalName='account')/Attributes/Microsoft.Dynamics.CRM.LookupAttributeMetadata
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from dataverse_standin.json_rows import URL
from dataverse_standin.messages import Request, Response, WebApiError, json_response
from dataverse_standin.metadata import Kind, Table
from dataverse_standin.resources import NOT_FOUND, ROOT

_ATTRIBUTES = re.compile(
    r"/api/data/v9\.\d{1,2}/(?P<path>EntityDefinitions\(LogicalName='(?P<entity>\w+)'\)"
    r"/Attributes(?P<lookups>/Microsoft\.Dynamics\.CRM\.LookupAttributeMetadata)?)",
    re.ASCII,
)
_SELECT: Final = {"$select": ["LogicalName"]}


def attributes(request: Request, tables: Mapping[str, Table], url: str) -> Response | None:
    """The columns of a table, or only its look-ups, by their logical names; ``None`` for what asks something else."""
    parts = urlsplit(request.target)
    found = _ATTRIBUTES.fullmatch(unquote(parts.path))
    if found is None or request.method != "GET":
        return None
    if parse_qs(parts.query, keep_blank_values=True) != _SELECT:
        raise WebApiError(400, URL, "The stand-in tells the LogicalName of columns; ask with $select=LogicalName")
    table = tables.get(found["entity"])
    if table is None:
        raise WebApiError(404, NOT_FOUND, f"Could not find an entity with name {found['entity']}.")
    names = [name for name, column in table.columns.items() if not found["lookups"] or column.kind is Kind.LOOKUP]
    values = [
        {"LogicalName": name, "MetadataId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{table.entity}.{name}"))}
        for name in names
    ]
    context = f"{url}{ROOT}/$metadata#{found['path']}(LogicalName)"
    return json_response(200, {"@odata.context": context, "value": values})
