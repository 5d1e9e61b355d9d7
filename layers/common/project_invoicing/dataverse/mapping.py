"""Rows of Dataverse read by the table maps, and values of ours written by them.

Each ``to_…`` takes the row of a bus event (contract, section 6) and raises ``Rejected`` with the row's id, the
column and what to do: ``schema`` (missing or not what the map declares), ``unknown_code``, ``amount_out_of_range``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from typing import Any, Final

from project_invoicing.dataverse.maps import ACTUAL, Column, DateBehavior, TableMap, Transform, table_maps
from project_invoicing.dataverse.row_events import RowEvent, shown
from project_invoicing.dataverse.values import plain_instant
from project_invoicing.domain.actual import Actual, Connection, Proforma, Reference, RowVersion, typed_of_custom
from project_invoicing.domain.calendar import calendar_date
from project_invoicing.domain.codes import ConnectionRole, RejectReason, RowState, TransactionClass
from project_invoicing.domain.text import decimal, guid, is_date, sortable_instant, whole
from project_invoicing.errors import Rejected

_MEASURED_CLASSES: Final = frozenset({TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL})
_SHOWN: Final = 80
_NAME: Final = 255
"""Characters of the name that a look-up may carry; what is longer is cut."""
_ENTITY: Final = 128
_DECIMAL_PLACES: Final = 10
"""The most that Dataverse stores in a decimal column."""
_ONE: Final = Decimal(1)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""No number and no code has one of these, and they would be part of keys and file names."""

_ROLES: Final = {
    "billedsales": "Billed Sales",
    "unbilledsales": "Unbilled Sales",
    "cost": "Cost",
    "reversing": "Reversing",
    "original": "Original",
    "replacing": "Replacing",
}
_LINKS: Final[Mapping[tuple[str, ...], ConnectionRole]] = {
    ("unbilledsales", "cost"): ConnectionRole.COST,
    ("billedsales", "unbilledsales"): ConnectionRole.UNBILLED,
    ("reversing", "original"): ConnectionRole.ORIGINAL,
    ("replacing", "original"): ConnectionRole.REPLACED,
}
"""(role of the row that carries the link, role of the linked row) -> what the linked row is to it."""

Convert = Callable[[Any], Any]


class _UnfitError(Exception):
    """A value that its column does not take."""

    def __init__(self, reason: RejectReason, problem: str) -> None:
        self.reason = reason
        self.problem = problem


def to_actual(event: RowEvent) -> Actual:
    """The actual in a bus event of msdyn_actual (table map ``actuals``).

    Quantity and price may be missing where the class has none of its own (milestone, fee, tax, retainer): they are
    then 1 and the amount.
    """
    table_map = table_maps()["actuals"]
    fields = _read(table_map, event)
    for field, value in (("quantity", _ONE), ("price", fields["amount"])):
        if fields[field] is None:
            if fields["transaction_class"] in _MEASURED_CLASSES:
                raise _missing(table_map, field, event)
            fields[field] = value
    contact = fields.pop("contact_customer")
    fields["customer"] = fields["customer"] or contact  # D-064
    fields["inactive"] = fields.pop("state") == RowState.INACTIVE
    own = {name: value for name, value in _accounted(fields).items() if value is not None}
    return Actual(**{**typed_of_custom(own.pop("custom", {}), own.get("origin")), **own})


def to_proforma(event: RowEvent) -> Proforma:
    """The proforma header in a bus event of invoice (table map ``invoices``).

    That it is confirmed, or canceled, is for the rule on the bus, which holds the map's filter (PROP-01).
    """
    fields = _accounted(_read(table_maps()["invoices"], event))
    fields["canceled"] = fields.pop("state") == RowState.CANCELED
    return Proforma(**fields)


def stored_date(table_map: TableMap, field: str, text: str | None) -> str | None:
    """A date of a row that was stored, maybe before the map said what its column holds (D-061)."""
    if text is None or len(text) == 10:
        return text
    behavior = next(column.behavior for column in table_map.columns if column.field == field)
    return calendar_date(text).isoformat() if behavior is DateBehavior.CALENDAR else text


