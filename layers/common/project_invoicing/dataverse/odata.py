"""Rows of Dataverse in the JSON of its Web API, as the plain rows of a bus event; and values of ours as its JSON.

A look-up is a property of another name there (``_msdyn_project_value``), whose table and name come as annotations.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple

from project_invoicing.dataverse.api import FoundRow
from project_invoicing.dataverse.maps import ACTUAL, CONNECTION, PROFORMA, TableMap, Transform, table_maps
from project_invoicing.dataverse.values import decimal_text
from project_invoicing.domain import tables
from project_invoicing.domain.text import guid

ENTITY_SETS: Final[Mapping[str, str]] = {
    PROFORMA: "invoices",
    ACTUAL: "msdyn_actuals",
    CONNECTION: "msdyn_transactionconnections",
    tables.ACCOUNT: "accounts",
    tables.CONTACT: "contacts",
    tables.CONTRACT: "salesorders",
    tables.CONTRACT_LINE: "salesorderdetails",
    tables.SPLIT_RULE: "msdyn_projectcontractsplitbillingrules",
    tables.MILESTONE: "msdyn_contractlinescheduleofvalues",
    tables.PROJECT: "msdyn_projects",
    tables.RESOURCE: "bookableresources",
    tables.PRODUCT: "products",
    tables.CATEGORY: "msdyn_transactioncategories",
    tables.CURRENCY: "transactioncurrencies",
    tables.UNIT: "msdyn_organizationalunits",
    tables.COMPANY: "cdm_companies",
    tables.EXCHANGE_RATE: "msdyn_currencyexchangerates",
    tables.EXPENSE: "msdyn_expenses",
    tables.VENDOR_INVOICE_LINE: "msdyn_projectvendorinvoicelines",
    tables.ORIGIN: "msdyn_transactionorigins",
}
"""What the Web API calls the tables that the maps read and write."""

ANNOTATIONS: Final = "Microsoft.Dynamics.CRM.lookuplogicalname,OData.Community.Display.V1.FormattedValue"
_TABLE, _NAME = ANNOTATIONS.split(",")
_ALWAYS: Final = ("versionnumber", "modifiedon")
_CUSTOM: Final = "custom."


def key(entity: str) -> str:
    """The column with a row's id."""
    return f"{entity}id"


def row_path(entity: str, id: str) -> str:
    return f"{ENTITY_SETS[entity]}({id})"


class Known(NamedTuple):
    """What the table maps know of a table's columns.

    What kind a ``custom`` one is, they do not know, and not whether a ``newer`` one is there.
    """

    lookups: frozenset[str]
    decimals: frozenset[str]
    custom: frozenset[str]
    newer: frozenset[str]


def known(entity: str) -> Known:
    return _known(entity, tuple(table_maps().values()))


@cache
def _known(entity: str, maps: tuple[TableMap, ...]) -> Known:
    of_table = [table_map for table_map in maps if table_map.entity == entity]
    columns = [column for table_map in of_table for column in table_map.columns]
    columns += [table_map.only for table_map in of_table if table_map.only]
    custom = [column for column in columns if column.field.startswith(_CUSTOM)]
    lookups = [column for column in columns if column.transform in (Transform.LOOKUP, Transform.NAME)]
    return Known(
        frozenset(column.column for column in lookups if column not in custom),
        frozenset(column.column for column in columns if column.transform is Transform.DECIMAL),
        frozenset(column.column for column in custom),
        frozenset(column.column for column in columns if column.newer),
    )


def property_of(column: str, lookup_columns: Iterable[str]) -> str:
    return f"_{column}_value" if column in lookup_columns else column


def select(entity: str, columns: Iterable[str], lookup_columns: Iterable[str]) -> str:
    """``$select`` of these columns; version, time of the last change and id always come along."""
    names = dict.fromkeys([key(entity), *_ALWAYS, *columns])
    return ",".join(property_of(name, lookup_columns) for name in names)


def found_row(entity: str, item: Mapping[str, Any]) -> FoundRow:
    """A row from a JSON object whose fractions are ``Decimal``. Columns without a value are left out."""
    amounts = known(entity).decimals
    row: dict[str, Any] = {}
    for name, value in item.items():
        if value is None or "@" in name:
            continue
        if name[0] == "_" and name.endswith("_value"):
            shown = {"entity": item.get(f"{name}@{_TABLE}"), "name": item.get(f"{name}@{_NAME}")}
            row[name[1:-6]] = {"id": guid(value), **shown}
        elif isinstance(value, Decimal):
            row[name] = decimal_text(value)
        elif name in amounts:  # a whole number; as text, like any other amount
            row[name] = str(value)
        else:
            row[name] = value
    version = _version(item.get("@odata.etag")) or _version(row.get("versionnumber"))
    return FoundRow(entity, guid(item[key(entity)]) or "", version, row.get("modifiedon"), row)


def _version(text: object) -> int | None:
    """``W/"5032101"``, or the number itself."""
    digits = str(text).removeprefix("W/").strip('"')
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None


def body_of(columns: Mapping[str, Any]) -> bytes:
    """Columns and values as JSON. A ``Decimal`` is written digit for digit, which ``json`` itself cannot."""
    members = (f"{json.dumps(name)}:{_written(value)}" for name, value in columns.items())
    return f"{{{','.join(members)}}}".encode()


def _written(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
