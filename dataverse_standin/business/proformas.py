"""Draft proformas: what gets on them, what may be edited, and their totals (EDIT, RET-03, RET-04, CORR-15).

The lines of an invoice are its contract's lines; their details bill one transaction each. A detail has the columns of
what it bills, a look-up to the unbilled sale, and on a corrective invoice what was billed before.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from dataverse_standin.business import actuals, contracts, milestones, retainers
from dataverse_standin.business.actuals import ACTUAL, CONNECTION, Row
from dataverse_standin.business.amounts import ZERO, Number, amount_like, amount_of, price_of, quantity_of
from dataverse_standin.business.codes import (
    MULTIPLY_QUANTITY_BY_PRICE,
    WORK_BASED,
    BillingStatus,
    BillingType,
    InvoiceStatus,
    RefundStatus,
    ScheduleStatus,
    TransactionClass,
    TransactionType,
)
from dataverse_standin.rows import Lookup, Refused, Rows

INVOICE: Final = "invoice"
LINE: Final = "invoicedetail"
DETAIL: Final = "msdyn_invoicelinetransaction"

_NUMBER: Final = re.compile(r"INV-(\d+)")
_OPEN: Final = (InvoiceStatus.DRAFT, InvoiceStatus.IN_REVIEW)


class NothingReady(Refused):
    """A contract has nothing to invoice."""


# --- creation ---------------------------------------------------------------------------------------------------------


def create(rows: Rows, contract: Lookup, as_of: datetime) -> str:
    """A draft with everything of ``contract`` that is ready and not in the future; gives its id (EDIT-01, EDIT-04).

    It has a line for each contract line, with details or without (EDIT-06). Retainers that are available are applied
    (RET-03). ``Refused`` when nothing is ready.
    """
    proforma = create_empty(rows, contract)
    if not collect(rows, proforma, as_of):
        raise NothingReady("nothing under this contract is ready to invoice; mark work, milestones or retainers ready")
    _apply_retainers(rows, proforma)
    total(rows, proforma)
    return proforma


def create_empty(rows: Rows, contract: Lookup) -> str:
    """A draft with a line for each contract line and no details."""
    sold = contracts.sold_under(rows, contract)
    number = _next_number(rows)
    customer = rows.get(contracts.CONTRACT, contract.id)["customerid"]
    address = rows.get(customer.entity, customer.id)
    values = {
        "invoicenumber": number,
        "name": f"{sold['msdyn_salescontract'].name} {number}",
        "salesorderid": sold["msdyn_salescontract"],
        "customerid": customer,
        "transactioncurrencyid": sold["transactioncurrencyid"],
        "msdyn_ordertype": WORK_BASED,
        "msdyn_projectinvoicestatus": int(InvoiceStatus.DRAFT),
        "msdyn_hascorrections": False,
        "totallineitemamount": ZERO,
        "totaltax": ZERO,
        "totalamount": ZERO,
        "billto_name": address["fullname" if customer.entity == "contact" else "name"],
        **{f"billto_{part}": address.get(f"address1_{part}") for part in ("line1", "postalcode", "city", "country")},
    }
    proforma = rows.create(INVOICE, values)
    for line in rows.select(contracts.CONTRACT_LINE, salesorderid=contract):
        _add_line(rows, Lookup(INVOICE, proforma, number), line)
    return proforma


def collect(rows: Rows, proforma: str, as_of: datetime) -> int:
    """Adds a detail for everything that became ready; gives how many (EDIT-03 to EDIT-05)."""
    header = open_proforma(rows, proforma)
    contract = header["salesorderid"]
    added = 0
    for row in rows.select(
        ACTUAL,
        msdyn_salescontract=contract,
        msdyn_transactiontypecode=int(TransactionType.UNBILLED_SALES),
        msdyn_billingstatus=int(BillingStatus.READY_TO_INVOICE),
        msdyn_adjustmentstatus=None,
    ):
        if row["msdyn_startdatetime"] <= as_of:
            add_actual(rows, header, row)
            added += 1
    for line in rows.select(contracts.CONTRACT_LINE, salesorderid=contract):
        for row in milestones.ready_of(rows, actuals.reference(line, contracts.CONTRACT_LINE)):
            add(rows, header, milestones.billed_as(rows, row))
            milestones.set_status(rows, row[f"{milestones.MILESTONE}id"], ScheduleStatus.CUSTOMER_INVOICE_CREATED)
            added += 1
    for row in retainers.ready_of(rows, contract):
        add(rows, header, retainers.billed_as(rows, row, row["msdyn_amount"]))
        retainers.set_status(rows, row[f"{retainers.RETAINER}id"], ScheduleStatus.CUSTOMER_INVOICE_CREATED)
        added += 1
    return added


def refresh(rows: Rows, proforma: str, as_of: datetime) -> None:
    """EDIT-05."""
    collect(rows, proforma, as_of)
    total(rows, proforma)


def add_to_invoice(rows: Rows, unbilled: list[str]) -> str:
    """Puts unbilled sales of one contract on its newest draft, or on a new one; gives its id (EDIT-17)."""
    works = [actuals.actual(rows, id) for id in unbilled]
    if len({row["msdyn_salescontract"] for row in works}) != 1:
        raise Refused("choose unbilled sales of one contract")
    contract = works[0]["msdyn_salescontract"]
    drafts = [row for row in rows.select(INVOICE, salesorderid=contract) if is_open(row)]
    newest = max(drafts, key=lambda row: str(row["invoicenumber"]), default=None)
    proforma = newest["invoiceid"] if newest else create_empty(rows, contract)
    header = open_proforma(rows, proforma)
    for row in works:
        if not actuals.is_open_sale(row) or row["msdyn_billingstatus"] != BillingStatus.READY_TO_INVOICE:
            raise Refused(f"unbilled sale {row['msdyn_actualid']} is not ready to invoice; mark it ready first")
        add_actual(rows, header, row)
    total(rows, proforma)
    return str(proforma)


def add_actual(rows: Rows, header: Row, unbilled: Row) -> str:
    """A detail for an unbilled sale, connected with it (CONN-03, EDIT-02); gives its id."""
    detail = add(rows, header, {**actuals.description(unbilled), "msdyn_actual": actuals.reference(unbilled)})
    actuals.set_billing_status(rows, unbilled["msdyn_actualid"], BillingStatus.CUSTOMER_INVOICE_CREATED)
    actuals.connect(rows, Lookup(DETAIL, detail), "Billed Sales", actuals.reference(unbilled), "Unbilled Sales")
    return detail


def add_detail(
    rows: Rows,
    proforma: str,
    contract_line: Lookup,
    transaction_class: TransactionClass,
    quantity: Number,
    price: Number,
    day: datetime,
    text: str | None,
) -> str:
    """A detail that bills no actual (CONF-18, CONF-19); gives its id."""
    if transaction_class in (TransactionClass.MILESTONE, TransactionClass.RETAINER):
        raise Refused("milestones and retainers get on an invoice by being ready; add one and mark it ready")
    header = open_proforma(rows, proforma)
    line = rows.get(contracts.CONTRACT_LINE, contract_line.id)
    sold = contracts.sold_under(rows, line["salesorderid"])
    if sold["msdyn_salescontract"] != header["salesorderid"]:
        raise Refused(f"the contract line belongs to {sold['msdyn_salescontract'].name}; add it to an invoice of that")
    much, each = quantity_of(quantity), price_of(price)
    columns = {
        **sold,
        "msdyn_salescontractlineid": contract_line,
        "msdyn_project": line["msdyn_project"],
        "msdyn_transactionclassification": int(transaction_class),
        "msdyn_billingtype": int(BillingType.CHARGEABLE),
        "msdyn_amountmethod": MULTIPLY_QUANTITY_BY_PRICE,
        "msdyn_quantity": much,
        "msdyn_price": each,
        "msdyn_amount": amount_of(rows, much, each, sold["transactioncurrencyid"]),
        "msdyn_startdatetime": day,
        "msdyn_description": text,
    }
    detail = add(rows, header, columns)
    rows.update(DETAIL, detail, {"msdyn_sourcedocument": Lookup(DETAIL, detail)})
    total(rows, proforma)
    return detail


def add(rows: Rows, header: Row, columns: Row) -> str:
    """A detail with ``columns``, on the invoice line of its contract line; gives its id."""
    invoice = Lookup(INVOICE, header["invoiceid"], header["invoicenumber"])
    contract_line = columns.get("msdyn_salescontractlineid")
    line = None
    if contract_line:
        found = rows.select(LINE, invoiceid=invoice, msdyn_contractline=contract_line)
        # A contract line that was added after the draft gets its invoice line with its first detail.
        late = None if found else rows.get(contracts.CONTRACT_LINE, contract_line.id)
        line = _add_line(rows, invoice, late) if late else found[0][f"{LINE}id"]
    values = {"msdyn_tax": ZERO, "msdyn_correction": False, **columns, "msdyn_invoice": invoice}
    return rows.create(DETAIL, {**values, "msdyn_invoicelineid": Lookup(LINE, line) if line else None})


# --- editing ----------------------------------------------------------------------------------------------------------


def edit(rows: Rows, detail: str, changes: dict[str, Any]) -> None:
    """Changes a detail of a draft: quantity, price, billing_type, tax, description, external_description.

    ``Refused`` where the detail does not take the change (EDIT-10 to EDIT-12, EDIT-15, CORR-10, CORR-20).
    """
    row = rows.get(DETAIL, detail)
    proforma = row["msdyn_invoice"].id
    open_proforma(rows, proforma)
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
        raise Refused("the billing type of a corrective detail cannot be edited; credit it, and bill it anew")
    written |= _measured(rows, row, changes)
    rows.update(DETAIL, detail, written)
    total(rows, proforma)


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
        return previous(detail)
    return actuals.actual(rows, detail["msdyn_actual"]) if detail.get("msdyn_actual") else detail


def previous(detail: Row) -> Row:
    """A corrective detail with the quantity, price and amount that were billed before."""
    return {**detail, **{f"msdyn_{name}": detail[f"msdyn_previous{name}"] for name in ("quantity", "price", "amount")}}


_EDITORS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "billing_type": ("msdyn_billingtype", lambda value: int(BillingType(value))),
    "tax": ("msdyn_tax", price_of),
    "description": ("msdyn_description", str),
    "external_description": ("msdyn_externaldescription", str),
}


def remove(rows: Rows, detail: str) -> None:
    """Takes a detail off its draft; what it bills is ready again."""
    row = rows.get(DETAIL, detail)
    open_proforma(rows, row["msdyn_invoice"].id)
    _release(rows, row)
    total(rows, row["msdyn_invoice"].id)


def delete(rows: Rows, proforma: str) -> None:
    """Deletes a draft. A confirmed invoice stays (CONF-16, EDIT-15)."""
    open_proforma(rows, proforma)
    for detail in details(rows, proforma):
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


def set_status(rows: Rows, proforma: str, status: InvoiceStatus) -> None:
    """Between draft and in review. What is confirmed stays confirmed (EDIT-15)."""
    if status not in _OPEN:
        raise Refused("an invoice is confirmed or paid by its own action, not by editing its status")
    open_proforma(rows, proforma)
    rows.update(INVOICE, proforma, {"msdyn_projectinvoicestatus": int(status)})


# --- retainers on a draft ---------------------------------------------------------------------------------------------


def apply_retainer(rows: Rows, detail: str, amount: Number) -> None:
    """Applies ``amount`` of a retainer instead of what the draft proposed (RET-04, RET-08, RET-09)."""
    row = rows.get(DETAIL, detail)
    header = open_proforma(rows, row["msdyn_invoice"].id)
    if not row.get("msdyn_applied") or row.get("msdyn_refund"):
        raise Refused("this detail applies no retainer")
    wanted = price_of(amount)
    retainer = rows.get(retainers.RETAINER, row["msdyn_sourcedocument"].id)
    most = min(_unreserved(rows, retainer) - row["msdyn_amount"], _chargeable(rows, header) - row["msdyn_amount"])
    if not ZERO <= wanted <= most:
        raise Refused(f"between 0 and {most} of retainer {retainer['msdyn_name']} can be applied here, not {wanted}")
    rows.update(DETAIL, detail, {"msdyn_price": wanted, "msdyn_amount": -wanted})
    total(rows, header["invoiceid"])


def refund_retainer(rows: Rows, proforma: str, retainer: Lookup, amount: Number) -> str:
    """Marks what is left of a retainer, or a part, for a refund with this draft; gives the detail's id (RET-10)."""
    header = open_proforma(rows, proforma)
    row = rows.get(retainers.RETAINER, retainer.id)
    refund = price_of(amount)
    most = _unreserved(rows, row)
    if not ZERO < refund <= most:
        raise Refused(f"of retainer {row['msdyn_name']} at most {most} can be refunded, not {refund}")
    columns = {**retainers.billed_as(rows, row, -refund), "msdyn_applied": True, "msdyn_refund": True}
    detail = add(rows, header, columns)
    rows.update(retainers.RETAINER, retainer.id, {"msdyn_refundstatus": int(RefundStatus.READY_TO_REFUND)})
    total(rows, proforma)
    return detail


