"""Which columns a reconciliation compares, and the records that it makes of found rows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from project_invoicing.dataverse.api import FoundRow
from project_invoicing.dataverse.found_rows import STATUS
from project_invoicing.dataverse.maps import INVOICE_STATUSES, table_maps
from project_invoicing.domain.codes import BillingType, RowState
from project_invoicing.domain.compared_rows import ActualThere, ProformaThere, WrittenBack
from project_invoicing.domain.text import decimal

_FROM_CONFIRMED_ON: Final = frozenset({"confirmed", "invoice_paid", "posted"})
_PAID: Final = "invoice_paid"
_OF_ACTUALS: Final = ("skip_sync", "transaction_type", "billing_type", "amount", "invoice", "currency")
_OF_INVOICES: Final = ("number", "total", "currency", "state")


class ComparedColumns:
    """What the maps call the columns that are compared, those of the organization included."""

    def __init__(self) -> None:
        self._actual = {column.field: column.column for column in table_maps()["actuals"].columns}
        self._written = {column.field: column.column for column in table_maps()["actuals_write_back"].columns}
        self._invoice = {column.field: column.column for column in table_maps()["invoices"].columns}
        self._codes = {column.field: dict(column.codes or {}) for column in table_maps()["actuals"].columns}
        self._states = next(
            dict(column.codes or {}) for column in table_maps()["invoices"].columns if column.field == "state"
        )

    @property
    def of_actuals(self) -> list[str]:
        return [*(self._actual[name] for name in _OF_ACTUALS), *self.written_back]

    @property
    def written_back(self) -> list[str]:
        """What is written back to an actual."""
        return [*self._written.values()]

    @property
    def of_invoices(self) -> list[str]:
        maps = (table_maps()[name] for name in ("invoices_write_back", "payments_write_back"))
        written = [column.column for table_map in maps for column in table_map.columns]
        return list(dict.fromkeys([*(self._invoice[name] for name in _OF_INVOICES), STATUS, *written]))

    @property
    def amount(self) -> str:
        return self._actual["amount"]

    @property
    def proforma(self) -> str:
        """The column in which an actual has the proforma that bills it."""
        return self._actual["invoice"]

    def actual(self, found: FoundRow) -> ActualThere:
        row = found.row
        return ActualThere(
            id=found.id,
            version=found.version,
            is_skipped=row.get(self._actual["skip_sync"]) not in (None, False, 0),
            kind=self._codes["transaction_type"].get(row.get(self._actual["transaction_type"], 0)),
            billing_type=self._codes["billing_type"].get(
                row.get(self._actual["billing_type"]) or 0, BillingType.NOT_SPECIFIED
            ),
            amount=_decimal(row.get(self.amount)),
            proforma=_id(row.get(self.proforma)),
            currency=_id(row.get(self._actual["currency"])),
            written=self.written(row),
        )

    def written(self, row: Mapping[str, Any]) -> WrittenBack:
        names = self._written
        return WrittenBack(
            row.get(names["voucher"]),
            _decimal(row.get(names["accounting_amount"])),
            _decimal(row.get(names["exchange_rate"])),
            _decimal(row.get(names["sales_tax_amount"])),
        )

    def proforma_of(self, found: FoundRow) -> ProformaThere:
        row = found.row
        return ProformaThere(
            id=found.id,
            version=found.version,
            number=row.get(self._invoice["number"]),
            total=_decimal(row.get(self._invoice["total"])),
            currency=_id(row.get(self._invoice["currency"])),
            is_canceled=self._states.get(row.get(self._invoice["state"], 0)) == RowState.CANCELED,
            is_out=INVOICE_STATUSES.get(row.get(STATUS, 0)) in _FROM_CONFIRMED_ON,
            is_paid=INVOICE_STATUSES.get(row.get(STATUS, 0)) == _PAID,
            columns=row,
        )


def _id(reference: Any) -> str | None:
    """The id in a look-up, with or without its table."""
    id = reference["id"] if isinstance(reference, Mapping) else reference
    return str(id) if id else None


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else decimal(str(value))
