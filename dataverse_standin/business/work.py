"""Time, expenses, material and fees: from the entry that a consultant makes to the actuals of its approval.

One mechanism for the three kinds of entries. Their journal lines hold what the approval will record: a cost line, and
where the contract line is time and material, an unbilled-sales line (TM-02, FP-02). Work for another organizational
unit has two lines more, what it costs there and what that unit is paid for it (IC-01).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any, Final

from dataverse_standin.business import actuals, contracts
from dataverse_standin.business.actuals import ACTUAL, Row
from dataverse_standin.business.amounts import ZERO, Number, amount_of, price_of, quantity_of
from dataverse_standin.business.codes import (
    MULTIPLY_QUANTITY_BY_PRICE,
    BillingStatus,
    BillingType,
    EntryStatus,
    ExpenseStatus,
    TransactionClass,
    TransactionType,
)
from dataverse_standin.rows import Lookup, Refused, Rows

JOURNAL_LINE: Final = "msdyn_journalline"


@dataclass(frozen=True)
class _Kind:
    """A table of entries: their class, where their status is, and the key of their prices."""

    transaction_class: TransactionClass
    status_column: str
    statuses: type[EntryStatus] | type[ExpenseStatus]
    price_key: str
    unit: str


_KINDS: Final = {
    "msdyn_timeentry": _Kind(TransactionClass.TIME, "msdyn_entrystatus", EntryStatus, "msdyn_resourcecategory", "Hour"),
    "msdyn_expense": _Kind(
        TransactionClass.EXPENSE, "msdyn_expensestatus", ExpenseStatus, "msdyn_transactioncategory", "Each"
    ),
    "msdyn_materialusage": _Kind(TransactionClass.MATERIAL, "msdyn_usagestatus", EntryStatus, "msdyn_product", "Each"),
}


def enter(rows: Rows, entity: str, quantity: Number, day: datetime, columns: Row) -> Lookup:
    """Saves an entry as a draft; no actual comes of it (TM-01). ``columns`` has its project and resource.

    ``msdyn_unitcost`` and ``msdyn_price`` stand above the price lists.
    """
    kind = _KINDS[entity]
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
    lines = [(values, rows.create(JOURNAL_LINE, values)) for values in _journal_lines(rows, entry, kind, row)]
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
            parts = _parts(rows, {**values, "msdyn_billingtype": int(billing_type)}, chargeable)
            made += [actuals.record(rows, transaction_type, part) for part in parts]
        else:
            made.append(actuals.record(rows, transaction_type, values))
    contracts.connect_sales_with_cost(rows, made)
    return [row["msdyn_actualid"] for row in made]


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
        **_dated(day),
        **_sold(rows, contract_line, Decimal(1), price),
    }
    journal_line = Lookup(JOURNAL_LINE, rows.create(JOURNAL_LINE, common))
    columns = {
        **actuals.description(common),
        "msdyn_billingstatus": int(BillingStatus.UNBILLED_SALES_CREATED),
        "msdyn_sourcedocument": journal_line,
    }
    return str(actuals.record(rows, TransactionType.UNBILLED_SALES, columns)["msdyn_actualid"])


def _journal_lines(rows: Rows, entry: Lookup, kind: _Kind, row: Row) -> list[Row]:
    line = contracts.line_of_work(rows, row["msdyn_project"], kind.transaction_class)
    project = rows.get("msdyn_project", row["msdyn_project"].id)
    common = {
        "msdyn_transactionclassification": int(kind.transaction_class),
        "msdyn_billingtype": int(BillingType.CHARGEABLE),
        "msdyn_amountmethod": MULTIPLY_QUANTITY_BY_PRICE,
        "msdyn_quantity": row["msdyn_quantity"],
        "msdyn_unit": contracts.named(rows, "uom", "name", kind.unit),
        "msdyn_project": row["msdyn_project"],
        "msdyn_bookableresource": row.get("msdyn_bookableresource"),
        "msdyn_resourcecategory": row.get("msdyn_resourcecategory"),
        "msdyn_transactioncategory": row.get("msdyn_transactioncategory"),
        "msdyn_product": row.get("msdyn_product"),
        "msdyn_description": row.get("msdyn_description"),
        "msdyn_externaldescription": row.get("msdyn_externaldescription"),
        "msdyn_sourcedocument": entry,
        "msdyn_skipsync": False,
        **_dated(row["msdyn_date"]),
    }
    if line:
        common |= contracts.sold_under(rows, line["salesorderid"])
        common["msdyn_salescontractlineid"] = actuals.reference(line, contracts.CONTRACT_LINE)
    lines = _cost_lines(rows, kind, row, project["msdyn_contractorganizationalunitid"], common)
    if line and not contracts.is_fixed_price(rows, common["msdyn_salescontractlineid"]):
        price = row.get("msdyn_price")
        if price is None:
            sales_prices = rows.get(contracts.CONTRACT, line["salesorderid"].id)["pricelevelid"]
            price = _price(rows, sales_prices, kind, row, "bill rate")
        sale = {**common, **_sold(rows, line, row["msdyn_quantity"], price)}
        lines.append({**sale, "msdyn_transactiontypecode": int(TransactionType.UNBILLED_SALES)})
    return lines


def _cost_lines(rows: Rows, kind: _Kind, row: Row, contracting: Lookup, common: Row) -> list[Row]:
    """The cost; for work of another unit the transfer price, and that unit's own two lines (IC-01, IC-12).

    Between companies, the cost comes to finance with the vendor invoice, so the actual is skipped (SKIP-02). Within
    one company, the lending unit's lines are none of finance's business (SKIP-08).
    """
    resource = row.get("msdyn_bookableresource")
    resourcing = rows.get(resource.entity, resource.id).get("msdyn_organizationalunit") if resource else None
    lender = rows.get("msdyn_organizationalunit", (resourcing or contracting).id)
    own = lender["msdyn_costpricelist"]
    price = row.get("msdyn_unitcost")
    if price is None:
        price = _price(rows, own, kind, row, "cost rate")
    if resourcing in {None, contracting}:
        return [_priced(rows, common, TransactionType.COST, own, price)]
    transfer, transfer_price = own, price
    if kind.transaction_class is not TransactionClass.EXPENSE:
        transfer = lender["msdyn_transferpricelist"]
        transfer_price = _price(rows, transfer, kind, row, "transfer price")
    borrower = rows.get("msdyn_organizationalunit", contracting.id)
    between_companies = lender["msdyn_company"] != borrower["msdyn_company"]
    lent = {**common, "msdyn_skipsync": not between_companies}
    return [
        _priced(
            rows,
            {**common, "msdyn_skipsync": between_companies},
            TransactionType.COST,
            transfer,
            transfer_price,
        ),
        _priced(rows, lent, TransactionType.RESOURCING_UNIT_COST, own, price),
        _priced(rows, lent, TransactionType.INTER_ORGANIZATIONAL_SALES, transfer, transfer_price),
    ]


def _priced(rows: Rows, common: Row, transaction_type: TransactionType, list_: Lookup, price: Decimal) -> Row:
    currency = rows.get("pricelevel", list_.id)["transactioncurrencyid"]
    return {
        **common,
        "msdyn_transactiontypecode": int(transaction_type),
        "transactioncurrencyid": currency,
        "msdyn_price": price,
        "msdyn_amount": amount_of(rows, common["msdyn_quantity"], price, currency),
    }


def _sold(rows: Rows, line: Row, quantity: Decimal, price: Decimal) -> Row:
    under = contracts.sold_under(rows, line["salesorderid"])
    return {
        **under,
        "msdyn_salescontractlineid": actuals.reference(line, contracts.CONTRACT_LINE),
        "msdyn_billingtype": int(BillingType.CHARGEABLE),
        "msdyn_amountmethod": MULTIPLY_QUANTITY_BY_PRICE,
        "msdyn_quantity": quantity,
        "msdyn_price": price,
        "msdyn_amount": amount_of(rows, quantity, price, under["transactioncurrencyid"]),
    }


def _dated(day: datetime) -> Row:
    return {"msdyn_startdatetime": day, "msdyn_documentdate": day, "msdyn_accountingdate": day}


def _price(rows: Rows, list_: Lookup, kind: _Kind, row: Row, what: str) -> Any:
    price = contracts.find_price(rows, list_, kind.transaction_class, row.get(kind.price_key))
    if price is None:
        raise Refused(f"there is no {what} for this entry; set a price in price list {list_.name or list_.id}")
    return price


def _parts(rows: Rows, sale: Row, billable: Decimal | None) -> Iterable[Row]:
    """The sales that ``sale`` becomes when ``billable`` of it can be charged. Their amounts sum up to the whole."""
    sale = {**sale, "msdyn_billingstatus": int(BillingStatus.UNBILLED_SALES_CREATED)}
    quantity, price, amount = sale["msdyn_quantity"], sale["msdyn_price"], sale["msdyn_amount"]
    if billable is None or billable == quantity:
        return [sale]
    if billable * quantity < ZERO or quantity == ZERO:
        raise Refused(f"billable quantity {billable} has another sign than the {quantity} submitted; correct it")
    charged = {**sale, "msdyn_quantity": billable}
    charged["msdyn_amount"] = amount_of(rows, billable, price, sale["transactioncurrencyid"])
    if abs(billable) > abs(quantity):
        return [charged]
    rest = {
        **sale,
        "msdyn_billingtype": int(BillingType.NON_CHARGEABLE),
        "msdyn_quantity": quantity - billable,
        "msdyn_amount": amount - charged["msdyn_amount"],
    }
    return [charged, rest] if billable else [rest]


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


def _back_to_draft(rows: Rows, entry: Lookup, kind: _Kind, row: Row) -> None:
    """Without its journal lines: a submission makes them anew."""
    lines = set(row["msdyn_journallines"].split())
    for id in lines:
        for connection in rows.select(actuals.CONNECTION, msdyn_transaction1=id):
            rows.delete(actuals.CONNECTION, connection[f"{actuals.CONNECTION}id"])
        rows.delete(JOURNAL_LINE, id)
    rows.update(entry.entity, entry.id, {"msdyn_journallines": ""})
    _set_status(rows, entry, kind, "DRAFT")


def _entry(rows: Rows, entry: Lookup) -> tuple[_Kind, Row]:
    if entry.entity not in _KINDS:
        raise Refused(f"{entry.entity} is no table of entries; there are {', '.join(_KINDS)}")
    return _KINDS[entry.entity], rows.get(entry.entity, entry.id)


def _in(rows: Rows, entry: Lookup, status: str) -> tuple[_Kind, Row]:
    """The entry, which must be in this status."""
    kind, row = _entry(rows, entry)
    statuses: type[IntEnum] = kind.statuses
    found = statuses(row[kind.status_column])
    if found is not statuses[status]:
        raise Refused(f"entry {entry.id} is {_words(found.name)}; only one that is {_words(status)} can be taken here")
    return kind, row


def _set_status(rows: Rows, entry: Lookup, kind: _Kind, status: str) -> None:
    rows.update(entry.entity, entry.id, {kind.status_column: int(kind.statuses[status])})


def _words(name: str) -> str:
    return name.lower().replace("_", " ")