def _apply_retainers(rows: Rows, proforma: str) -> None:
    """RET-03: as much of each as there is, up to what the work on the draft costs (RET-08)."""
    header = open_proforma(rows, proforma)
    payable = _chargeable(rows, header)
    for retainer in retainers.available_of(rows, header["salesorderid"]):
        applied = min(payable, _unreserved(rows, retainer))
        if applied > ZERO:
            add(rows, header, {**retainers.billed_as(rows, retainer, -applied), "msdyn_applied": True})
            payable -= applied


def _unreserved(rows: Rows, retainer: Row) -> Decimal:
    """What is available and on no draft yet."""
    on_drafts = [
        row["msdyn_amount"]
        for row in rows.select(DETAIL, msdyn_sourcedocument=retainer[f"{retainers.RETAINER}id"], msdyn_applied=True)
        if not row["msdyn_correction"] and is_open(rows.get(INVOICE, row["msdyn_invoice"].id))
    ]
    return Decimal(retainer["msdyn_availableamount"]) + sum(on_drafts, ZERO)


def _chargeable(rows: Rows, header: Row) -> Decimal:
    """What the work on a draft costs, without tax and after the retainers that are applied to it."""
    return sum((net(row) for row in details(rows, header["invoiceid"]) if _pays_work(row)), ZERO)


