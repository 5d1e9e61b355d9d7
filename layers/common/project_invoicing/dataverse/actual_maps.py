"""The table maps of actuals and of the connections between them, with their value maps.

And of the tables in which Dataverse has what finance posted to integration accounts (IWS-01). Only what compares these
reads them; no event of them is received. Of the lines of vendor invoices no public source gives more than the names of
the table and of their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from project_invoicing.dataverse.table_map import MONEY_LIMIT, Column, DateBehavior, Direction, TableMap, Transform
from project_invoicing.domain.codes import (
    BillingType,
    CostOrigin,
    RowState,
    TableMapName,
    TransactionClass,
    TransactionType,
)
from project_invoicing.domain.tables import (
    ACTUAL,
    CONNECTION,
    CURRENCY,
    EXPENSE,
    MILESTONE,
    ORIGIN,
    PROFORMA,
    PROJECT,
    VENDOR_INVOICE_LINE,
)

TRANSACTION_TYPES: Final[Mapping[int, str]] = {
    192350000: TransactionType.COST,
    192350005: TransactionType.UNBILLED_SALES,
    192350006: TransactionType.BILLED_SALES,
    192350007: TransactionType.RESOURCING_UNIT_COST,
    192350008: TransactionType.INTER_ORGANIZATIONAL_SALES,
}
TRANSACTION_CLASSES: Final[Mapping[int, str]] = {
    192350000: TransactionClass.TIME,
    192350001: TransactionClass.EXPENSE,
    192350002: TransactionClass.MATERIAL,
    192350003: TransactionClass.MILESTONE,
    192350004: TransactionClass.FEE,
    192350010: TransactionClass.RETAINER,
    690970002: TransactionClass.TAX,
}
BILLING_TYPES: Final[Mapping[int, str]] = {
    192350000: BillingType.NON_CHARGEABLE,
    192350001: BillingType.CHARGEABLE,
    192350002: BillingType.COMPLIMENTARY,
    192350003: BillingType.NOT_AVAILABLE,
}
BILLING_STATUSES: Final[Mapping[int, str]] = {
    192350000: "unbilled_sales_created",
    192350001: "customer_invoice_created",
    192350002: "customer_invoice_posted",
    192350003: "canceled",
    192350004: "ready_to_invoice",
}
ADJUSTMENT_STATUSES: Final[Mapping[int, str]] = {
    192350000: "in_process",
    192350001: "adjusted",
    192350002: "unadjustable",
}
ACTUAL_STATES: Final[Mapping[int, str]] = {0: RowState.ACTIVE, 1: RowState.INACTIVE}

ACTUALS: Final = TableMap(
    name=TableMapName.ACTUALS,
    version=1,
    direction=Direction.FROM_DATAVERSE,
    entity=ACTUAL,
    counterpart="staging (ProjCDSActualsImport)",
    filter="all; one with skip sync is kept as skipped, so that it can be told from one that never came",
    rules="SKIP-01 to SKIP-07, STG-01",
    takes_custom_columns=True,
    columns=(
        Column(
            "msdyn_transactiontypecode",
            "transaction_type",
            Transform.CODE,
            required=True,
            codes=TRANSACTION_TYPES,
            note="Project Contract (192350004) has no counterpart in finance and is refused as an unknown code",
        ),
        Column(
            "msdyn_transactionclassification",
            "transaction_class",
            Transform.CODE,
            required=True,
            codes=TRANSACTION_CLASSES,
            note="no public source gives the code of retainer: a setting",
        ),
        Column(
            "msdyn_billingtype",
            "billing_type",
            Transform.CODE,
            default=BillingType.NOT_SPECIFIED,
            codes=BILLING_TYPES,
            note="LP-01",
        ),
        Column("msdyn_amount", "amount", Transform.DECIMAL, required=True, limit=MONEY_LIMIT),
        Column(
            "msdyn_quantity",
            "quantity",
            Transform.DECIMAL,
            limit=MONEY_LIMIT,
            no_value="refused for time, expense and material, else 1",
        ),
        Column(
            "msdyn_price",
            "price",
            Transform.DECIMAL,
            limit=MONEY_LIMIT,
            no_value="refused for time, expense and material, else the amount",
        ),
        Column(
            "msdyn_skipsync",
            "skip_sync",
            Transform.FLAG,
            default=False,
            note="no public source gives the name: a setting",
        ),
        Column(
            "statecode",
            "state",
            Transform.CODE,
            default=RowState.ACTIVE,
            codes=ACTUAL_STATES,
            note="an inactive actual is not imported; it waits",
        ),
        Column("transactioncurrencyid", "currency", Transform.LOOKUP, entity="transactioncurrency"),
        Column("msdyn_project", "project", Transform.LOOKUP, entity="msdyn_project"),
        Column("msdyn_salescontract", "contract", Transform.LOOKUP, entity="salesorder"),
        Column("msdyn_salescontractlineid", "contract_line", Transform.LOOKUP, entity="salesorderdetail"),
        Column("msdyn_accountcustomer", "customer", Transform.LOOKUP, entity="account"),
        Column(
            "msdyn_contactcustomer",
            "contact_customer",
            Transform.LOOKUP,
            entity="contact",
            note="the customer where there is no account",
        ),
        Column("msdyn_transactioncategory", "category", Transform.LOOKUP, entity="msdyn_transactioncategory"),
        Column("msdyn_bookableresource", "resource", Transform.LOOKUP, entity="bookableresource"),
        Column("msdyn_task", "task", Transform.LOOKUP, entity="msdyn_projecttask", note="for the invoice document"),
        Column(
            "msdyn_resourcecategory",
            "role",
            Transform.LOOKUP,
            entity="bookableresourcecategory",
            note="for the invoice document",
        ),
        Column("msdyn_product", "product", Transform.LOOKUP, entity="product"),
        Column(
            "msdyn_invoice",
            "invoice",
            Transform.LOOKUP,
            entity=PROFORMA,
            note="the proforma that a billed-sales actual belongs to",
        ),
        Column("msdyn_startdatetime", "start", Transform.DATE, behavior=DateBehavior.INSTANT),
        Column("msdyn_documentdate", "document_date", Transform.DATE, behavior=DateBehavior.INSTANT),
        Column("msdyn_accountingdate", "accounting_date", Transform.DATE, behavior=DateBehavior.INSTANT),
        Column(
            "msdyn_tzaaccountingdate",
            "tza_accounting_date",
            Transform.DATE,
            behavior=DateBehavior.CALENDAR,
            newer=True,
            note="TZAAccountingDate of 2025: where it has a value it wins over `accounting_date`; no public source "
            "gives the logical name: a setting",
        ),
        Column("msdyn_adjustmentstatus", "adjustment_status", Transform.CODE, codes=ADJUSTMENT_STATUSES),
        Column("msdyn_billingstatus", "billing_status", Transform.CODE, codes=BILLING_STATUSES),
        Column("msdyn_description", "description", Transform.TEXT, limit=255),
        Column("msdyn_externaldescription", "external_description", Transform.TEXT, limit=255),
        Column("msdyn_unit", "unit", Transform.NAME, limit=100),
    ),
    optional=(
        Column(
            "",
            "origin",
            Transform.CODE,
            words=tuple(CostOrigin),
            note="where a cost comes from (JRN-16): a purchase or vendor invoice clears the account of "
            "`procurement_integration`, an expense report that of `expense_integration`; a choice whose codes are "
            "given, or a text",
        ),
        Column(
            "",
            "discount",
            Transform.DECIMAL,
            limit=MONEY_LIMIT,
            note="what the amount is reduced by before it is billed, signed like it (FEE-01)",
        ),
        Column(
            "",
            "fee",
            Transform.DECIMAL,
            limit=MONEY_LIMIT,
            note="what is billed on top of the amount, signed like it: a line of its own, of class fee (FEE-02)",
        ),
        Column(
            "",
            "milestone",
            Transform.LOOKUP,
            entity=MILESTONE,
            note="the milestone that a billed sale bills: its on-account transaction gives tax groups, category and "
            "dimensions (OAT-04)",
        ),
        Column(
            "",
            "resourcing_unit",
            Transform.NAME,
            limit=255,
            note="the organizational unit that lends the resource, by its id or its legal entity (STG-15, SKIP-08)",
        ),
        Column(
            "",
            "tza_start",
            Transform.DATE,
            behavior=DateBehavior.CALENDAR,
            note="the work date in a time-zone independent column of its own: where it has a value it wins over "
            "`start` (NEW-11)",
        ),
    ),
)

TRANSACTION_CONNECTIONS: Final = TableMap(
    name=TableMapName.TRANSACTION_CONNECTIONS,
    version=1,
    direction=Direction.FROM_DATAVERSE,
    entity=CONNECTION,
    counterpart="staging (ProjCDSTransactionRelationshipImport)",
    filter="those whose types both are msdyn_actual; connections of journal and invoice lines are none of ours",
    rules="CONN-02, -04, -05, -07, -08, -12; either row may be transaction 1",
    columns=(
        Column("msdyn_transaction1", "id_1", Transform.GUID, required=True),
        Column("msdyn_transaction1role", "role_1", Transform.TEXT, required=True, limit=100, exact=True),
        Column("msdyn_transaction1type", "type_1", Transform.TEXT, required=True, limit=100, exact=True),
        Column("msdyn_transaction2", "id_2", Transform.GUID, required=True),
        Column("msdyn_transaction2role", "role_2", Transform.TEXT, required=True, limit=100, exact=True),
        Column("msdyn_transaction2type", "type_2", Transform.TEXT, required=True, limit=100, exact=True),
    ),
)

ACTUALS_WRITE_BACK: Final = TableMap(
    name=TableMapName.ACTUALS_WRITE_BACK,
    version=1,
    direction=Direction.TO_DATAVERSE,
    entity=ACTUAL,
    counterpart="staging (ProjCDSActualsImport)",
    filter="posted rows; these columns and no other (WB-03)",
    rules="WB-01 to WB-06; no public source gives the names: settings",
    columns=(
        Column("msdyn_accountingamount", "accounting_amount", Transform.DECIMAL, required=True),
        Column(
            "msdyn_accountingexchangerate",
            "exchange_rate",
            Transform.DECIMAL,
            required=True,
            note="multiplies: 1.25, not 125",
        ),
        Column(
            "msdyn_vouchernumber",
            "voucher",
            Transform.TEXT,
            limit=100,
            exact=True,
            note="not written where the ledger has no line of it: an unbilled sale that accrues nothing, for one",
        ),
        Column("msdyn_salestaxamount", "sales_tax_amount", Transform.DECIMAL),
    ),
    optional=(
        Column(
            "",
            "adjustment_value",
            Transform.DECIMAL,
            note="Adjustment Value, of map 1.0.0.19: what finance's cost of a stocked item adds to the amount "
            "(NEW-01); written only where it does",
        ),
        Column("", "extended_amount", Transform.DECIMAL, note="the amount with that; written only with it"),
    ),
)

_UNDOCUMENTED: Final = "no public source gives the name: a setting"


def _line(name: str, entity: str, counterpart: str, *columns: Column, note: str = "") -> TableMap:
    return TableMap(
        name=name,
        version=1,
        direction=Direction.LOOKED_UP,
        entity=entity,
        counterpart=counterpart,
        filter="those with a project",
        rules="IWS-01 to IWS-06",
        columns=(
            *columns,
            Column("msdyn_project", "project", Transform.LOOKUP, entity=PROJECT, note=note),
            Column("transactioncurrencyid", "currency", Transform.LOOKUP, entity=CURRENCY),
            Column("msdyn_amount", "amount", Transform.DECIMAL, limit=MONEY_LIMIT, note=note),
        ),
        optional=(
            Column(
                "",
                "tax",
                Transform.DECIMAL,
                limit=MONEY_LIMIT,
                note="sales tax that cannot be recovered and is not in the amount",
            ),
            Column(
                "",
                "accounting_amount",
                Transform.DECIMAL,
                limit=MONEY_LIMIT,
                note="what finance posted, in the company's accounting currency; else amount and tax are converted "
                "with the rate of the day",
            ),
        ),
    )


EXPENSES: Final = _line(
    "expenses",
    EXPENSE,
    "posted expenses (Project Operations integration project expenses export entity)",
    Column("msdyn_name", "number", Transform.TEXT, limit=100, newer=True, note="what the line is shown as"),
    Column("msdyn_transactiondate", "date", Transform.DATE, behavior=DateBehavior.CALENDAR),
)
VENDOR_INVOICE_LINES: Final = _line(
    "vendor_invoice_lines",
    VENDOR_INVOICE_LINE,
    "posted vendor invoice lines (Project Operations integration project vendor invoice line export entity)",
    Column("msdyn_externalinvoiceline", "number", Transform.TEXT, limit=100, newer=True, note="its integration key"),
    Column(
        "msdyn_invoicedate",
        "date",
        Transform.DATE,
        behavior=DateBehavior.CALENDAR,
        newer=True,
        note=f"a line without a date is in every interval; {_UNDOCUMENTED}",
    ),
    note=_UNDOCUMENTED,
)
ORIGINS: Final = TableMap(
    name="transaction_origins",
    version=1,
    direction=Direction.LOOKED_UP,
    entity=ORIGIN,
    counterpart="which actual comes from which line",
    filter="from a line of the two tables above to an actual",
    rules="IWS-01, IWS-02",
    columns=(
        Column("msdyn_origin", "origin", Transform.GUID, required=True),
        Column("msdyn_origintype", "origin_type", Transform.TEXT, limit=100, exact=True, required=True),
        Column("msdyn_transaction", "transaction", Transform.GUID, required=True),
        Column("msdyn_transactiontype", "transaction_type", Transform.TEXT, limit=100, exact=True, required=True),
    ),
)
INTEGRATION_MAPS: Final = (EXPENSES, VENDOR_INVOICE_LINES, ORIGINS)
