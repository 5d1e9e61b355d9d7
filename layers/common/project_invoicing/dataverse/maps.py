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
(D-075).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Final

from project_invoicing.domain import money, tables
from project_invoicing.domain.calendar import EARLIEST, LATEST
from project_invoicing.domain.codes import (
    BillingType,
    CostOrigin,
    RowState,
    TableMapName,
    TransactionClass,
    TransactionType,
)
from project_invoicing.domain.text import is_bare_date

OVERRIDES_VARIABLE: Final = "TABLE_MAP_OVERRIDES"

ACTUAL: Final = tables.ACTUAL
CONNECTION: Final = tables.CONNECTION
PROFORMA: Final = tables.PROFORMA

_WIDEST: Final = ("1753-01-01", "9899-12-31")
MONEY_LIMIT: Final = money.MONEY_LIMIT
"""Dataverse's bounds of msdyn_amount and msdyn_price, in both directions; taken for quantities too."""
TOTAL_LIMIT: Final = Decimal(922_337_203_685_477)
"""Dataverse's bounds of any Money column."""


class Direction(StrEnum):
    FROM_DATAVERSE = "Dataverse -> finance"
    TO_DATAVERSE = "finance -> Dataverse"


class Transform(StrEnum):
    """How a value gets from one side to the other."""

    TEXT = "text"
    DECIMAL = "decimal"
    FLAG = "yes or no"
    DATE = "date"
    CODE = "value map"
    LOOKUP = "look-up"
    NAME = "name of the look-up"
    GUID = "row id"


class DateBehavior(StrEnum):
    """What a date column holds: Dataverse's behavior of the column, as far as it matters here (99-26, REG-13).

    ``calendar`` (date only, or time-zone independent): a date that is the same everywhere and is never shifted.
    ``instant`` (user local): a moment, which becomes a day in the time zone of the company. A bare date stays one.
    """

    CALENDAR = "calendar"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Column:
    """One pair of a table map.

    ``field`` is ours (``bill_to.city`` is an entry of a dictionary). ``default`` stands in for no value. ``limit``
    bounds the absolute value of a decimal, or the length of a text: a free text is cut, one that is ``exact`` (a
    number, a code) is refused. ``entity`` is the table of a look-up that came as a bare id. ``codes`` is the value map.
    ``no_value`` says what a named function does where there is no value. ``words``: what a column may say in words
    where it has no code for it. ``behavior`` is that of a date. A table may lack a column that is ``newer``: a sweep
    then leaves it out, and what the map asks for else must be there.
    """

    column: str
    field: str
    transform: Transform
    required: bool = False
    default: Any = None
    limit: Decimal | int | None = None
    exact: bool = False
    entity: str | None = None
    codes: Mapping[int, str] | None = None
    words: tuple[str, ...] = ()
    no_value: str = ""
    note: str = ""
    behavior: DateBehavior | None = None
    newer: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TableMap:
    """One table map. ``filter`` says which rows are meant, ``counterpart`` what the rows are on the finance side.

    ``optional``: columns that are read only where the overrides name them; as they stand they have no name.
    ``first_date`` and ``last_date`` bound every date of a row, and when it changed.
    """

    name: str
    version: int
    direction: Direction
    entity: str
    counterpart: str
    columns: tuple[Column, ...]
    filter: str
    rules: str
    takes_custom_columns: bool = False
    optional: tuple[Column, ...] = ()
    first_date: str = EARLIEST.isoformat()
    last_date: str = LATEST.isoformat()