def _pays_work(detail: Row) -> bool:
    return not actuals.is_class(detail, TransactionClass.RETAINER) or (
        bool(detail.get("msdyn_applied")) and not detail.get("msdyn_refund") and not detail["msdyn_correction"]
    )


# --- totals -----------------------------------------------------------------------------------------------------------


def total(rows: Rows, proforma: str) -> None:
    """Lines are the sums of their chargeable details, the header of its lines (EDIT-08, EDIT-09).

    A corrective detail counts with what it differs from what was billed before (CORR-15, CORR-16). Retainers are
    applied to no more than there is to pay (RET-08).
    """
    found = details(rows, proforma)
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


def _lower_retainers(rows: Rows, found: list[Row]) -> None:
    """Where an edit left less to pay than what is applied. Changes ``found`` too."""
    excess = -sum((net(detail) for detail in found if _pays_work(detail)), ZERO)
    for detail in reversed(found):
        applied = _pays_work(detail) and actuals.is_class(detail, TransactionClass.RETAINER)
        if excess > ZERO and applied:
            less = min(excess, detail["msdyn_price"])
            excess -= less
            values = {
                "msdyn_price": detail["msdyn_price"] - less,
                "msdyn_amount": detail["msdyn_amount"] + less,
            }
            detail.update(values)
            rows.update(DETAIL, detail[f"{DETAIL}id"], values)


# --- reading ----------------------------------------------------------------------------------------------------------


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


def _next_number(rows: Rows) -> str:
    found = (_NUMBER.fullmatch(row.get("invoicenumber") or "") for row in rows.select(INVOICE))
    numbers = [int(number[1]) for number in found if number]
    return f"INV-{max(numbers, default=0) + 1:04}"


def _add_line(rows: Rows, invoice: Lookup, contract_line: Row) -> str:
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
