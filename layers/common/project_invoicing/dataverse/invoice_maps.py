"""The table maps of Dataverse's invoices, which are finance's proformas, with their value maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from project_invoicing.dataverse.table_map import TOTAL_LIMIT, Column, DateBehavior, Direction, TableMap, Transform
from project_invoicing.domain.codes import DocumentStanding, RowState, TableMapName
from project_invoicing.domain.tables import PROFORMA

INVOICE_STATUSES: Final[Mapping[int, str]] = {
    192350000: "draft",
    192350001: "in_review",
    192350002: "confirmed",
    192350003: "invoice_paid",
    192350010: "posted",
}
INVOICE_STATES: Final[Mapping[int, str]] = {
    0: RowState.ACTIVE,
    1: RowState.CLOSED,
    2: RowState.PAID,
    3: RowState.CANCELED,
}
PAID_REASONS: Final[Mapping[int, str]] = {100001: "complete", 100002: "partial"}
"""Status reasons of the state Paid."""

INVOICES: Final = TableMap(
    name=TableMapName.INVOICES,
    version=1,
    direction=Direction.FROM_DATAVERSE,
    entity=PROFORMA,
    counterpart="proposal header (Project invoice proposal V2)",
    filter="msdyn_projectinvoicestatus = 192350002 (confirmed), or statecode = 3 (canceled), by the rule of "
    "proforma_header_sync",
    rules="PROP-01, PROP-02, PROP-09, PROP-10, REG-12",
    takes_custom_columns=True,
    columns=(
        Column(
            "invoicenumber",
            "number",
            Transform.TEXT,
            required=True,
            limit=100,
            exact=True,
            note="the proposal's number",
        ),
        Column("name", "name", Transform.TEXT, limit=255),
        Column("salesorderid", "contract", Transform.LOOKUP, entity="salesorder"),
        Column(
            "customerid",
            "customer",
            Transform.LOOKUP,
            entity="account",
            note="an account or a contact, as the look-up says",
        ),
        Column("transactioncurrencyid", "currency", Transform.LOOKUP, entity="transactioncurrency"),
        Column(
            "totallineitemamount",
            "total",
            Transform.DECIMAL,
            limit=TOTAL_LIMIT,
            note="before tax; what the chargeable billed-sales actuals must sum up to",
        ),
        Column("msdyn_invoicedate", "invoice_date", Transform.DATE, behavior=DateBehavior.CALENDAR),
        Column("duedate", "due_date", Transform.DATE, behavior=DateBehavior.CALENDAR),
        Column(
            "msdyn_accountingdate",
            "accounting_date",
            Transform.DATE,
            behavior=DateBehavior.INSTANT,
            newer=True,
            note="the accounting date of the customer invoice (EDIT-16)",
        ),
        Column(
            "msdyn_tzaaccountingdate",
            "tza_accounting_date",
            Transform.DATE,
            behavior=DateBehavior.CALENDAR,
            newer=True,
            note="as in `actuals`",
        ),
        Column(
            "statecode",
            "state",
            Transform.CODE,
            default=RowState.ACTIVE,
            codes=INVOICE_STATES,
            note="a canceled proforma makes no proposal, and withdraws one that is not posted",
        ),
        Column("msdyn_hascorrections", "has_corrections", Transform.FLAG, default=False),
        Column("billto_name", "bill_to.name", Transform.TEXT, limit=255),
        Column("billto_line1", "bill_to.line1", Transform.TEXT, limit=255),
        Column("billto_line2", "bill_to.line2", Transform.TEXT, limit=255),
        Column("billto_line3", "bill_to.line3", Transform.TEXT, limit=255),
        Column("billto_postalcode", "bill_to.postal_code", Transform.TEXT, limit=255),
        Column("billto_city", "bill_to.city", Transform.TEXT, limit=255),
        Column("billto_stateorprovince", "bill_to.state_or_province", Transform.TEXT, limit=255),
        Column("billto_country", "bill_to.country", Transform.TEXT, limit=255),
    ),
)

INVOICES_WRITE_BACK: Final = TableMap(
    name=TableMapName.INVOICES_WRITE_BACK,
    version=1,
    direction=Direction.TO_DATAVERSE,
    entity=PROFORMA,
    counterpart="posted customer invoice",
    filter="posted invoices",
    rules="WB-07, PROP-20; no public source gives the names and the code of posted: settings",
    columns=(
        Column("msdyn_customerinvoicenumber", "invoice_number", Transform.TEXT, required=True, limit=100, exact=True),
        Column(
            "msdyn_customerinvoicedate",
            "invoice_date",
            Transform.DATE,
            required=True,
            behavior=DateBehavior.CALENDAR,
        ),
        Column(
            "msdyn_projectinvoicestatus",
            "status",
            Transform.CODE,
            required=True,
            default="posted",
            codes=INVOICE_STATUSES,
        ),
        Column("msdyn_customerinvoicesalestax", "sales_tax_amount", Transform.DECIMAL),
    ),
    optional=(
        Column(
            "",
            "document_link",
            Transform.TEXT,
            note="where the document of the invoice is: its page in the workspace where `WorkspaceUrl` is set, else "
            "the key of its PDF in the bucket of the documents; a text, whose format may be URL where it is the page",
        ),
        Column(
            "",
            "document_state",
            Transform.CODE,
            words=tuple(DocumentStanding),
            note="how far the document of the invoice has come; a text, or a choice all of whose codes are given",
        ),
    ),
)

PAYMENTS_WRITE_BACK: Final = TableMap(
    name=TableMapName.PAYMENTS_WRITE_BACK,
    version=1,
    direction=Direction.TO_DATAVERSE,
    entity=PROFORMA,
    counterpart="what is open of a posted customer invoice",
    filter="posted invoices of which receivables has told a payment, once their own write-back is done (PAY-08)",
    rules="PAY-01 to PAY-06, PAY-10; a row that is paid is made active before it is changed, as Paid locks it",
    columns=(
        Column(
            "msdyn_projectinvoicestatus",
            "status",
            Transform.CODE,
            required=True,
            default="posted",
            codes=INVOICE_STATUSES,
        ),
        Column("statecode", "state", Transform.CODE, required=True, default=RowState.ACTIVE, codes=INVOICE_STATES),
        Column(
            "statuscode",
            "reason",
            Transform.CODE,
            codes=PAID_REASONS,
            note="written with the state Paid alone; a row that is made active gets the default of that state",
        ),
    ),
    optional=(
        Column(
            "",
            "amount_due",
            Transform.DECIMAL,
            limit=TOTAL_LIMIT,
            note="what is open; the column `msdyn_amountdue` comes with Field Service, so many organizations lack it",
        ),
    ),
)
