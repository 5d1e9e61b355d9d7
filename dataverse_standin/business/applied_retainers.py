"""Retainers on a draft, applied to the work there or refunded with it (RET-03, RET-04, RET-08 to RET-10)."""

from __future__ import annotations

from decimal import Decimal

from dataverse_standin.business import drafts, retainers, totals
from dataverse_standin.business.actuals import Row
from dataverse_standin.business.amounts import ZERO, Number, price_of
from dataverse_standin.business.codes import RefundStatus
from dataverse_standin.business.drafts import DETAIL, INVOICE
from dataverse_standin.rows import Lookup, Refused, Rows


def apply_retainer(rows: Rows, detail: str, amount: Number) -> None:
    """Applies ``amount`` of a retainer instead of what the draft proposed (RET-04, RET-08, RET-09)."""
    row = rows.get(DETAIL, detail)
    header = drafts.open_proforma(rows, row["msdyn_invoice"].id)
    if not row.get("msdyn_applied") or row.get("msdyn_refund"):
        raise Refused("this detail applies no retainer")
    wanted = price_of(amount)
    retainer = rows.get(retainers.RETAINER, row["msdyn_sourcedocument"].id)
    most = min(_unreserved(rows, retainer) - row["msdyn_amount"], _chargeable(rows, header) - row["msdyn_amount"])
    if not ZERO <= wanted <= most:
        raise Refused(f"between 0 and {most} of retainer {retainer['msdyn_name']} can be applied here, not {wanted}")
    rows.update(DETAIL, detail, {"msdyn_price": wanted, "msdyn_amount": -wanted})
    totals.total(rows, header["invoiceid"])


def refund_retainer(rows: Rows, proforma: str, retainer: Lookup, amount: Number) -> str:
    """Marks what is left of a retainer, or a part, for a refund with this draft; gives the detail's id (RET-10)."""
    header = drafts.open_proforma(rows, proforma)
    row = rows.get(retainers.RETAINER, retainer.id)
    refund = price_of(amount)
    most = _unreserved(rows, row)
    if not ZERO < refund <= most:
        raise Refused(f"of retainer {row['msdyn_name']} at most {most} can be refunded, not {refund}")
    columns = {**retainers.billed_as(rows, row, -refund), "msdyn_applied": True, "msdyn_refund": True}
    detail = drafts.add(rows, header, columns)
    rows.update(retainers.RETAINER, retainer.id, {"msdyn_refundstatus": int(RefundStatus.READY_TO_REFUND)})
    totals.total(rows, proforma)
    return detail


def apply_available(rows: Rows, proforma: str) -> None:
    """Applies as much of each as is available, up to what the work on the draft costs (RET-03, RET-08)."""
    header = drafts.open_proforma(rows, proforma)
    payable = _chargeable(rows, header)
    for retainer in retainers.available_of(rows, header["salesorderid"]):
        applied = min(payable, _unreserved(rows, retainer))
        if applied > ZERO:
            drafts.add(rows, header, {**retainers.billed_as(rows, retainer, -applied), "msdyn_applied": True})
            payable -= applied


def _unreserved(rows: Rows, retainer: Row) -> Decimal:
    """What is available and on no draft yet."""
    on_drafts = [
        row["msdyn_amount"]
        for row in rows.select(DETAIL, msdyn_sourcedocument=retainer[f"{retainers.RETAINER}id"], msdyn_applied=True)
        if not row["msdyn_correction"] and drafts.is_open(rows.get(INVOICE, row["msdyn_invoice"].id))
    ]
    return Decimal(retainer["msdyn_availableamount"]) + sum(on_drafts, ZERO)


def _chargeable(rows: Rows, header: Row) -> Decimal:
    """What the work on a draft costs, without tax and after the retainers that are applied to it."""
    return sum((totals.net(row) for row in drafts.details(rows, header["invoiceid"]) if totals.pays_work(row)), ZERO)
