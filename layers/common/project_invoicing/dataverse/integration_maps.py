"""The tables in which Dataverse has what finance posted to integration accounts (IWS-01).

Only the reconciliation reads them; no event of them is received. Of the lines of vendor invoices no public source gives
more than the names of the table and of their number.
"""

from __future__ import annotations

from typing import Final

from project_invoicing.dataverse.table_map import MONEY_LIMIT, Column, DateBehavior, Direction, TableMap, Transform
from project_invoicing.domain import tables

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
            Column("msdyn_project", "project", Transform.LOOKUP, entity=tables.PROJECT, note=note),
            Column("transactioncurrencyid", "currency", Transform.LOOKUP, entity=tables.CURRENCY),
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
    tables.EXPENSE,
    "posted expenses (Project Operations integration project expenses export entity)",
    Column("msdyn_name", "number", Transform.TEXT, limit=100, newer=True, note="what the line is shown as"),
    Column("msdyn_transactiondate", "date", Transform.DATE, behavior=DateBehavior.CALENDAR),
)
VENDOR_INVOICE_LINES: Final = _line(
    "vendor_invoice_lines",
    tables.VENDOR_INVOICE_LINE,
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
    entity=tables.ORIGIN,
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
