"""Corrective invoices: drafts that take back what a confirmed invoice billed, and bill what is right (CORR)."""

from __future__ import annotations

from collections.abc import Collection

from dataverse_standin.business import drafts, proformas, totals
from dataverse_standin.business.actuals import Row, actual, connect, description
from dataverse_standin.business.amounts import ZERO
from dataverse_standin.business.codes import InvoiceStatus
from dataverse_standin.business.drafts import DETAIL, INVOICE
from dataverse_standin.rows import Lookup, Refused, Rows

_REVISABLE = (InvoiceStatus.CONFIRMED, InvoiceStatus.PAID, InvoiceStatus.POSTED)
_COPIED = ("msdyn_applied", "msdyn_refund", "msdyn_actual")


def revise(rows: Rows, proforma: str, details: Collection[str] | None = None, onto: str | None = None) -> str:
    """A draft that credits ``details`` of a confirmed invoice, all of them unless some are chosen; gives its id.

    Each is copied with quantity zero; what was billed before stays beside it (CORR-12, CORR-13, CORR-15). ``onto`` is
    a draft of the same contract and customer that takes them instead of a new one (CORR-14). ``Refused`` for an
    invoice that is not confirmed, paid or posted (CORR-17), and where nothing is left to credit.
    """
    header = rows.get(INVOICE, proforma)
    if header["msdyn_projectinvoicestatus"] not in _REVISABLE:
        raise Refused(f"invoice {header['invoicenumber']} cannot be revised; only a confirmed or paid one can")
    chosen = [row for row in drafts.details(rows, proforma) if details is None or row[f"{DETAIL}id"] in details]
    if details is not None and len(chosen) != len(set(details)):
        raise Refused(f"not all of the details chosen are on invoice {header['invoicenumber']}")
    being_corrected = _being_corrected(rows, header["salesorderid"])
    open_ = [row for row in chosen if _is_billed(rows, row) and row["msdyn_billedactual"] not in being_corrected]
    if not open_ or (details is not None and len(open_) != len(chosen)):
        raise Refused(f"details of invoice {header['invoicenumber']} are credited or being corrected; revise the rest")
    draft = onto or proformas.create_empty(rows, header["salesorderid"])
    target = drafts.open_proforma(rows, draft)
    if any(target[column] != header[column] for column in ("salesorderid", "customerid")):
        raise Refused(f"invoice {target['invoicenumber']} has another contract or customer; choose another draft")
    for row in open_:
        _copy(rows, target, row)
    totals.total(rows, draft)
    return draft


def _copy(rows: Rows, target: Row, detail: Row) -> None:
    billed = actual(rows, detail["msdyn_billedactual"])
    columns = {
        **description(detail),
        **{column: detail[column] for column in _COPIED if detail.get(column) is not None},
        "msdyn_quantity": ZERO,
        "msdyn_amount": ZERO,
        "msdyn_tax": ZERO,
        "msdyn_correction": True,
        "msdyn_originalinvoicelinedetail": Lookup(DETAIL, detail[f"{DETAIL}id"]),
        "msdyn_originalbilledactual": detail["msdyn_billedactual"],
        "msdyn_previousquantity": billed["msdyn_quantity"],
        "msdyn_previousprice": billed["msdyn_price"],
        "msdyn_previousamount": billed["msdyn_amount"],
        "msdyn_previoustax": detail["msdyn_tax"],
    }
    id = drafts.add(rows, target, columns)
    connect(rows, Lookup(DETAIL, id), "Replacing", detail["msdyn_billedactual"], "Original")  # CONN-06


def _is_billed(rows: Rows, detail: Row) -> bool:
    """Whether a detail has a billed sale that nothing has taken back."""
    billed = detail.get("msdyn_billedactual")
    return billed is not None and actual(rows, billed).get("msdyn_adjustmentstatus") is None


def _being_corrected(rows: Rows, contract: Lookup) -> set[Lookup]:
    """The billed sales that a draft of ``contract`` corrects already."""
    return {
        detail["msdyn_originalbilledactual"]
        for draft in rows.select(INVOICE, salesorderid=contract)
        if drafts.is_open(draft)
        for detail in drafts.details(rows, draft["invoiceid"])
        if detail["msdyn_correction"]
    }
