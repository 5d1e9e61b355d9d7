"""What confirming a proforma makes of its details (CONF, CORR-01 to CORR-09, TM-11 to TM-15, FP-09, FP-10).

What a detail bills as it is, is reversed and billed; the reversal is skipped, because finance marks the sale as
invoiced by itself (SKIP-03). What was edited is reversed for finance too, and what is right instead is sold, reversed
and billed in one go (99-07). A corrective detail first reverses what was billed before.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

from dataverse_standin.business import actuals, contracts, drafts, milestones, retainers, totals
from dataverse_standin.business.actuals import Row
from dataverse_standin.business.amounts import ZERO, amount_of
from dataverse_standin.business.codes import (
    BillingStatus,
    BillingType,
    InvoiceStatus,
    RefundStatus,
    ScheduleStatus,
    TransactionClass,
    TransactionType,
)
from dataverse_standin.business.drafts import DETAIL, INVOICE
from dataverse_standin.rows import Lookup, Refused, Rows

_POSTED: Final[Row] = {"msdyn_billingstatus": int(BillingStatus.CUSTOMER_INVOICE_POSTED)}


def confirm(rows: Rows, proforma: str, today: datetime, zone: tzinfo, accounting_date: datetime | None = None) -> None:
    """Confirms a draft (CONF-16, CONF-17). ``accounting_date`` stands above the header's and today's (EDIT-16).

    ``today`` and ``accounting_date`` are instants, midnights in ``zone``; the invoice date and the time-zone
    independent accounting date are dates.

    ``Refused`` without details, and when corrective details correct nothing (CORR-19).
    """
    header = drafts.open_proforma(rows, proforma)
    details = drafts.details(rows, proforma)
    if not details:
        raise Refused(f"invoice {header['invoicenumber']} bills nothing; refresh it or delete it")
    if all(detail["msdyn_correction"] and not is_change(detail) for detail in details):
        raise Refused(f"invoice {header['invoicenumber']} corrects nothing; change a quantity, a price or a tax first")
    accounted = accounting_date or header.get("msdyn_accountingdate") or today
    dates = {
        "msdyn_documentdate": today,
        "msdyn_accountingdate": accounted,
        "msdyn_tzaaccountingdate": accounted.astimezone(zone).date(),
    }
    billing = _Billing(rows, header, dates)
    for detail in details:
        if not detail["msdyn_correction"]:
            billing.bill(detail)
        elif is_change(detail):
            billing.correct(detail)
    values = {
        "msdyn_projectinvoicestatus": int(InvoiceStatus.CONFIRMED),
        "msdyn_invoicedate": header.get("msdyn_invoicedate") or today.astimezone(zone).date(),
        "msdyn_accountingdate": accounted,
    }
    totals.total(rows, proforma)
    rows.update(INVOICE, proforma, values)


def is_change(detail: Row) -> bool:
    """Whether a corrective detail differs from what was billed before."""
    return any(detail[f"msdyn_{name}"] != detail[f"msdyn_previous{name}"] for name in ("quantity", "price", "tax"))


def unbilled_parts(rows: Rows, original: Row, detail: Row) -> tuple[Row, Row | None]:
    """The columns of what ``detail`` bills of ``original``, and of what remains of it, if anything.

    Both are of the original's work; the billing type is the detail's. At one price, both amounts sum up to the whole.
    """
    billed = {
        **actuals.description(original),
        **{f"msdyn_{name}": detail[f"msdyn_{name}"] for name in ("quantity", "price", "amount", "billingtype")},
    }
    quantity, price = original["msdyn_quantity"], original["msdyn_price"]
    left = quantity - detail["msdyn_quantity"]
    if left * quantity <= ZERO:
        return billed, None
    amount = original["msdyn_amount"] - detail["msdyn_amount"]
    if detail["msdyn_price"] != price and detail["msdyn_quantity"]:
        amount = amount_of(rows, left, price, original["transactioncurrencyid"])
    return billed, {**actuals.description(original), "msdyn_quantity": left, "msdyn_amount": amount}


class _Billing:
    """One confirmation: the invoice that its billed sales belong to, and the dates of what it records."""

    def __init__(self, rows: Rows, header: Row, dates: Row) -> None:
        self._rows = rows
        self._header = header
        self._dates = dates
        self._invoice = Lookup(INVOICE, header["invoiceid"], header["invoicenumber"])

    # --- details of the first invoice ---------------------------------------------------------------------------------

    def bill(self, detail: Row) -> None:
        rows = self._rows
        if actuals.is_class(detail, TransactionClass.MILESTONE):
            self._record_bill(detail)  # CONF-14
            source = detail["msdyn_sourcedocument"].id
            milestones.set_status(rows, source, ScheduleStatus.CUSTOMER_INVOICE_POSTED)
        elif actuals.is_class(detail, TransactionClass.RETAINER):
            self._bill_retainer(detail)
        elif detail.get("msdyn_actual"):
            self._bill_work(detail, actuals.actual(rows, detail["msdyn_actual"]))
        elif contracts.is_fixed_price(rows, detail["msdyn_salescontractlineid"]):
            self._record_bill(detail)  # CONF-19
        else:
            self._sell_and_bill(detail, actuals.description(detail))  # CONF-18

    def _bill_work(self, detail: Row, original: Row) -> None:
        """CONF-04 to CONF-13, EDIT-13."""
        rows = self._rows
        if all(detail[f"msdyn_{name}"] == original[f"msdyn_{name}"] for name in ("quantity", "price", "billingtype")):
            rows.update(actuals.ACTUAL, original["msdyn_actualid"], _POSTED)
            self._reverse_and_bill(detail, actuals.actual(rows, original["msdyn_actualid"]))
            return
        actuals.adjust(rows, original, BillingStatus.CUSTOMER_INVOICE_POSTED)
        actuals.reverse(rows, original, {**_POSTED, **self._dates})
        billed, rest = unbilled_parts(rows, original, detail)
        if rest:
            rest["msdyn_billingtype"] = int(BillingType.NON_CHARGEABLE)
        if not billed["msdyn_quantity"] and rest:
            changes = {name: rest[name] for name in ("msdyn_quantity", "msdyn_amount", "msdyn_billingtype")}
            rows.update(DETAIL, detail[f"{DETAIL}id"], {**changes, "msdyn_price": original["msdyn_price"]})
            self._sell_and_bill({**detail, **changes}, rest)
            return
        self._sell_and_bill(detail, billed)
        if rest:
            self._sell_and_bill(self._detail_of_rest(detail, rest), rest)

    def _detail_of_rest(self, detail: Row, rest: Row) -> Row:
        """The part that the customer is not charged is a detail too: each billed sale comes from one (CONF-17)."""
        texts = {name: detail.get(name) for name in ("msdyn_description", "msdyn_externaldescription")}
        id = drafts.add(self._rows, self._header, {**rest, **texts})
        return self._rows.get(DETAIL, id)

    def _bill_retainer(self, detail: Row) -> None:
        """CONF-01 to CONF-03, RET-10. Where nothing is applied, nothing is recorded (CORR-24)."""
        if not detail["msdyn_amount"]:
            return
        self._record_bill(detail)
        retainers.settle(self._rows, detail, self._dates)
        if detail.get("msdyn_refund"):
            status = {"msdyn_refundstatus": int(RefundStatus.REFUNDED)}
            self._rows.update(retainers.RETAINER, detail["msdyn_sourcedocument"].id, status)

    # --- corrective details -------------------------------------------------------------------------------------------

    def correct(self, detail: Row) -> None:
        """Reverses what was billed before (CONN-07), and bills what is right, if anything."""
        rows = self._rows
        before = actuals.actual(rows, detail["msdyn_originalbilledactual"])
        actuals.adjust(rows, before)
        actuals.reverse(rows, before, {"msdyn_invoice": self._invoice, **_POSTED, **self._dates})
        if detail.get("msdyn_actual"):
            self._correct_work(detail, before)
            return
        if detail["msdyn_quantity"]:  # of a retainer a part, of what has a fixed price the whole with another tax
            self._record_bill(detail)
        elif actuals.is_class(detail, TransactionClass.MILESTONE):
            milestones.set_status(rows, detail["msdyn_sourcedocument"].id, ScheduleStatus.READY)  # CORR-09
        if actuals.is_class(detail, TransactionClass.RETAINER):
            retainers.settle(rows, detail, self._dates)

    def _correct_work(self, detail: Row, before: Row) -> None:
        """CORR-01 to CORR-08: what is billed again, and what goes back to the backlog."""
        rows = self._rows
        billed, rest = unbilled_parts(rows, drafts.previous(detail), detail)
        if detail["msdyn_quantity"]:
            self._sell_and_bill(detail, {**actuals.description(before), **billed}, replaces=before)
            if actuals.is_class(detail, TransactionClass.FEE):
                return  # CORR-08
        if rest:
            columns = {
                **actuals.description(before),
                **rest,
                **self._dates,
                "msdyn_billingstatus": int(BillingStatus.UNBILLED_SALES_CREATED),
            }
            self._replace(actuals.record(rows, TransactionType.UNBILLED_SALES, columns), before)

    def _replace(self, unbilled: Row, before: Row) -> None:
        """CONN-08."""
        actuals.connect(self._rows, actuals.reference(unbilled), "Replacing", actuals.reference(before), "Original")

    # --- actuals ------------------------------------------------------------------------------------------------------

    def _sell_and_bill(self, detail: Row, columns: Row, replaces: Row | None = None) -> None:
        """A new unbilled sale, which this confirmation bills."""
        values = {**columns, **_POSTED, **self._dates}
        unbilled = actuals.record(self._rows, TransactionType.UNBILLED_SALES, values)
        if replaces:
            self._replace(unbilled, replaces)
        self._reverse_and_bill(detail, unbilled)

    def _reverse_and_bill(self, detail: Row, unbilled: Row) -> None:
        """CONN-04, CONN-05, SKIP-03."""
        rows = self._rows
        actuals.reverse(rows, unbilled, self._dates, skip_sync=True)
        billed = self._record_bill(detail, unbilled)
        actuals.connect(rows, actuals.reference(billed), "Billed Sales", actuals.reference(unbilled), "Unbilled Sales")

    def _record_bill(self, detail: Row, unbilled: Row | None = None) -> Row:
        """The billed sale of a detail: the unbilled sale's work (INV-13), with the texts that the customer reads."""
        texts = {
            name: detail[name]
            for name in ("msdyn_description", "msdyn_externaldescription")
            if detail.get(name) is not None
        }
        columns = {
            **actuals.description(unbilled or detail),
            **texts,
            **_POSTED,
            **self._dates,
            "msdyn_invoice": self._invoice,
        }
        columns.setdefault("msdyn_startdatetime", self._dates["msdyn_documentdate"])
        billed = actuals.record(self._rows, TransactionType.BILLED_SALES, columns)
        links = {"msdyn_billedactual": actuals.reference(billed)}
        if unbilled:
            links["msdyn_actual"] = actuals.reference(unbilled)
        self._rows.update(DETAIL, detail[f"{DETAIL}id"], links)
        return billed