TRANSACTION_TYPES: Final[Mapping[int, str]] = {
    192350000: TransactionType.COST,
    192350005: TransactionType.UNBILLED_SALES,
    192350006: TransactionType.BILLED_SALES,
    192350007: TransactionType.RESOURCING_UNIT_COST,
    192350008: TransactionType.INTER_ORGANIZATIONAL_SALES,
}
TRANSACTION_CLASSES: Final[Mapping[int, str]] = {
    192350000: TransactionClass.TIME,
    192350001: TransactionClass.EXPENSE,
    192350002: TransactionClass.MATERIAL,
    192350003: TransactionClass.MILESTONE,
    192350004: TransactionClass.FEE,
    192350010: TransactionClass.RETAINER,
    690970002: TransactionClass.TAX,
}
BILLING_TYPES: Final[Mapping[int, str]] = {
    192350000: BillingType.NON_CHARGEABLE,
    192350001: BillingType.CHARGEABLE,
    192350002: BillingType.COMPLIMENTARY,
    192350003: BillingType.NOT_AVAILABLE,
}
BILLING_STATUSES: Final[Mapping[int, str]] = {
    192350000: "unbilled_sales_created",
    192350001: "customer_invoice_created",
    192350002: "customer_invoice_posted",
    192350003: "canceled",
    192350004: "ready_to_invoice",
}
ADJUSTMENT_STATUSES: Final[Mapping[int, str]] = {
    192350000: "in_process",
    192350001: "adjusted",
    192350002: "unadjustable",
}
INVOICE_STATUSES: Final[Mapping[int, str]] = {
    192350000: "draft",
    192350001: "in_review",
    192350002: "confirmed",
    192350003: "invoice_paid",
    192350010: "posted",
}
ACTUAL_STATES: Final[Mapping[int, str]] = {0: RowState.ACTIVE, 1: RowState.INACTIVE}
INVOICE_STATES: Final[Mapping[int, str]] = {
    0: RowState.ACTIVE,
    1: RowState.CLOSED,
    2: RowState.PAID,
    3: RowState.CANCELED,
}

ACTUALS: Final = TableMap(
    name=TableMapName.ACTUALS,
    version=1,
    direction=Direction.FROM_DATAVERSE,
    entity=ACTUAL,
    counterpart="staging (ProjCDSActualsImport)",
    filter="all; one with skip sync is kept as skipped, so that it can be told from one that never came",
    rules="SKIP-01 to SKIP-07, STG-01",
    takes_custom_columns=True,
    columns=(
        Column(
            "msdyn_transactiontypecode",
            "transaction_type",
            Transform.CODE,
            required=True,
            codes=TRANSACTION_TYPES,
            note="Project Contract (192350004) has no counterpart in finance and is refused as an unknown code",
        ),
        Column(
            "msdyn_transactionclassification",
            "transaction_class",
            Transform.CODE,
            required=True,
            codes=TRANSACTION_CLASSES,
            note="no public source gives the code of retainer: a setting",
        ),
        Column(
            "msdyn_billingtype",
            "billing_type",
            Transform.CODE,
            default=BillingType.NOT_SPECIFIED,
            codes=BILLING_TYPES,
            note="LP-01",
        ),
        Column("msdyn_amount", "amount", Transform.DECIMAL, required=True, limit=MONEY_LIMIT),
        Column(
            "msdyn_quantity",
            "quantity",
            Transform.DECIMAL,
            limit=MONEY_LIMIT,
            no_value="refused for time, expense and material, else 1",
        ),
        Column(
            "msdyn_price",
            "price",
            Transform.DECIMAL,
            limit=MONEY_LIMIT,
            no_value="refused for time, expense and material, else the amount",
        ),
        Column(
            "msdyn_skipsync",
            "skip_sync",
            Transform.FLAG,
            default=False,
            note="no public source gives the name: a setting",
        ),
        Column(
            "statecode",
            "state",
            Transform.CODE,
            default=RowState.ACTIVE,
            codes=ACTUAL_STATES,
            note="an inactive actual is not imported; it waits",
        ),
        Column("transactioncurrencyid", "currency", Transform.LOOKUP, entity="transactioncurrency"),
        Column("msdyn_project", "project", Transform.LOOKUP, entity="msdyn_project"),
        Column("msdyn_salescontract", "contract", Transform.LOOKUP, entity="salesorder"),
        Column("msdyn_salescontractlineid", "contract_line", Transform.LOOKUP, entity="salesorderdetail"),
        Column("msdyn_accountcustomer", "customer", Transform.LOOKUP, entity="account"),
        Column(
            "msdyn_contactcustomer",
            "contact_customer",
            Transform.LOOKUP,
            entity="contact",
            note="the customer where there is no account",
        ),
        Column("msdyn_transactioncategory", "category", Transform.LOOKUP, entity="msdyn_transactioncategory"),
        Column("msdyn_bookableresource", "resource", Transform.LOOKUP, entity="bookableresource"),
        Column("msdyn_product", "product", Transform.LOOKUP, entity="product"),
        Column(
            "msdyn_invoice",
            "invoice",
            Transform.LOOKUP,
            entity=PROFORMA,
            note="the proforma that a billed-sales actual belongs to",
        ),
        Column("msdyn_startdatetime", "start", Transform.DATE, behavior=DateBehavior.INSTANT),
        Column("msdyn_documentdate", "document_date", Transform.DATE, behavior=DateBehavior.INSTANT),
        Column("msdyn_accountingdate", "accounting_date", Transform.DATE, behavior=DateBehavior.INSTANT),
        Column(
            "msdyn_tzaaccountingdate",
            "tza_accounting_date",
            Transform.DATE,
            behavior=DateBehavior.CALENDAR,
            newer=True,
            note="TZAAccountingDate of 2025: where it has a value it wins over `accounting_date`; no public source "
            "gives the logical name: a setting",
        ),
        Column("msdyn_adjustmentstatus", "adjustment_status", Transform.CODE, codes=ADJUSTMENT_STATUSES),
        Column("msdyn_billingstatus", "billing_status", Transform.CODE, codes=BILLING_STATUSES),
        Column("msdyn_description", "description", Transform.TEXT, limit=255),
        Column("msdyn_externaldescription", "external_description", Transform.TEXT, limit=255),
        Column("msdyn_unit", "unit", Transform.NAME, limit=100),
    ),
    optional=(
        Column(
            "",
            "origin",
            Transform.CODE,
            words=tuple(CostOrigin),
            note="where a cost comes from (JRN-16): a purchase or vendor invoice clears the account of "
            "`procurement_integration`, an expense report that of `expense_integration`; a choice whose codes are "
            "given, or a text",
        ),
        Column(
            "",
            "discount",
            Transform.DECIMAL,
            limit=MONEY_LIMIT,
            note="what the amount is reduced by before it is billed, signed like it (FEE-01)",
        ),
        Column(
            "",
            "resourcing_unit",
            Transform.NAME,
            limit=255,
            note="the organizational unit that lends the resource, by its id or its legal entity (STG-15, SKIP-08)",
        ),
    ),
)

