"""Rows of posted expenses and vendor invoice lines, and what their actuals come from, by the table maps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from project_invoicing.dataverse.actual_maps import EXPENSES, ORIGINS, VENDOR_INVOICE_LINES
from project_invoicing.dataverse.api import FoundRow
from project_invoicing.dataverse.found_rows import row_event_of
from project_invoicing.dataverse.maps import TableMap, table_maps
from project_invoicing.dataverse.reading import column_of, read
from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.integration_lines import OtherLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.tables import ACTUAL

LINES: Final[Mapping[PostingType, str]] = {
    PostingType.EXPENSE_INTEGRATION: EXPENSES.name,
    PostingType.PROCUREMENT_INTEGRATION: VENDOR_INVOICE_LINES.name,
}
"""The map of the lines that are posted to each integration account."""


class OriginOf(NamedTuple):
    """An actual and the line that it comes from."""

    line: str
    actual: str


def line_map(posting_type: PostingType) -> TableMap:
    return table_maps()[LINES[posting_type]]


def columns_looked_up(table_map: TableMap) -> list[str]:
    return [column.column for column in table_map.columns]


def origin_map() -> TableMap:
    return table_maps()[ORIGINS.name]


def origin_type() -> str:
    """The column that says what an origin is."""
    return column_of(origin_map(), "origin_type")


def to_line(posting_type: PostingType, found: FoundRow, at: str) -> OtherLine | None:
    """The line; ``None`` for one without a project. Raises ``Rejected`` for one that cannot be read."""
    fields = _fields(line_map(posting_type), found, at)
    if fields["project"] is None:
        return None
    amount = fields["amount"]
    return OtherLine(
        posting_type,
        found.entity,
        found.id,
        fields["number"],
        fields["project"],
        fields["date"],
        fields["currency"],
        None if amount is None else amount + (fields.get("tax") or ZERO),
        fields.get("accounting_amount"),
    )


def to_origin(found: FoundRow, at: str) -> OriginOf | None:
    """Which line an actual comes from; ``None`` for what is no actual. Raises ``Rejected``."""
    fields = _fields(origin_map(), found, at)
    return OriginOf(fields["origin"], fields["transaction"]) if fields["transaction_type"] == ACTUAL else None


def _fields(table_map: TableMap, found: FoundRow, at: str) -> dict[str, Any]:
    return read(table_map, row_event_of(found, at))
