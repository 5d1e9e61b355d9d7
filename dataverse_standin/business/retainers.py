"""Retainers and advances: invoiced first, then applied to the invoices of the work that they pay for (RET).

What is left of a retainer stands in one negative unbilled sale (CONF-01 to CONF-03). Each change reverses it and
records what is left now, so that it is always the negative of the available amount. Finance gets all of them: the one
that is reversed becomes Adjusted, and is not what a confirmation bills (99-07).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from dataverse_standin.business import actuals, contracts
from dataverse_standin.business.actuals import Row
from dataverse_standin.business.amounts import ZERO, Number, price_of
from dataverse_standin.business.codes import (
    MULTIPLY_QUANTITY_BY_PRICE,
    BillingStatus,
    BillingType,
    ScheduleStatus,
    TransactionClass,
    TransactionType,
)
from dataverse_standin.rows import Lookup, Refused, Rows

RETAINER: Final = "msdyn_retainer"
ONE: Final = Decimal(1)


def add_retainer(rows: Rows, contract: Lookup, amount: Number, name: str) -> Lookup:
    """A retainer of which nothing is available before it is invoiced (RET-01)."""
    values = {
        "msdyn_name": name,
        "msdyn_salescontract": contract,
        "msdyn_amount": price_of(amount),
        "msdyn_availableamount": ZERO,
        "msdyn_usedamount": ZERO,
        "msdyn_refundedamount": ZERO,
        "msdyn_invoicestatus": int(ScheduleStatus.NOT_READY),
    }
    return Lookup(RETAINER, rows.create(RETAINER, values), name)


def ready(rows: Rows, retainer: Lookup) -> None:
    row = rows.get(RETAINER, retainer.id)
    if row["msdyn_invoicestatus"] != ScheduleStatus.NOT_READY:
        raise Refused(f"retainer {row['msdyn_name']} is ready or invoiced already")
    set_status(rows, retainer.id, ScheduleStatus.READY)


def set_status(rows: Rows, retainer: str, status: ScheduleStatus) -> None:
    rows.update(RETAINER, retainer, {"msdyn_invoicestatus": int(status)})


def ready_of(rows: Rows, contract: Lookup) -> list[Row]:
    return rows.select(RETAINER, msdyn_salescontract=contract, msdyn_invoicestatus=int(ScheduleStatus.READY))


def available_of(rows: Rows, contract: Lookup) -> list[Row]:
    """The retainers that can be applied, the oldest first."""
    return [row for row in rows.select(RETAINER, msdyn_salescontract=contract) if row["msdyn_availableamount"] > ZERO]


def billed_as(rows: Rows, retainer: Row, amount: Decimal) -> Row:
    """The columns of the detail that invoices a retainer, or with a negative ``amount``, that applies it (99-15)."""
    return {
        **contracts.sold_under(rows, retainer["msdyn_salescontract"]),
        "msdyn_transactionclassification": int(TransactionClass.RETAINER),
        "msdyn_billingtype": int(BillingType.NOT_AVAILABLE),
        "msdyn_amountmethod": MULTIPLY_QUANTITY_BY_PRICE,
        "msdyn_quantity": ONE if amount > ZERO else -ONE,
        "msdyn_price": abs(amount),
        "msdyn_amount": amount,
        "msdyn_description": retainer["msdyn_name"],
        "msdyn_sourcedocument": Lookup(RETAINER, retainer[f"{RETAINER}id"]),
    }


def settle(rows: Rows, detail: Row, dates: Row) -> None:
    """What confirming ``detail`` makes of its retainer: more of it is available, or less (RET-02, RET-05, RET-06).

    A corrective detail counts with what it differs from the one that it corrects (RET-11, CORR-24). ``Refused`` when
    less than nothing would be left.
    """
    retainer = rows.get(RETAINER, detail["msdyn_sourcedocument"].id)
    change = detail["msdyn_amount"] - (detail.get("msdyn_previousamount") or ZERO)
    left = retainer["msdyn_availableamount"] + change
    if left < ZERO:
        raise Refused(
            f"of retainer {retainer['msdyn_name']} only {retainer['msdyn_availableamount']} are available; "
            "apply, refund or credit less, or correct the invoices that used it first"
        )
    _leave(rows, retainer, left, dates)
    changes: Row = {"msdyn_availableamount": left}
    if not detail.get("msdyn_applied"):
        whole = detail["msdyn_amount"] != ZERO
        status = ScheduleStatus.CUSTOMER_INVOICE_POSTED if whole else ScheduleStatus.READY
        changes["msdyn_invoicestatus"] = int(status)
    elif detail.get("msdyn_refund"):
        changes["msdyn_refundedamount"] = retainer["msdyn_refundedamount"] - change
    else:
        changes["msdyn_usedamount"] = retainer["msdyn_usedamount"] - change
    rows.update(RETAINER, detail["msdyn_sourcedocument"].id, changes)


def _leave(rows: Rows, retainer: Row, left: Decimal, dates: Row) -> None:
    """Reverses the negative unbilled sale of a retainer, and records one over what is left."""
    if retainer.get("msdyn_openactual"):
        stood = actuals.actual(rows, retainer["msdyn_openactual"])
        if stood["msdyn_amount"] == -left:
            return
        actuals.adjust(rows, stood, BillingStatus.CUSTOMER_INVOICE_POSTED)
        settled = {"msdyn_billingstatus": int(BillingStatus.CUSTOMER_INVOICE_POSTED)}
        actuals.reverse(rows, stood, {**settled, **dates})
    opened = None
    if left:
        columns = {
            **billed_as(rows, retainer, -left),
            **dates,
            "msdyn_startdatetime": dates["msdyn_documentdate"],
            "msdyn_billingstatus": int(BillingStatus.UNBILLED_SALES_CREATED),
        }
        opened = actuals.reference(actuals.record(rows, TransactionType.UNBILLED_SALES, columns))
    rows.update(RETAINER, retainer[f"{RETAINER}id"], {"msdyn_openactual": opened})
