"""Rows of Dataverse read by the table maps, and values of ours written by them.

Each ``to_…`` takes the row of a bus event (contract, section 6) and raises ``Rejected`` with the row's id, the
column and what to do: ``schema`` (missing or not what the map declares), ``unknown_code``, ``amount_out_of_range``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from project_invoicing.dataverse.maps import (
    ACTUAL,
    OVERRIDES_VARIABLE,
    Column,
    DateBehavior,
    TableMap,
    Transform,
    table_maps,
)
from project_invoicing.dataverse.reading import column_of, missing, read, rejected
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.actual import Actual, Connection, Proforma, typed_of_custom
from project_invoicing.domain.codes import ConnectionRole, RejectReason, RowState, TransactionClass
from project_invoicing.errors import Rejected

_MEASURED_CLASSES: Final = frozenset({TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL})
_ONE: Final = Decimal(1)

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


def to_actual(event: RowEvent) -> Actual:
    """The actual in a bus event of msdyn_actual (table map ``actuals``).

    Quantity and price may be missing where the class has none of its own (milestone, fee, tax, retainer): they are
    then 1 and the amount.
    """
    table_map = table_maps()["actuals"]
    fields = read(table_map, event)
    for field, value in (("quantity", _ONE), ("price", fields["amount"])):
        if fields[field] is None:
            if fields["transaction_class"] in _MEASURED_CLASSES:
                raise missing(table_map, field, event)
            fields[field] = value
    contact = fields.pop("contact_customer")
    fields["customer"] = fields["customer"] or contact  # D-064
    fields["inactive"] = fields.pop("state") == RowState.INACTIVE
    fields["start"] = fields.pop("tza_start", None) or fields["start"]  # NEW-11
    own = {name: value for name, value in _accounted(fields).items() if value is not None}
    return Actual(**{**typed_of_custom(own.pop("custom", {}), own.get("origin")), **own})


def reads_fees() -> bool:
    """Whether the map of actuals has a column of fees: no source names one, so the organization does (OAT-12)."""
    return any(column.field == "fee" for column in table_maps()["actuals"].columns)


def to_proforma(event: RowEvent) -> Proforma:
    """The proforma header in a bus event of invoice (table map ``invoices``).

    That it is confirmed, or canceled, is for the rule on the bus, which holds the map's filter (PROP-01).
    """
    fields = _accounted(read(table_maps()["invoices"], event))
    fields["canceled"] = fields.pop("state") == RowState.CANCELED
    return Proforma(**fields)


def calendar_dates(map_name: str) -> frozenset[str]:
    """The fields of a map whose columns hold calendar dates: what was stored before it said so is read so (D-061)."""
    return frozenset(one.field for one in table_maps()[map_name].columns if one.behavior is DateBehavior.CALENDAR)


def to_connection(event: RowEvent) -> Connection | None:
    """The connection in a bus event of msdyn_transactionconnection, turned by its roles (CONN-02 to CONN-08).

    Dataverse may write either row first, and roles with or without spaces. ``None`` for a connection that is none of
    ours: one that is not between two actuals (CONN-01, -03, -06). A deleted one needs its pre image.
    """
    table_map = table_maps()["transaction_connections"]
    types = [event.row.get(column_of(table_map, field)) for field in ("type_1", "type_2")]
    if any(isinstance(type_, str) and type_.strip().lower() != ACTUAL for type_ in types):
        return None
    fields = read(table_map, event)
    if fields["id_1"] == fields["id_2"]:
        problem = "is the same row as the other; a connection is between two"
        raise rejected(RejectReason.SCHEMA, problem, column_of(table_map, "id_2"), event)
    roles = _role(table_map, "role_1", fields, event), _role(table_map, "role_2", fields, event)
    if link := _LINKS.get(roles):
        carrier, linked = fields["id_1"], fields["id_2"]
    elif link := _LINKS.get(roles[::-1]):
        carrier, linked = fields["id_2"], fields["id_1"]
    else:
        problem = f"{fields['role_1']} with {fields['role_2']} is no pair of roles that links two actuals; correct it"
        raise rejected(RejectReason.UNKNOWN_CODE, problem, column_of(table_map, "role_1"), event)
    return Connection(fields["id"], fields["version"], carrier, link, linked, event.deleted)


def actual_write_back(
    *,
    accounting_amount: Decimal,
    exchange_rate: Decimal,
    voucher: str | None,
    sales_tax_amount: Decimal | None = None,
    adjustment_value: Decimal | None = None,
    extended_amount: Decimal | None = None,
) -> dict[str, Any]:
    """Columns of msdyn_actual -> values, for a posted actual (WB-01 to WB-06). ``exchange_rate`` multiplies (1.25).

    ``voucher`` is ``None`` for what came to nothing in the ledger (99-24).
    """
    fields = {
        "accounting_amount": accounting_amount,
        "exchange_rate": exchange_rate,
        "voucher": voucher,
        "sales_tax_amount": sales_tax_amount,
        "adjustment_value": adjustment_value,
        "extended_amount": extended_amount,
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


def document_columns() -> list[Column]:
    """The columns of invoice for its document. None, until the settings name some."""
    fields = ("document_link", "document_state")
    return [column for column in table_maps()["invoices_write_back"].columns if column.field in fields]


def document_write_back(*, document_link: str, document_state: str) -> dict[str, Any]:
    """Columns of invoice -> values, for the document of a posted invoice.

    Raises ``Rejected`` for a state that has no code, where others have one.
    """
    fields = {"document_link": document_link, "document_state": document_state}
    return {column.column: _said(column, fields[column.field]) for column in document_columns()}


def payment_write_back(
    *, status: str, state: str, reason: str | None, amount_due: Decimal | None = None
) -> dict[str, Any]:
    """Columns of invoice -> values, for what is open of a posted invoice (PAY-01 to PAY-06)."""
    fields = {"status": status, "state": state, "reason": reason, "amount_due": amount_due}
    return write_columns("payments_write_back", fields)


class StateColumns(NamedTuple):
    """What an invoice's state and its reason are called, and the codes of two states."""

    state: str
    reason: str
    active: int
    paid: int


def invoice_state_columns() -> StateColumns:
    """The columns and codes by which the write-back of payments changes the state of an invoice (PAY-02)."""
    columns = {column.field: column for column in table_maps()["payments_write_back"].columns}
    codes = {word: code for code, word in (columns["state"].codes or {}).items()}
    state, reason = columns["state"].column, columns["reason"].column
    return StateColumns(state, reason, codes[RowState.ACTIVE], codes[RowState.PAID])


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


def _said(column: Column, value: str) -> int | str:
    """A word as its code, where the column has codes."""
    if not column.codes:
        return value
    code = next((code for code, word in column.codes.items() if word == value), None)
    if code is None:
        told = f"no code for {value}; name it in {OVERRIDES_VARIABLE}, codes of {column.field}"
        raise Rejected(RejectReason.UNKNOWN_CODE, told, field=column.column)
    return code


def _accounted(fields: dict[str, Any]) -> dict[str, Any]:
    """With one accounting date: the time-zone independent one where there is one (99-26)."""
    independent = fields.pop("tza_accounting_date")
    return fields | {"accounting_date": independent or fields["accounting_date"]}


def _role(table_map: TableMap, field: str, fields: Mapping[str, Any], event: RowEvent) -> str:
    role = "".join(filter(str.isalnum, fields[field].lower()))
    if role not in _ROLES:
        problem = f"is {fields[field]!r}; known are {', '.join(_ROLES.values())}. Correct the connection"
        raise rejected(RejectReason.UNKNOWN_CODE, problem, column_of(table_map, field), event)
    return role