TRANSACTION_CONNECTIONS: Final = TableMap(
    name=TableMapName.TRANSACTION_CONNECTIONS,
    version=1,
    direction=Direction.FROM_DATAVERSE,
    entity=CONNECTION,
    counterpart="staging (ProjCDSTransactionRelationshipImport)",
    filter="those whose types both are msdyn_actual; connections of journal and invoice lines are none of ours",
    rules="CONN-02, -04, -05, -07, -08, -12; either row may be transaction 1",
    columns=(
        Column("msdyn_transaction1", "id_1", Transform.GUID, required=True),
        Column("msdyn_transaction1role", "role_1", Transform.TEXT, required=True, limit=100, exact=True),
        Column("msdyn_transaction1type", "type_1", Transform.TEXT, required=True, limit=100, exact=True),
        Column("msdyn_transaction2", "id_2", Transform.GUID, required=True),
        Column("msdyn_transaction2role", "role_2", Transform.TEXT, required=True, limit=100, exact=True),
        Column("msdyn_transaction2type", "type_2", Transform.TEXT, required=True, limit=100, exact=True),
    ),
)

INVOICES: Final = TableMap(
    name=TableMapName.INVOICES,
    version=1,
    direction=Direction.FROM_DATAVERSE,
    entity=PROFORMA,
    counterpart="proposal header (Project invoice proposal V2)",
    filter="msdyn_projectinvoicestatus = 192350002 (confirmed), or statecode = 3 (canceled), by the rule of "
    "proforma_header_sync",
    rules="PROP-01, PROP-02, PROP-09, PROP-10, REG-12",
    takes_custom_columns=True,
    columns=(
        Column(
            "invoicenumber",
            "number",
            Transform.TEXT,
            required=True,
            limit=100,
            exact=True,
            note="the proposal's number",
        ),
        Column("name", "name", Transform.TEXT, limit=255),
        Column("salesorderid", "contract", Transform.LOOKUP, entity="salesorder"),
        Column(
            "customerid",
            "customer",
            Transform.LOOKUP,
            entity="account",
            note="an account or a contact, as the look-up says",
        ),
        Column("transactioncurrencyid", "currency", Transform.LOOKUP, entity="transactioncurrency"),
        Column(
            "totallineitemamount",
            "total",
            Transform.DECIMAL,
            limit=TOTAL_LIMIT,
            note="before tax; what the chargeable billed-sales actuals must sum up to",
        ),
        Column("msdyn_invoicedate", "invoice_date", Transform.DATE, behavior=DateBehavior.CALENDAR),
        Column("duedate", "due_date", Transform.DATE, behavior=DateBehavior.CALENDAR),
        Column(
            "msdyn_accountingdate",
            "accounting_date",
            Transform.DATE,
            behavior=DateBehavior.INSTANT,
            newer=True,
            note="the accounting date of the customer invoice (EDIT-16)",
        ),
        Column(
            "msdyn_tzaaccountingdate",
            "tza_accounting_date",
            Transform.DATE,
            behavior=DateBehavior.CALENDAR,
            newer=True,
            note="as in `actuals`",
        ),
        Column(
            "statecode",
            "state",
            Transform.CODE,
            default=RowState.ACTIVE,
            codes=INVOICE_STATES,
            note="a canceled proforma makes no proposal, and withdraws one that is not posted",
        ),
        Column("msdyn_hascorrections", "has_corrections", Transform.FLAG, default=False),
        Column("billto_name", "bill_to.name", Transform.TEXT, limit=255),
        Column("billto_line1", "bill_to.line1", Transform.TEXT, limit=255),
        Column("billto_line2", "bill_to.line2", Transform.TEXT, limit=255),
        Column("billto_line3", "bill_to.line3", Transform.TEXT, limit=255),
        Column("billto_postalcode", "bill_to.postal_code", Transform.TEXT, limit=255),
        Column("billto_city", "bill_to.city", Transform.TEXT, limit=255),
        Column("billto_stateorprovince", "bill_to.state_or_province", Transform.TEXT, limit=255),
        Column("billto_country", "bill_to.country", Transform.TEXT, limit=255),
    ),
)

