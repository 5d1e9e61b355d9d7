"""Actuals and what connects them. The only place that writes either.

Actuals are only added to (INV-12, CAN-09): what is wrong is reversed, and what is right is added. Of one that exists,
only the adjustment status and the billing status change.
"""

from __future__ import annotations

from typing import Any, Final

from dataverse_standin.business.codes import AdjustmentStatus, BillingStatus, TransactionClass, TransactionType
from dataverse_standin.rows import Lookup, Refused, Rows

Row = dict[str, Any]

ACTUAL: Final = "msdyn_actual"
CONNECTION: Final = "msdyn_transactionconnection"

_DESCRIPTION: Final = (
    "msdyn_transactionclassification",
    "msdyn_billingtype",
    "msdyn_quantity",
    "msdyn_price",
    "msdyn_amount",
    "msdyn_amountmethod",
    "msdyn_unit",
    "transactioncurrencyid",
    "msdyn_startdatetime",
    "msdyn_documentdate",
    "msdyn_accountingdate",
    "msdyn_tzaaccountingdate",
    "msdyn_project",
    "msdyn_salescontract",
    "msdyn_salescontractlineid",
    "msdyn_accountcustomer",
    "msdyn_contactcustomer",
    "msdyn_customertype",
    "msdyn_transactioncategory",
    "msdyn_resourcecategory",
    "msdyn_bookableresource",
    "msdyn_product",
    "msdyn_description",
    "msdyn_externaldescription",
    "msdyn_sourcedocument",
)
"""What a journal line, an invoice line detail and an actual of the same work have in common."""

OPEN: Final = (BillingStatus.UNBILLED_SALES_CREATED, BillingStatus.READY_TO_INVOICE)
"""Billing statuses of unbilled sales in the backlog: on no invoice, and not billed."""


def description(row: Row) -> Row:
    """The columns that ``row`` shares with every other row about the same work, as far as it has them."""
    return {column: row[column] for column in _DESCRIPTION if row.get(column) is not None}


def actual(rows: Rows, id: str | Lookup) -> Row:
    return rows.get(ACTUAL, id.id if isinstance(id, Lookup) else id)


def reference(row: Row, entity: str = ACTUAL) -> Lookup:
    """A look-up to ``row``."""
    return Lookup(entity, row[f"{entity}id"])


def record(rows: Rows, transaction_type: TransactionType, columns: Row) -> Row:
    """Adds an actual. Skip Sync is a column of each, false where nothing says otherwise."""
    values = {"msdyn_transactiontypecode": int(transaction_type), "msdyn_skipsync": False, **columns}
    return actual(rows, rows.create(ACTUAL, values))


def reverse(rows: Rows, original: Row, columns: Row | None = None, *, skip_sync: bool = False) -> Row:
    """Adds the reversal of ``original``, and their connection (INV-10, CONN-04, CONN-07).

    Everything is copied but the quantity and the amount, which are negated (CAN-01). What finance never got, it need
    not take back, so that the reversal of a skipped actual is skipped too.
    """
    reversal = record(
        rows,
        TransactionType(original["msdyn_transactiontypecode"]),
        {
            **description(original),
            "msdyn_billingstatus": original.get("msdyn_billingstatus"),
            "msdyn_invoice": original.get("msdyn_invoice"),
            **(columns or {}),
            "msdyn_quantity": -original["msdyn_quantity"],
            "msdyn_amount": -original["msdyn_amount"],
            "msdyn_adjustmentstatus": int(AdjustmentStatus.UNADJUSTABLE),
            "msdyn_skipsync": skip_sync or original["msdyn_skipsync"],
        },
    )
    connect(rows, reference(reversal), "Reversing", reference(original), "Original")
    return reversal


def adjust(rows: Rows, original: Row, billing_status: BillingStatus | None = None) -> None:
    """Marks ``original`` as adjusted. ``Refused`` if it is, or if it cannot be (INV-11)."""
    if original.get("msdyn_adjustmentstatus") is not None:
        raise Refused(f"actual {original['msdyn_actualid']} was adjusted before; correct what replaced it")
    change: Row = {"msdyn_adjustmentstatus": int(AdjustmentStatus.ADJUSTED)}
    if billing_status is not None:
        change["msdyn_billingstatus"] = int(billing_status)
    rows.update(ACTUAL, original["msdyn_actualid"], change)


def set_billing_status(rows: Rows, id: str, status: BillingStatus) -> None:
    rows.update(ACTUAL, id, {"msdyn_billingstatus": int(status)})


def connect(rows: Rows, first: Lookup, role_1: str, second: Lookup, role_2: str) -> None:
    """Adds a transaction connection (CONN). Ids, roles and types are text, as in Dataverse (CONN-09)."""
    rows.create(
        CONNECTION,
        {
            "msdyn_transaction1": first.id,
            "msdyn_transaction1role": role_1,
            "msdyn_transaction1type": first.entity,
            "msdyn_transaction2": second.id,
            "msdyn_transaction2role": role_2,
            "msdyn_transaction2type": second.entity,
        },
    )


def is_type(row: Row, *types: TransactionType) -> bool:
    return row["msdyn_transactiontypecode"] in types


def is_class(row: Row, *classes: TransactionClass) -> bool:
    return row["msdyn_transactionclassification"] in classes


def is_open_sale(row: Row) -> bool:
    """An unbilled sale of the backlog. Retainers are no work, and wait for nothing but to be applied (EDIT-03)."""
    return (
        is_type(row, TransactionType.UNBILLED_SALES)
        and row.get("msdyn_adjustmentstatus") is None
        and row.get("msdyn_billingstatus") in OPEN
        and not is_class(row, TransactionClass.RETAINER)
    )


def is_settled(row: Row) -> bool:
    """An unbilled sale that was billed. Its reversal has taken it back, whatever becomes of the bill."""
    return (
        is_type(row, TransactionType.UNBILLED_SALES)
        and row.get("msdyn_billingstatus") == BillingStatus.CUSTOMER_INVOICE_POSTED
    )
