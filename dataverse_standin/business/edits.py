"""Changing a draft: its details, or the whole of it, are edited and removed (EDIT-10 to EDIT-16, CORR-10, CORR-20)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from dataverse_standin.business import actuals, contracts, drafts, milestones, retainers, totals
from dataverse_standin.business.actuals import CONNECTION, Row
from dataverse_standin.business.amounts import ZERO, amount_like, price_of, quantity_of
from dataverse_standin.business.codes import BillingStatus, BillingType, ScheduleStatus, TransactionClass
from dataverse_standin.business.drafts import DETAIL, INVOICE, LINE
from dataverse_standin.rows import Lookup, Refused, Rows


def edit(rows: Rows, detail: str, changes: dict[str, Any]) -> None:
    """Changes a detail of a draft: quantity, price, billing_type, tax, description, external_description.

    ``Refused`` where the detail does not take the change (EDIT-10 to EDIT-12, EDIT-15, CORR-10, CORR-20).
    """
    row = rows.get(DETAIL, detail)
    proforma = row["msdyn_invoice"].id
    drafts.open_proforma(rows, proforma)
    unknown = changes.keys() - {*_EDITORS, "quantity", "price"}
    if "transaction_class" in unknown:
        raise Refused("the transaction class of a detail is that of its unbilled sale; it cannot be edited")
    if unknown:
        raise Refused(f"{', '.join(sorted(unknown))} of a detail cannot be edited")
    written = {}
    for name in changes.keys() & _EDITORS.keys():
        column, convert = _EDITORS[name]
        written[column] = convert(changes[name])
    if (
        row["msdyn_correction"]
        and written.get("msdyn_billingtype", row["msdyn_billingtype"]) != (row["msdyn_billingtype"])
    ):
        raise Refused("the billing type of a corrective detail cannot be edited; credit it, and bill it again")
    written |= _measured(rows, row, changes)
    rows.update(DETAIL, detail, written)
    totals.total(rows, proforma)


def _measured(rows: Rows, row: Row, changes: dict[str, Any]) -> Row:
    """The new quantity, price and amount."""
    quantity = quantity_of(changes["quantity"]) if "quantity" in changes else row["msdyn_quantity"]
    price = price_of(changes["price"]) if "price" in changes else row["msdyn_price"]
    if (quantity, price) == (row["msdyn_quantity"], row["msdyn_price"]):
        return {}
    corrects = bool(row["msdyn_correction"])
    before = _before(rows, row)
    if before["msdyn_quantity"] * quantity < ZERO or price < ZERO:
        raise Refused(f"quantity {quantity} at {price} has another sign than what it bills; use zero to bill nothing")
    whole = actuals.is_class(row, TransactionClass.MILESTONE) or contracts.is_fixed_price(
        rows, row.get("msdyn_salescontractlineid")
    )
    if whole and not (corrects and price == row["msdyn_price"] and quantity in (ZERO, before["msdyn_quantity"])):
        raise Refused(
            "milestones and other fixed-price details are billed and credited as a whole; quantity and price stay"
        )
    if actuals.is_class(row, TransactionClass.RETAINER) and not corrects:
        raise Refused("a retainer is invoiced whole; change how much of it is applied instead")
    amount = amount_like(rows, before, quantity, price)
    return {"msdyn_quantity": quantity, "msdyn_price": price, "msdyn_amount": amount}


def _before(rows: Rows, detail: Row) -> Row:
    """What a detail bills, with its quantity, price and amount: what was billed before, an actual, or only itself."""
    if detail["msdyn_correction"]:
        return drafts.previous(detail)
    return actuals.actual(rows, detail["msdyn_actual"]) if detail.get("msdyn_actual") else detail


_EDITORS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "billing_type": ("msdyn_billingtype", lambda value: int(BillingType(value))),
    "tax": ("msdyn_tax", price_of),
    "description": ("msdyn_description", str),
    "external_description": ("msdyn_externaldescription", str),
}


def remove(rows: Rows, detail: str) -> None:
    """Takes a detail off its draft; what it bills is ready again."""
    row = rows.get(DETAIL, detail)
    drafts.open_proforma(rows, row["msdyn_invoice"].id)
    _release(rows, row)
    totals.total(rows, row["msdyn_invoice"].id)


def delete(rows: Rows, proforma: str) -> None:
    """Deletes a draft. A confirmed invoice stays (CONF-16, EDIT-15)."""
    drafts.open_proforma(rows, proforma)
    for detail in drafts.details(rows, proforma):
        _release(rows, detail)
    for line in rows.select(LINE, invoiceid=proforma):
        rows.delete(LINE, line[f"{LINE}id"])
    rows.delete(INVOICE, proforma)


def _release(rows: Rows, detail: Row) -> None:
    id = detail[f"{DETAIL}id"]
    source: Lookup = detail["msdyn_sourcedocument"]
    if not detail["msdyn_correction"]:
        if detail.get("msdyn_actual"):
            actuals.set_billing_status(rows, detail["msdyn_actual"].id, BillingStatus.READY_TO_INVOICE)
        elif actuals.is_class(detail, TransactionClass.MILESTONE):
            milestones.set_status(rows, source.id, ScheduleStatus.READY)
        elif detail.get("msdyn_refund"):
            rows.update(retainers.RETAINER, source.id, {"msdyn_refundstatus": None})
        elif actuals.is_class(detail, TransactionClass.RETAINER) and not detail.get("msdyn_applied"):
            retainers.set_status(rows, source.id, ScheduleStatus.READY)
    for connection in rows.select(CONNECTION, msdyn_transaction1=id):
        rows.delete(CONNECTION, connection[f"{CONNECTION}id"])
    rows.delete(DETAIL, id)