ACTUALS_WRITE_BACK: Final = TableMap(
    name=TableMapName.ACTUALS_WRITE_BACK,
    version=1,
    direction=Direction.TO_DATAVERSE,
    entity=ACTUAL,
    counterpart="staging (ProjCDSActualsImport)",
    filter="posted rows; these columns and no other (WB-03)",
    rules="WB-01 to WB-06; no public source gives the names: settings",
    columns=(
        Column("msdyn_accountingamount", "accounting_amount", Transform.DECIMAL, required=True),
        Column(
            "msdyn_accountingexchangerate",
            "exchange_rate",
            Transform.DECIMAL,
            required=True,
            note="multiplies: 1.25, not 125",
        ),
        Column(
            "msdyn_vouchernumber",
            "voucher",
            Transform.TEXT,
            limit=100,
            exact=True,
            note="not written where the ledger has no line of it: an unbilled sale that accrues nothing, for one",
        ),
        Column("msdyn_salestaxamount", "sales_tax_amount", Transform.DECIMAL),
    ),
)

INVOICES_WRITE_BACK: Final = TableMap(
    name=TableMapName.INVOICES_WRITE_BACK,
    version=1,
    direction=Direction.TO_DATAVERSE,
    entity=PROFORMA,
    counterpart="posted customer invoice",
    filter="posted invoices",
    rules="WB-07, PROP-20; no public source gives the names and the code of posted: settings",
    columns=(
        Column("msdyn_customerinvoicenumber", "invoice_number", Transform.TEXT, required=True, limit=100, exact=True),
        Column(
            "msdyn_customerinvoicedate",
            "invoice_date",
            Transform.DATE,
            required=True,
            behavior=DateBehavior.CALENDAR,
        ),
        Column(
            "msdyn_projectinvoicestatus",
            "status",
            Transform.CODE,
            required=True,
            default="posted",
            codes=INVOICE_STATUSES,
        ),
        Column("msdyn_customerinvoicesalestax", "sales_tax_amount", Transform.DECIMAL),
    ),
)

MAPS: Final = (INVOICES, ACTUALS, TRANSACTION_CONNECTIONS, ACTUALS_WRITE_BACK, INVOICES_WRITE_BACK)
"""The maps as they are without overrides, in the order of the flow."""


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
    maps = {table_map.name: table_map for table_map in MAPS}
    for name, changes in _object(overrides, OVERRIDES_VARIABLE).items():
        if name not in maps:
            raise ValueError(f"{OVERRIDES_VARIABLE}: no table map {name!r}; there are {', '.join(maps)}")
        maps[name] = _changed(maps[name], _object(changes, f"{OVERRIDES_VARIABLE}.{name}"))
    return maps


