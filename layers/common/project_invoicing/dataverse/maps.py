"""The table maps: which column of Dataverse is which field of ours, as data.

``mapping`` reads rows by them, ``docs/table-maps.md`` is printed from them. Names and codes that differ between
environments are changed without touching code, by ``TABLE_MAP_OVERRIDES`` (JSON):

    {"actuals": {"skip_sync": "cr123_skip",
                 "custom": {"cr123_costcentre": "cost_centre"},
                 "codes": {"transaction_class": {"192350042": "retainer"}}},
     "invoices": {"dates": {"accounting_date": "calendar"}}}

that is, for each map: field -> column, more columns to carry along (column -> name), more codes of a value map, and
what a date column holds (field -> ``calendar`` or ``instant``, see ``DateBehavior``). Some fields have no column until
one is named here. The dates that a map takes are ``"date_bounds": {"first": "1900-01-01", "last": "2199-12-31"}``
(D-075). The column by which a map chooses its rows is a field like the others, and so are its codes. ``"factor": 100``
says that the rates of ``exchange_rates`` are for a hundred units.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from project_invoicing.dataverse.actual_maps import (
    ACTUALS,
    ACTUALS_WRITE_BACK,
    ADJUSTMENT_STATUSES,
    BILLING_STATUSES,
    BILLING_TYPES,
    INTEGRATION_MAPS,
    TRANSACTION_CLASSES,
    TRANSACTION_CONNECTIONS,
    TRANSACTION_TYPES,
)
from project_invoicing.dataverse.invoice_maps import (
    INVOICE_STATES,
    INVOICE_STATUSES,
    INVOICES,
    INVOICES_WRITE_BACK,
    PAYMENTS_WRITE_BACK,
)
from project_invoicing.dataverse.master_maps import MASTER_MAPS, MASTER_TABLES
from project_invoicing.dataverse.overrides import OVERRIDES_VARIABLE, changed, object_in
from project_invoicing.dataverse.table_map import (
    MONEY_LIMIT,
    TOTAL_LIMIT,
    Column,
    DateBehavior,
    Direction,
    TableMap,
    Transform,
)
from project_invoicing.domain.tables import ACTUAL, CONNECTION, PROFORMA

__all__ = [
    "ACTUAL",
    "ACTUALS",
    "ACTUALS_WRITE_BACK",
    "ADJUSTMENT_STATUSES",
    "BILLING_STATUSES",
    "BILLING_TYPES",
    "CONNECTION",
    "INTEGRATION_MAPS",
    "INVOICES",
    "INVOICES_WRITE_BACK",
    "INVOICE_STATES",
    "INVOICE_STATUSES",
    "MAPS",
    "MASTER_MAPS",
    "MASTER_TABLES",
    "MONEY_LIMIT",
    "OVERRIDES_VARIABLE",
    "PAYMENTS_WRITE_BACK",
    "PROFORMA",
    "TOTAL_LIMIT",
    "TRANSACTION_CLASSES",
    "TRANSACTION_CONNECTIONS",
    "TRANSACTION_TYPES",
    "Column",
    "DateBehavior",
    "Direction",
    "TableMap",
    "Transform",
    "overridden",
    "table_maps",
]

MAPS: Final = (
    *MASTER_MAPS,
    INVOICES,
    ACTUALS,
    TRANSACTION_CONNECTIONS,
    ACTUALS_WRITE_BACK,
    INVOICES_WRITE_BACK,
    PAYMENTS_WRITE_BACK,
)
"""The maps as they are without overrides, in the order of the flow; those that are only looked up are no part of it."""


@cache
def table_maps() -> Mapping[str, TableMap]:
    """The maps of this process by name. Tests that change the environment call ``table_maps.cache_clear()``."""
    text = os.environ.get(OVERRIDES_VARIABLE, "")
    try:
        overrides = json.loads(text) if text else {}
    except ValueError as error:
        raise ValueError(f"{OVERRIDES_VARIABLE} is not JSON: {error}") from error
    return overridden(overrides)


def overridden(overrides: Mapping[str, Any]) -> Mapping[str, TableMap]:
    """The maps by name, changed by ``overrides`` (shape: see above). Raises ``ValueError`` with the valid names."""
    maps = {table_map.name: table_map for table_map in (*MAPS, *INTEGRATION_MAPS)}
    for name, changes in object_in(overrides, OVERRIDES_VARIABLE).items():
        if name not in maps:
            raise ValueError(f"{OVERRIDES_VARIABLE}: no table map {name!r}; there are {', '.join(maps)}")
        maps[name] = changed(maps[name], object_in(changes, f"{OVERRIDES_VARIABLE}.{name}"))
    return maps
