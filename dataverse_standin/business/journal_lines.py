"""What submitted work is recorded as: journal lines with their prices, and the sales that one becomes when approved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from dataverse_standin.business import actuals, contracts
from dataverse_standin.business.actuals import Row
from dataverse_standin.business.amounts import ZERO, amount_of
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
class Kind:
    """A table of entries: their class, where their status is, and the key of their prices."""

    transaction_class: TransactionClass
    status_column: str
    statuses: type[EntryStatus] | type[ExpenseStatus]
    price_key: str
    unit: str


KINDS: Final = {
    "msdyn_timeentry": Kind(TransactionClass.TIME, "msdyn_entrystatus", EntryStatus, "msdyn_resourcecategory", "Hour"),
    "msdyn_expense": Kind(
        TransactionClass.EXPENSE, "msdyn_expensestatus", ExpenseStatus, "msdyn_transactioncategory", "Each"
    ),
    "msdyn_materialusage": Kind(TransactionClass.MATERIAL, "msdyn_usagestatus", EntryStatus, "msdyn_product", "Each"),
}


def journal_lines_of(rows: Rows, entry: Lookup, kind: Kind, row: Row) -> list[Row]:
    """The columns of the lines for an entry, ``row``: the cost first, the sale to the customer last (TM-02, FP-02)."""
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
        **dated(row["msdyn_date"]),
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
        sale = {**common, **sold(rows, line, row["msdyn_quantity"], price)}
        lines.append({**sale, "msdyn_transactiontypecode": int(TransactionType.UNBILLED_SALES)})
    return lines


def _cost_lines(rows: Rows, kind: Kind, row: Row, contracting: Lookup, common: Row) -> list[Row]:
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


def sold(rows: Rows, line: Row, quantity: Decimal, price: Decimal) -> Row:
    """The columns of a sale under a contract line, ``line``."""
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


def dated(day: datetime) -> Row:
    """The columns of a line whose dates are all the same."""
    return {"msdyn_startdatetime": day, "msdyn_documentdate": day, "msdyn_accountingdate": day}


def _price(rows: Rows, list_: Lookup, kind: Kind, row: Row, what: str) -> Any:
    price = contracts.find_price(rows, list_, kind.transaction_class, row.get(kind.price_key))
    if price is None:
        raise Refused(f"there is no {what} for this entry; set a price in price list {list_.name or list_.id}")
    return price


def parts_of(rows: Rows, sale: Row, billable: Decimal | None) -> Iterable[Row]:
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
