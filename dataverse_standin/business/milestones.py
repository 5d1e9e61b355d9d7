"""Milestones: what a fixed-price contract line is billed by. They have no unbilled sale (CONF-14)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from dataverse_standin.business import contracts
from dataverse_standin.business.actuals import Row
from dataverse_standin.business.amounts import Number, amount_of, price_of
from dataverse_standin.business.codes import (
    MULTIPLY_QUANTITY_BY_PRICE,
    BillingType,
    ScheduleStatus,
    TransactionClass,
)
from dataverse_standin.rows import Lookup, Refused, Rows

MILESTONE: Final = "msdyn_contractlinescheduleofvalue"


def add_milestone(rows: Rows, line: Lookup, amount: Number, name: str, *, progress: bool = False) -> Lookup:
    """A milestone that is not ready for invoicing (MS-01). With ``progress``, shares of it are billed one by one."""
    if not contracts.is_fixed_price(rows, line):
        raise Refused("only a fixed-price contract line has milestones; record a fee instead")
    value = price_of(amount)
    values = {
        "msdyn_name": name,
        "msdyn_contractline": line,
        "msdyn_amount": value,
        "msdyn_progressamount": value if progress else None,
        "msdyn_invoicestatus": int(ScheduleStatus.NOT_READY),
    }
    return Lookup(MILESTONE, rows.create(MILESTONE, values), name)


def ready(rows: Rows, milestone: Lookup) -> None:
    """MS-02."""
    row = rows.get(MILESTONE, milestone.id)
    if row["msdyn_invoicestatus"] != ScheduleStatus.NOT_READY:
        raise Refused(f"milestone {row['msdyn_name']} is ready or invoiced already")
    set_status(rows, milestone.id, ScheduleStatus.READY)


def ready_share(rows: Rows, milestone: Lookup, percent: Number) -> Lookup:
    """Splits the next invoice's share off a progress-based milestone (MS-12); gives the part that is ready.

    ``percent`` is of the whole, not of what remains; the last share is what remains (INV-25).
    """
    row = rows.get(MILESTONE, milestone.id)
    whole = row.get("msdyn_progressamount")
    if whole is None:
        raise Refused(f"milestone {row['msdyn_name']} is not progress-based; mark it ready as a whole")
    currency = contracts.sold_under(rows, _line(rows, row)["salesorderid"])["transactioncurrencyid"]
    share = amount_of(rows, whole, price_of(percent) / 100, currency)
    rest = row["msdyn_amount"] - share
    if rest < 0 or row["msdyn_invoicestatus"] != ScheduleStatus.NOT_READY:
        raise Refused(f"{percent} % are {share}, but only {row['msdyn_amount']} remain; invoice less")
    values = {
        "msdyn_name": row["msdyn_name"],
        "msdyn_contractline": row["msdyn_contractline"],
        "msdyn_amount": share,
        "msdyn_invoicestatus": int(ScheduleStatus.READY),
    }
    if rest:
        rows.update(MILESTONE, milestone.id, {"msdyn_amount": rest})
    else:
        rows.delete(MILESTONE, milestone.id)
    return Lookup(MILESTONE, rows.create(MILESTONE, values), row["msdyn_name"])


def set_status(rows: Rows, milestone: str, status: ScheduleStatus) -> None:
    rows.update(MILESTONE, milestone, {"msdyn_invoicestatus": int(status)})


def ready_of(rows: Rows, line: Lookup) -> list[Row]:
    """The milestones of a contract line that wait for an invoice."""
    return rows.select(MILESTONE, msdyn_contractline=line, msdyn_invoicestatus=int(ScheduleStatus.READY))


def billed_as(rows: Rows, milestone: Row) -> Row:
    """The columns of the detail, and of the actual, that bills a milestone."""
    line = _line(rows, milestone)
    return {
        **contracts.sold_under(rows, line["salesorderid"]),
        "msdyn_salescontractlineid": milestone["msdyn_contractline"],
        "msdyn_project": line["msdyn_project"],
        "msdyn_transactionclassification": int(TransactionClass.MILESTONE),
        "msdyn_billingtype": int(BillingType.CHARGEABLE),
        "msdyn_amountmethod": MULTIPLY_QUANTITY_BY_PRICE,
        "msdyn_quantity": Decimal(1),
        "msdyn_price": milestone["msdyn_amount"],
        "msdyn_amount": milestone["msdyn_amount"],
        "msdyn_description": milestone["msdyn_name"],
        "msdyn_sourcedocument": Lookup(MILESTONE, milestone[f"{MILESTONE}id"]),
    }


def _line(rows: Rows, milestone: Row) -> Row:
    return rows.get(contracts.CONTRACT_LINE, milestone["msdyn_contractline"].id)
