"""Time, expenses, material and fees: from the entry that a consultant makes to the actuals of its approval.

One mechanism for the three kinds of entries. Their journal lines hold what the approval will record: a cost line, and
where the contract line is time and material, an unbilled-sales line (TM-02, FP-02). Work for another organizational
unit has two lines more, what it costs there and what that unit is paid for it (IC-01).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import IntEnum

from dataverse_standin.business import actuals, contracts
from dataverse_standin.business.actuals import ACTUAL, Row
from dataverse_standin.business.amounts import Number, price_of, quantity_of
from dataverse_standin.business.codes import (
    BillingStatus,
    BillingType,
    TransactionClass,
    TransactionType,
)
from dataverse_standin.business.journal_lines import JOURNAL_LINE, KINDS, Kind, dated, journal_lines_of, parts_of, sold
from dataverse_standin.rows import Lookup, Refused, Rows


def enter(rows: Rows, entity: str, quantity: Number, day: datetime, columns: Row) -> Lookup:
    """Saves an entry as a draft; no actual comes of it (TM-01). ``columns`` has its project and resource.

    ``msdyn_unitcost`` and ``msdyn_price`` stand above the price lists.
    """
    kind = KINDS[entity]
    values = {
        "msdyn_quantity": quantity_of(quantity),
        "msdyn_date": day,
        kind.status_column: int(kind.statuses.DRAFT),
        **columns,
    }
    for price in ("msdyn_unitcost", "msdyn_price"):
        if values.get(price) is not None:
            values[price] = price_of(values[price])
    return Lookup(entity, rows.create(entity, values))


def submit(rows: Rows, entry: Lookup) -> None:
    """Makes the journal lines with their default prices, and connects them (TM-02, FP-02, CONN-01)."""
    kind, row = _in(rows, entry, "DRAFT")
    _set_status(rows, entry, kind, "SUBMITTED")
    lines = [(values, rows.create(JOURNAL_LINE, values)) for values in journal_lines_of(rows, entry, kind, row)]
    sale = [id for values, id in lines if actuals.is_type(values, TransactionType.UNBILLED_SALES)]
    cost = [id for values, id in lines if actuals.is_type(values, TransactionType.COST)]
    for id in sale:
        first, second = Lookup(JOURNAL_LINE, id), Lookup(JOURNAL_LINE, cost[0])
        actuals.connect(rows, first, "Unbilled Sales", second, "Cost")
    rows.update(entry.entity, entry.id, {"msdyn_journallines": " ".join(id for _, id in lines)})


def recall(rows: Rows, entry: Lookup) -> None:
    """Takes back a submitted entry (TM-03), or asks to take back an approved one."""
    kind, row = _entry(rows, entry)
    if row[kind.status_column] == kind.statuses.APPROVED:
        _set_status(rows, entry, kind, "RECALL_REQUESTED")
        return
    _in(rows, entry, "SUBMITTED")
    _back_to_draft(rows, entry, kind, row)


def reject_recall(rows: Rows, entry: Lookup) -> None:
    """Nothing becomes of the request (CAN-04)."""
    kind, _ = _in(rows, entry, "RECALL_REQUESTED")
    _set_status(rows, entry, kind, "APPROVED")


def approve_recall(rows: Rows, entry: Lookup) -> None:
    """Reverses the actuals of an approved entry (TM-08, CAN-03); the entry is a draft again."""
    kind, row = _in(rows, entry, "RECALL_REQUESTED")
    _take_back(rows, entry)
    _back_to_draft(rows, entry, kind, row)


def cancel_approval(rows: Rows, entry: Lookup) -> None:
    """Reverses the actuals of an approved entry (TM-07, CAN-01, CAN-02); the entry is submitted again."""
    kind, _ = _in(rows, entry, "APPROVED")
    _take_back(rows, entry)
    _set_status(rows, entry, kind, "SUBMITTED")


def approve(
    rows: Rows, entry: Lookup, billable: Number | None = None, billing_type: BillingType = BillingType.CHARGEABLE
) -> list[str]:
    """Records the actuals of a submitted entry (TM-04 to TM-06, FP-04); gives their ids.

    The sale is of the ``billable`` quantity; what is less than submitted becomes a sale of its own that is not
    chargeable. Each sale is connected with the cost (CONN-02).
    """
    kind, row = _in(rows, entry, "SUBMITTED")
    _set_status(rows, entry, kind, "APPROVED")
    chargeable = None if billable is None else quantity_of(billable)
    made: list[Row] = []
    for id in row["msdyn_journallines"].split():
        line = rows.get(JOURNAL_LINE, id)
        transaction_type = TransactionType(line["msdyn_transactiontypecode"])
        values = {**actuals.description(line), "msdyn_skipsync": line["msdyn_skipsync"]}
        if transaction_type is TransactionType.UNBILLED_SALES:
            parts = parts_of(rows, {**values, "msdyn_billingtype": int(billing_type)}, chargeable)
            made += [actuals.record(rows, transaction_type, part) for part in parts]
        else:
            made.append(actuals.record(rows, transaction_type, values))
    contracts.connect_sales_with_cost(rows, made)
    return [row["msdyn_actualid"] for row in made]


def ready(rows: Rows, wanted: Lookup) -> None:
    """Marks unbilled sales in the backlog to be billed next: one, those of an entry, or those of a contract."""
    if wanted.entity == ACTUAL:
        found = [actuals.actual(rows, wanted)]
    else:
        column = "msdyn_salescontract" if wanted.entity == contracts.CONTRACT else "msdyn_sourcedocument"
        kind = {"msdyn_transactiontypecode": int(TransactionType.UNBILLED_SALES)}
        found = rows.select(ACTUAL, **{column: wanted, "msdyn_adjustmentstatus": None, **kind})
    open_sales = [row for row in found if actuals.is_open_sale(row)]
    if not open_sales:
        raise Refused(f"{wanted.entity} {wanted.id} has no unbilled sale in the backlog; approve its work first")
    for row in open_sales:
        actuals.set_billing_status(rows, row["msdyn_actualid"], BillingStatus.READY_TO_INVOICE)


def record_fee(rows: Rows, line: Lookup, amount: Number, day: datetime, text: str | None) -> str:
    """Confirms an entry journal with one fee: an unbilled sale without a cost (CONF-13). Gives its id."""
    contract_line = rows.get(contracts.CONTRACT_LINE, line.id)
    if contracts.is_fixed_price(rows, line):
        raise Refused("a fee is billed by a time-and-material contract line; add a milestone instead")
    price = price_of(amount)
    common = {
        "msdyn_transactionclassification": int(TransactionClass.FEE),
        "msdyn_transactiontypecode": int(TransactionType.UNBILLED_SALES),
        "msdyn_project": contract_line["msdyn_project"],
        "msdyn_description": text,
        **dated(day),
        **sold(rows, contract_line, Decimal(1), price),
    }
    journal_line = Lookup(JOURNAL_LINE, rows.create(JOURNAL_LINE, common))
    columns = {
        **actuals.description(common),
        "msdyn_billingstatus": int(BillingStatus.UNBILLED_SALES_CREATED),
        "msdyn_sourcedocument": journal_line,
    }
    return str(actuals.record(rows, TransactionType.UNBILLED_SALES, columns)["msdyn_actualid"])


def _take_back(rows: Rows, entry: Lookup) -> None:
    """CAN-01, with the refusals of CAN-02 and CAN-03."""
    current = rows.select(ACTUAL, msdyn_sourcedocument=entry, msdyn_adjustmentstatus=None)
    current = [row for row in current if not actuals.is_settled(row)]
    if any(actuals.is_type(row, TransactionType.BILLED_SALES) for row in current):
        raise Refused(
            "the approval can't be canceled because it was already invoiced; credit it in full with a corrective "
            "invoice first"
        )
    if any(row.get("msdyn_billingstatus") == BillingStatus.CUSTOMER_INVOICE_CREATED for row in current):
        raise Refused("the entry is on a draft invoice; remove it from there first")
    canceled = {"msdyn_billingstatus": int(BillingStatus.CANCELED)}
    for row in current:
        actuals.adjust(rows, row, BillingStatus.CANCELED)
        actuals.reverse(rows, row, canceled)


def _back_to_draft(rows: Rows, entry: Lookup, kind: Kind, row: Row) -> None:
    """Makes an entry a draft, without its journal lines: the next submission makes new ones."""
    lines = set(row["msdyn_journallines"].split())
    for id in lines:
        for connection in rows.select(actuals.CONNECTION, msdyn_transaction1=id):
            rows.delete(actuals.CONNECTION, connection[f"{actuals.CONNECTION}id"])
        rows.delete(JOURNAL_LINE, id)
    rows.update(entry.entity, entry.id, {"msdyn_journallines": ""})
    _set_status(rows, entry, kind, "DRAFT")


def _entry(rows: Rows, entry: Lookup) -> tuple[Kind, Row]:
    if entry.entity not in KINDS:
        raise Refused(f"{entry.entity} is not a table of entries; these are: {', '.join(KINDS)}")
    return KINDS[entry.entity], rows.get(entry.entity, entry.id)


def _in(rows: Rows, entry: Lookup, status: str) -> tuple[Kind, Row]:
    """The entry, which must be in this status."""
    kind, row = _entry(rows, entry)
    statuses: type[IntEnum] = kind.statuses
    found = statuses(row[kind.status_column])
    if found is not statuses[status]:
        raise Refused(f"entry {entry.id} is {_words(found.name)}; only one that is {_words(status)} can be taken here")
    return kind, row


def _set_status(rows: Rows, entry: Lookup, kind: Kind, status: str) -> None:
    rows.update(entry.entity, entry.id, {kind.status_column: int(kind.statuses[status])})


def _words(name: str) -> str:
    return name.lower().replace("_", " ")
