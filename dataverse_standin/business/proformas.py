"""Making draft proformas: what gets on them (EDIT-01 to EDIT-07, EDIT-17, CONF-18, CONF-19)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from dataverse_standin.business import actuals, applied_retainers, contracts, drafts, milestones, retainers, totals
from dataverse_standin.business.actuals import ACTUAL, Row
from dataverse_standin.business.amounts import ZERO, Number, amount_of, price_of, quantity_of
from dataverse_standin.business.codes import (
    MULTIPLY_QUANTITY_BY_PRICE,
    WORK_BASED,
    BillingStatus,
    BillingType,
    InvoiceStatus,
    ScheduleStatus,
    TransactionClass,
    TransactionType,
)
from dataverse_standin.business.drafts import DETAIL, INVOICE
from dataverse_standin.rows import Lookup, Refused, Rows

_NUMBER: Final = re.compile(r"INV-(\d+)")


class NothingReady(Refused):
    """A contract has nothing to invoice."""


def create(rows: Rows, contract: Lookup, as_of: datetime) -> str:
    """A draft with everything of ``contract`` that is ready and not in the future; gives its id (EDIT-01, EDIT-04).

    It has a line for each contract line, with details or without (EDIT-06). Retainers that are available are applied
    (RET-03). ``Refused`` when nothing is ready.
    """
    proforma = create_empty(rows, contract)
    if not collect(rows, proforma, as_of):
        raise NothingReady("nothing under this contract is ready to invoice; mark work, milestones or retainers ready")
    applied_retainers.apply_available(rows, proforma)
    totals.total(rows, proforma)
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
        drafts.add_line(rows, Lookup(INVOICE, proforma, number), line)
    return proforma


def collect(rows: Rows, proforma: str, as_of: datetime) -> int:
    """Adds a detail for everything that became ready; gives how many (EDIT-03 to EDIT-05)."""
    header = drafts.open_proforma(rows, proforma)
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
            drafts.add(rows, header, milestones.billed_as(rows, row))
            milestones.set_status(rows, row[f"{milestones.MILESTONE}id"], ScheduleStatus.CUSTOMER_INVOICE_CREATED)
            added += 1
    for row in retainers.ready_of(rows, contract):
        drafts.add(rows, header, retainers.billed_as(rows, row, row["msdyn_amount"]))
        retainers.set_status(rows, row[f"{retainers.RETAINER}id"], ScheduleStatus.CUSTOMER_INVOICE_CREATED)
        added += 1
    return added


def refresh(rows: Rows, proforma: str, as_of: datetime) -> None:
    """Adds what became ready since the draft was made (EDIT-05)."""
    collect(rows, proforma, as_of)
    totals.total(rows, proforma)


def add_to_invoice(rows: Rows, unbilled: list[str]) -> str:
    """Puts unbilled sales of one contract on its newest draft, or on a new one; gives its id (EDIT-17)."""
    works = [actuals.actual(rows, id) for id in unbilled]
    if len({row["msdyn_salescontract"] for row in works}) != 1:
        raise Refused("choose unbilled sales of one contract")
    contract = works[0]["msdyn_salescontract"]
    open_ones = [row for row in rows.select(INVOICE, salesorderid=contract) if drafts.is_open(row)]
    newest = max(open_ones, key=lambda row: str(row["invoicenumber"]), default=None)
    proforma = newest["invoiceid"] if newest else create_empty(rows, contract)
    header = drafts.open_proforma(rows, proforma)
    for row in works:
        if not actuals.is_open_sale(row) or row["msdyn_billingstatus"] != BillingStatus.READY_TO_INVOICE:
            raise Refused(f"unbilled sale {row['msdyn_actualid']} is not ready to invoice; mark it ready first")
        add_actual(rows, header, row)
    totals.total(rows, proforma)
    return str(proforma)


def add_actual(rows: Rows, header: Row, unbilled: Row) -> str:
    """A detail for an unbilled sale, connected with it (CONN-03, EDIT-02); gives its id."""
    detail = drafts.add(rows, header, {**actuals.description(unbilled), "msdyn_actual": actuals.reference(unbilled)})
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
    header = drafts.open_proforma(rows, proforma)
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
    detail = drafts.add(rows, header, columns)
    rows.update(DETAIL, detail, {"msdyn_sourcedocument": Lookup(DETAIL, detail)})
    totals.total(rows, proforma)
    return detail


def _next_number(rows: Rows) -> str:
    found = (_NUMBER.fullmatch(row.get("invoicenumber") or "") for row in rows.select(INVOICE))
    numbers = [int(number[1]) for number in found if number]
    return f"INV-{max(numbers, default=0) + 1:04}"