def _changed(table_map: TableMap, changes: Mapping[str, Any]) -> TableMap:
    where = f"{OVERRIDES_VARIABLE}.{table_map.name}"
    columns = {column.field: column for column in table_map.columns}
    known = columns | {column.field: column for column in table_map.optional}
    for field_name, change in changes.items():
        if field_name in ("custom", "codes", "dates", "date_bounds"):
            continue
        if field_name not in known:
            there = ", ".join(known)
            there += ", custom, codes, dates and date_bounds"
            raise ValueError(f"{where}: no field {field_name!r}; there are {there}")
        # Who names a column of their own has it.
        named = _name(change, f"{where}.{field_name}")
        columns[field_name] = replace(known[field_name], column=named, newer=False)
    for field_name, codes in _object(changes.get("codes", {}), f"{where}.codes").items():
        with_codes = [column.field for column in columns.values() if column.transform is Transform.CODE]
        if field_name not in columns and field_name in known:
            raise ValueError(f"{where}.codes: {field_name} has no column yet; name it with {field_name!r}")
        if field_name not in with_codes:
            raise ValueError(f"{where}.codes: {field_name!r} has no value map; these have: {', '.join(with_codes)}")
        columns[field_name] = _with_codes(columns[field_name], _object(codes, f"{where}.codes.{field_name}"), where)
    for field_name, behavior in _object(changes.get("dates", {}), f"{where}.dates").items():
        columns[field_name] = _with_behavior(table_map, columns, field_name, behavior)
    custom = _object(changes.get("custom", {}), f"{where}.custom")
    if custom and not table_map.takes_custom_columns:
        raise ValueError(f"{where}.custom: this map carries no custom columns")
    for column, name in custom.items():
        field_name = f"custom.{_name(name, f'{where}.custom.{column}')}"
        columns[field_name] = Column(column, field_name, Transform.NAME, limit=255)
    first, last = _dates(table_map, changes.get("date_bounds", {}), where)
    return replace(table_map, columns=tuple(columns.values()), first_date=first, last_date=last)


def _dates(table_map: TableMap, changes: Any, where: str) -> tuple[str, str]:
    """The bounds of a map's dates: at most Dataverse's, less the years that terms of payment may add."""
    given = {"first": table_map.first_date, "last": table_map.last_date, **_object(changes, f"{where}.date_bounds")}
    fits = set(given) == {"first", "last"} and all(isinstance(day, str) and is_bare_date(day) for day in given.values())
    if not fits or not _WIDEST[0] <= given["first"] <= given["last"] <= _WIDEST[1]:
        between = f"{_WIDEST[0]} to {_WIDEST[1]}, in this order"
        raise ValueError(f"{where}.date_bounds: first and last are dates from {between}")
    return given["first"], given["last"]


def _with_behavior(table_map: TableMap, columns: Mapping[str, Column], field_name: str, behavior: Any) -> Column:
    where = f"{OVERRIDES_VARIABLE}.{table_map.name}.dates"
    dates = [column.field for column in columns.values() if column.behavior]
    if table_map.direction is Direction.TO_DATAVERSE:
        raise ValueError(f"{where}: finance writes calendar dates; the column must be date only in Dataverse")
    if field_name not in dates:
        raise ValueError(f"{where}: {field_name!r} is no date; these are: {', '.join(dates) or 'none'}")
    if behavior not in list(DateBehavior):
        raise ValueError(f"{where}.{field_name} must be one of {', '.join(DateBehavior)}, not {behavior!r}")
    return replace(columns[field_name], behavior=DateBehavior(behavior))


def _with_codes(column: Column, codes: Mapping[str, Any], where: str) -> Column:
    """``column`` whose words have the ``codes`` given instead of those they had."""
    had = column.codes or {}
    words = {str(word): word for word in (*had.values(), *column.words)}
    for code, word in codes.items():
        if not code.isascii() or not code.isdigit() or word not in words:
            raise ValueError(
                f"{where}.codes.{column.field}: {code!r}: {word!r} must be a number and one of {', '.join(words)}"
            )
    kept = {code: word for code, word in had.items() if word not in codes.values()}
    return replace(column, codes={**kept, **{int(code): words[word] for code, word in codes.items()}})


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where} must be a JSON object")  # noqa: TRY004 (a setting is wrong, not a program)
    return value


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where} must be a name, not {value!r}")
    return value
