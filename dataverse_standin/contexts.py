"""RemoteExecutionContexts, as Dataverse posts them to a webhook, from committed changes.

Rows are lists of key and value; option sets, money and look-ups come wrapped, dates as ``/Date(milliseconds)/``.
Columns without a value are left out, except in the Target of an Update, which says that they were emptied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

from dataverse_standin.metadata import BEHAVIORS, Kind, Table
from dataverse_standin.rows import Change, Lookup
from project_invoicing.dataverse.values import is_date

Context = dict[str, Any]

LARGEST_MESSAGE: Final = 256 * 1024
EMPTY_ID: Final = "00000000-0000-0000-0000-000000000000"

_CONTRACTS: Final = "http://schemas.microsoft.com/xrm/2011/Contracts"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STRIPPED: Final = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")


@dataclass(frozen=True, slots=True)
class Organization:
    """Who sends: an environment and the user in whose name the rows change."""

    id: str = "4ef5b371-e89e-4711-8122-000d3aa2331c"
    name: str = "contoso"
    host: str = "contoso.crm.dynamics.com"
    user: str = "75c2dd85-e89e-4711-8122-000d3aa2331c"
    business_unit: str = "e2b9dd85-e89e-4711-8122-000d3aa2331c"


@dataclass(frozen=True, slots=True)
class Images:
    """The names under which a step sends the row before and after the change; ``None`` for not at all."""

    pre: str | None = None
    post: str | None = None


def single(change: Change, table: Table, images: Images, sender: Organization) -> Context:
    """The context of a Create, Update, Delete or Merge of one row."""
    after = change.after or {}
    if change.subordinate is not None:
        parameters = {
            "Target": _reference(Lookup(change.entity, change.id)),
            "SubordinateId": change.subordinate,
            "PerformParentingChecks": False,
        }
        return _envelope(change, change.message, change.id, parameters, sender)
    if change.message == "Delete":
        target = _reference(Lookup(change.entity, change.id))
    elif change.message == "Update":
        target = _row(change, table, {name: after.get(name) for name in change.changed})
    else:
        target = _row(change, table, _present(after))
    return {
        **_envelope(change, change.message, change.id, {"Target": target}, sender),
        "PreEntityImages": _image(change, table, images.pre, change.before),
        "PostEntityImages": _image(change, table, images.post, change.after),
    }


def multiple(changes: Sequence[Change], table: Table, images: Images, sender: Organization) -> Context:
    """The context of a CreateMultiple: the rows that were made in one operation."""
    targets = {
        "__type": f"EntityCollection:{_CONTRACTS}",
        "Entities": [_row(change, table, _present(change.after or {})) for change in changes],
        "EntityName": table.entity,
        "MinActiveRowVersion": "-1",
        "MoreRecords": False,
        "PagingCookie": None,
        "TotalRecordCount": -1,
        "TotalRecordCountLimitExceeded": False,
    }
    return {
        **_envelope(changes[0], "CreateMultiple", EMPTY_ID, {"Targets": targets}, sender),
        "PreEntityImagesCollection": [[] for _ in changes],
        "PostEntityImagesCollection": [_image(change, table, images.post, change.after) for change in changes],
    }


def stripped(context: Context) -> Context:
    """What is left of a context that is too large: the id, but none of the columns."""
    gone = (*_STRIPPED, "PreEntityImagesCollection", "PostEntityImagesCollection")
    return {name: value for name, value in context.items() if name not in gone}


def wire_date(moment: datetime) -> str:
    return f"/Date({(moment - _EPOCH) // timedelta(milliseconds=1)})/"


def _envelope(change: Change, message: str, id: str, parameters: Mapping[str, Any], sender: Organization) -> Context:
    return {
        "BusinessUnitId": sender.business_unit,
        "CorrelationId": change.transaction,
        "Depth": 1,
        "InitiatingUserAzureActiveDirectoryObjectId": EMPTY_ID,
        "InitiatingUserId": sender.user,
        "InputParameters": _pairs(parameters),
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": message,
        "Mode": 1,
        "OperationCreatedOn": wire_date(change.at),
        # Each row's system job is an operation of its own, and the same again when the message is sent again.
        "OperationId": str(uuid5(UUID(change.operation), f"{message} {id}")),
        "OrganizationId": sender.id,
        "OrganizationName": sender.name,
        "OutputParameters": [],
        "OwningExtension": {
            "Id": str(uuid5(UUID(sender.id), f"step {change.entity} {message}")),
            "KeyAttributes": [],
            "LogicalName": "sdkmessageprocessingstep",
            "Name": None,
            "RowVersion": None,
        },
        "ParentContext": None,
        "PostEntityImages": [],
        "PreEntityImages": [],
        "PrimaryEntityId": id,
        "PrimaryEntityName": change.entity,
        "RequestId": None,
        "SecondaryEntityName": "none",
        "SharedVariables": [],
        "Stage": 40,
        "UserId": sender.user,
    }


def _image(change: Change, table: Table, name: str | None, row: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return [] if name is None or row is None else _pairs({name: _row(change, table, _present(row))})


def _row(change: Change, table: Table, columns: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a Target or an image holds it, always with its id."""
    wrapped = {name: _wrapped(value, table, name) for name, value in {**columns, table.id: change.id}.items()}
    return {
        "__type": f"Entity:{_CONTRACTS}",
        "Attributes": _pairs(wrapped),
        "EntityState": None,
        "FormattedValues": [],
        "Id": change.id,
        "KeyAttributes": [],
        "LogicalName": change.entity,
        "RelatedEntities": [],
        "RowVersion": str(columns["versionnumber"]) if "versionnumber" in columns else None,
    }


def _wrapped(value: Any, table: Table, name: str) -> Any:
    column = table.columns.get(name)
    kind = None if column is None else column.kind
    if isinstance(value, Lookup):
        return _reference(value)
    if kind is Kind.MONEY and isinstance(value, int | Decimal):
        return {"__type": f"Money:{_CONTRACTS}", "Value": value}
    if kind is Kind.CODE and isinstance(value, int):
        return {"__type": f"OptionSetValue:{_CONTRACTS}", "Value": value}
    if isinstance(value, datetime):
        return wire_date(value)
    if isinstance(value, date):
        return wire_date(datetime(value.year, value.month, value.day, tzinfo=UTC))
    if kind in BEHAVIORS and isinstance(value, str) and is_date(value):
        moment = datetime.fromisoformat(value)
        return wire_date(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return value


def _reference(lookup: Lookup) -> dict[str, Any]:
    return {
        "__type": f"EntityReference:{_CONTRACTS}",
        "Id": lookup.id,
        "KeyAttributes": [],
        "LogicalName": lookup.entity,
        "Name": lookup.name,
        "RowVersion": None,
    }


def _present(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _pairs(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": value} for name, value in columns.items()]
