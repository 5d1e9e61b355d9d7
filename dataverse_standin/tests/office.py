"""The people at work in tests of the business logic: a clock, an organization, and its actuals in few words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dataverse_standin.business import (
    AdjustmentStatus,
    BillingStatus,
    BillingType,
    Business,
    Engagement,
    TransactionClass,
    TransactionType,
)
from dataverse_standin.rows import Lookup, Rows

TYPES = {
    "Cost": TransactionType.COST,
    "U": TransactionType.UNBILLED_SALES,
    "B": TransactionType.BILLED_SALES,
    "RUC": TransactionType.RESOURCING_UNIT_COST,
    "IOS": TransactionType.INTER_ORGANIZATIONAL_SALES,
}
BILLING_TYPES = {
    "C": BillingType.CHARGEABLE,
    "NC": BillingType.NON_CHARGEABLE,
    "COMP": BillingType.COMPLIMENTARY,
    "NA": BillingType.NOT_AVAILABLE,
}
ADJUSTMENTS = {
    "blank": None,
    "Adjusted": AdjustmentStatus.ADJUSTED,
    "Unadjustable": AdjustmentStatus.UNADJUSTABLE,
}
STATUSES = {
    "USC": BillingStatus.UNBILLED_SALES_CREATED,
    "CIC": BillingStatus.CUSTOMER_INVOICE_CREATED,
    "CIP": BillingStatus.CUSTOMER_INVOICE_POSTED,
    "CAN": BillingStatus.CANCELED,
    "RTI": BillingStatus.READY_TO_INVOICE,
}

Number = Decimal | int
Row = dict[str, Any]
Snapshot = dict[str, Row]


class Office:
    """An organization on 27 August 2026. ``now`` may be moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 8, 27, 16, 5, tzinfo=UTC)
        self.rows = Rows(lambda: self.now, seed="office")
        self.business = Business(self.rows, lambda: self.now, ZoneInfo("America/New_York"))

    def go_to(self, day: str) -> None:
        self.now = datetime.combine(date.fromisoformat(day), self.now.timetz())

    def snapshot(self) -> Snapshot:
        return {row["msdyn_actualid"]: row for row in self.rows.select("msdyn_actual")}

    def actuals(self, kind: str | None = None, **equal: Any) -> list[Row]:
        if kind:
            equal["msdyn_transactiontypecode"] = TYPES[kind]
        return self.rows.select("msdyn_actual", **equal)

    def figures(self, kind: str | None = None, **equal: Any) -> list[str]:
        """``type quantity amount`` of each actual, in order."""
        return [short(row) for row in self.actuals(kind, **equal)]

    def sum(self, kind: str, **equal: Any) -> Number:
        return sum((row["msdyn_amount"] for row in self.actuals(kind, **equal)), Decimal(0))

    def connections(self, type_1: str = "msdyn_actual") -> set[tuple[str, str, str, str]]:
        """(first, its role, second, its role), each in few words."""
        return {
            (
                self._shown(row["msdyn_transaction1type"], row["msdyn_transaction1"]),
                row["msdyn_transaction1role"],
                self._shown(row["msdyn_transaction2type"], row["msdyn_transaction2"]),
                row["msdyn_transaction2role"],
            )
            for row in self.rows.select("msdyn_transactionconnection", msdyn_transaction1type=type_1)
        }

    def _shown(self, entity: str, id: str) -> str:
        row = self.rows.get(entity, id)
        return short(row) if entity == "msdyn_actual" else entity

    def invoice(self, proforma: str) -> Row:
        return self.rows.get("invoice", proforma)

    def totals(self, proforma: str) -> tuple[Number, Number, Number]:
        """Before tax, tax, with tax."""
        header = self.invoice(proforma)
        return header["totallineitemamount"], header["totaltax"], header["totalamount"]

    # --- what most tests begin with ---------------------------------------------------------------------------------

    def approved(self, engagement: Engagement, hours: str = "8", billable: str | None = None) -> Lookup:
        entry = self.business.submit_time(engagement, hours)
        self.business.approve(entry, billable)
        return entry

    def draft(self, engagement: Engagement) -> str:
        """A draft of all that is approved."""
        self.business.ready_to_invoice(engagement.contract)
        return self.business.create_proforma(engagement.contract)

    def billed(self, engagement: Engagement, hours: str = "8") -> str:
        self.approved(engagement, hours)
        proforma = self.draft(engagement)
        self.business.confirm(proforma)
        return proforma

    def detail(self, proforma: str, **equal: Any) -> str:
        """The id of the only detail of an invoice with these columns."""
        found = self.rows.select("msdyn_invoicelinetransaction", msdyn_invoice=proforma, **equal)
        assert len(found) == 1
        return str(found[0]["msdyn_invoicelinetransactionid"])


def short(row: Row) -> str:
    kind = next(name for name, code in TYPES.items() if code == row["msdyn_transactiontypecode"])
    return f"{kind} {_plain(row['msdyn_quantity'])} {_plain(row['msdyn_amount'])}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def is_class(name: str) -> dict[str, Any]:
    return {"msdyn_transactionclassification": TransactionClass[name]}
