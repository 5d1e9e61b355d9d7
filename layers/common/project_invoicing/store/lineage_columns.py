"""What a posted line hands on (99-22), written to and read from the text of a staging row."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.lineage import Charge, ChargedTax, Lineage
from project_invoicing.domain.sales_tax import MarginalBase, TaxOrigin

_OF_LINEAGE: Final = 9
_OF_CHARGE: Final = 5
"""The most columns that a text has; later versions may append some."""
_REVENUE_TYPES: Final = {
    PostingType.INVOICED_REVENUE: "r",
    PostingType.INVOICED_REVENUE_ON_ACCOUNT: "o",
    PostingType.WIP_INVOICED_ON_ACCOUNT: "w",
}
_REVENUE_TYPES_OF: Final = {short: posting_type for posting_type, short in _REVENUE_TYPES.items()}


def lineage_text(lineage: Lineage, accrual: Accrual | None, sales_tax: Decimal | None) -> str:
    """A list in the order of the columns, without empty ones at the end or values that the row has anyway."""
    dimensions = lineage.dimensions
    if accrual and accrual.dimensions == dimensions:
        dimensions = None
    columns: list[Any] = [
        lineage.sales_tax_group,
        lineage.item_sales_tax_group,
        lineage.category,
        lineage.line_property,
        # No value means the same as in the accrual; an empty one means none, even though the accrual has some.
        dimensions if dimensions or not (accrual and accrual.dimensions and not lineage.dimensions) else {},
        _charge_out(lineage.charge, sales_tax) if lineage.charge else None,
        lineage.worker_dimensions,
        None if lineage.cost_adjustment is None else str(lineage.cost_adjustment),
        lineage.tags,
    ]
    return json.dumps(_trimmed(columns), separators=(",", ":"), ensure_ascii=False)


def _charge_out(charge: Charge, sales_tax: Decimal | None) -> list[Any]:
    taxes = None
    if charge.taxes is not None:
        alone = len(charge.taxes) == 1 and charge.taxes[0].amount == sales_tax
        taxes = [
            _trimmed([x.code, str(x.percent), x.account, None if alone else str(x.amount), *_form_out(x)])
            for x in charge.taxes
        ]
    revenue = _REVENUE_TYPES[charge.revenue_type] + (charge.revenue_account or "") if charge.revenue_type else None
    flags = int(charge.tax_included) + 2 * charge.credit + 4 * (not charge.counted)
    return _trimmed([charge.invoice, revenue, taxes, charge.discount_account, flags or None])


def _form_out(tax: ChargedTax) -> list[str | None]:
    return [tax.origin, tax.base_code, tax.marginal_base]


def _trimmed(columns: list[Any]) -> list[Any]:
    while columns and columns[-1] is None:
        columns.pop()
    return columns


def lineage_in(text: str, accrual: Accrual | None, sales_tax: Any) -> Lineage:
    columns = _filled(json.loads(text), _OF_LINEAGE)
    group, item_group, category, line_property, dimensions, charge, workers, adjustment, tags = columns
    if dimensions is None and accrual:
        dimensions = accrual.dimensions
    read = None if charge is None else _charge_in(charge, str(sales_tax or 0))
    added = None if adjustment is None else Decimal(adjustment)
    return Lineage(group, item_group, category, line_property, dimensions or None, workers, read, added, tags)


def _charge_in(columns: list[Any], sales_tax: str) -> Charge:
    invoice, revenue, taxes, discount_account, flags = _filled(columns, _OF_CHARGE)
    return Charge(
        invoice,
        _REVENUE_TYPES_OF[revenue[:1]] if revenue else None,
        revenue[1:] if revenue else None,
        discount_account,
        None if taxes is None else tuple(_tax_in(sales_tax, *one) for one in taxes),
        tax_included=bool((flags or 0) & 1),
        credit=bool((flags or 0) & 2),
        counted=not (flags or 0) & 4,
    )


def _tax_in(
    sales_tax: str,
    code: str,
    percent: str,
    account: str | None = None,
    amount: str | None = None,
    origin: str | None = None,
    base_code: str | None = None,
    marginal_base: str | None = None,
) -> ChargedTax:
    return ChargedTax(
        code,
        Decimal(percent),
        account,
        Decimal(sales_tax if amount is None else amount),
        TaxOrigin(origin) if origin else None,
        base_code,
        MarginalBase(marginal_base) if marginal_base else None,
    )


def _filled(columns: list[Any], length: int) -> list[Any]:
    return (columns + [None] * length)[:length]
