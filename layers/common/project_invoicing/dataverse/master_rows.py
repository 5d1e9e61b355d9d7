"""Rows of master data read by their table maps: a bus event in, a row with our fields out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from project_invoicing.dataverse.conversions import said
from project_invoicing.dataverse.maps import TableMap, table_maps
from project_invoicing.dataverse.master_maps import MASTER_TABLES, RATE_TYPE
from project_invoicing.dataverse.reading import column_of, is_chosen, occurred_at, read, rejected
from project_invoicing.dataverse.row_events import MERGE, RowEvent
from project_invoicing.domain.actual import Reference, RowVersion
from project_invoicing.domain.codes import RejectReason, RowState
from project_invoicing.domain.master_row import DELETION, ArrivedRow
from project_invoicing.domain.tables import PROJECT
from project_invoicing.domain.text import guid
from project_invoicing.errors import Rejected

_DROPPED: Final = ("id", "version")
_NUMBERS: Final[Mapping[str, tuple[Callable[[Decimal], bool], str]]] = {
    "rate": (lambda rate: rate > 0, "not a rate above 0"),
    "precision": (lambda digits: digits >= 0 and digits == int(digits), "not a number of decimal places"),
    "percent": (lambda share: share >= 0, "not a share"),
}


def to_master_row(event: RowEvent) -> ArrivedRow | None:
    """The row in a bus event of master data; ``None`` for one that its map does not choose.

    Raises ``Rejected`` as ``mapping`` does. A deleted row whose last values are not in the event, or cannot be read,
    comes without columns.
    """
    table_map = table_maps()[MASTER_TABLES[event.entity]]
    if event.message == MERGE:
        return _merged(table_map, event)
    if not is_chosen(table_map, event.row):
        return None
    try:
        fields = read(table_map, event)
        _check_numbers(table_map, fields, event)
    except Rejected:
        if not event.deleted:
            raise
        version = RowVersion(event.row_version, occurred_at(table_map, event), DELETION)
        return ArrivedRow(event.entity, event.id, version, None, deleted=True)
    version = fields["version"]
    return ArrivedRow(event.entity, event.id, version, _columns(table_map, fields), deleted=event.deleted)


def _check_numbers(table_map: TableMap, fields: Mapping[str, Any], event: RowEvent) -> None:
    """Refuses numbers that amounts cannot be computed with: a rate of nothing would make every amount nothing."""
    for field, (fits, what) in _NUMBERS.items():
        value = fields.get(field)
        if value is not None and not fits(value):
            problem = f"is {said(value)}, {what}; correct the row"
            raise rejected(RejectReason.AMOUNT_OUT_OF_RANGE, problem, column_of(table_map, field), event)


def _merged(table_map: TableMap, event: RowEvent) -> ArrivedRow:
    """A row that was merged into another. What else became of it, its own update says."""
    into = event.row.get("masterid")
    target = guid(into.get("id")) if isinstance(into, Mapping) else None
    if target is None:
        raise Rejected(
            RejectReason.SCHEMA,
            "masterid has no value; a merge says which row is left",
            entity=event.entity,
            id=event.id,
            field="masterid",
        )
    version = RowVersion(event.row_version, occurred_at(table_map, event), "")
    return ArrivedRow(event.entity, event.id, version, None, merged_into=target)


def _columns(table_map: TableMap, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value, as plain JSON: look-ups as lists, numbers as text, states as flags."""
    found = {name: value for name, value in fields.items() if name not in _DROPPED}
    if "owning_company" in found:
        owning = found.pop("owning_company")
        found["company"] = found["company"] or owning
    if "state" in found:
        found["open" if table_map.entity == PROJECT else "active"] = found.pop("state") == RowState.ACTIVE
    if "merged" in found and found.pop("merged") is False:
        found["merged_into"] = None
    credit_hold, on_hold = found.pop("credit_hold", None), found.pop("on_hold", None)
    if credit_hold is not None or on_hold is not None:
        found["on_hold"] = bool(credit_hold) or on_hold == "on_hold"
    if table_map.factor:
        found |= {"factor": table_map.factor, "type": str(found["type"] or RATE_TYPE).lower()}
    return {name: _plain(value) for name, value in found.items() if value is not None}


def _plain(value: Any) -> Any:
    match value:
        case Reference(entity, id, name):
            return [entity, id] if name is None else [entity, id, name]
        case Decimal():
            return format(value.normalize(), "f")  # as many digits, however the sender writes it
        case _:
            return value
