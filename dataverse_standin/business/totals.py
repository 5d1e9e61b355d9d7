"""The totals of a draft: its lines are sums of their details, its header of the lines (EDIT-08, EDIT-09, CORR-15)."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from dataverse_standin.business import actuals, drafts
from dataverse_standin.business.actuals import Row
from dataverse_standin.business.amounts import ZERO
from dataverse_standin.business.codes import BillingType, TransactionClass
from dataverse_standin.business.drafts import DETAIL, INVOICE, LINE
from dataverse_standin.rows import Rows


def total(rows: Rows, proforma: str) -> None:
    """Lines are the sums of their chargeable details, the header of its lines (EDIT-08, EDIT-09).

    A corrective detail counts with what it differs from what was billed before (CORR-15, CORR-16). Retainers are
    applied to no more than there is to pay (RET-08).
    """
    found = drafts.details(rows, proforma)
    _lower_retainers(rows, found)
    of_line: dict[str | None, list[Row]] = defaultdict(list)
    for detail in found:
        line = detail.get("msdyn_invoicelineid")
        of_line[line.id if line else None].append(detail)
    for line in rows.select(LINE, invoiceid=proforma):
        on_line = of_line[line[f"{LINE}id"]]
        amount, tax = sum(map(net, on_line), ZERO), sum(map(_net_tax, on_line), ZERO)
        if (amount, tax) != (line["baseamount"], line["tax"]):
            values = {"baseamount": amount, "tax": tax, "extendedamount": amount + tax}
            rows.update(LINE, line[f"{LINE}id"], values)
    amount, tax = sum(map(net, found), ZERO), sum(map(_net_tax, found), ZERO)
    has_corrections = any(detail["msdyn_correction"] for detail in found)
    header = {
        "totallineitemamount": amount,
        "totaltax": tax,
        "totalamount": amount + tax,
        "msdyn_hascorrections": has_corrections,
    }
    rows.update(INVOICE, proforma, header)


def counts(detail: Row) -> bool:
    """Whether the customer pays for a detail, or for a billed sale: it is chargeable, or a retainer (CHG-20)."""
    return detail["msdyn_billingtype"] == BillingType.CHARGEABLE or actuals.is_class(detail, TransactionClass.RETAINER)


def net(detail: Row) -> Decimal:
    """The amount of a detail on its invoice."""
    if not counts(detail):
        return ZERO
    return Decimal(detail["msdyn_amount"]) - (detail.get("msdyn_previousamount") or ZERO)


def _net_tax(detail: Row) -> Decimal:
    if not counts(detail):
        return ZERO
    return Decimal(detail["msdyn_tax"]) - (detail.get("msdyn_previoustax") or ZERO)


def pays_work(detail: Row) -> bool:
    """Whether a detail bills work, or applies a retainer to it."""
    return not actuals.is_class(detail, TransactionClass.RETAINER) or (
        bool(detail.get("msdyn_applied")) and not detail.get("msdyn_refund") and not detail["msdyn_correction"]
    )


def _lower_retainers(rows: Rows, found: list[Row]) -> None:
    """Where an edit left less to pay than what is applied. Changes ``found`` too."""
    excess = -sum((net(detail) for detail in found if pays_work(detail)), ZERO)
    for detail in reversed(found):
        applied = pays_work(detail) and actuals.is_class(detail, TransactionClass.RETAINER)
        if excess > ZERO and applied:
            less = min(excess, detail["msdyn_price"])
            excess -= less
            values = {
                "msdyn_price": detail["msdyn_price"] - less,
                "msdyn_amount": detail["msdyn_amount"] + less,
            }
            detail.update(values)
            rows.update(DETAIL, detail[f"{DETAIL}id"], values)