def to_connection(event: RowEvent) -> Connection | None:
    """The connection in a bus event of msdyn_transactionconnection, turned by its roles (CONN-02 to CONN-08).

    Dataverse may write either row first, and roles with or without spaces. ``None`` for a connection that is none of
    ours: one that is not between two actuals (CONN-01, -03, -06). A deleted one needs its pre image.
    """
    table_map = table_maps()["transaction_connections"]
    types = [event.row.get(_column(table_map, field)) for field in ("type_1", "type_2")]
    if any(isinstance(type_, str) and type_.strip().lower() != ACTUAL for type_ in types):
        return None
    fields = _read(table_map, event)
    if fields["id_1"] == fields["id_2"]:
        problem = "is the same row as the other; a connection is between two"
        raise _rejected(RejectReason.SCHEMA, problem, _column(table_map, "id_2"), event)
    roles = _role(table_map, "role_1", fields, event), _role(table_map, "role_2", fields, event)
    if link := _LINKS.get(roles):
        carrier, linked = fields["id_1"], fields["id_2"]
    elif link := _LINKS.get(roles[::-1]):
        carrier, linked = fields["id_2"], fields["id_1"]
    else:
        problem = f"{fields['role_1']} with {fields['role_2']} is no pair of roles that links two actuals; correct it"
        raise _rejected(RejectReason.UNKNOWN_CODE, problem, _column(table_map, "role_1"), event)
    return Connection(fields["id"], fields["version"], carrier, link, linked, event.deleted)


def actual_write_back(
    *, accounting_amount: Decimal, exchange_rate: Decimal, voucher: str | None, sales_tax_amount: Decimal | None = None
) -> dict[str, Any]:
    """Columns of msdyn_actual -> values, for a posted actual (WB-01 to WB-06). ``exchange_rate`` multiplies (1.25).

    ``voucher`` is ``None`` for what came to nothing in the ledger (99-24).
    """
    fields = {
        "accounting_amount": accounting_amount,
        "exchange_rate": exchange_rate,
        "voucher": voucher,
        "sales_tax_amount": sales_tax_amount,
    }
    return write_columns("actuals_write_back", fields)


def invoice_write_back(
    *, invoice_number: str, invoice_date: str, sales_tax_amount: Decimal, status: str = "posted"
) -> dict[str, Any]:
    """Columns of invoice -> values, for a posted invoice (WB-07, PROP-20). ``status`` becomes its code."""
    fields = {
        "invoice_number": invoice_number,
        "invoice_date": invoice_date,
        "status": status,
        "sales_tax_amount": sales_tax_amount,
    }
    return write_columns("invoices_write_back", fields)


