"""Draft proformas as they are kept: a header, a line for each contract line, details on the lines.

A detail bills one transaction. It has the columns of what it bills, a look-up to the unbilled sale, and on a corrective
invoice what was billed before.
"""

from __future__ import annotations

from typing import Final

from dataverse_standin.business import actuals, contracts
from dataverse_standin.business.actuals import Row
from dataverse_standin.business.amounts import ZERO
from dataverse_standin.business.codes import InvoiceStatus
from dataverse_standin.rows import Lookup, Refused, Rows

INVOICE: Final = "invoice"
LINE: Final = "invoicedetail"
DETAIL: Final = "msdyn_invoicelinetransaction"

_OPEN: Final = (InvoiceStatus.DRAFT, InvoiceStatus.IN_REVIEW)


def details(rows: Rows, proforma: str) -> list[Row]:
    return rows.select(DETAIL, msdyn_invoice=proforma)


def is_open(header: Row) -> bool:
    return header["msdyn_projectinvoicestatus"] in _OPEN


def open_proforma(rows: Rows, proforma: str) -> Row:
    """The header of a draft. A confirmed invoice is read-only (CONF-16, EDIT-15)."""
    header = rows.get(INVOICE, proforma)
    if not is_open(header):
        raise Refused(f"invoice {header['invoicenumber']} is confirmed and cannot be changed; revise it instead")
    return header


def add(rows: Rows, header: Row, columns: Row) -> str:
    """A detail with ``columns``, on the invoice line of its contract line; gives its id."""
    invoice = Lookup(INVOICE, header["invoiceid"], header["invoicenumber"])
    contract_line = columns.get("msdyn_salescontractlineid")
    line = None
    if contract_line:
        found = rows.select(LINE, invoiceid=invoice, msdyn_contractline=contract_line)
        # A contract line that was added after the draft gets its invoice line with its first detail.
        late = None if found else rows.get(contracts.CONTRACT_LINE, contract_line.id)
        line = add_line(rows, invoice, late) if late else found[0][f"{LINE}id"]
    values = {"msdyn_tax": ZERO, "msdyn_correction": False, **columns, "msdyn_invoice": invoice}
    return rows.create(DETAIL, {**values, "msdyn_invoicelineid": Lookup(LINE, line) if line else None})


def add_line(rows: Rows, invoice: Lookup, contract_line: Row) -> str:
    """The line of an invoice for a contract line; gives its id."""
    values = {
        "invoiceid": invoice,
        "msdyn_contractline": actuals.reference(contract_line, contracts.CONTRACT_LINE),
        "productdescription": contract_line["productdescription"],
        "msdyn_billingmethod": contract_line["msdyn_billingmethod"],
        "baseamount": ZERO,
        "tax": ZERO,
        "extendedamount": ZERO,
    }
    return rows.create(LINE, values)


def previous(detail: Row) -> Row:
    """A corrective detail with the quantity, price and amount that were billed before."""
    return {**detail, **{f"msdyn_{name}": detail[f"msdyn_previous{name}"] for name in ("quantity", "price", "amount")}}


def set_status(rows: Rows, proforma: str, status: InvoiceStatus) -> None:
    """Moves a draft to review, or back. What is confirmed stays confirmed (EDIT-15)."""
    if status not in _OPEN:
        raise Refused("an invoice is confirmed or paid by its own action, not by editing its status")
    open_proforma(rows, proforma)
    rows.update(INVOICE, proforma, {"msdyn_projectinvoicestatus": int(status)})