def write_columns(map_name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """``fields`` of ours as columns of Dataverse, by a write-back map; fields without a value are left out.

    Raises ``ValueError`` where a required field has no value: that is a defect of the caller.
    """
    columns: dict[str, Any] = {}
    for column in table_maps()[map_name].columns:
        value = fields.get(column.field, column.default)
        if value is None:
            if column.required:
                raise ValueError(f"{map_name}: {column.field} has no value")
            continue
        if column.transform is Transform.CODE:
            value = next(code for code, word in (column.codes or {}).items() if word == value)
        columns[column.column] = value
    return columns


def _accounted(fields: dict[str, Any]) -> dict[str, Any]:
    """With one accounting date: the time-zone independent one where there is one (99-26)."""
    independent = fields.pop("tza_accounting_date")
    return fields | {"accounting_date": independent or fields["accounting_date"]}


def _read(table_map: TableMap, event: RowEvent) -> dict[str, Any]:
    """Field -> value by the map, with the row's ``id`` and ``version``."""
    if event.entity != table_map.entity:
        problem = f"is {_shown(event.entity)}, not {table_map.entity}"
        raise _rejected(RejectReason.SCHEMA, problem, "entity", event)
    names, steps, has_groups = _plan(table_map)
    given = list(map(event.row.get, names))
    fields: dict[str, Any] = {}
    for value, (field, convert, required, default) in zip(given, steps, strict=True):
        if value is not None:
            try:
                fields[field] = convert(value)
            except _UnfitError as unfit:
                raise _rejected(unfit.reason, unfit.problem, _column(table_map, field), event) from None
        elif required:
            raise _missing(table_map, field, event)
        else:
            fields[field] = default
    fields["id"] = event.id
    content = blake2b(repr(given).encode(), digest_size=8).hexdigest()
    fields["version"] = RowVersion(event.row_version, _occurred_at(table_map, event), content)
    return _grouped(fields) if has_groups else fields


@cache
def _plan(table_map: TableMap) -> tuple[tuple[str, ...], tuple[tuple[str, Convert, bool, Any], ...], bool]:
    """The columns to be read; for each its field, conversion, required, default; whether fields are in dictionaries."""
    steps = tuple(
        (column.field, _converter(column, table_map), column.required, column.default) for column in table_map.columns
    )
    return tuple(column.column for column in table_map.columns), steps, any("." in field for field, *_ in steps)


def _grouped(fields: Mapping[str, Any]) -> dict[str, Any]:
    """``{"bill_to.city": "York"}`` as ``{"bill_to": {"city": "York"}}``; entries without a value are left out."""
    grouped: dict[str, Any] = {}
    for field, value in fields.items():
        group, dot, entry = field.partition(".")
        if not dot:
            grouped[field] = value
        elif value is not None:
            grouped.setdefault(group, {})[entry] = value
    return grouped


def _occurred_at(table_map: TableMap, event: RowEvent) -> str:
    occurred_at = sortable_instant(event.occurred_at)
    if occurred_at is None or not table_map.first_date <= occurred_at[:10] <= table_map.last_date:
        problem = f"is {_shown(event.occurred_at)}, not a date and time in ISO 8601 {_between(table_map)}"
        raise _rejected(RejectReason.SCHEMA, problem, "occurred_at", event)
    return occurred_at


def _converter(column: Column, table_map: TableMap) -> Convert:
    """What turns a value of ``column`` into ours, or raises ``_UnfitError``."""
    match column.transform:
        case Transform.CODE:
            return _codes(column)
        case Transform.DECIMAL:
            return _decimals(column)
        case Transform.LOOKUP:
            return _lookups(column)
        case Transform.TEXT | Transform.NAME:
            return _texts(column)
        case Transform.DATE:
            return _dates(table_map, column)
        case Transform.FLAG:
            return _flag
        case Transform.GUID:
            return _guid


def _codes(column: Column) -> Convert:
    words = dict(column.codes or {})
    spoken = {str(word): word for word in column.words}
    known = ", ".join([*(f"{code} {word}" for code, word in words.items()), *spoken])

    def convert(value: Any) -> str | None:
        if spoken and type(value) is str:
            if not value.strip():
                return None
            word = spoken.get("_".join(value.lower().replace("-", " ").split()))
        else:
            word = words.get(value) if type(value) is int else None
        if word is None:
            problem = (
                f"{_shown(value)} is unknown; known are {known}. Correct the row, or add the code to the table map"
            )
            raise _UnfitError(RejectReason.UNKNOWN_CODE, problem)
        return word

    return convert


def _decimals(column: Column) -> Convert:
    highest = Decimal(column.limit if column.limit is not None else "Infinity")
    lowest = -highest

    def convert(value: Any) -> Decimal:
        if type(value) is str:
            number = decimal(value)
        elif type(value) is int or (type(value) is Decimal and value.is_finite()):
            number = Decimal(value)
        else:
            number = None
        if number is None:
            raise _UnfitError(RejectReason.SCHEMA, f"is {_shown(value)}, not a decimal number; correct the row")
        if not lowest <= number <= highest:
            problem = f"is {_shown(value)}, outside ±{highest:,}; correct the row"
            raise _UnfitError(RejectReason.AMOUNT_OUT_OF_RANGE, problem)
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -_DECIMAL_PLACES and round(number, _DECIMAL_PLACES) != number:
            problem = f"is {_shown(value)}, with more than {_DECIMAL_PLACES} decimal places; round it in the row"
            raise _UnfitError(RejectReason.SCHEMA, problem)
        return number

    return convert


def _lookups(column: Column) -> Convert:
    default_entity = column.entity or ""

    def convert(value: Any) -> Reference:
        if type(value) is dict:
            row_id = guid(value.get("id"))
            if row_id is not None:
                return Reference(_entity(value.get("entity") or default_entity), row_id, _name(value.get("name")))
        elif (row_id := guid(value)) is not None:
            return Reference(default_entity, row_id)
        raise _UnfitError(
            RejectReason.SCHEMA, f"is {_shown(value)}, not a look-up with the GUID of a row; correct the row"
        )

    return convert


def _entity(value: Any) -> str:
    if isinstance(value, str) and len(value) <= _ENTITY:
        return str(whole(value))
    raise _UnfitError(RejectReason.SCHEMA, f"leads to {_shown(value)}, not to a table; correct the row")


def _name(value: Any) -> str | None:
    return str(whole(value))[:_NAME] if isinstance(value, str) else None


def _texts(column: Column) -> Convert:
    limit = int(column.limit) if column.limit is not None else None

    def convert(value: Any) -> str | None:
        if type(value) is dict:
            value = value.get("name") or value.get("id")
        elif type(value) is bool:
            value = "true" if value else "false"
        text = whole(str(value).strip())
        if limit is not None and len(text) > limit:
            if column.exact:
                problem = f"has {len(text)} characters, and {limit} is the most; correct the row"
                raise _UnfitError(RejectReason.SCHEMA, problem)
            text = text[:limit]
        if column.exact and _CONTROL.search(text):
            raise _UnfitError(RejectReason.SCHEMA, f"is {_shown(text)}, with control characters; correct the row")
        if not text and column.required:
            raise _UnfitError(RejectReason.SCHEMA, "is blank; fill it in")
        return text or None

    return convert


def _dates(table_map: TableMap, column: Column) -> Convert:
    first, last = table_map.first_date, table_map.last_date
    calendar = column.behavior is DateBehavior.CALENDAR

    def convert(value: Any) -> str:
        if type(value) is not str or not is_date(value):
            problem = f"is {_shown(value)}, not a date in ISO 8601 or /Date(…)/; correct the row"
            raise _UnfitError(RejectReason.SCHEMA, problem)
        if not first <= value[:10] <= last:
            raise _UnfitError(RejectReason.SCHEMA, f"is {value}, not a date {_between(table_map)}")
        return calendar_date(value).isoformat() if calendar else plain_instant(value)

    return convert


def _between(table_map: TableMap) -> str:
    return f"from {table_map.first_date} to {table_map.last_date}; correct the row, or the dates of the table map"


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) and len(str(value)) <= _SHOWN else shown(value)


def _flag(value: Any) -> bool:
    if type(value) is bool or (type(value) is int and value in (0, 1)):
        return bool(value)
    raise _UnfitError(RejectReason.SCHEMA, f"is {_shown(value)}, not true or false; correct the row")


def _guid(value: Any) -> str:
    row_id = guid(value)
    if row_id is None:
        raise _UnfitError(RejectReason.SCHEMA, f"is {_shown(value)}, not the GUID of a row; correct the row")
    return row_id


def _role(table_map: TableMap, field: str, fields: Mapping[str, Any], event: RowEvent) -> str:
    role = "".join(filter(str.isalnum, fields[field].lower()))
    if role not in _ROLES:
        problem = f"is {fields[field]!r}; known are {', '.join(_ROLES.values())}. Correct the connection"
        raise _rejected(RejectReason.UNKNOWN_CODE, problem, _column(table_map, field), event)
    return role


def _column(table_map: TableMap, field: str) -> str:
    return next(column.column for column in table_map.columns if column.field == field)


def _missing(table_map: TableMap, field: str, event: RowEvent) -> Rejected:
    image = "pre image" if event.deleted else "post image"
    problem = f"has no value; fill it in, and register the step with a {image} of all columns"
    return _rejected(RejectReason.SCHEMA, problem, _column(table_map, field), event)


def _rejected(reason: RejectReason, problem: str, field: str, event: RowEvent) -> Rejected:
    return Rejected(reason, f"{field} {problem}", entity=event.entity, id=event.id, field=field)
